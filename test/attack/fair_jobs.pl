# Attacker: a tenant that asks for as many jobs as it may, in many transactions and connections at a time.
# Rights: EXECUTE on the functions.
# Must not happen: the server starts workers for jobs that may not run yet, has more workers of ours
#   than canopy_bulk.max_workers, or leaves the jobs of another tenant until the attacker's are done.
use strict;
use warnings;
use Attack;
use Directory;
use Test::More;
use Time::HiRes qw(sleep time);

my $attack = Attack->new('fair_jobs', settings => [ 'canopy_bulk.max_workers = 2', 'log_min_messages = debug1' ]);
my ($super, $node) = ($attack->super, $attack->node);
my @tenants = qw(initech umbrella hooli);
my $slots = q{FROM pg_locks WHERE locktype = 'userlock' AND classid = 1128398850 AND granted};
$super->query("INSERT INTO canopy.account (slug, name) VALUES ('$_', '$_')") for @tenants;
# the trigger of a tenant that has found a way to take long
$super->query(q{CREATE FUNCTION own.nap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	IF NEW.last_name = 'slow' THEN PERFORM pg_advisory_xact_lock_shared(42); END IF; RETURN NEW; END $$;
	CREATE TRIGGER nap BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION own.nap()});
my $people = 0;
my $waiting = q{SELECT count(*) FROM canopy.job WHERE status IN ('queued', 'fetching', 'running')};
# what directory.sql has left in the queue
$super->query('SELECT canopy_bulk_resume()');
wait_until($waiting, 0);
wait_until("SELECT count(*) $slots", 0);

