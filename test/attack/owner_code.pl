# Attacker: the owner of the directory, a role without attributes, through code that it adds to its tables.
# Rights: everything on the tables; that roles with more rights call the functions, and that a superuser runs setup.
# Must not happen: the code runs as another role than the owner, now or at the commit; it leaves a setting, a
# temporary object, a prepared statement or a role behind in the caller's session.
use strict;
use warnings;
use Attack;
use Test::More;

my $attack = Attack->new('owner_code', settings => [ 'lock_timeout = 30s' ]);
my $super = $attack->super;
my $postgres = $super->query('SELECT current_user');
$super->query(<<'END');
CREATE ROLE chief SUPERUSER;
CREATE ROLE deputy LOGIN IN ROLE chief;
CREATE ROLE vendor LOGIN;
CREATE SCHEMA policy AUTHORIZATION vendor;
GRANT USAGE ON SCHEMA policy, own TO PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO deputy, owner;
END

# what the owner plants: it does whatever the table todo says, and notes as whom
my $owner = $attack->session(user => 'owner');
$owner->query(<<'END');
CREATE TABLE own.todo (sql text, quiet boolean);
CREATE TABLE own.fired (what text, by_user name, by_session name, is_super boolean, path text);
CREATE TABLE own.side (x integer);
CREATE TABLE own.unique_side (x integer, EXCLUDE USING btree (x WITH =) DEFERRABLE INITIALLY DEFERRED);
CREATE FUNCTION own.note(what text) RETURNS void LANGUAGE sql AS
	$$ INSERT INTO own.fired SELECT what, current_user, session_user, rolsuper, current_setting('search_path') FROM pg_catalog.pg_roles WHERE rolname = current_user $$;
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
CREATE FUNCTION own.strike(what text DEFAULT 'strike') RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	plan own.todo;
BEGIN
	PERFORM own.note(what);
	SELECT * INTO plan FROM own.todo;
	IF plan.quiet THEN
		BEGIN EXECUTE plan.sql; EXCEPTION WHEN OTHERS THEN NULL; END;
	ELSIF plan.sql IS NOT NULL THEN
		EXECUTE plan.sql;
	END IF;
	RETURN true;
END $$;
CREATE FUNCTION own.strike_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM own.strike(TG_TABLE_NAME || ' ' || TG_WHEN); RETURN NEW; END $$;
CREATE FUNCTION own.evil() RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM own.note('evil'); RETURN 'evil'; END $$;
CREATE FUNCTION own.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN PERFORM own.note('now'); RETURN NULL; END $$;
GRANT ALL ON ALL TABLES IN SCHEMA own TO PUBLIC;
END

# the callers, all of which have, or can get, more rights than the owner; and one that has not
my %role = (superuser => '', 'a superuser as api' => 'SET ROLE api', 'a superuser as the owner' => 'SET ROLE owner', 'a superuser as the owner, by session' => 'SET SESSION AUTHORIZATION owner',
	'a superuser as api, by session' => 'SET SESSION AUTHORIZATION api', 'a member of a superuser role' => '', 'a superuser role, of a member' => 'SET ROLE chief', 'an ordinary caller' => '');
my %user = ('a member of a superuser role' => 'deputy', 'a superuser role, of a member' => 'deputy', 'an ordinary caller' => 'api');
my %caller = map { my $session = $attack->session($user{$_} ? (user => $user{$_}) : ()); $session->query($role{$_}) if $role{$_}; $_ => $session } keys %role;
my $n = 0;
my $create = sub { $n++; return qq{SELECT canopy_bulk_create('[{"email": "p$n\@acme.example", "first_name": "A", "last_name": "B", "password": "correct horse"}]', 'acme', 'crm')} };
my $plan = sub { my ($sql, $quiet) = @_; $super->query('TRUNCATE own.todo, own.fired'); $super->query('INSERT INTO own.todo VALUES ($x$' . $sql . '$x$, ' . ($quiet ? 'true' : 'false') . ')') if defined $sql; return };
my $fired = sub { $super->query(q{SELECT string_agg(DISTINCT concat_ws(' ', by_user, is_super), ', ') FROM own.fired}) };
my $is_owner = q{SELECT rolsuper OR rolcreaterole OR EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid) FROM pg_roles AS r WHERE rolname = 'owner'};

