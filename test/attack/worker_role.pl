# Attacker: the owner of the directory, a role without attributes, through rows that it edits and code that
# background workers run.
# Rights: everything on the tables; that callers submit jobs, and that anyone may resume them.
# Must not happen: a worker becomes a role that a row names; code of the owner's runs in it as another role
# than the owner, before, in or after a transaction; a worker cancels what the owner may not cancel.
use strict;
use warnings;
use Attack;
use Jobs;
use Test::More;
use Time::HiRes qw(sleep time);

my $attack = Attack->new('worker_role', settings => [ q{shared_preload_libraries = 'canopy_bulk'} ]);
my $node = $attack->node;
my $super = $attack->super;
$super->query(<<'END');
CREATE ROLE boss LOGIN SUPERUSER;
CREATE ROLE clerk LOGIN;
CREATE ROLE former LOGIN;
ALTER ROLE boss SET search_path = evil;
ALTER ROLE clerk SET search_path = evil;
GRANT USAGE ON SCHEMA own TO PUBLIC;
END

# the owner's code: what the table todo says, at every table that a worker writes to, and as whom it ran;
# an error that is not hidden only where rows are written, or the worker would not even begin
my $owner = $attack->session(user => 'owner');
$owner->query(<<'END');
CREATE TABLE own.forged (role_name text, caller_role text);
CREATE TABLE own.todo (sql text, quiet boolean);
CREATE TABLE own.fired (what text, by_user name, is_super boolean, path text);
CREATE TABLE own.side (x integer);
CREATE FUNCTION own.note(what text) RETURNS void LANGUAGE sql AS
	$$ INSERT INTO own.fired SELECT what, current_user, rolsuper, current_setting('search_path') FROM pg_catalog.pg_roles WHERE rolname = current_user $$;
CREATE FUNCTION own.later() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM own.note('later');
	BEGIN RESET SESSION AUTHORIZATION; EXCEPTION WHEN OTHERS THEN NULL; END;
	BEGIN RESET ROLE; EXCEPTION WHEN OTHERS THEN NULL; END;
	PERFORM own.note('after a reset');
	BEGIN ALTER ROLE owner SUPERUSER; EXCEPTION WHEN OTHERS THEN NULL; END;
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON own.side DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION own.later();
CREATE FUNCTION own.strike_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	plan own.todo;
BEGIN
	PERFORM own.note(TG_TABLE_NAME);
	SELECT * INTO plan FROM own.todo;
	IF session_user NOT IN ('api', 'owner') AND plan.sql IS NOT NULL AND (plan.quiet OR TG_TABLE_NAME = 'identity') THEN
		BEGIN
			EXECUTE plan.sql;
		EXCEPTION WHEN OTHERS THEN
			IF NOT plan.quiet THEN RAISE; END IF;
		END;
	END IF;
	RETURN NEW;
END $$;
CREATE FUNCTION own.forge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.role_name := coalesce((SELECT role_name FROM own.forged), NEW.role_name);
	NEW.caller_role := coalesce((SELECT caller_role FROM own.forged), NEW.caller_role);
	RETURN NEW;
END $$;
CREATE TRIGGER forge BEFORE INSERT ON canopy.job FOR EACH ROW EXECUTE FUNCTION own.forge();
CREATE TRIGGER strike BEFORE UPDATE ON canopy.job FOR EACH ROW EXECUTE FUNCTION own.strike_row();
CREATE TRIGGER strike BEFORE UPDATE ON canopy.import FOR EACH ROW EXECUTE FUNCTION own.strike_row();
CREATE TRIGGER strike BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION own.strike_row();
CREATE TRIGGER strike AFTER INSERT ON canopy.audit_log FOR EACH ROW EXECUTE FUNCTION own.strike_row();
GRANT ALL ON ALL TABLES IN SCHEMA own TO PUBLIC;
END
my $is_owner = q{SELECT rolsuper OR rolcreaterole OR EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid) FROM pg_roles AS r WHERE rolname = 'owner'};
my $fired = sub { $super->query(q{SELECT string_agg(DISTINCT concat_ws(' ', by_user, is_super), ', ') FROM own.fired}) };
my $n = 0;

