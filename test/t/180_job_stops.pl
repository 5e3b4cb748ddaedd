# Whoever wants a job to stop is heard at once, whatever its worker is at; only a batch
# that is being written is finished.  Every phase is made to last an hour here.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use Jobs;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $nap = 4;	# seconds for a row, of a thousand
my $scratch = PostgreSQL::Test::Utils::tempdir;
my ($site, $host) = start_site($scratch);
my $node = start_server('stops', "canopy_bulk.import_allowed_hosts = '" . $host =~ s!.*/!!r . "'",
	"canopy_bulk.import_allowed_networks = '127.0.0.0/8, ::1'", "canopy_bulk.import_ca_file = '$scratch/ca.pem'", 'max_prepared_transactions = 2');
my %place = (
	'reading the file' => 'import_row INSERT',
	'rehearsing the import' => 'identity INSERT',
	'keeping what it found' => 'import_row UPDATE');
prepare('postgres');

# whoever asked may be a role that may not signal anybody
for my $phase (sort keys %place)
{
	make_slow($nap, $place{$phase});
	my $job = ask('people-1000', ', dry_run => true');
	reach($place{$phase});
	my $before = $node->safe_psql('postgres', "SELECT status FROM canopy.import WHERE id = '@{[ job($node, $job)->{import_id} ]}'");
	$node->safe_psql('postgres', "SELECT canopy_bulk_job_cancel('$job', 'acme')", extra_params => [ '-U', 'app' ]);
	is(wait_for_job($node, $job, 'complete|failed|cancelled')->{status}, 'cancelled', "$phase: the job is cancelled");
	is(what_is_left($job, 'reading'), 'cancelled 0 0 ' . ($phase eq 'reading the file' ? 0 : 1000), 'nothing is left but what was read before');
	gone();
}

# a wish that is taken back is none
make_slow($nap, $place{'rehearsing the import'});
my $job = ask('people-200', ', dry_run => true');
reach($place{'rehearsing the import'});
$node->safe_psql('postgres', "BEGIN; SELECT canopy_bulk_job_cancel('$job', 'acme'); ROLLBACK");
$node->safe_psql('postgres', "BEGIN; SAVEPOINT s; SELECT canopy_bulk_job_cancel('$job', 'acme'); ROLLBACK TO s; COMMIT");
wake();
is(wait_for_job($node, $job, 'complete|failed|cancelled')->{status}, 'complete', 'a cancel that is rolled back changes nothing');
gone();
make_slow($nap, $place{'rehearsing the import'});
$job = ask('people-200', ', dry_run => true');
reach($place{'rehearsing the import'});
$node->safe_psql('postgres', "BEGIN; SAVEPOINT s; SAVEPOINT t; SELECT canopy_bulk_job_cancel('$job', 'acme'); RELEASE s; COMMIT");
is(wait_for_job($node, $job, 'complete|failed|cancelled')->{status}, 'cancelled', 'one of a subtransaction that is kept counts');
gone();

# one that interrupts nobody is heard when the step ends
make_slow($nap, $place{'rehearsing the import'});
$job = ask('people-200', ', dry_run => true');
reach($place{'rehearsing the import'});
$node->safe_psql('postgres', "BEGIN; SELECT canopy_bulk_job_cancel('$job', 'acme'); PREPARE TRANSACTION 'cancel'");
$node->safe_psql('postgres', "COMMIT PREPARED 'cancel'");
wake();
is(wait_for_job($node, $job, 'complete|failed|cancelled')->{status}, 'cancelled', 'a cancel that was prepared is heard when the step ends');
gone();
make_slow($nap, $place{'rehearsing the import'}, 'deaf');
$job = ask('people-200', ', dry_run => true');
reach($place{'rehearsing the import'});
$node->safe_psql('postgres', "SELECT canopy_bulk_job_cancel('$job', 'acme')");
wake();
is(wait_for_job($node, $job, 'complete|failed|cancelled')->{status}, 'cancelled', 'as is one that a trigger of the user\'s has swallowed');
gone();