# wherever the code stands: it runs as the owner, restricted, whoever calls
for my $place (
	[ 'a trigger before a row', 'CREATE TRIGGER strike BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION own.strike_row()', 'DROP TRIGGER strike ON canopy.identity' ],
	[ 'a trigger after a row', 'CREATE TRIGGER strike AFTER INSERT ON canopy.app_membership FOR EACH ROW EXECUTE FUNCTION own.strike_row()', 'DROP TRIGGER strike ON canopy.app_membership' ],
	[ 'a trigger after a statement', 'CREATE TRIGGER strike AFTER INSERT ON canopy.identity EXECUTE FUNCTION own.strike_row()', 'DROP TRIGGER strike ON canopy.identity' ],
	[ 'a deferred trigger', 'CREATE CONSTRAINT TRIGGER strike AFTER INSERT ON canopy.identity DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION own.strike_row()', 'DROP TRIGGER strike ON canopy.identity' ],
	[ 'a deferred trigger on the audit log', 'CREATE CONSTRAINT TRIGGER strike AFTER INSERT ON canopy.audit_log DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION own.strike_row()', 'DROP TRIGGER strike ON canopy.audit_log' ],
	[ 'a constraint', 'ALTER TABLE canopy.identity ADD CONSTRAINT strike CHECK (own.strike(email)) NOT VALID', 'ALTER TABLE canopy.identity DROP CONSTRAINT strike' ],
	[ 'a default', 'ALTER TABLE canopy.identity ADD struck boolean; ALTER TABLE canopy.identity ALTER struck SET DEFAULT own.strike()', 'ALTER TABLE canopy.identity DROP struck' ],
	[ 'a domain', 'CREATE DOMAIN own.struck AS boolean CHECK (own.strike()); ALTER TABLE canopy.identity ADD struck own.struck', 'ALTER TABLE canopy.identity DROP struck; DROP DOMAIN own.struck' ],
	[ 'an index', 'CREATE FUNCTION own.fixed(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN own.strike(); END $$; CREATE INDEX strike ON canopy.identity (own.fixed(email))', 'DROP INDEX canopy.strike; DROP FUNCTION own.fixed' ],
	[ 'a policy', 'ALTER TABLE canopy.identity ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY strike ON canopy.identity USING (own.strike()) WITH CHECK (own.strike())', 'DROP POLICY strike ON canopy.identity; ALTER TABLE canopy.identity NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY' ],
	[ 'a view in place of a table', 'ALTER TABLE canopy.account RENAME TO account_0; CREATE VIEW canopy.account AS SELECT * FROM canopy.account_0 WHERE own.strike()', 'DROP VIEW canopy.account; ALTER TABLE canopy.account_0 RENAME TO account' ],
	[ 'a view in place of the list of versions', 'ALTER TABLE canopy.migration RENAME TO migration_0; CREATE VIEW canopy.migration AS SELECT * FROM canopy.migration_0 WHERE own.strike()', 'DROP VIEW canopy.migration; ALTER TABLE canopy.migration_0 RENAME TO migration' ])
{
	my ($name, $make, $drop) = @$place;
	$plan->(q{SELECT pg_catalog.set_config('search_path', 'own, evil', false), pg_catalog.set_config('canopy_bulk.account', 'globex', false)});
	$owner->query($make);
	for my $who (sort keys %caller)
	{
		my $state = $attack->state_of($caller{$who});
		$super->query('TRUNCATE own.fired');
		my $outcome = $caller{$who}->outcome('BEGIN; ' . $create->());
		$caller{$who}->try('COMMIT');
		is($fired->(), 'owner f', "code in $name runs as the owner for $who") or diag $outcome;
		is_deeply($attack->state_of($caller{$who}), $state, "and leaves $who the settings that there were");
	}
	$owner->query($drop);
}

# setup reads the list of versions, and makes tables that event triggers hear of
$owner->query('ALTER TABLE canopy.migration RENAME TO migration_0; CREATE VIEW canopy.migration AS SELECT * FROM canopy.migration_0 WHERE own.strike()');
for my $sql (q{SELECT pg_catalog.set_config('search_path', 'own, pg_catalog', false)}, 'INSERT INTO own.side VALUES (1)', 'RESET ROLE', 'RESET SESSION AUTHORIZATION')
{
	for my $who ('superuser', 'a superuser role, of a member', 'a superuser as the owner, by session')
	{
		$plan->($sql, 1);
		my $state = $attack->state_of($caller{$who});
		$caller{$who}->try("BEGIN; SELECT canopy_bulk_setup(owner => 'owner')");
		$caller{$who}->try('COMMIT');
		is($fired->(), 'owner f', "setup by $who runs code as the owner: $sql");
		is_deeply($attack->state_of($caller{$who}), $state, "and leaves $who the settings that there were");
	}
}
$owner->query('DROP VIEW canopy.migration; ALTER TABLE canopy.migration_0 RENAME TO migration');

