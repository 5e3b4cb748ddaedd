# What every attack starts from: a server, the directory of directory.sql, roles to attack as,
# and what must hold afterwards. README.md has the conventions of the catalogue.
package Attack;

use strict;
use warnings;
use Attack::Session;
use Digest::MD5 qw(md5_hex);
use Digest::SHA qw(hmac_sha256 sha256_hex);
use Directory;
use FindBin;
use JSON::PP;
use MIME::Base64 qw(encode_base64url);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# The word that each account holds and nothing else does.
our %WORD = (acme => 'Quincunx', globex => 'Zeugmatic');
# The password of every identity, and the secret that signs tokens.
our $PASSWORD = 'correct horse';
my $token_secret = 'a secret of 32 bytes for attacks';

# Starts a server and fills the directory. Options: settings => [lines of postgresql.conf];
# owner => 'canopy_owner' for the NOLOGIN role, of which owner is then a member: otherwise
# the directory belongs to the login role owner.
sub new
{
	my ($class, $name, %options) = @_;
	my $node = start_server("attack_$name", quick_hashes(), 'max_prepared_transactions = 10', 'max_worker_processes = 0', 'max_logical_replication_workers = 0',
		@{ $options{settings} // [] });
	my $self = bless { node => $node }, $class;
	$node->safe_psql('postgres', join '', $self->variables(owner => $options{owner} // 'owner', %WORD,
		password_hash => '$weak-sha256$salt-last$$' . sha256_hex($PASSWORD), token_key => encode_base64url($token_secret)),
		slurp_file("$FindBin::RealBin/directory.sql"));
	$node->adjust_conf('postgresql.conf', 'max_worker_processes', 8);
	$node->restart;
	$self->{super} = $self->session;
	$self->{keys} = { map { split /\|/ } split /\n/, $self->{super}->query('SELECT name, key FROM public.attack_key') };
	$self->{imports} = { map { split /\|/ } split /\n/, $self->{super}->query(q{SELECT account || ' ' || step, id FROM public.attack_import}) };
	$self->{super}->query('DROP TABLE public.attack_key, public.attack_import');
	$self->{started} = $self->{super}->query('SELECT pg_catalog.pg_postmaster_start_time()');
	return $self;
}

sub variables
{
	my ($self, %value) = @_;
	return map { "\\set $_ '$value{$_}'\n" } sort keys %value;
}

# The server, as PostgreSQL::Test::Cluster.
sub node { my ($self) = @_; return $self->{node} }

# Ends all, as the last line of a file.
sub end
{
	my ($self, $sentence) = @_;
	$self->server_is_up($sentence // 'the server is up after all of it');
	$self->{super}->quit;
	$self->{node}->stop;
	done_testing();
	return;
}

# A connection: user => 'api' (EXECUTE only), 'bound' (the same, and claims are required), 'mallory' (no
# right at all, and a schema evil), 'owner'; without it a superuser. Also database, options.
sub session
{
	my ($self, %wanted) = @_;
	return Attack::Session->new($self->{node}, %wanted);
}

# The superuser's connection, to prepare and look with.
sub super { my ($self) = @_; return $self->{super} }

# The id of a thing of the directory by its name, of a person by the address.
sub id
{
	my ($self, $name) = @_;
	return md5_hex($name) =~ s/^(.{8})(.{4})(.{4})(.{4})(.{12})$/$1-$2-$3-$4-$5/r;
}

# An import: 'acme open', 'acme uploaded', 'acme previewed', 'acme submitted' (which has a queued job).
sub import_id { my ($self, $name) = @_; return $self->{imports}{$name} // die "no import $name" }

# An API key by its environment: 'production', 'production-scoped' (identity.manage), 'production-unfit' (another scope).
sub key { my ($self, $name) = @_; return $self->{keys}{$name} // die "no key $name" }

# A signed token: of an admin of account acme, unless the claims say otherwise.
sub token
{
	my ($self, %claims) = @_;
	my $json = JSON::PP->new->canonical;
	my $text = join '.', map { encode_base64url($json->encode($_)) } { alg => 'HS256', typ => 'JWT', kid => 'attack' },
	  { sub => 'attacker', principal_type => 'user', account => 'acme', exp => time + 3600, %claims };
	return "$text." . encode_base64url(hmac_sha256($text, $token_secret));
}

# Who a session is and what its settings are, but for those that a transaction has of its own.
sub state_of
{
	my ($self, $session) = @_;
	my %state;
	@state{qw(session_user current_user role search_path claims method status headers)} = split /\|/, $session->query(
		q{SELECT session_user, current_user, pg_catalog.current_setting('role'), pg_catalog.current_setting('search_path'), } . join ', ',
		map { "pg_catalog.current_setting('$_', true)" } qw(request.jwt.claims request.method response.status response.headers)), -1;
	for (split /\n/, $session->query('SELECT name, source, setting FROM pg_catalog.pg_settings'))
	{
		my ($name, $source, $setting) = split /\|/, $_, 3;
		$state{$name} = $setting if defined $setting && $source =~ /^(?:global|database|user|database user|client|interactive|test|session)$/ && $name !~ /^transaction_/;
	}
	return \%state;
}

# Code that leaves user, search_path and settings of a session as they were.
sub keeps_state
{
	my ($self, $session, $sentence, $code) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $before = $self->state_of($session);
	$code->();
	return is_deeply($self->state_of($session), $before, $sentence);
}

# A call that must end with an SQLSTATE; message => qr// is optional.
sub fails_with
{
	my ($self, $session, $sql, $state, $sentence, %more) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $answer = $session->try($sql);
	my $good = $answer->{state} eq $state && (!$more{message} || $answer->{message} =~ $more{message});
	return ok($good, $sentence) || diag("wanted $state, got $answer->{state} $answer->{message} $answer->{output}\n$sql");
}

# Has the jobs of the directory done, which wait otherwise until a job of their account ends or is resumed.
sub finish_jobs
{
	my ($self) = @_;
	my $super = $self->{super};
	for (1 .. 600)
	{
		$super->query('SELECT canopy_bulk_resume()') if $_ % 50 == 1;
		select undef, undef, undef, 0.1;
		return if $super->query(q{SELECT (SELECT count(*) FROM canopy.job WHERE status IN ('queued', 'fetching', 'running'))
			+ (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'canopy_bulk job')}) eq '0';
	}
	die 'a job has not ended: ' . $super->query('TABLE canopy.job');
}

# What is in the tables of the directory, a digest each. except => [names] leaves tables out.
sub contents
{
	my ($self, %options) = @_;
	my $super = $self->{super};
	my %skipped = map { $_ => 1 } @{ $options{except} // [] };
	return { map { $_ => $super->query(qq{SELECT md5(string_agg(t, E'\\n' ORDER BY t)) FROM (SELECT (to_jsonb(x) - 'last_used_at')::text FROM canopy."$_" AS x) AS y (t)}) }
		grep { !$skipped{$_} } split /\n/, $super->query(q{SELECT relname FROM pg_class WHERE relnamespace = 'canopy'::regnamespace AND relkind IN ('r', 'p')}) };
}

# The tables hold what they held.
sub is_unchanged
{
	my ($self, $before, $sentence) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $now = $self->contents;
	return is_deeply({ map { $_ => $now->{$_} } keys %$before }, $before, $sentence);
}

# No process of the server has crashed since it was started, and no sanitizer has reported anything.
sub server_is_up
{
	my ($self, $sentence) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $started = eval { $self->session->query('SELECT pg_catalog.pg_postmaster_start_time()') } // $@;
	my @faults = grep { /was terminated by signal|exited with exit code [^01]|PANIC:|terminating any other active|automatic recovery in progress/ } split /\n/, $self->log_text;
	push @faults, map { slurp_file($_) } $self->reports;
	return ok($started eq $self->{started} && !@faults, $sentence) || diag(join "\n", $started, @faults);
}

# The files in which a sanitizer reports: see test/run/tap.
sub reports { return defined $ENV{CANOPY_REPORTS} ? glob "$ENV{CANOPY_REPORTS}/*" : () }

# The server's log.
sub log_text { my ($self) = @_; return slurp_file($self->{node}->logfile) }

# The log has none of these words.
sub log_has_no
{
	my ($self, $sentence, @words) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $log = $self->log_text;
	return is(join(' ', grep { index($log, $_) >= 0 } @words), '', $sentence);
}

1;