# a batch that is written is finished, the rest is skipped
make_slow($nap, 'identity INSERT');
$job = ask('people-1000-w');
reach('identity INSERT');
$node->safe_psql('postgres', "SELECT canopy_bulk_job_cancel('$job', 'acme')");
wake();
is(wait_for_job($node, $job, 'complete|failed|cancelled')->{status}, 'cancelled', 'a job that writes is cancelled');
is(what_is_left($job), 'cancelled 200 200 1000', 'after its batch');
is($node->safe_psql('postgres', "SELECT string_agg(skip_reason || ' ' || n, ', ') FROM (SELECT skip_reason, count(*) AS n FROM canopy.import_row r JOIN canopy.job j USING (account_id, import_id) WHERE j.id = '$job' AND skip_reason IS NOT NULL GROUP BY 1) AS x"), 'cancelled 800', 'and the rest is skipped');
gone();

# a job that waits for somebody else to run its import, whose batches last four seconds
make_slow(0, '');
my $import = preview_import($node, 'wait', 1000);
$node->safe_psql('postgres', 'ALTER DATABASE postgres SET canopy_bulk.account = \'acme\'');
make_slow(0.02, 'identity INSERT');
my $ready = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "SELECT canopy_bulk_import_submit('$import') ->> 'id'", '-c', "CALL canopy_bulk_import_run('$import')" ], '>', \my $out, '2>', \my $err);
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM canopy.job WHERE import_id = '$import'") or die;
$job = $node->safe_psql('postgres', "SELECT id FROM canopy.job WHERE import_id = '$import'");
$node->poll_query_until('postgres', "SELECT status = 'running' FROM canopy.job WHERE id = '$job'") or die;
$node->safe_psql('postgres', "SELECT canopy_bulk_job_cancel('$job', 'acme')");
is(wait_for_job($node, $job, 'complete|failed|cancelled')->{status}, 'cancelled', 'a job that finds its import taken is cancelled');
$ready->finish;
is($node->safe_psql('postgres', "SELECT concat_ws(' ', status, succeeded_count % 200, succeeded_count < 1000) FROM canopy.import WHERE id = '$import'"), 'cancelled 0 t', 'and whoever has it stops');
gone();

# a cancel that nobody asked the job for ends the job, and does not leave it to be found
make_slow(0, '');
$job = ask('slow-people');
wait_for_job($node, $job, 'fetching');
$node->poll_query_until('postgres', "SELECT fetched_bytes > 1000 FROM canopy.job WHERE id = '$job'") or die;
$node->safe_psql('postgres', "SELECT pg_cancel_backend(@{[ worker_pid($node) ]})");
my $ended = wait_for_job($node, $job, 'complete|failed|cancelled');
is("$ended->{status}: $ended->{error_message}", 'failed: The job ended with SQLSTATE 57014.', 'a worker that is cancelled while it fetches fails its job');
gone();

# SIGTERM, DROP DATABASE and the end of the postmaster, where nothing looks at the latch
for my $phase (sort keys %place)
{
	for my $how ('SIGTERM', 'DROP DATABASE', 'the end of the postmaster')
	{
		my $database = $how eq 'DROP DATABASE' ? 'other' : 'postgres';
		prepare($database) if $database eq 'other';
		make_slow($nap, $place{$phase}, 'busy', $database);
		$job = ask('people-1000', ', dry_run => true', $database);
		reach($place{$phase}, $database);
		my $pid = worker_pid($node);
		if ($how eq 'SIGTERM') { $node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)") }
		elsif ($how eq 'DROP DATABASE') { is(sqlstate_of($node, 'DROP DATABASE other WITH (FORCE)'), '', "$phase: the database can be dropped by force") }
		else { $node->kill9 }
		my $end = time + $PATIENCE;
		sleep 0.02 while is_alive($pid) && time < $end;
		ok(!is_alive($pid), "$phase: $how ends the worker");
		next if $database eq 'other';
		recover($node);
		is($node->safe_psql('postgres', "SELECT canopy_bulk_job_cancel('$job', 'acme') ->> 'status'"), 'cancelled', 'its job is there to be cancelled');
		is(what_is_left($job), 'cancelled 0 0 ' . ($phase eq 'reading the file' ? 0 : 1000), 'and nothing else is left');
	}
}
make_slow(0, '');
$job = ask('people-30-x');
is(wait_for_job($node, $job, 'complete|failed')->{status}, 'complete', 'after all of that a job runs as ever');
gone();
prepare('other');
is(sqlstate_of($node, 'DROP DATABASE other'), '', 'and a database without a job is dropped as any other');

unlike(slurp_file($node->logfile), qr/PANIC|TRAP|XX000|signal 11/, 'the log has no sign of trouble');
$node->stop;
stop_site($site);
done_testing();

