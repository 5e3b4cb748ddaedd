# Background jobs: who they act for, how many run, how they stop, and what starts them again.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use Jobs;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

# one worker for the server itself, two for us
my $node = start_server('jobs', 'max_worker_processes = 3', 'log_min_messages = warning');
fill_directory($node);
$node->safe_psql('postgres', <<'END');
INSERT INTO canopy.account (slug, name) VALUES ('globex', 'Globex'), ('initech', 'Initech');
CREATE ROLE app LOGIN;
CREATE ROLE api NOLOGIN;
GRANT api TO app;
DO $$ BEGIN EXECUTE (SELECT string_agg(format('GRANT EXECUTE ON FUNCTION %s TO app, api', oid::regprocedure), '; ') FROM pg_proc WHERE proname ~ '^canopy_bulk_(import|job|resume)' AND prokind = 'f'); END $$;
END
make_gate($node);

# the worker's session is no caller's; the caller stands in the audit log
my $import = preview_import($node, 'first', 450, user => 'app');
close_gate($node, 'first450@example.com');
my $job = $node->safe_psql('postgres', qq{SET ROLE api; SELECT set_config('request.jwt.claims', '{"sub": "admin-7", "principal_type": "user", "account": "acme"}', false);
SELECT canopy_bulk_import_submit('$import') ->> 'id'}, extra_params => [ '-U', 'app' ]) =~ s/.*\n//sr;
await_gate($node);
my $superuser = getpwuid $<;
like($node->safe_psql('postgres', q{SELECT concat_ws(' ', usename, application_name, query) FROM pg_stat_activity WHERE backend_type = 'canopy_bulk job'}), qr/^$superuser canopy_bulk job $job /, 'the session of a worker is of no caller, and its name is the job\'s');
open_gate($node);
is(wait_for_job($node, $job, 'complete')->{status}, 'complete', 'the job completes');
is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT concat_ws(' ', action, actor_id, actor_type), ', ') FROM canopy.audit_log}),
	'identity.bulk_create admin-7 user, identity.bulk_import admin-7 user', 'audit entries name who asked');
is($node->safe_psql('postgres', "SELECT concat_ws(' ', role_name, caller_role) FROM canopy.job"), 'app api', 'the job has both roles');
my $log = slurp_file($node->logfile);
is(() = $log =~ /LOG:  canopy_bulk job $job (started|ended)/g, 2, 'the log has a line for its start and one for its end');
unlike($log, qr/first\d+\@|admin-7/, 'and nothing of what is in it');

# the same import again
is(sqlstate_of($node, "SELECT canopy_bulk_import_submit('$import', account => 'acme')"), 'PT409', 'what has ended is not submitted again');
is(sqlstate_of($node, "SELECT canopy_bulk_job_cancel('$job', 'acme')"), 'PT409', 'nor cancelled');
is(sqlstate_of($node, "SELECT canopy_bulk_job_repeat('$job', 'acme')"), 'PT409', 'nor repeated');
is(sqlstate_of($node, "SELECT canopy_bulk_job('$job', 'globex')"), 'PT404', 'another account does not see the job');

# a transaction that is rolled back starts nothing, and one that is not starts it when it commits
$import = preview_import($node, 'second', 10);
$node->safe_psql('postgres', "BEGIN; SELECT canopy_bulk_import_submit('$import', account => 'acme'); ROLLBACK");
is($node->safe_psql('postgres', "SELECT count(*) FROM canopy.job WHERE import_id = '$import'"), '0', 'a job that is rolled back is not there');
is($node->safe_psql('postgres', "BEGIN; SELECT count(canopy_bulk_import_submit('$import', account => 'acme')); SAVEPOINT s; SELECT pg_sleep(0.3); SELECT status FROM canopy.job WHERE import_id = '$import'; COMMIT") =~ s/\s+/ /gr,
	'1 queued', 'a worker does not start before the commit');
my $second = $node->safe_psql('postgres', "SELECT id FROM canopy.job WHERE import_id = '$import'");
is(wait_for_job($node, $second, 'complete')->{status}, 'complete', 'and does then');

# one job of an account runs, the others wait, and each starts the next
my @queue = map { preview_import($node, "queue$_-", 200) } 1 .. 3;
close_gate($node, 'queue1-200@example.com');
my @jobs = map { submit($node, $_) } @queue;
is(submit($node, $node->safe_psql('postgres', "SELECT import_id FROM canopy.job WHERE id = '$jobs[2]'")), $jobs[2], 'an import has one job, however often it is submitted');
await_gate($node);
open_gate($node);
my %most;
while ((my $states = $node->safe_psql('postgres', 'SELECT string_agg(status, \' \' ORDER BY created_at) FROM canopy.job')) =~ /queued|running/)
{
	my $running = () = $states =~ /running/g;
	$most{$running}++;
	sleep 0.02;
}
is_deeply([ sort keys %most ], [grep { $most{$_} } 0 .. 1], 'never more than one of an account runs');
is($node->safe_psql('postgres', "SELECT string_agg(status, ' ') FROM canopy.job"), join(' ', ('complete') x 5), 'all complete');
is($node->safe_psql('postgres', q{SELECT bool_and(started_at >= before) FROM (SELECT started_at, lag(finished_at) OVER (ORDER BY created_at) AS before FROM canopy.job) AS j}), 't', 'in the order in which they were asked for');

