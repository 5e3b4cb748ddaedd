# Statements run as the owner of the directory, and only as long as the call lasts.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use Test::More;

my $node = start_server('roles', quick_hashes());
fill_directory($node);
my $superuser = getpwuid($<);
my $noted = q{SELECT string_agg(DISTINCT concat_ws(' ', what, by_user, by_session), ', ') FROM public.noted};
my $one = sub { sprintf "canopy_bulk_create('%s', 'acme')", people($_[0], $_[1] // 1) };

# triggers of the directory's owner, who would like to be a superuser
$node->safe_psql('postgres', <<'END');
CREATE ROLE admin LOGIN;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO admin;
CREATE TABLE public.noted (what text, by_user name, by_session name, path text);
GRANT ALL ON public.noted TO PUBLIC;
CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.noted VALUES (TG_ARGV[0], current_user, session_user, current_setting('search_path'));
	RETURN NEW;
END $$;
CREATE TRIGGER note BEFORE INSERT ON canopy.identity
	FOR EACH ROW EXECUTE FUNCTION public.note('row');
END

# a trigger runs as the owner, whoever calls, and knows who is connected
for my $user ($superuser, 'admin')
{
	$node->safe_psql('postgres', 'TRUNCATE public.noted');
	$node->safe_psql('postgres', 'SELECT ' . $one->("by$user"), extra_params => [ '-U', $user ]);
	is($node->safe_psql('postgres', $noted), "row canopy_owner $user", "a trigger runs as the owner for $user");
}
is($node->safe_psql('postgres', 'SELECT DISTINCT path FROM public.noted'), 'pg_catalog, pg_temp',
	"and names its own things with their schema, since the caller's search_path is not there");
is(sqlstate_of($node, 'SELECT count(*) FROM canopy.identity', user => 'admin'), '42501',
	'the caller needs no right on the tables, and gets none');

# what is left for the end of the transaction is not left to the caller
for my $table (qw(identity audit_log))
{
	$node->safe_psql('postgres', "TRUNCATE public.noted; CREATE CONSTRAINT TRIGGER later AFTER INSERT ON canopy.$table
		DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.note('deferred')");
	$node->safe_psql('postgres', 'SELECT ' . $one->("deferred$table"));
	is($node->safe_psql('postgres', "$noted WHERE what = 'deferred'"), "deferred canopy_owner $superuser",
		"a deferred trigger on $table runs as the owner");
	$node->safe_psql('postgres', "DROP TRIGGER later ON canopy.$table");
}

# nor is what a trigger leaves behind on a table of its own
$node->safe_psql('postgres', <<'END');
TRUNCATE public.noted;
CREATE TABLE public.own (x integer);
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON public.own DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION public.note('second');
ALTER TABLE public.own OWNER TO canopy_owner;
CREATE FUNCTION public.pass_on() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO public.own VALUES (1); RETURN NEW; END $$;
CREATE TRIGGER pass_on BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION public.pass_on();
END
$node->psql('postgres', 'SELECT ' . $one->('second'));
is($node->safe_psql('postgres', "SELECT count(*) FROM public.noted WHERE what = 'second' AND by_user = '$superuser'"),
	'0', "a deferred trigger on a table of the owner's does not run as a superuser");
$node->safe_psql('postgres', 'DROP TRIGGER pass_on ON canopy.identity');

# a trigger cannot become somebody else
$node->safe_psql('postgres', <<'END');
CREATE FUNCTION public.climb() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE TG_ARGV[0];
	INSERT INTO public.noted VALUES ('climbed', current_user, session_user);
	RETURN NEW;
END $$;
END
for my $how ('SET ROLE NONE', 'RESET ROLE', 'RESET SESSION AUTHORIZATION', "SET LOCAL ROLE $superuser",
	"SET SESSION AUTHORIZATION $superuser")
{
	$node->safe_psql('postgres', "CREATE TRIGGER climb BEFORE INSERT ON canopy.identity
		FOR EACH ROW EXECUTE FUNCTION public.climb('$how')");
	$node->psql('postgres', 'SELECT ' . $one->('climb'));
	is($node->safe_psql('postgres', "SELECT count(*) FROM public.noted WHERE what = 'climbed' AND by_user = '$superuser'"),
		'0', "a trigger cannot $how");
	$node->safe_psql('postgres', 'DROP TRIGGER climb ON canopy.identity; TRUNCATE public.noted');
}

# role and settings are the caller's again after a success and after an error that was caught
my $state = q{SELECT current_user || ' ' || current_setting('search_path') || ' ' || current_setting('role')};
for my $case (
	[ 'a success', $one->('ok') ],
	[ 'an error of the call', $one->('many', 201) ],
	[ 'an error of the caller', "canopy_bulk_create('[]', 'nobody')" ],
	[ 'an error while writing', sprintf "canopy_bulk_create('%s', 'acme')", people('xx000', 1) ])
{
	my ($name, $call) = @$case;
	is($node->safe_psql('postgres', <<"END"), 'admin evil, public admin', "the caller is itself again after $name");
CREATE OR REPLACE FUNCTION public.break() RETURNS trigger LANGUAGE plpgsql AS
	\$\$ BEGIN RAISE 'broken' USING ERRCODE = 'XX000'; END \$\$;
CREATE OR REPLACE TRIGGER break BEFORE INSERT ON canopy.identity FOR EACH ROW
	WHEN (NEW.email LIKE 'xx000%') EXECUTE FUNCTION public.break();
SET search_path = evil, public;
SET ROLE admin;
BEGIN;
DO \$\$ BEGIN
	BEGIN PERFORM $call; EXCEPTION WHEN OTHERS THEN
		BEGIN PERFORM $call; EXCEPTION WHEN OTHERS THEN NULL; END;
	END;
END \$\$;
SAVEPOINT s;
$state;
ROLLBACK;
END
}

# after an error that is caught the next call of the transaction works
is(verdicts($node->safe_psql('postgres', 'BEGIN; DO $$ BEGIN PERFORM ' . $one->('lost', 201) .
		'; EXCEPTION WHEN SQLSTATE \'PT413\' THEN NULL; END $$; SELECT ' . $one->('kept') . '; COMMIT')),
	'201', 'a call that failed and was caught does not get in the way of the next');

# the places a call can be made from
$node->safe_psql('postgres', <<'END');
CREATE FUNCTION public.wrapped(body jsonb) RETURNS jsonb LANGUAGE sql AS
	$$ SELECT canopy_bulk_create(body, 'acme') $$;
CREATE FUNCTION public.guarded(body jsonb) RETURNS jsonb LANGUAGE plpgsql AS
	$$ BEGIN RETURN canopy_bulk_create(body, 'acme'); EXCEPTION WHEN unique_violation THEN RETURN NULL; END $$;
CREATE PROCEDURE public.stepwise() LANGUAGE plpgsql AS $$
BEGIN
	PERFORM canopy_bulk_create('[{"email":"step1@example.com","first_name":"A","last_name":"B"}]', 'acme');
	COMMIT;
	PERFORM canopy_bulk_create('[{"email":"step2@example.com","first_name":"A","last_name":"B"}]', 'acme');
	ROLLBACK;
	PERFORM canopy_bulk_create('[{"email":"step3@example.com","first_name":"A","last_name":"B"}]', 'acme');
END $$;
END
is(verdicts($node->safe_psql('postgres', sprintf "SELECT public.wrapped('%s')", people('wrapped', 1))), '201',
	'an SQL function can call');
is(verdicts($node->safe_psql('postgres', sprintf "SELECT public.guarded('%s')", people('guarded', 1))), '201',
	'a PL/pgSQL function with an exception block can call');
$node->safe_psql('postgres', 'CALL public.stepwise()');
is($node->safe_psql('postgres', q{SELECT string_agg(email, ' ' ORDER BY email) FROM canopy.identity WHERE email LIKE 'step%'}),
	'step1@example.com step3@example.com', 'a procedure can commit and roll back between calls');
is($node->safe_psql('postgres', 'BEGIN; SAVEPOINT a; SELECT ' . $one->('gone') . " -> 'summary' -> 'failed'; ROLLBACK TO a; " .
		"COMMIT; SELECT count(*) FROM canopy.identity WHERE email LIKE 'gone%'"), "0\n0",
	'a savepoint takes a batch back');
is($node->safe_psql('postgres', sprintf q{SELECT sum((canopy_bulk_create(people, 'acme') #>> '{summary,succeeded}')::int)
	FROM (VALUES ('%s'::jsonb), ('%s'), ('%s')) AS v(people)}, map { people("multi$_", 2) } 1 .. 3), '6',
	'one statement can make several calls');

# every isolation level
for my $level ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')
{
	is(verdicts($node->safe_psql('postgres', "BEGIN ISOLATION LEVEL $level; SELECT " .
			(sprintf "canopy_bulk_create('%s', 'acme', 'crm')", people(lc $level =~ s/ //r, 2)) . '; COMMIT')),
		'201 201', "a call works under $level");
}
is(sqlstate_of($node, 'BEGIN READ ONLY; SELECT ' . $one->('never')), '25006',
	'a read-only transaction refuses the call with its own SQLSTATE');
is(sqlstate_of($node, "BEGIN READ ONLY; SELECT canopy_bulk_import_event('account_create', 0, 0, 0, account => 'acme')"),
	'25006', 'and the event');

$node->stop;
done_testing();