# a job of a caller's, whose row the owner's trigger writes anew; returns how it ends
sub run_job
{
	my ($role_name, $caller_role, $sql, $quiet) = @_;
	my $import = preview_import($node, 'p' . ++$n . '-', 3, user => 'api');
	$super->query('TRUNCATE own.forged, own.todo, own.fired');
	$super->query('INSERT INTO own.forged VALUES (' . join(', ', map { defined $_ ? "'$_'" : 'NULL' } $role_name, $caller_role) . ')');
	$super->query('INSERT INTO own.todo VALUES ($x$' . $sql . '$x$, ' . ($quiet ? 'true' : 'false') . ')') if defined $sql;
	my $ended = wait_for_job($node, submit($node, $import, user => 'api'), 'complete|failed');
	# the worker has its last transactions after that
	$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'canopy_bulk job'}) or die;
	return $ended;
}

# a job that the owner has written itself, and a trigger for the end of transactions of the worker that takes it
$owner->query(q{CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON canopy.job DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.attempt > 0) EXECUTE FUNCTION own.later()});
my $api = $attack->session(user => 'api');
my $seen = sub { return scalar(() = $attack->log_text =~ /could not take a job|canopy_bulk job \S+ ended/g) };
for my $case ([ 'api', $api, 'clerk', 'clerk' ], [ 'a superuser', $super, 'boss', 'boss' ], [ 'a superuser', $super, 'boss', 'api' ])
{
	my ($who, $session, $role_name, $caller_role) = @$case;
	my $before = $seen->();
	$owner->query('TRUNCATE own.fired; DELETE FROM canopy.job');
	$owner->query(qq{INSERT INTO canopy.job (account_id, kind, import_id, role_name, caller_role) VALUES ('${\$attack->id('globex')}', 'import', '${\$attack->import_id('globex submitted')}', '$role_name', '$caller_role')});
	my $state = $attack->state_of($session);
	is($session->query(q{SELECT canopy_bulk_resume('globex')}), '1', "$who resumes a job that names $role_name and $caller_role");
	my $end = time + 60;
	sleep 0.05 while $seen->() == $before && time < $end;
	$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'canopy_bulk job'}) or die;
	like($fired->(), qr/^(?:owner f)?$/, 'which runs no code as one of these');
	is($super->query($is_owner), 'f', 'nor makes the owner more than it is');
	is_deeply($attack->state_of($session), $state, "and $who has the settings that there were");
}
$owner->query('DROP TRIGGER later ON canopy.job; DELETE FROM canopy.job');