# A directory in which rows take their time where the settings of the database say so.
sub prepare
{
	my ($database) = @_;
	$node->safe_psql('postgres', 'CREATE DATABASE other') if $database ne 'postgres';
	fill_directory($node, $database);
	$node->safe_psql($database, <<'END');
DO $$ BEGIN CREATE ROLE app LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
DO $$ BEGIN EXECUTE (SELECT string_agg(format('GRANT EXECUTE ON FUNCTION %s TO app', oid::regprocedure), '; ') FROM pg_proc WHERE proname ~ '^canopy_bulk_(import|job|resume)' AND prokind = 'f'); END $$;
CREATE SEQUENCE public.dozed;
CREATE SEQUENCE public.woken;
GRANT ALL ON SEQUENCE public.dozed, public.woken TO PUBLIC;
CREATE FUNCTION public.doze() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	until timestamptz := clock_timestamp() + current_setting('test.nap')::float8 * interval '1 s';
BEGIN
	IF TG_TABLE_NAME || ' ' || TG_OP = current_setting('test.place') AND NOT (to_jsonb(NEW) ? 'outcome' AND to_jsonb(NEW) ->> 'outcome' IS NOT NULL) THEN
		-- the first rows are quick, so that it can be seen that there were some
		IF nextval('public.dozed') > 3 THEN
			WHILE clock_timestamp() < until AND NOT (SELECT is_called FROM public.woken) LOOP
				IF current_setting('test.how') <> 'busy' THEN
					PERFORM pg_sleep(0.02);
				END IF;
			END LOOP;
		END IF;
	END IF;
	RETURN NEW;
EXCEPTION WHEN query_canceled THEN
	IF current_setting('test.how') = 'deaf' THEN
		RETURN NEW;
	END IF;
	RAISE;
END $$;
CREATE TRIGGER doze BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION public.doze();
CREATE TRIGGER doze BEFORE INSERT OR UPDATE ON canopy.import_row FOR EACH ROW EXECUTE FUNCTION public.doze();
END
	make_slow(0, '', 'idle', $database);
	return;
}

# Seconds per row, for sessions to come, until wake().
sub make_slow
{
	my ($nap, $place, $how, $database) = @_;
	$database //= 'postgres';
	$how //= 'idle';
	$node->safe_psql('postgres', "ALTER DATABASE $database SET test.nap = '$nap'; ALTER DATABASE $database SET test.place = '$place'; ALTER DATABASE $database SET test.how = '$how'");
	$node->safe_psql($database, "SELECT setval('public.dozed', 1, false), setval('public.woken', 1, false)");
	return;
}

sub wake { $node->safe_psql('postgres', q{SELECT nextval('public.woken')}); return }

sub ask
{
	my ($path, $more, $database) = @_;
	return $node->safe_psql($database // 'postgres', "SELECT canopy_bulk_import_url('$host/$path', mode => 'account_create', account => 'acme'" . ($more // '') . ") #>> '{data,APIBulkImport,id}'", extra_params => [ '-U', 'app' ]);
}

# Waits until some rows have taken their time.
sub reach
{
	my ($place, $database) = @_;
	my $end = time + $PATIENCE;
	while (time < $end)
	{
		return if $node->safe_psql($database // 'postgres', 'SELECT last_value FROM public.dozed') > 3;
		sleep 0.02;
	}
	die "$place was not reached";
}

# Status of the import, its people, those that the import says, its rows.
sub what_is_left
{
	my ($job) = @_;
	return $node->safe_psql('postgres', "SELECT concat_ws(' ', i.status, (SELECT count(*) FROM canopy.identity p JOIN canopy.import_row r ON r.account_id = p.account_id AND p.email = ANY (r.cells) WHERE r.import_id = i.id), i.succeeded_count,
		(SELECT count(*) FROM canopy.import_row r WHERE r.import_id = i.id)) FROM canopy.import i JOIN canopy.job j ON j.import_id = i.id WHERE j.id = '$job'");
}

sub gone { $node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'canopy_bulk job'}) or die; return }

# A process that has ended may wait for its parent.
sub is_alive
{
	my ($pid) = @_;
	open my $stat, '<', "/proc/$pid/stat" or return kill 0, $pid;
	return (readline($stat) // ') Z') !~ /\) Z/;
}