# the queue has an end
$node->safe_psql('postgres', "ALTER DATABASE postgres SET canopy_bulk.max_queued_jobs = 2");
my @imports = map { preview_import($node, "end$_-", 100) } 1 .. 5;
close_gate($node, 'end1-100@example.com');
my @codes = map { sqlstate_of($node, "SELECT canopy_bulk_import_submit('$_', account => 'acme')") } @imports;
like(join(',', @codes), qr/^,,(,PT429|PT429),PT429$/, 'a job too many is refused');

# a job that waits is cancelled at once, and so is its import; one that runs, after its batch
my ($waiting) = $node->safe_psql('postgres', q{SELECT id FROM canopy.job WHERE status = 'queued' ORDER BY created_at DESC LIMIT 1});
is($node->safe_psql('postgres', "SELECT canopy_bulk_job_cancel('$waiting', 'acme') ->> 'status'"), 'cancelled', 'a job that waits is cancelled at once');
is($node->safe_psql('postgres', "SELECT concat_ws(' ', i.status, i.skipped_count) FROM canopy.import i JOIN canopy.job j ON j.import_id = i.id WHERE j.id = '$waiting'"), 'cancelled 100', 'and its import with it');
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET canopy_bulk.max_queued_jobs');
open_gate($node);
wait_for_job($node, $_, 'complete|cancelled') for split /\n/, $node->safe_psql('postgres', 'SELECT id FROM canopy.job');
my $long = submit_to_gate('long', 2000, 500);
is($node->safe_psql('postgres', "SELECT canopy_bulk_job_cancel('$long', 'acme') ->> 'status'"), 'running', 'a cancel does not wait for the batch');
open_gate($node);
is(wait_for_job($node, $long, 'cancelled|complete')->{status}, 'cancelled', 'a job that runs is cancelled after its batch');
is($node->safe_psql('postgres', qq{SELECT concat_ws(' ', i.succeeded_count % 200, i.succeeded_count + i.skipped_count, i.succeeded_count < 2000,
	(SELECT count(*) FROM canopy.import_row r WHERE r.import_id = i.id AND r.skip_reason = 'cancelled') = i.skipped_count) FROM canopy.import i JOIN canopy.job j ON j.import_id = i.id WHERE j.id = '$long'}),
	'0 2000 t t', 'its batches are whole, and the rest is skipped');

# a worker that is terminated is gone, whatever it waits for; resume goes on
$long = submit_to_gate('term', 1000, 500);
$node->safe_psql('postgres', "SELECT pg_terminate_backend(@{[ worker_pid($node) ]})");
await_no_worker($node);
is(job($node, $long)->{status}, 'running', 'SIGTERM ends a worker, and its job is as it was');
open_gate($node);
is($node->safe_psql('postgres', 'SELECT canopy_bulk_resume()'), '1', 'and is taken up at once');
my $ended = wait_for_job($node, $long, 'complete');
is("$ended->{status} $ended->{attempt}", 'complete 2', 'to be completed by the second attempt');
is($node->safe_psql('postgres', 'SELECT canopy_bulk_resume()'), '0', 'then there is nothing left to resume');

# a worker that finds another at its job leaves it alone
$long = submit_to_gate('fence', 600, 300);
$node->safe_psql('postgres', "UPDATE canopy.job SET attempt = attempt + 1 WHERE id = '$long'");
open_gate($node);
await_no_worker($node);
like(slurp_file($node->logfile), qr/canopy_bulk job $long ended: taken over by another worker/, 'a worker whose job was taken over ends');
$node->safe_psql('postgres', 'SELECT canopy_bulk_resume()');
is(wait_for_job($node, $long, 'complete|failed')->{status}, 'complete', 'and who takes it next completes it');
is($node->safe_psql('postgres', q{SELECT count(*) FROM canopy.identity WHERE email LIKE 'fence%'}), '600', 'with every row once');