# whatever roles the row names, the worker is the owner
for my $case ([ 'owner', 'owner' ], [ 'boss', 'boss' ], [ 'boss', 'clerk' ], [ 'clerk', 'boss' ], [ 'clerk', 'clerk' ], [ 'nobody', 'boss' ], [ 'boss', 'nobody' ], [ 'owner', 'api' ], [ '', '' ])
{
	my ($role_name, $caller_role) = @$case;
	my $job = run_job($role_name, $caller_role);
	is($fired->(), 'owner f', "a worker of role_name '$role_name' and caller_role '$caller_role' is the owner");
	my $may = $caller_role =~ /^(?:boss|api)$/;
	is($job->{status} . ': ' . ($job->{error_message} // ''), $may ? 'complete: ' : 'failed: The role that asked for the job may not ask for it any more.', $may ? 'and does the job' : 'and does not do what that role may not ask for');
}

# whatever its code does, in every table and transaction, with a superuser's name in the row
for my $deed (
	[ 'takes the role of the process', 'RESET ROLE' ],
	[ 'takes no role', 'SET ROLE NONE' ],
	[ 'takes the role of a superuser', 'SET ROLE boss' ],
	[ 'takes the session', 'SET SESSION AUTHORIZATION boss' ],
	[ 'takes the session back', 'RESET SESSION AUTHORIZATION' ],
	[ 'defers work at a table of its own', 'INSERT INTO own.side VALUES (1)' ],
	[ 'defers all', 'SET CONSTRAINTS ALL DEFERRED; INSERT INTO own.side VALUES (1)' ],
	[ 'sets search_path', q{SELECT set_config('search_path', 'own, evil', false)} ],
	[ 'sets the role as a setting', q{SELECT set_config('role', 'boss', false)} ],
	[ 'makes itself a superuser', 'ALTER ROLE owner SUPERUSER' ],
	[ 'makes itself a member', 'GRANT boss TO owner' ],
	[ 'makes a temporary table', 'CREATE TEMP TABLE job (account_id uuid)' ],
	[ 'makes a temporary function', 'CREATE FUNCTION pg_temp.f() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$' ],
	[ 'starts a program', q{COPY (SELECT 1) TO PROGRAM 'true'} ],
	[ 'prepares a statement', 'PREPARE p AS SELECT 1' ],
	[ 'listens', 'LISTEN x' ],
	[ 'ends the transaction', 'DO $$ BEGIN COMMIT; END $$' ],
	[ 'gives the schema to a superuser', 'ALTER SCHEMA canopy OWNER TO boss' ],
	[ 'sets who must bring claims', 'SET canopy_bulk.require_claims = off' ],
	[ 'renames the roles of the row', q{UPDATE canopy.job SET role_name = 'boss', caller_role = 'boss' WHERE role_name <> 'boss'} ])
{
	my ($name, $sql) = @$deed;
	for my $quiet (0, 1)
	{
		my $job = run_job('boss', 'boss', $sql, $quiet);
		is($fired->(), 'owner f', "code in a worker that $name runs as the owner" . ($quiet ? ', also when it hides the error' : ''));
		is($super->query($is_owner), 'f', 'which gains no right') if $quiet;
		is($job->{status}, 'complete', 'and the job is done') if $quiet;
		$owner->query(q{UPDATE canopy.job SET status = 'failed' WHERE status NOT IN ('complete', 'failed')});
	}
}

# a setting that its code changes is gone with the batch
my $two = preview_import($node, 'two', 250, user => 'api');
$super->query('TRUNCATE own.forged, own.todo, own.fired');
$super->query(q{INSERT INTO own.todo VALUES ($$SELECT set_config('search_path', 'own, evil', false), set_config('canopy_bulk.account', 'globex', false)$$, false)});
is(wait_for_job($node, submit($node, $two, user => 'api'), 'complete|failed')->{status}, 'complete', 'a job of two batches, whose code changes settings, is done');
is($super->query(q{SELECT string_agg(concat_ws(' ', path, n), ', ' ORDER BY n) FROM (SELECT path, count(*) AS n FROM own.fired WHERE what = 'identity' GROUP BY path) AS f}),
	'pg_catalog, pg_temp 2, own, evil 248', 'and each batch begins with the settings that we want');

# deferred triggers on the tables of the directory themselves
my $import = preview_import($node, 'deferred', 3);
$owner->query(join '', map { "CREATE CONSTRAINT TRIGGER later AFTER INSERT OR UPDATE ON canopy.$_ DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION own.later();" } qw(job import import_row identity audit_log outbox));
$super->query('TRUNCATE own.fired');
my $caller = $attack->session(user => 'api');
like($caller->outcome("SELECT canopy_bulk_import_submit('$import', account => 'acme')"), qr/^42501 cannot fire deferred trigger/, 'a deferred trigger on the tables of jobs ends the call that asks for one');
$owner->query("DROP TRIGGER later ON canopy.$_") for qw(job import import_row);
is(wait_for_job($node, submit($node, $import), 'complete|failed')->{status}, 'complete', 'one on the tables of rows is not deferred');
is($fired->(), 'owner f', 'but runs as the owner');
$owner->query("DROP TRIGGER later ON canopy.$_") for qw(identity audit_log outbox);

# rights are those of the time of the call, and are looked at again
$super->query('TRUNCATE own.forged, own.todo');
$super->query('GRANT EXECUTE ON FUNCTION canopy_bulk_import_submit TO former');
my $former = $attack->session(user => 'former');
$import = preview_import($node, 'former', 3);
$former->query('BEGIN');
my $asked = $former->query("SELECT canopy_bulk_import_submit('$import', account => 'acme') ->> 'id'");
$super->query('REVOKE EXECUTE ON FUNCTION canopy_bulk_import_submit FROM former');
$former->query('COMMIT');
is(wait_for_job($node, $asked, 'complete|failed')->{error_message}, 'The role that asked for the job may not ask for it any more.', 'a job whose role has lost the right is not done');

# a key of one application: its job stays there, also when the owner moves the row
my $key = $attack->key('production');
my $opened = $caller->query(qq(SELECT convert_from(body, 'UTF8')::jsonb ->> 'id' FROM canopy_bulk_http('POST', '/api/v1/imports', '{"X-API-Key": "$key", "Content-Type": "application/json"}', '{"mode": "create"}')));
$super->query(qq{SELECT canopy_bulk_import_upload_text('$opened', E'email,first_name,last_name\\nkey\@acme.example,A,B\\n', account => 'acme') ->> 'status'});
$super->query("SELECT canopy_bulk_import_preview('$opened', account => 'acme')");
for my $application (undef, 'wiki')
{
	$owner->query('CREATE OR REPLACE FUNCTION own.forge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ' .
		($application ? "NEW.application_id := md5('$application')::uuid; NEW.environment_id := NULL; NEW.held_to := 'application'; " : '') . 'RETURN NEW; END $$');
	$caller->query("BEGIN; SELECT canopy_bulk_authenticate('$key')");
	my $id = $caller->query("SELECT canopy_bulk_import_submit('$opened') ->> 'id'");
	$caller->query($application ? 'COMMIT' : q{ROLLBACK}) if $application;
	if (!$application)
	{
		is($caller->query(q{SELECT canopy_bulk_jobs() #>> '{items,0,status}'}), 'queued', 'a key asks for a job of its application');
		$caller->query('ROLLBACK');
		next;
	}
	my $ended = wait_for_job($node, $id, 'complete|failed');
	is("$ended->{status}: $ended->{error_message}", 'failed: Import does not exist.', 'a job that is moved to another application does not take the import along');
}
is($super->query('SELECT held_to FROM canopy.job ORDER BY created_at DESC LIMIT 1'), 'application', 'as the row says');
$owner->query('CREATE OR REPLACE FUNCTION own.forge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$');
$owner->query(qq{UPDATE canopy.import SET status = 'previewed', submitted_at = NULL WHERE id = '$opened'});
$caller->query("BEGIN; SELECT canopy_bulk_authenticate('$key')");
my $bound = $caller->query("SELECT canopy_bulk_import_submit('$opened') ->> 'id'");
$caller->query('COMMIT');
is(wait_for_job($node, $bound, 'complete|failed')->{status}, 'complete', 'a job that stays where it is does');
is($super->query("SELECT held_to FROM canopy.job WHERE id = '$bound'"), 'environment', 'and is held to what the key is held to');

# the name of a process in a row, which a cancel would interrupt
$node->append_conf('postgresql.conf', "canopy_bulk.launcher_databases = 'postgres'\ncanopy_bulk.launcher_interval = 3600\n");
$node->restart;
$super = $attack->session;
$owner = $attack->session(user => 'owner');
$caller = $attack->session(user => 'api');
my $launcher = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'canopy_bulk launcher'};
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM ($launcher) AS l") or die;
my $target = $super->query($launcher);
my $holder = $super->query(qq{SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()), pid, ((extract(epoch FROM backend_start) - 946684800) * 1000000)::bigint) FROM pg_stat_activity WHERE pid = $target});
$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type ~ '^canopy_bulk (job|sweeper)'}) or die;
my $victim = $super->query(q{SELECT id FROM canopy.job WHERE kind = 'import' ORDER BY created_at DESC LIMIT 1});
$owner->query(qq{UPDATE canopy.job SET status = 'fetching', holder = '$holder', lease_until = now() + interval '1 hour', finished_at = NULL WHERE id = '$victim'});
is($caller->query("SELECT canopy_bulk_job_cancel('$victim', account => 'acme') ->> 'status'"), 'fetching', 'a job whose row names another process is cancelled');
$super->query("SELECT pg_cancel_backend($target)");
my $cancelled = sub { my $log = $attack->log_text; return scalar(() = $log =~ /canceling statement due to user request/g) };
my $before = time;
sleep 0.05 while $cancelled->() == 0 && time < $before + 60;
is($cancelled->(), 1, 'which does not interrupt that process: only a superuser does');