# the limit of the account is reached: no submit starts a worker
{
	my @imports = map { import_of('acme', $_ == 0 ? 'slow' : 'B') } 0 .. 10;
	block();
	my $api = $attack->session(user => 'api');
	my $before = starts();
	my $first = submit($api, 'acme', $imports[0]);
	wait_until("SELECT status FROM canopy.job WHERE id = '$first'", 'running');
	is(starts() - $before, 1, 'a job starts a worker');
	my @jobs = map { submit($api, 'acme', $_) } @imports[ 1 .. 8 ];
	is($super->query(q{SELECT count(*) FROM canopy.job WHERE status = 'queued'}), '8', 'further jobs of the account wait');
	$api->query('BEGIN');
	push @jobs, map { submit($api, 'acme', $_) } @imports[ 9, 10 ];
	$api->query('COMMIT');
	is(join(',', $api->notices), '', 'and nothing is said of workers');
	for my $account ('acme', undef)
	{
		is($api->query('SELECT sum(canopy_bulk_resume(' . ($account ? "'$account'" : 'NULL') . ')) FROM generate_series(1, 20)'), '0', 'resuming starts none of them: ' . ($account // 'all accounts'));
	}
	sleep 0.5;
	is(starts() - $before, 1, 'no worker was started for any of them');
	is($super->query("SELECT count(*) $slots"), '1', 'there is one worker');

	# another tenant comes last, and is not the last that is served
	my $other = submit($api, 'globex', import_of('globex', 'B'));
	is(status_of($other, 'complete'), 'complete', 'a job of another tenant has a worker of its own');
	is($super->query(q{SELECT count(*) FROM canopy.job WHERE status = 'queued'}), '10', 'before those of the first');
	unblock();
	wait_until($waiting, 0);
	is($super->query("SELECT string_agg(DISTINCT status, ' ') FROM canopy.job"), 'complete', 'all are run in the end');
	is($super->query(q{SELECT count(*) FROM (SELECT started_at, lag(finished_at) OVER (PARTITION BY account_id ORDER BY created_at) AS before FROM canopy.job) AS j WHERE started_at < before}), '0', 'of an account one at a time, in their order');
	is(starts() - $before, 2, 'by two workers');
}

# many in one transaction, of an account that is idle
{
	wait_until("SELECT count(*) $slots", 0);
	my $api = $attack->session(user => 'api');
	my @imports = map { import_of('acme', 'B') } 1 .. 10;
	my $before = starts();
	$api->query('BEGIN');
	my @jobs = map { submit($api, 'acme', $_) } @imports;
	$api->query('COMMIT');
	wait_until($waiting, 0);
	is(starts() - $before, 1, 'ten jobs of one transaction start one worker');
	wait_until("SELECT count(*) $slots", 0);
	$before = starts();
	$api->query('BEGIN');
	submit($api, 'acme', import_of('acme', 'B', $api));
	$api->query('ROLLBACK');
	sleep 0.3;
	is(starts() - $before, 0, 'what is rolled back starts none');
}

# the bound on those that wait, whatever the isolation level
{
	block();
	$super->query('ALTER ROLE api SET canopy_bulk.max_queued_jobs = 3');
	my $running = submit($super, 'acme', import_of('acme', 'slow'));
	wait_until("SELECT status FROM canopy.job WHERE id = '$running'", 'running');
	for my $isolation ('read committed', 'repeatable read', 'serializable')
	{
		my @clients = map { $attack->session(user => 'api') } 1 .. 8;
		my @imports = map { import_of('acme', 'B') } @clients;
		$_->query("BEGIN ISOLATION LEVEL $isolation") for @clients;
		$_->query('SELECT 1') for @clients;
		$clients[$_]->start("SELECT canopy_bulk_import_submit('$imports[$_]', account => 'acme'); COMMIT") for 0 .. $#clients;
		my %seen;
		$seen{ $_->finish->{state} }++ for @clients;
		cmp_ok($super->query(q{SELECT count(*) FROM canopy.job WHERE status = 'queued'}), '<=', 3, "no more jobs wait than may, $isolation");
		is(join(' ', grep { !/^(?:|PT429|40001)$/ } sort keys %seen), '', 'the others are told so');
		$_->quit for @clients;
		$super->query(q{SELECT canopy_bulk_job_cancel(id, 'acme') FROM canopy.job WHERE status = 'queued'});
	}
	$super->query('ALTER ROLE api RESET canopy_bulk.max_queued_jobs');
	unblock();
	wait_until($waiting, 0);
	wait_until("SELECT count(*) $slots", 0);
}

# more tenants than workers
{
	my $api = $attack->session(user => 'api');
	my %import = map { $_ => import_of($_, 'slow') } 'acme', 'globex', @tenants;
	my @more = map { import_of('acme', 'B') } 1 .. 5;
	block();
	my $before = starts();
	my %job = map { $_ => submit($api, $_, $import{$_}) } 'acme', 'globex';
	push my @jobs, map { submit($api, 'acme', $_) } @more;
	wait_until(q{SELECT count(*) FROM canopy.job WHERE status = 'running'}, 2);
	$api->notices;
	for my $tenant (@tenants)
	{
		$job{$tenant} = submit($api, $tenant, $import{$tenant});
		like(join(',', $api->notices), qr/no background worker can be started; the job stays queued/, "$tenant hears that all workers are taken");
	}
	my $resumed = $api->query('SELECT canopy_bulk_resume()');
	is($resumed, '0', 'resuming starts none');
	fill_other();
	my $other = $attack->session(database => 'other');
	my $elsewhere = submit($other, 'acme', import_of('acme', 'B', $other));
	like(join(',', $other->notices), qr/no background worker can be started/, 'nor is one left for another database');
	sleep 0.5;
	is(starts() - $before, 2, 'no worker more was started than may be');
	is($super->query("SELECT count(*) $slots"), '2', 'and two are there');
	$super->query('SET max_parallel_workers_per_gather = 2; SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0');
	like($super->query('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT count(*) FROM pg_class'), qr/Workers Launched: [1-9]/, 'a parallel query has workers all the while');
	unblock();
	wait_until($waiting, 0);
	is($super->query(q{SELECT string_agg(DISTINCT status, ' ') FROM canopy.job WHERE id IN ('} . join("','", values %job, @jobs) . q{')}), 'complete', 'nobody has to resume: workers take up the jobs that wait');
	is($super->query(sprintf q{SELECT count(*) FROM canopy.job WHERE id IN ('%s') AND finished_at > (SELECT max(finished_at) FROM canopy.job WHERE id = '%s')}, join("','", map { $job{$_} } @tenants), $jobs[-1]), '0',
		'those of every other tenant before the last of the one that asked first, and for most');
	is(starts() - $before, 2, 'by the two workers that there were');
	wait_until("SELECT count(*) $slots", 0);
	is($other->query(q{SELECT status FROM canopy.job}), 'queued', 'that of another database waits');
	is($other->query('SELECT canopy_bulk_resume()'), '1', 'until it is resumed there');
	my $end = time + 60;
	sleep 0.02 until $other->query(q{SELECT status FROM canopy.job}) eq 'complete' || time > $end;
	is($other->query(q{SELECT status FROM canopy.job}), 'complete', 'and is run');
}

# a worker that goes leaves its slot
for my $how ('terminate', 'cancel')
{
	block();
	my $job = submit($super, 'acme', import_of('acme', 'slow'));
	wait_until("SELECT status FROM canopy.job WHERE id = '$job'", 'running');
	is($super->query("SELECT count(*) $slots"), '1', 'a worker has a slot');
	$super->query("SELECT pg_${how}_backend(pid) FROM pg_stat_activity WHERE backend_type = 'canopy_bulk job'");
	wait_until("SELECT count(*) $slots", 0, "after pg_${how}_backend() it is free");
	unblock();
	$super->query('SELECT canopy_bulk_resume()');
	wait_until($waiting, 0);
}
$attack->fails_with($attack->session(user => 'api'), q{SELECT canopy_bulk_jobs(account => 'acme'); SET canopy_bulk.max_workers = 100}, '55P02', 'no session sets how many workers there are');
$attack->end;

# Uploads two people of a last name and previews them.
sub import_of
{
	my ($account, $last, $session) = @_;
	$session //= $super;
	$people += 2;
	my $id = $session->query("SELECT canopy_bulk_import_open('account_create', account => '$account')->>'id'");
	$session->query(sprintf q{SELECT canopy_bulk_import_upload_text('%s', E'email,first_name,last_name\np%d@%s.example,A,%s\np%d@%3$s.example,A,%4$s\n', account => '%3$s')}, $id, $people, $account, $last, $people + 1);
	$session->query("SELECT canopy_bulk_import_preview('$id', account => '$account')");
	return $id;
}

sub submit
{
	my ($session, $account, $import) = @_;
	return $session->query("SELECT canopy_bulk_import_submit('$import', account => '$account')->>'id'");
}

# Has workers stop at people who are slow, and go on. The superuser's session is not stopped.
sub block { return $super->query('SELECT pg_advisory_lock(42)') }
sub unblock { return $super->query('SELECT pg_advisory_unlock(42)') }

# How often a worker for jobs has been started.
sub starts { my $n = () = $attack->log_text =~ /starting background worker process "canopy_bulk job"/g; return $n }

sub status_of
{
	my ($job, $wanted) = @_;
	wait_until("SELECT status FROM canopy.job WHERE id = '$job'", $wanted);
	return $super->query("SELECT status FROM canopy.job WHERE id = '$job'");
}

sub fill_other
{
	$super->query('CREATE DATABASE other');
	return fill_directory($node, 'other');
}

# Waits for an answer, a minute at most; with a sentence it is a test.
sub wait_until
{
	my ($sql, $wanted, $sentence) = @_;
	my $end = time + 60;
	my $answer;
	until (($answer = $super->query($sql)) eq $wanted || time > $end) { sleep 0.02 }
	return is($answer, $wanted, $sentence) if defined $sentence;
	die "waited in vain for $wanted, got $answer: $sql" if $answer ne $wanted;
	return;
}