# whatever the code does: what it may not do ends the call, and swallowing the error does not help
$owner->query('CREATE TRIGGER strike BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION own.strike_row()');
my @deeds = (
	[ 'sets search_path for the session', q{SELECT set_config('search_path', 'own, pg_catalog', false)}, '' ],
	[ 'sets search_path for the transaction', 'SET LOCAL search_path = own', '' ],
	[ 'sets the account of the next call', q{SET canopy_bulk.account = 'globex'}, '' ],
	[ 'sets claims', q{SELECT set_config('request.jwt.claims', '{"account": "globex", "principal_type": "user"}', false), set_config('request.jwt.claims', '{}', true)}, '' ],
	[ 'sets the status of the answer', q{SELECT set_config('request.method', 'POST', false), set_config('response.status', '418', false), set_config('response.headers', '[{"X": "Y"}]', false)}, '' ],
	[ 'makes the transaction read-only', 'SET LOCAL transaction_read_only = on', undef ],
	[ 'turns off row security', 'SET row_security = off', '' ],
	[ 'resets everything', 'RESET ALL', '' ],
	[ 'defers work at a table of its own', 'INSERT INTO own.side VALUES (1)', '42501', qr/cannot fire deferred trigger within security-restricted operation/ ],
	[ 'defers work after SET CONSTRAINTS', 'SET CONSTRAINTS ALL DEFERRED; INSERT INTO own.side VALUES (1)', '42501' ],
	[ 'defers the check of a key', 'INSERT INTO own.unique_side VALUES (1), (1)', '42501' ],
	[ 'takes its role back', 'RESET ROLE', '42501', qr/cannot set parameter "role"/ ],
	[ 'takes no role', 'SET ROLE NONE', '42501' ],
	[ "takes a superuser's role", "SET LOCAL ROLE $postgres", '42501' ],
	[ 'sets the role as a setting', q{SELECT set_config('role', 'none', false)}, '42501' ],
	[ 'takes the session', "SET SESSION AUTHORIZATION $postgres", '42501' ],
	[ 'takes the session back', 'RESET SESSION AUTHORIZATION', '42501' ],
	[ 'makes itself a superuser', 'ALTER ROLE owner SUPERUSER', '42501' ],
	[ 'makes itself a member', "GRANT $postgres TO owner", '42501' ],
	[ 'makes a temporary table', 'CREATE TEMP TABLE pg_class (oid oid)', '42501', qr/cannot create temporary table within security-restricted operation/ ],
	[ 'makes a temporary view', 'CREATE TEMP VIEW pg_roles AS SELECT own.evil()', '42501' ],
	[ 'makes a temporary type', 'CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (own.strike())', '42501' ],
	[ 'makes a temporary function', 'CREATE FUNCTION pg_temp.f(pg_catalog.text) RETURNS text LANGUAGE sql AS $$ SELECT own.evil() $$', '42501', qr/cannot create a temporary object within security-restricted operation/ ],
	[ 'makes a temporary operator', 'CREATE FUNCTION own.same(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT own.strike() $$; CREATE OPERATOR pg_temp.= (LEFTARG = text, RIGHTARG = text, FUNCTION = own.same)', '42501' ],
	[ 'prepares a statement', 'PREPARE p AS SELECT own.evil()', '42501', qr/cannot execute PREPARE within security-restricted operation/ ],
	[ 'holds a cursor', 'DECLARE c CURSOR WITH HOLD FOR SELECT own.evil()', '42501' ],
	[ 'opens a cursor', 'DECLARE c CURSOR FOR SELECT own.evil()', '' ],
	[ 'listens', 'LISTEN x', '42501', qr/cannot execute LISTEN within security-restricted operation/ ],
	[ 'discards', 'DISCARD ALL', undef ],
	[ 'commits', 'DO $$ BEGIN COMMIT; END $$', '2D000' ],
	[ 'reads a file of the server', q{SELECT pg_read_file('postgresql.conf')}, '42501' ],
	[ 'starts a program', q{COPY (SELECT 1) TO PROGRAM 'true'}, '42501' ],
	[ 'alters the system', q{ALTER SYSTEM SET canopy_bulk.require_claims = off}, undef ],
	[ 'turns off triggers', 'SET session_replication_role = replica', '42501' ],
	[ 'sets what a superuser sets', 'SET canopy_bulk.require_claims = off', '42501' ],
	[ 'makes an event trigger', 'CREATE FUNCTION own.ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM own.strike(); END $$; CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION own.ddl()', '42501' ]);
