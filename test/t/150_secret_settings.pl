# No password or credential in logs, statistics, tables, WAL or files, whatever becomes of
# a request; and canopy_bulk_secret_exposure tells of every setting that would change that.
#
# The server logs in all three formats and has auto_explain and pg_stat_statements. First
# every setting is one that the function finds harmless; then the log has all statements,
# their plans and durations, but no parameters; then dangerous settings one by one: what
# PostgreSQL itself writes down then is not in our hands, but the setting must be listed.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Canary;
use Directory;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = start_server('exposure', quick_hashes(),
	q{shared_preload_libraries = 'pg_stat_statements, auto_explain'}, 'pg_stat_statements.track = all',
	'pg_stat_statements.track_utility = off', 'logging_collector = on', q{log_destination = 'stderr, csvlog, jsonlog'},
	'log_parameter_max_length = 0', 'log_lock_waits = on', 'deadlock_timeout = 20ms');
fill_directory($node);
my $jwk = slurp_file("$FindBin::RealBin/../data/tokens/hs256.secret.txt") =~ s/\s+//r;
my ($token) = slurp_file("$FindBin::RealBin/../pgtap/tokens.csv") =~ /^"RS256 without kid",,200,"(.*)"$/m;
my $rsa = slurp_file("$FindBin::RealBin/../data/tokens/rs256.public.pem");
$node->safe_psql('postgres', <<"END");
CREATE EXTENSION pg_stat_statements;
INSERT INTO canopy.token_key (kid, algorithm, key) VALUES ('rs', 'RS256', '$rsa');
CREATE ROLE stranger LOGIN;
CREATE SCHEMA dba;
GRANT USAGE ON SCHEMA dba TO PUBLIC;
CREATE FUNCTION dba.refuse() RETURNS trigger LANGUAGE plpgsql AS \$\$
BEGIN
	IF NEW.email LIKE 'slow%' THEN PERFORM pg_sleep(0.2); END IF;
	IF NEW.email LIKE 'refused%' THEN RAISE EXCEPTION 'no %', NEW; END IF;
	IF NEW.email LIKE 'broken%' THEN RAISE EXCEPTION 'no %', NEW USING ERRCODE = 'XX000'; END IF;
	RETURN NEW;
