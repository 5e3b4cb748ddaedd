# Every call with a key happens exactly once, whatever becomes of the connections.
#
# Eight clients send each of some hundred calls one to three times. Backends are
# terminated and clients die at random, before, during and after a call; who gets no
# answer sends again with the same key. 1,000 calls when CANOPY_LONG is set.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use IPC::Open3;
use JSON::PP;
use List::Util qw(shuffle);
use POSIX 'WNOHANG';
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $calls = $ENV{CANOPY_LONG} ? 1000 : 120;
my $node = start_server('once', 'max_connections = 130', quick_hashes());
fill_directory($node);
my @psql = ('psql', '-XAtq', '-v', 'VERBOSITY=sqlstate', '-d', $node->connstr('postgres') . ' application_name=client');
$SIG{PIPE} = 'IGNORE';
srand(20);

# the clients at work, and what they were told
my @sends = shuffle(map { ($_) x (1 + int rand 3) } 10 .. 9 + $calls);
my @clients;
for my $c (0 .. 7)
{
	my $pid = fork() // die "cannot fork: $!";
	push @clients, $pid;
	next if $pid;
	client($c, map { $sends[ $_ * 8 + $c ] // () } 0 .. @sends / 8);
	POSIX::_exit(0);
}
my ($killed, $seen) = (0, 0);
while (working())
{
	# one after three answers, so that a slow machine gets on as well
	sleep 0.01;
	my $answers = answers();
	next if $answers < $seen + 3;
	$seen = $answers;
	$killed += $node->safe_psql('postgres', q{SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity
		WHERE application_name = 'client' ORDER BY state = 'idle', random() LIMIT 1) AS drawn});
}
my ($answered, $lost) = (0, 0);
my (%answers, @trouble);
for my $c (0 .. 7)
{
	for (split /\n/, slurp_file($node->basedir . "/client$c"))
	{
		my ($call, $answer) = split /\t/;
		if ($call eq 'lost') { $lost++; next }
		$answers{$call}{$answer}++;
		$answered++;
		push @trouble, $answer if $answer =~ /ERROR/;
	}
}
cmp_ok($killed, '>', 10, "backends were terminated ($killed)");
cmp_ok($lost, '>', $calls / 10, "answers were lost ($lost)");
is(join("\n", @trouble), '', 'no client met another error');
is($answered, scalar @sends, "every send got an answer in the end ($answered)");
is(scalar(keys %answers), $calls, 'so did every call');
is(scalar(grep { keys %{ $answers{$_} } != 1 } keys %answers), 0, 'always the same one');

# what is there is what was told
my (%told, %verdicts);
for my $answer (map { keys %$_ } values %answers)
{
	next if $answer =~ /^event/;
	my @results = @{ decode_json($answer)->{results} };
	$verdicts{ join ' ', map { $_->{code} } @results }++;
	$told{ $_->{data}{email} } = $_->{data}{id} for grep { $_->{data} } @results;
}
is_deeply([ sort keys %verdicts ], [ '201 201 201 201', '201 201 201 409' ], 'every call did all it could do');
is($verdicts{'201 201 201 201'}, 1, 'and one of them got what all wanted');
is_deeply(decode_json($node->safe_psql('postgres', 'SELECT jsonb_object_agg(email, id) FROM canopy.identity')),
	\%told, 'the directory has the identities of the answers and no others');
is($node->safe_psql('postgres', q{SELECT concat_ws(' ', count(*), count(DISTINCT number), min(number), max(number))
	FROM (SELECT coalesce(metadata->>'max_failed', metadata->>'total')::int AS number FROM canopy.audit_log) AS entry}),
	join(' ', $calls, $calls, 10, 9 + $calls), 'every call has one audit entry');
is($node->safe_psql('postgres', 'SELECT concat_ws(\' \', count(*), count(status)) FROM canopy.idempotency_key'),
	"$calls $calls", 'and one key, with its answer');

# a hundred at once, all with one key
my $gate = open_psql();
ask($gate, 'SELECT pg_advisory_lock(1)');
1 until readline($gate->{out}) eq ".\n";
my $one = sprintf "SELECT canopy_bulk_create('%s', 'acme', 'crm', idempotency_key => 'all at once')", people('once', 5, password => 'correct horse');
my @crowd;
for (1 .. 100)
{
	open my $psql, '-|', @psql, '-c', 'SELECT pg_advisory_lock_shared(1)', '-c', $one or die "cannot run psql: $!";
	push @crowd, $psql;
}
$node->poll_query_until('postgres', q{SELECT count(*) = 100 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND wait_event = 'advisory'})
	or die 'the crowd did not gather';
close_psql($gate);
my %heard;
for my $psql (@crowd)
{
	$heard{$_}++ for grep { /^\{/ } <$psql>;
}
is_deeply([ values %heard ], [100], 'a hundred callers hear one answer');
is(verdicts((keys %heard)[0]), '201 201 201 201 201', 'in which all went well');
is($node->safe_psql('postgres', q{SELECT count(*) FROM canopy.audit_log WHERE metadata->>'total' = '5'}), '1', 'and one of them has done it');

unlike(slurp_file($node->logfile), qr/PANIC|TRAP|XX000|signal 11|deadlock/, 'the log has no sign of trouble');
$node->stop;
done_testing();

# A call, with its number where the audit entry shows it.
sub statement_of
{
	my ($call) = @_;
	my $key = "idempotency_key => 'call-$call'";
	return "SELECT 'event ' || canopy_bulk_import_event('create', $call, $call, 0, 0, 'crm', 'acme', $key)" if $call % 4 == 0;
	my $rows = rows("c$call-", 3, $call % 4 == 1 ? (password => "a secret of $call") : ());
	push @$rows, { %{ $rows->[0] }, email => 'twice@example.com' };
	return sprintf "SELECT canopy_bulk_create('%s', 'acme', 'crm', max_failed => %d, %s)",
		JSON::PP->new->canonical->encode($rows), $call, $key;
}

# Sends calls until each is answered; writes a line for every answer, loss and trouble.
sub client
{
	my ($number, @calls) = @_;
	my $psql;
	srand($number);
	open my $log, '>', $node->basedir . "/client$number" or die;
	$log->autoflush(1);
	for my $call (@calls)
	{
		my $answer;
		until (defined $answer)
		{
			$psql //= open_psql();
			ask($psql, statement_of($call));
			cut($psql) if rand() < 0.1;
			while (defined(my $line = readline $psql->{out}))
			{
				chomp $line;
				last if $line eq '.';
				$answer = $line if $line =~ /^(\{|event)|ERROR/;
			}
			next if defined $answer;
			print $log "lost\t\n";
			close_psql($psql);
			undef $psql;
		}
		print $log "$call\t$answer\n";
	}
	close_psql($psql) if $psql;
	close $log;
	return;
}

# psql at the other end of two pipes, its errors among its answers.
sub open_psql
{
	my %psql;
	$psql{pid} = open3($psql{in}, $psql{out}, undef, @psql);
	$psql{in}->autoflush(1);
	return \%psql;
}

# Has psql run a statement, and write a line with a point behind it.
sub ask
{
	my ($psql, $sql) = @_;
	print { $psql->{in} } "$sql;\n\\warn .\n";
	return;
}

# The client's end of a connection is gone, sooner or later; the server may not know yet.
sub cut
{
	my ($psql) = @_;
	sleep rand 0.02;
	kill 'KILL', $psql->{pid};
	return;
}

sub close_psql
{
	my ($psql) = @_;
	close $psql->{in};
	waitpid $psql->{pid}, 0;
	return;
}

# How many answers the clients have.
sub answers
{
	return scalar grep { !/^lost/ } map { -e ? split /\n/, slurp_file($_) : () } map { $node->basedir . "/client$_" } 0 .. 7;
}

# Whether a client is still at work.
sub working
{
	@clients = grep { waitpid($_, WNOHANG) == 0 } @clients;
	return scalar @clients;
}