for my $deed (@deeds)
{
	my ($name, $sql, $state, $message) = @$deed;
	for my $who (sort keys %caller)
	{
		my $before = $attack->state_of($caller{$who});
		for my $quiet (0, 1)
		{
			$plan->($sql, $quiet);
			my $answer = $caller{$who}->try('BEGIN; ' . $create->());
			my $wrong = '';
			$wrong = "ended with $answer->{state} $answer->{message}" if !$quiet && defined $state && $answer->{state} ne $state || $message && !$quiet && $answer->{message} !~ $message;
			# what a superuser does next, in the same transaction and after it
			$caller{$who}->try(q{SELECT now(), 'x'::text = 'y'::text, count(*) FROM pg_class});
			$caller{$who}->try('COMMIT');
			$caller{$who}->try(q{SELECT now(), 'x'::text = 'y'::text, count(*) FROM pg_class, pg_roles});
			$wrong ||= 'ran as ' . $fired->() if $fired->() !~ /^(?:owner f)?$/;
			$wrong ||= 'the owner has gained rights' if $super->query($is_owner) ne 'f';
			my $leftovers = $caller{$who}->query(q{SELECT concat_ws(' ', (SELECT count(*) FROM pg_catalog.pg_prepared_statements WHERE statement ~ 'own'), (SELECT count(*) FROM pg_catalog.pg_cursors WHERE statement ~ 'evil'),
				(SELECT count(*) FROM pg_catalog.pg_listening_channels()), (SELECT count(*) FROM pg_catalog.pg_proc WHERE pronamespace = pg_catalog.pg_my_temp_schema()),
				(SELECT count(*) FROM pg_catalog.pg_type WHERE typnamespace = pg_catalog.pg_my_temp_schema()), (SELECT count(*) FROM pg_catalog.pg_operator WHERE oprnamespace = pg_catalog.pg_my_temp_schema()))});
			$wrong ||= "left $leftovers" if $leftovers ne '0 0 0 0 0 0';
			is($wrong, '', "code that $name gains nothing from $who" . ($quiet ? ', also when it hides the error' : ''));
		}
		is_deeply($attack->state_of($caller{$who}), $before, "and leaves $who the settings that there were");
	}
}

# a procedure that commits: its commits run nothing of the owner's
for my $who ('superuser', 'a superuser as api', 'a superuser role, of a member', 'an ordinary caller')
{
	my $import = $super->query(q{SELECT canopy_bulk_import_open('account_create', account => 'acme') ->> 'id'});
	$n++;
	$super->query("SELECT canopy_bulk_import_upload_text('$import', E'email,first_name,last_name\\nrun$n\@acme.example,A,B\\n', account => 'acme')");
	$plan->();
	$super->query("SELECT canopy_bulk_import_preview('$import', account => 'acme')");
	$plan->('INSERT INTO own.side VALUES (1)');
	my $before = $attack->state_of($caller{$who});
	$attack->fails_with($caller{$who}, "CALL canopy_bulk_import_run('$import', account => 'acme')", '42501', "a run by $who ends where a trigger defers work");
	is($fired->(), '', 'of which nothing is left');
	is_deeply($attack->state_of($caller{$who}), $before, "and $who has the settings that there were");
}

# a function that a superuser has named, of a role that can replace it
$attack->session(user => 'vendor')->query(q{CREATE FUNCTION policy.is_breached(password text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM own.strike('breach'); RETURN false; END $$});
$owner->query('DROP TRIGGER strike ON canopy.identity');
for my $who ('superuser', 'a superuser role, of a member')
{
	for my $deed (grep { defined $_->[2] } @deeds)
	{
		my ($name, $sql, $state) = @$deed;
		$plan->($sql, 1);
		my $before = $attack->state_of($caller{$who});
		$caller{$who}->query(q{BEGIN; SET LOCAL canopy_bulk.breach_check = 'policy.is_breached'});
		$caller{$who}->query($create->());
		$caller{$who}->try('COMMIT');
		is($fired->(), 'owner f', "a breach check that $name runs as the owner for $who");
		is_deeply($attack->state_of($caller{$who}), $before, "and leaves $who the settings that there were");
	}
}

# the owner itself, which is connected and calls, may do to itself what it likes
$plan->('INSERT INTO own.side VALUES (1)');
$owner->query('CREATE TRIGGER strike BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION own.strike_row()');
$owner = $attack->session(user => 'owner');
is($owner->outcome('BEGIN; ' . $create->() . q{ #>> '{results,0,code}'}), '201', 'the owner, connected as itself, may defer work');
$owner->query('COMMIT');
is($super->query(q{SELECT string_agg(what || ' ' || by_user, ', ') FROM own.fired WHERE what <> 'identity BEFORE'}), 'later owner, after a reset owner', 'which then runs as the owner');
is($super->query($is_owner), 'f', 'and in the end the owner has the rights that it had');

$attack->end;