END \$\$;
CREATE TRIGGER refuse BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION dba.refuse();
END
watch('signature of the token', $token =~ s/.*\.//r);
my $key = watch('API key', $node->safe_psql('postgres', "SELECT canopy_bulk_api_key_create('k', 'crm', 'production', 'acme')->>'key'"));

# what is no secret is stored, and so found by the searches below: they work
my $control = canary('control');
my $told = '';
my $crm = '/portal/v1/accounts/acme/applications/crm/identities/bulk-create';

# each: a name, the body with CANARY in it, the status, and what differs from the usual request
my $one = '[{"email":"%s@example.com","first_name":"A","last_name":"B","password":"CANARY"}]';
my @requests = (
	[ 'success', $one, 200 ],
	[ 'success, dry run', $one, 200, path => "$crm?dry_run=true" ],
	[ 'success, once', $one, 200, header => q{, 'Idempotency-Key', 'once'} ],
	[ 'success, once again', $one, 422, header => q{, 'Idempotency-Key', 'once'}, address => 'other' ],
	[ 'success, with a token', $one, 200, credential => q{'Authorization', 'Bearer ' || %s}, secret => $token ],
	[ 'bad address', $one, 207, address => '' ],
	[ 'refused by a trigger', $one, 207, address => 'refused' ],
	[ 'password too long', '[{"password":"CANARYCANARYCANARY"}]', 207 ],
	[ 'unknown fields', '[{"passwrd":"CANARY","Pass-Word":"CANARY","secret":{"x":"CANARY"}}]', 207 ],
	[ 'not a hash', '[{"password_hash":"CANARY"}]', 207 ],
	[ 'rolled back', $one, 422, address => 'refused', path => "$crm?max_failed=0" ],
	[ '201 rows', people('many', 201, password => 'CANARY'), 413 ],
	[ 'unknown key beside the list', '{"identities":[],"password":"CANARY"}', 400 ],
	[ 'scalar', '"CANARY"', 400 ],
	[ 'bad option', $one, 400, path => "$crm?on_conflict=maybe" ],
	[ 'another application', $one, 403, path => $crm =~ s/crm/wiki/r ],
	[ 'no credential', $one, 401, credential => q{'x', %s} ],
	[ 'a bad key', $one, 401, credential => q{'x-api-key', %s || '-'} ],
	[ 'another type', $one, 415, header => '', type => 'text/plain' ],
	[ 'malformed', '[{"password":"CANARY",}]', 400 ],
	[ 'cut off', '[{"password":"CANARY', 400 ],
	[ 'bad escape', '[{"password":"CANARY\\u0000"}]', 400 ],
	[ 'not JSON', 'CANARY', 400 ],
	[ 'not UTF-8', "[\"CANARY\xff\"]", 400 ],
	[ 'nested too deep', '[' x 20000 . '"CANARY', 400 ],
	[ 'ended by a trigger', $one, 'XX000', address => 'broken' ],
	[ 'timeout while hashing', people('hashing', 200, password => 'CANARY'), '57014',
		options => 'statement_timeout=300 canopy_bulk.argon2_memory=65536' ],
	[ 'timeout while writing', people('slow', 20, password => 'CANARY'), '57014', options => 'statement_timeout=1000' ],
);
$node->safe_psql('postgres', sprintf "SELECT canopy_bulk_create('%s', 'acme')", people('control', 1, last_name => $control));

# settings that are harmless, and requests as literals and as parameters
is($node->safe_psql('postgres', 'SELECT * FROM canopy_bulk_secret_exposure()'), '', 'no setting is found to be dangerous');
my $n = 0;
for my $request (@requests)
{
	send_request($_, @$request) for qw(literal bound);
}
{
	my $blocker = $node->background_psql('postgres');
	$blocker->query_safe(q{BEGIN; LOCK TABLE canopy.identity});
	send_request('literal', 'waits for a lock', $one, '57014', options => 'statement_timeout=500');
	$blocker->quit;
}
ok(logs() =~ /still waiting for/, 'the log tells of the lock that was waited for');
no_traces('harmless settings');

# a log of everything but parameters, and requests with parameters
$node->append_conf('postgresql.conf', join "\n", 'log_statement = all', 'log_min_duration_statement = 0', 'log_duration = on',
	'auto_explain.log_min_duration = 0', 'auto_explain.log_nested_statements = on', 'auto_explain.log_analyze = on',
	'auto_explain.log_triggers = on', 'log_error_verbosity = verbose', '');
$node->restart;
is($node->safe_psql('postgres', q{SELECT string_agg(setting, ' ' ORDER BY setting) FROM canopy_bulk_secret_exposure()}),
	'auto_explain.log_min_duration log_min_duration_statement log_statement', 'the settings that log statements are listed');
for my $request (@requests)
{
	my ($name, @rest) = @$request;
	send_request('bound', "$name, everything logged", @rest);
}
for my $word ('canopy_bulk_http', 'Query Text', 'INSERT INTO canopy.identity', 'duration: ')
{
	is(join(' ', grep { logs($_) !~ /$word/ } qw(log csv json)), '', "each kind of log has: $word");
}
no_traces('everything logged but parameters');

# one dangerous setting at a time: where the secret gets out, the setting is listed
$node->append_conf('postgresql.conf', join "\n", 'log_statement = none', 'log_min_duration_statement = -1', 'log_duration = off',
	'auto_explain.log_min_duration = -1', 'log_error_verbosity = default', '');
$node->restart;
my $leaks = 0;
for my $case (
	[ 'log_statement=all' ], [ 'log_statement=mod' ], [ 'log_min_duration_statement=0' ], [ 'log_min_duration_sample=0', 'log_statement_sample_rate=1' ],
	[ 'log_transaction_sample_rate=1' ], [ 'log_parameter_max_length=-1', 'log_statement=all' ], [ 'log_parameter_max_length=-1', 'log_min_duration_statement=0' ],
	[ 'log_parameter_max_length=8', 'log_statement=all' ], [ 'log_parameter_max_length_on_error=-1' ], [ 'auto_explain.log_min_duration=0' ],
	[ 'auto_explain.log_min_duration=0', 'auto_explain.log_verbose=on' ], [ 'pg_stat_statements.track_utility=on' ],
	[ 'debug_print_parse=on' ], [ 'debug_print_rewritten=on' ], [ 'debug_print_plan=on' ],
	[ 'log_parser_stats=on' ], [ 'log_planner_stats=on' ], [ 'log_executor_stats=on' ], [ 'log_statement_stats=on' ],
	[ 'log_temp_files=0', 'work_mem=64kB' ], [ 'log_min_messages=debug2' ], [ 'log_min_messages=debug5', 'log_min_error_statement=debug5' ], [ 'log_min_error_statement=debug5' ],
	[ 'log_duration=on' ], [ 'log_error_verbosity=verbose' ], [ 'log_lock_waits=on' ], [ 'trace_sort=on' ])
{
	my ($setting) = split /=/, $case->[0];
	my @found = try_settings($case);
	local $ENV{PGOPTIONS} = join ' ', map { "-c $_" } @$case;
	my $listed = $node->safe_psql('postgres', "SELECT count(*) FROM canopy_bulk_secret_exposure() WHERE setting = '$setting'");
	$leaks += @found;
	ok(!@found || $listed, "@$case: " . (@found ? 'gets out, and is listed' : 'gets nothing out'))
	  or diag(join "\n", @found);
}
cmp_ok($leaks, '>', 10, 'the searches find what gets out');

$node->stop;
done_testing();

# Sends a request with a canary in it, and expects a status or an SQLSTATE.
sub send_request
{
	my ($how, $name, $body, $wanted, %other) = @_;
	my $canary = canary("$name, $how");
	my $address = $other{address} // 'p' . $n++;
	my $text = sprintf($body eq $one ? $one : '%s', $body eq $one ? $address : $body) =~ s/CANARY/$canary/gr;
	local $ENV{PGOPTIONS} = join ' ', map { "-c $_" } split / /, $other{options} // '';
	my $status = call($how, http($how, %other), $other{secret} // $key, $text);
	is($status, $wanted, "$name, $how") if $how eq 'literal';
	return;
}

# The statement of a request, with :key and :body in it.
sub http
{
	my ($how, %other) = @_;
	my $credential = sprintf $other{credential} // q{'X-API-Key', %s}, ':key::text';
	my $type = $other{type} // 'application/json';
	my $header = $other{header} // '';
	my $path = $other{path} // $crm;
	return "SELECT status, convert_from(body, 'UTF8') FROM canopy_bulk_http('POST', '$path', jsonb_build_object($credential, 'Content-Type', '$type'$header), :body::bytea)";
}

# Sends a statement, with its parameters as literals or apart; returns the status or the SQLSTATE.
sub call
{
	my ($how, $sql, $secret, $text, $user) = @_;
	my $hex = '\x' . unpack 'H*', $text;
	my @user = $user ? ('-U', $user) : ();
	my ($out, $err) = ('', '');
	if ($how eq 'literal')
	{
		# as text where it can be, so that the canary is in the statement as it is
		my $literal = $text =~ /^[\x20-\x7e]*$/ ? "convert_to(\$l\$$text\$l\$, 'UTF8')" : "'$hex'";
		$sql = $sql =~ s/:key::text/'$secret'/r =~ s/:body::bytea/$literal/r;
		(undef, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql", extra_params => \@user);
		$told .= "$out\n$err\n";
		return $out =~ /^(\d+)\|/ ? $1 : $err =~ /ERROR:\s+(\w{5})/ ? $1 : $err;
	}
	my $script = $node->basedir . '/request.sql';
	$sql =~ s/:body::bytea/'$hex'/ if $how eq 'extended';
	open my $file, '>', $script or die;
	print $file "$sql;\n";
	close $file;
	IPC::Run::run([ 'pgbench', '-n', '-t', 1, '-M', 'extended', '-D', "key=$secret", '-D', "body=$hex", '-f', $script, @user, $node->connstr('postgres') ],
		'>', \$out, '2>', \$err);
	$told .= "$out\n$err\n";
	return '';
}

# Ways in which a secret may get out under some settings; returns those in which it did.
sub try_settings
{
	my ($case) = @_;
	local $ENV{PGOPTIONS} = join ' ', map { "-c $_" } @$case;
	my %sent = map { $_ => "@$case, $_" } ('literal', 'extended', 'bound', 'bound, not allowed', 'literal, large', 'DO block');
	my %body = map { $_ => sprintf($one, 't' . $n++) =~ s/CANARY/canary($sent{$_})/er } keys %sent;
	call($_, http($_), $key, $body{$_}) for qw(literal extended bound);
	call('bound', http('bound'), $key, $body{'bound, not allowed'}, 'stranger');
	$node->psql('postgres', "SELECT * FROM jsonb_to_recordset((SELECT jsonb_agg(a) FROM canopy_bulk_create('$body{'literal, large'}', 'acme') a, generate_series(1, 2000))) AS r (summary jsonb, results jsonb)");
	$node->psql('postgres', "DO \$do\$ BEGIN PERFORM canopy_bulk_create('$body{'DO block'}', 'acme'); END \$do\$");
	my $texts = logs() . $node->safe_psql('postgres', 'SELECT query FROM pg_stat_statements');
	return sort map { s/.*, (?=\w+( \w+)?$)//r } found_in($texts, values %sent);
}

# All logs, or those of one kind, with all that has been logged before.
sub logs
{
	my ($kind) = @_;
	await_logs();
	return join '', map { slurp_file($_) } glob $node->data_dir . '/log/*.' . ($kind // '*');
}

# Waits until the collector, which writes when it can, has come to here in each kind of log.
sub await_logs
{
	our $marks;
	my $mark = sprintf 'mark %d.', ++$marks;
	$node->safe_psql('postgres', "DO \$do\$ BEGIN RAISE LOG '$mark'; END \$do\$");
	for my $kind (qw(log csv json))
	{
		my $end = time + $PostgreSQL::Test::Utils::timeout_default;
		sleep 0.02 until time > $end || grep { index(slurp_file($_), $mark) >= 0 } glob $node->data_dir . "/log/*.$kind";
	}
	return;
}

# The canaries are nowhere.
sub no_traces
{
	my ($when) = @_;
	$node->safe_psql('postgres', 'CHECKPOINT');
	my %places = (
		'the logs' => logs(),
		'pg_stat_statements' => $node->safe_psql('postgres', 'SELECT query FROM pg_stat_statements'),
		'the tables' => $node->safe_psql('postgres', q{
			SELECT query_to_xml('TABLE canopy.' || quote_ident(relname), true, true, '')
			FROM pg_class WHERE relnamespace = 'canopy'::regnamespace AND relkind = 'r'}),
		'answers and errors' => $told);
	for my $place (sort keys %places)
	{
		is(join("\n", grep { $_ ne 'control' } found_in($places{$place})), '', "$when: nothing in $place");
	}
	$node->stop;
	my @found = found_below($node->data_dir);
	$node->start;
	my %searched = map { m{^control in .*/(base|pg_wal)/} ? ($1 => 1) : () } @found;
	is(join(' ', sort keys %searched), 'base pg_wal', "$when: the files of the tables and the WAL are searched");
	is(join("\n", grep { !/^control / } @found), '', "$when: nothing in the data directory and the WAL");
	return;
}
