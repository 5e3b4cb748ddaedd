# Attacker: any login role, mallory, and a caller with EXECUTE, api.
# Rights: mallory has none; api may execute the functions, and has no right on the directory's tables.
# Must not happen: either reads or changes a table of the directory by itself, mallory makes a
#   function of the extension do anything, or an object of mallory's runs with the rights of others.
use strict;
use warnings;
use Attack;
use Test::More;

my $attack = Attack->new('privileges');
my ($super, $api, $mallory) = ($attack->super, $attack->session(user => 'api'), $attack->session(user => 'mallory'));
my $ours = q{pg_depend d JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
	WHERE d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'canopy_bulk')};

# the catalogs
ok($super->query("SELECT count(*) FROM $ours") > 40, 'the catalogs know the functions of the extension');
is($super->query("SELECT string_agg(p.oid::regprocedure::text, ' ') FROM $ours AND (p.proacl IS NULL
	OR EXISTS (SELECT FROM aclexplode(p.proacl) WHERE grantee = 0))"), '', 'EXECUTE on no function is for everybody');
is($super->query("SELECT string_agg(p.oid::regprocedure::text, ' ') FROM $ours AND p.prosecdef"), '', 'no function has the rights of its owner');
is($super->query("SELECT string_agg(p.oid::regprocedure::text, ' ') FROM $ours AND p.proleakproof"), '', 'no function counts as leakproof');
is($super->query("SELECT string_agg(p.oid::regprocedure::text, ' ') FROM $ours AND p.prolang NOT IN (SELECT oid FROM pg_language WHERE lanname = 'c')
	AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)"), '', 'a function in SQL has its search_path pinned');
my $objects = q{SELECT string_agg(c.relname, ' ') FROM pg_class AS c WHERE c.relnamespace = 'canopy'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')};
isnt($super->query($objects), '', 'the catalogs know the tables of the directory');
is($super->query("$objects AND c.relowner <> 'owner'::regrole"), '', 'all tables belong to the role that setup was given');
is($super->query("$objects AND EXISTS (SELECT FROM aclexplode(c.relacl) WHERE grantee NOT IN ('owner'::regrole))"), '', 'no other role has a right on one');
is($super->query(q{SELECT count(*) FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'canopy' AND grantee <> 'owner'::regrole}), '0', 'nor on their schema');
is($super->query(q{SELECT concat_ws(' ', rolsuper, rolbypassrls, rolcreaterole, rolreplication) FROM pg_roles WHERE rolname = 'owner'}), 'f f f f', 'the owner is an ordinary role');

# every function, called by a role without EXECUTE: with NULL for each argument, since rights come first
my $before = $attack->contents;
for my $call (calls())
{
	$attack->fails_with($mallory, $call, '42501', "a role without EXECUTE is refused: $call", message => qr/^permission denied for (?:function|procedure) /);
}
# by way of the server's other roads to a function
$attack->fails_with($mallory, $_, '42501', "a role without EXECUTE is refused: $_")
  for q{CREATE OPERATOR evil.@@@ (LEFTARG = text, RIGHTARG = text, FUNCTION = public.canopy_bulk_token_key_is_valid)},
  q{SELECT pg_catalog.count(*) FROM (SELECT public.canopy_bulk_secret_exposure()) AS x},
  q{CREATE AGGREGATE evil.ask (text) (SFUNC = public.canopy_bulk_token_key_is_valid, STYPE = text)},
  q{DO $$ BEGIN PERFORM public.canopy_bulk_authenticate('x'); END $$};
$attack->fails_with($mallory, q{CREATE FUNCTION evil.setup() RETURNS integer LANGUAGE c AS 'canopy_bulk', 'canopy_bulk_setup'}, '42501', 'no role makes a function of the library of its own');
$attack->is_unchanged($before, 'no refused call has changed a table');

# every table, read and written by the caller
for my $table (split /\n/, $super->query(q{SELECT relname FROM pg_class WHERE relnamespace = 'canopy'::regnamespace AND relkind IN ('r', 'p')}))
{
	for my $user ($api, $mallory)
	{
		is(join(' ', map { $user->try($_)->{state} } "TABLE canopy.$table", "DELETE FROM canopy.$table", "INSERT INTO canopy.$table DEFAULT VALUES",
				"COPY canopy.$table TO STDOUT", "TRUNCATE canopy.$table", "CREATE TRIGGER x BEFORE INSERT ON canopy.$table EXECUTE FUNCTION evil.x()"),
			join(' ', ('42501') x 6), "$table is closed to " . $user->query('SELECT current_user'));
	}
}

# calls give the caller nothing for the time after them
$attack->keeps_state($api, 'user, search_path and settings after calls are those before', sub {
	for my $sql (q{SELECT canopy_bulk_create('[]', 'acme')}, q{SELECT canopy_bulk_create('[{"email":"new@acme.example","first_name":"A","last_name":"B"}]', 'acme', dry_run => true)},
		q{SELECT canopy_bulk_create('{}', 'acme')}, q{SELECT canopy_bulk_create('[]', 'nowhere')}, q{SELECT canopy_bulk_jobs(account => 'acme')},
		q{BEGIN; SELECT canopy_bulk_create('[]', 'nowhere'); ROLLBACK}, q{BEGIN; SAVEPOINT s; SELECT canopy_bulk_create('[]', 'nowhere'); ROLLBACK TO s; COMMIT},
		q{SELECT canopy_bulk_http('GET', '/openapi.json')})
	{
		$api->try($sql);
		is($api->try('TABLE canopy.identity')->{state} =~ /^(?:42501|25P02)$/ ? '' : 'open', '', "the tables are closed after: $sql");
		$api->try('ROLLBACK');
	}
});

# what a caller's transaction leaves behind does not run with other rights
$api->query('BEGIN');
$api->query(q{DECLARE c CURSOR FOR SELECT canopy_bulk_jobs(account => 'acme'), current_user UNION ALL SELECT NULL, current_user});
like($api->query('FETCH ALL FROM c'), qr/\|api\n\|api$/, 'a cursor over a call runs as the caller');
$api->query('COMMIT');
# functions and operators of mallory's that are found first
$mallory->query(q{CREATE TABLE evil.fired (what text, by_role text); GRANT ALL ON evil.fired TO PUBLIC;
	CREATE FUNCTION evil.fire(what text) RETURNS text LANGUAGE sql AS $$ INSERT INTO evil.fired VALUES (what, current_user) RETURNING what $$});
for my $plant ('now()', 'lower(text)', 'md5(text)', 'gen_random_uuid()', 'to_jsonb(anyelement)', 'jsonb_typeof(jsonb)', 'array_length(anyarray, integer)',
	'jsonb_build_object(text, text)', 'pg_notify(text, text)', 'set_config(text, text, boolean)', 'current_setting(text)', 'sha256(bytea)', 'unnest(text[])',
	'unnest(uuid[])', 'to_char(timestamptz, text)')
{
	my ($name, $arguments) = $plant =~ /(\w+)\((.*)\)/;
	$mallory->query("CREATE FUNCTION evil.$name($arguments) RETURNS " . ($name =~ /^array_length/ ? 'integer' : 'text') .
		" LANGUAGE plpgsql AS \$\$ BEGIN PERFORM evil.fire('$name'); RETURN NULL; END \$\$");
}
for my $type (qw(uuid text int4 int8 jsonb bytea timestamptz bool))
{
	my $operators = join ' ', map { "CREATE OPERATOR evil.$_ (LEFTARG = pg_catalog.$type, RIGHTARG = pg_catalog.$type, FUNCTION = evil.compare);" }
	  '=', '<>', '<', '>', '<=', '>=', '||', '+', '-', '@>', '?';
	$mallory->query("CREATE FUNCTION evil.compare(pg_catalog.$type, pg_catalog.$type) RETURNS pg_catalog.bool LANGUAGE plpgsql AS
		\$\$ BEGIN PERFORM evil.fire('operator on $type'); RETURN true; END \$\$; $operators");
}
$mallory->query("CREATE DOMAIN evil.$_ AS integer") for qw(uuid jsonb bytea text timestamptz);
$mallory->query("CREATE VIEW evil.$_ AS SELECT evil.fire('view $_') AS account_id; GRANT SELECT ON evil.$_ TO PUBLIC") for qw(account identity job import outbox);
for my $name (qw(api superuser))
{
	my $session = $attack->session($name eq 'api' ? (user => 'api') : ());
	$session->query('SET search_path = evil, pg_temp, public, pg_catalog');
	$session->query(q{SELECT lower('a'), md5('a'), 1 = 1, 'a'::pg_catalog.text = 'a'::pg_catalog.text, (SELECT account_id FROM job)});
	is($super->query('WITH f AS (DELETE FROM evil.fired RETURNING what) SELECT count(DISTINCT what) FROM f'), '5', "a careless statement of $name runs the planted objects");
	my ($state) = $attack->state_of($session);
	for my $call (map { s/\bcanopy_bulk_/public.canopy_bulk_/gr } working_calls($name))
	{
		my $answer = $session->try($call);
		is("$answer->{state} $answer->{message}", ' ', "$name, in a hostile search_path: $call");
	}
	is_deeply($attack->state_of($session), $state, "$name has the settings that it had");
}
is($super->query(q{SELECT string_agg(DISTINCT what || ' as ' || by_role, ', ') FROM evil.fired}), '', 'none of the planted objects ran');

$attack->end;

# A call of every function and procedure of the extension.
sub calls
{
	return split /\n/, $super->query(qq{SELECT CASE p.prokind WHEN 'p' THEN 'CALL ' ELSE 'SELECT ' END || p.oid::regproc || '(' ||
		(SELECT coalesce(string_agg('NULL::' || format_type(t, NULL), ', ' ORDER BY n), '') FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, n)) || ')'
		FROM $ours ORDER BY p.oid::regprocedure::text});
}

# Calls that succeed and reach much of the SQL that the library has.
sub working_calls
{
	my ($who) = @_;
	my $person = qq{{"email":"$who\@acme.example","first_name":"A","last_name":"B"}};
	my ($dot, $role, $node) = map { $attack->id($_) } 'dot@acme.example', 'production-editor', 'production-leaf';
	my $key = $attack->key('production');
	return ("SELECT canopy_bulk_create('[$person]', 'acme', 'crm', 'production', idempotency_key => '$who')",
		"SELECT canopy_bulk_create('[$person]', 'acme', 'crm', 'production', on_conflict => 'update')",
		"SELECT canopy_bulk_attach('{$dot}', 'crm', 'acme', on_conflict => 'skip')",
		"SELECT canopy_bulk_assign('[{\"identity_id\":\"$dot\",\"role_id\":\"$role\",\"node_id\":\"$node\"}]', 'crm', account => 'acme', on_conflict => 'skip')",
		"SELECT canopy_bulk_invite('[{\"email\":\"guest-$who\@acme.example\",\"first_name\":\"A\",\"last_name\":\"B\"}]', 'acme', 'crm', 'production')",
		"SELECT canopy_bulk_invites('acme', 'crm', 'production')", "SELECT canopy_bulk_imports(account => 'acme')", "SELECT canopy_bulk_jobs(account => 'acme')",
		"SELECT canopy_bulk_import_info('" . $attack->import_id('acme previewed') . "', account => 'acme')",
		"SELECT canopy_bulk_verify_password('ada\@acme.example', '$Attack::PASSWORD', 'acme', 'crm')",
		"BEGIN; SELECT canopy_bulk_authenticate('$key'); SELECT canopy_bulk_jobs(); COMMIT",
		"SELECT canopy_bulk_http('GET', '/api/v1/identities', pg_catalog.jsonb_build_object('X-API-Key'::pg_catalog.text, '$key'::pg_catalog.text))",
		"SELECT canopy_bulk_outbox_claim(1, account => 'acme')", "SELECT canopy_bulk_purge(account => 'acme')");
}
