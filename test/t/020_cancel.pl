# A call can be ended at any moment, and what is left is a session that works.
#
# The target is 150 ms from the request to the end. A call that is not heard lasts an hour
# here, or with passwords some minutes; $soon is enough for a machine that is busy.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);

my $soon = 60;	# seconds
my $node = start_server('cancel');
fill_directory($node);
$node->safe_psql('postgres', <<'END');
CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_sleep(3600); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON canopy.identity FOR EACH ROW
	WHEN (NEW.email LIKE 'slow%') EXECUTE FUNCTION public.slow();
END

# a timeout ends rows that would take an hour each
{
	is(sqlstate_of($node, sprintf "SET statement_timeout = '500ms';
		SELECT canopy_bulk_create('%s', 'acme')", people('slow', 20)),
		'57014', 'a timeout while writing ends the call with its own SQLSTATE');
	is(left(), '0 0', 'it leaves no identity and no audit entry');
}

# the same while passwords are hashed, which takes seconds
is(sqlstate_of($node, sprintf "SET statement_timeout = '300ms';
	SELECT canopy_bulk_create('%s', 'acme')", people('t', 200, password => 'correct horse')),
	'57014', 'a timeout while hashing ends the call with its own SQLSTATE');

# a lock timeout is not a row's fault either
{
	my $other = $node->background_psql('postgres');
	$other->query_safe(sprintf "BEGIN; SELECT canopy_bulk_create('%s', 'acme')", people('locked', 1));
	is(sqlstate_of($node, sprintf "SET lock_timeout = '100ms';
		SELECT canopy_bulk_create('%s', 'acme')", people('locked', 2)),
		'55P03', 'a lock timeout ends the call with its own SQLSTATE');
	$other->query_safe('ROLLBACK');
	$other->quit;
}

# a session that is cancelled while it hashes goes on with the next call
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query_safe('SELECT pg_backend_pid()');
	my $took = end_while_hashing($session, $pid, 'cancel');
	cmp_ok($took, '<', $soon, sprintf 'a cancel is heard while hashing (it took %.0f ms)', $took * 1000);
	is(threads($pid), 1, 'no thread is left');
	like($session->query(sprintf "SELECT canopy_bulk_create('%s', 'acme') -> 'summary'",
			people('after', 2, password => 'correct horse')),
		qr/"succeeded": 2/, 'the next call of the session works');
	is(threads($pid), 1, 'and leaves no thread');
	$session->quit;
}

# a session that is terminated while it hashes is gone
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query_safe('SELECT pg_backend_pid()');
	my $took = end_while_hashing($session, $pid, 'terminate');
	cmp_ok($took, '<', $soon, sprintf 'a termination is heard while hashing (it took %.0f ms)', $took * 1000);
	ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid"),
		'the process is gone');
	is($node->safe_psql('postgres', 'SELECT 1'), 1, 'the server is not');
	eval { $session->{run}->kill_kill };
}

# a fast shutdown waits for no batch
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query_safe('SELECT pg_backend_pid()');
	begin_hashing($session, $pid);
	my $start = time;
	$node->stop('fast');
	cmp_ok(time - $start, '<', $soon, 'a fast shutdown is heard while hashing');
	eval { $session->{run}->kill_kill };
	unlike(slurp_file($node->logfile), qr/PANIC|TRAP|was terminated by signal/, 'nothing crashed');
}

done_testing();

sub left
{
	return $node->safe_psql('postgres', q{SELECT concat_ws(' ',
		(SELECT count(*) FROM canopy.identity), (SELECT count(*) FROM canopy.audit_log))});
}

# Starts a batch of 200 passwords; returns when the process has begun to hash.
sub begin_hashing
{
	my ($session, $pid) = @_;
	my $sql = sprintf "SET canopy_bulk.argon2_passes = 40; SELECT canopy_bulk_create('%s', 'acme'); RESET canopy_bulk.argon2_passes;\n",
	  people("hash$pid", 200, password => 'correct horse');
	$session->{stdin} .= $sql;
	$session->{run}->pump_nb;
	for (1 .. 60_000)
	{
		$session->{run}->pump_nb;
		return if threads($pid) > 1;
		sleep 0.01;
	}
	die 'the batch did not begin to hash';
}

# Ends a batch while it hashes; returns how long that took.
sub end_while_hashing
{
	my ($session, $pid, $how) = @_;
	begin_hashing($session, $pid);
	is($node->safe_psql('postgres', "SELECT backend_xid FROM pg_stat_activity WHERE pid = $pid"), '',
		'no row is locked and no transaction id taken while passwords are hashed');
	sleep 0.2;
	my $start = time;
	$node->safe_psql('postgres', "SELECT pg_${how}_backend($pid)");
	while (time - $start < 10 * $soon)
	{
		last if !-d "/proc/$pid";
		last if $node->safe_psql('postgres',
			"SELECT count(*) FROM pg_stat_activity WHERE pid = $pid AND state = 'active'") eq '0';
	}
	return time - $start;
}

sub threads
{
	my ($pid) = @_;
	my @tasks = glob "/proc/$pid/task/*";
	return scalar @tasks;
}