# rights that go before the worker comes
$node->safe_psql('postgres', 'UPDATE canopy.job SET status = \'complete\' WHERE status <> \'complete\'');
my $first = preview_import($node, 'right', 10, user => 'app');
$node->safe_psql('postgres', "BEGIN; SELECT canopy_bulk_import_submit('$first', account => 'acme'); REVOKE EXECUTE ON FUNCTION canopy_bulk_import_submit FROM app, api; COMMIT");
is(wait_for_job($node, $node->safe_psql('postgres', "SELECT id FROM canopy.job WHERE import_id = '$first'"), 'complete')->{status}, 'complete', 'a superuser may all the same');
$first = preview_import($node, 'wrong', 10, user => 'app');
$node->safe_psql('postgres', 'GRANT EXECUTE ON FUNCTION canopy_bulk_import_submit TO app');
$node->safe_psql('postgres', "SET SESSION AUTHORIZATION app; BEGIN; SELECT canopy_bulk_import_submit('$first', account => 'acme'); RESET SESSION AUTHORIZATION; REVOKE EXECUTE ON FUNCTION canopy_bulk_import_submit FROM app; COMMIT");
my $failed = wait_for_job($node, $node->safe_psql('postgres', "SELECT id FROM canopy.job WHERE import_id = '$first'"), 'complete|failed');
is("$failed->{status}: $failed->{error_message}", 'failed: The role that asked for the job may not ask for it any more.', 'a role that has lost the right fails its job');
$node->safe_psql('postgres', 'GRANT EXECUTE ON FUNCTION canopy_bulk_import_submit TO app, api');
my $of_api = $node->safe_psql('postgres', 'SET SESSION AUTHORIZATION api; SELECT canopy_bulk_import_submit(\'' . preview_import($node, 'nologin', 1) . '\', account => \'acme\') ->> \'id\'');
is(wait_for_job($node, $of_api, 'complete|failed')->{status}, 'complete', 'a role that cannot log in can have a worker');

# more accounts than workers
my %one = map { my $account = $_; $account => $node->safe_psql('postgres', <<"END") =~ s/.*\n//sr } qw(acme globex initech);
SELECT canopy_bulk_import_open('account_create', account => '$account') ->> 'id' AS id \\gset
SELECT canopy_bulk_import_upload_text(:'id', E'email,first_name,last_name\\n' || string_agg('$account' || i || '\@example.com,A,B', E'\\n'), account => '$account') ->> 'status' FROM generate_series(1, 150) i;
SELECT canopy_bulk_import_preview(:'id', account => '$account') ->> 'status';
SELECT :'id';
END
close_gate($node, "${_}150\@example.com") for qw(acme globex);
for my $account (sort keys %one)
{
	my ($code, $out, $err) = $node->psql('postgres', "SELECT canopy_bulk_import_submit('$one{$account}', account => '$account') ->> 'status'");
	is("$code $out", '0 queued', "$account submits");
	like($err, qr/WARNING:  no background worker can be started; the job stays queued/, 'and is told that no worker is left') if $account eq 'initech';
}
is($node->safe_psql('postgres', q{SELECT status FROM canopy.job ORDER BY created_at DESC LIMIT 1}), 'queued', 'its job stays queued');
open_gate($node);
ok($node->poll_query_until('postgres', q{SELECT bool_and(status IN ('complete', 'failed', 'cancelled')) FROM canopy.job}), 'until a worker is done with another job');
is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT a.slug || ' ' || (i.email ~ ('^' || a.slug)), ', ') FROM canopy.identity i JOIN canopy.account a ON a.id = i.account_id WHERE a.slug <> 'acme'}),
	'globex true, initech true', 'and every account has its own people');

# databases can be dropped: with a job by force, without one as they are
$node->safe_psql('postgres', 'CREATE DATABASE other');
fill_directory($node, 'other');
make_gate($node, 'other');
my $others = submit($node, preview_import($node, 'dropped', 20, database => 'other'), database => 'other');
is(wait_for_job($node, $others, 'complete', 'other')->{status}, 'complete', 'a job of another database completes');
await_no_worker($node);
my $forced = preview_import($node, 'forced', 300, database => 'other');
close_gate($node, 'forced150@example.com', 'other');
submit($node, $forced, database => 'other');
await_gate($node, 'other');
is(sqlstate_of($node, 'DROP DATABASE other WITH (FORCE)'), '', 'a database with a job is dropped by force');
$node->safe_psql('postgres', 'CREATE DATABASE other');
fill_directory($node, 'other');
wait_for_job($node, submit($node, preview_import($node, 'calm', 20, database => 'other'), database => 'other'), 'complete', 'other');
is(sqlstate_of($node, 'DROP DATABASE other'), '', 'a database without a job is dropped as any other');

unlike(slurp_file($node->logfile), qr/PANIC|TRAP|XX000|signal 11|terminated by signal/, 'the log has no sign of trouble');
$node->stop;
done_testing();

# A job of n people whose worker stands at a gate in the middle.
sub submit_to_gate
{
	my ($prefix, $n, $gate) = @_;
	my $import = preview_import($node, $prefix, $n);
	close_gate($node, "$prefix$gate\@example.com");
	my $job = submit($node, $import);
	await_gate($node);
	return $job;
}