$attack->{started} = $super->query('SELECT pg_postmaster_start_time()');
$attack->server_is_up('the server is up after all of it');
$node->stop;

# an owner that cannot log in; workers that the launcher starts; a superuser that has got the schema
$attack = Attack->new('worker_owner', owner => 'canopy_owner', settings => [ q{shared_preload_libraries = 'canopy_bulk'}, q{canopy_bulk.launcher_databases = 'postgres'}, 'canopy_bulk.launcher_interval = 1' ]);
$node = $attack->node;
$super = $attack->super;
is(wait_for_job($node, $super->query(q{SELECT canopy_bulk_jobs(account => 'acme') #>> '{items,0,id}'}), 'complete|failed')->{status}, 'complete', 'a job of an owner that cannot log in is done');
$super->query(<<'END');
CREATE ROLE boss SUPERUSER;
ALTER DATABASE postgres SET canopy_bulk.require_claims = on;
ALTER DATABASE postgres SET request.jwt.claims = 'nonsense';
CREATE TABLE own.fired (by_user name, by_session name);
GRANT ALL ON own.fired TO PUBLIC;
CREATE FUNCTION own.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO own.fired VALUES (current_user, session_user); RETURN NEW; END $$;
GRANT USAGE ON SCHEMA own TO PUBLIC;
CREATE TRIGGER note BEFORE UPDATE ON canopy.job FOR EACH ROW EXECUTE FUNCTION own.note();
END
sub wait_for_row
{
	my ($id) = @_;
	$node->poll_query_until('postgres', "SELECT status IN ('complete', 'failed') FROM canopy.job WHERE id = '$id'") or die;
	return $super->query("SELECT status FROM canopy.job WHERE id = '$id'");
}
sub add_job
{
	my ($name) = @_;
	return $super->query(qq{UPDATE canopy.import SET status = 'running', submitted_at = now() WHERE id = '${\$attack->import_id($name)}';
		INSERT INTO canopy.job (account_id, kind, import_id, role_name, caller_role) SELECT account_id, 'import', id, 'boss', 'boss' FROM canopy.import WHERE id = '${\$attack->import_id($name)}' RETURNING id});
}
is(wait_for_row(add_job('acme previewed')), 'complete', 'settings that want claims do not stop the workers of the launcher');
is($super->query('SELECT string_agg(DISTINCT by_user, $$, $$) FROM own.fired'), 'canopy_owner', 'which are the owner');
$super->query('TRUNCATE own.fired; SET canopy_bulk.require_claims = off; SET request.jwt.claims = $$$$');
$super->query('BEGIN');
my $left = add_job('globex previewed');
$super->query('ALTER SCHEMA canopy OWNER TO boss; COMMIT');
$attack->fails_with($super, 'SELECT canopy_bulk_resume()', '55000', 'a directory of a superuser has no worker', message => qr/schema canopy belongs to a superuser/);
$super->query('ALTER SCHEMA canopy OWNER TO canopy_owner');
is(wait_for_row($left), 'complete', 'until it belongs to an ordinary role again');
is($super->query('SELECT string_agg(DISTINCT by_user, $$, $$) FROM own.fired'), 'canopy_owner', 'and nothing has run as another');
$attack->end;
