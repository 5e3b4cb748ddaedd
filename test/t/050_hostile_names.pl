# Whatever somebody plants in a schema that comes first, our statements do not run it.
#
# The plants are better matches than the server's own objects, and each of them
# notes that it fired. The same calls are made as superuser and as an ordinary role.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Digest::SHA 'sha256_hex';
use Directory;
use JSON::PP;
use Test::More;

my $node = start_server('hostile', quick_hashes());
my $plants = plants();

# a role that may do what any role may
$node->safe_psql('postgres', <<'END');
CREATE ROLE mallory LOGIN;
CREATE ROLE admin LOGIN;
GRANT CREATE ON DATABASE postgres TO mallory;
GRANT CREATE ON SCHEMA public TO mallory;
CREATE TABLE public.fired (what text, as_role name);
GRANT ALL ON public.fired TO PUBLIC;
CREATE EXTENSION canopy_bulk;
END
$node->safe_psql('postgres', "SET ROLE mallory; CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC; $plants");

# the plants are good: they fire when somebody is careless
$node->safe_psql('postgres', q{SET search_path = evil, pg_catalog;
	SELECT lower('A'::pg_catalog.text), '{}'::pg_catalog.jsonb || '{}'::pg_catalog.jsonb,
		'a'::pg_catalog.text = 'a'::pg_catalog.text});
is($node->safe_psql('postgres', q{SELECT count(DISTINCT what) FROM public.fired}), '3',
	'a careless statement runs the plants');
$node->safe_psql('postgres', 'TRUNCATE public.fired');

# a schema that somebody has prepared for us is refused, with all that is in it
$node->safe_psql('postgres', q{SET ROLE mallory; CREATE SCHEMA canopy;
	CREATE TABLE canopy.migration (version integer);
	CREATE FUNCTION canopy.note() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN INSERT INTO public.fired VALUES ('migration', current_user); RETURN NULL; END $$;
	CREATE TRIGGER note BEFORE INSERT ON canopy.migration EXECUTE FUNCTION canopy.note()});
is(sqlstate_of($node, 'SELECT canopy_bulk_setup()'), '42501', "somebody else's schema canopy is refused");
is($node->safe_psql('postgres', 'SELECT count(*) FROM canopy.migration'), '0', 'and nothing is put into it');
is_fired('setup in a prepared schema');
$node->safe_psql('postgres', 'DROP SCHEMA canopy CASCADE');

# setup with the plants first in search_path makes the tables in canopy, of the server's own types
is($node->safe_psql('postgres', hostile_session() . 'SELECT public.canopy_bulk_setup()'), $NEWEST,
	'setup works among the plants');
is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT t.typnamespace::regnamespace::text, ',')
	FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_type t ON t.oid = atttypid
	WHERE relnamespace = 'canopy'::regnamespace AND relkind = 'r'}), 'pg_catalog',
	"every column is of a type of the server's");
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_depend
	WHERE refobjid IN (SELECT oid FROM pg_proc WHERE pronamespace = 'evil'::regnamespace
		UNION ALL SELECT oid FROM pg_operator WHERE oprnamespace = 'evil'::regnamespace)
	AND classid IN ('pg_constraint'::regclass, 'pg_attrdef'::regclass, 'pg_class'::regclass)}), '0',
	'no constraint, default or index uses a plant');
is_fired('setup');

# the bulk functions, in every mode
$node->safe_psql('postgres', <<"END");
INSERT INTO canopy.account (slug, name) VALUES ('acme', 'Acme');
INSERT INTO canopy.application (account_id, id, slug, name) SELECT id, '$CRM', 'crm', 'CRM' FROM canopy.account;
INSERT INTO canopy.environment (account_id, application_id, slug, name)
	SELECT account_id, id, 'production', 'P' FROM canopy.application;
INSERT INTO canopy.role (account_id, id, environment_id, name)
	SELECT account_id, '$VIEWER', id, 'viewer' FROM canopy.environment;
INSERT INTO canopy.node (account_id, id, application_id, environment_id, node_type, name, slug)
	SELECT account_id, '$ROOT', application_id, id, 'root', 'Root', 'root' FROM canopy.environment;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO admin;
END
for my $user (qw(postgres admin))
{
	my $superuser = $user eq 'postgres' ? getpwuid($<) : 'admin';
	try_all($user, $superuser);
}
is_fired('calls');
is($node->safe_psql('postgres', q{SELECT concat_ws(' ', (SELECT count(*) FROM canopy.identity),
	(SELECT count(*) FROM canopy.app_membership), (SELECT count(*) FROM canopy.role_assignment))}),
	'12 8 6', 'the rows are in canopy');

# casts and operators that only a superuser can plant change nothing either
$node->safe_psql('postgres', q{
	CREATE FUNCTION evil.as_uuid(text) RETURNS uuid LANGUAGE plpgsql AS
		$$ BEGIN INSERT INTO public.fired VALUES ('cast', current_user); RETURN gen_random_uuid(); END $$;
	CREATE FUNCTION evil.as_jsonb(text) RETURNS jsonb LANGUAGE plpgsql AS
		$$ BEGIN INSERT INTO public.fired VALUES ('cast', current_user); RETURN '{}'; END $$;
	CREATE CAST (text AS uuid) WITH FUNCTION evil.as_uuid(text) AS IMPLICIT;
	CREATE CAST (text AS jsonb) WITH FUNCTION evil.as_jsonb(text) AS IMPLICIT;
	TRUNCATE canopy.identity CASCADE});
try_all('postgres', getpwuid($<));
is_fired('casts');

$node->stop;
done_testing();

sub is_fired
{
	my ($during) = @_;
	is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT what || ' as ' || as_role, ', ') FROM public.fired}),
		'', "no plant fired: $during");
	return;
}

# Every function in every mode, each in a session full of plants.
sub try_all
{
	my ($user, $login) = @_;
	my $row = sub { encode_json([ { email => "$user$_[0]\@example.com", first_name => 'A', last_name => 'B',
				external_id => "$user$_[0]", metadata => { a => 1 }, %{ $_[1] // {} } } ]) };
	my $assigned = { role_id => $VIEWER, node_id => $ROOT };
	my @calls = (
		[ '201', "canopy_bulk_create('%s', 'acme')", $row->(1, { application_id => $CRM }) ],
		[ 'email_conflict', "canopy_bulk_create('%s', 'acme')", $row->(1) ],
		[ '200', "canopy_bulk_create('%s', 'acme', on_conflict => 'skip')", $row->(1) ],
		[ '200', "canopy_bulk_create('%s', 'acme', on_conflict => 'update')", $row->(1) ],
		[ '201', "canopy_bulk_create('%s', 'acme', on_conflict => 'skip')", $row->(2) ],
		[ '201', "canopy_bulk_create('%s', 'acme', 'crm', 'production')", $row->(3, $assigned) ],
		[ '200', "canopy_bulk_create('%s', 'acme', 'crm', on_conflict => 'skip')", $row->(3, $assigned) ],
		[ '200', "canopy_bulk_create('%s', 'acme', 'crm', on_conflict => 'update')", $row->(1, $assigned) ],
		[ '201', "canopy_bulk_create('%s', 'acme', 'crm', on_conflict => 'update')", $row->(4, $assigned) ],
		[ '201', "canopy_bulk_create_raw('%s'::pg_catalog.bytea, 'acme', max_failed => 0)", $row->(5) ],
		[ '201', "canopy_bulk_create('%s', 'acme', dry_run => true)",
			$row->(6, { password => 'correct horse' }) ]);
	for my $call (@calls)
	{
		my ($verdict, $function, $document) = @$call;
		is(call($login, sprintf "public.$function", $document), $verdict, "$user: $verdict from $function");
	}
	my $two = $node->safe_psql('postgres', "SELECT id FROM canopy.identity WHERE email = '${user}2\@example.com'");
	is(call($login, "public.canopy_bulk_attach(ARRAY['$two']::pg_catalog.uuid[], 'crm', 'acme')"), '201',
		"$user: attach");
	is(call($login, qq{public.canopy_bulk_attach_json('["$two"]', 'crm', 'acme')}), 'membership_conflict',
		"$user: attach_json");
	is(call($login, sprintf "public.canopy_bulk_create('%s', 'acme')",
			$row->(7, { password_hash => '$weak-sha256$salt-last$$' . sha256_hex('right') })), '201', "$user: a hash");
	my $sign_in = "SELECT public.canopy_bulk_verify_password('${user}7\@example.com', '%s', 'acme', '%s')";
	for my $case ([ 'right', 'crm', 'membership_required' ], [ 'right', '', 'true' ],
		(map { [ 'wrong', 'crm', 'invalid_credentials' ] } 1 .. 5), [ 'right', '', 'invalid_credentials' ])
	{
		my ($password, $application, $told) = @$case;
		like($node->safe_psql('postgres', hostile_session() . sprintf($sign_in, $password, $application),
				extra_params => [ '-U', $login ]), qr/$told/, "$user: sign-in, $told");
	}
	$node->safe_psql('postgres', hostile_session() .
		"SELECT public.canopy_bulk_import_event('create', 3, 2, 1, 0, 'crm', 'acme')",
		extra_params => [ '-U', $login ]);
	return;
}

sub call
{
	my ($login, $sql) = @_;
	my ($code, $out, $err) = $node->psql('postgres', hostile_session() . "SELECT $sql",
		extra_params => [ '-U', $login ]);
	return $err || verdicts($out);
}

# The plants first, and tables and types of our names in pg_temp.
sub hostile_session
{
	my $sql = "SET client_min_messages = error;\n";
	$sql .= "CREATE TEMP TABLE $_ (account_id uuid, id uuid, slug text, name text, email text, version integer);\n"
	  for qw(migration account application environment identity app_membership role node role_assignment audit_log);
	$sql .= "CREATE DOMAIN pg_temp.$_ AS pg_catalog.int4;\n" for qw(uuid jsonb timestamptz bool);
	return $sql . "SET search_path = evil, pg_temp, public, pg_catalog;\n";
}

sub plants
{
	my $sql = '';
	my %functions = (
		'lower(text)' => 'text', 'btrim(text)' => 'text', 'max(int4)' => 'int4',
		'count(uuid)' => 'int8', 'now()' => 'timestamptz', 'gen_random_uuid()' => 'uuid',
		'jsonb_typeof(jsonb)' => 'text');
	for my $signature (sort keys %functions)
	{
		$sql .= "CREATE FUNCTION evil.$signature RETURNS pg_catalog.$functions{$signature} LANGUAGE plpgsql AS
			\$\$ BEGIN INSERT INTO public.fired VALUES ('$signature', current_user); RETURN NULL; END \$\$;\n";
	}
	my %operators = (
		'=' => [qw(uuid text int4 jsonb bool timestamptz)], '<>' => [qw(uuid text)],
		'<' => [qw(uuid text timestamptz)], '~' => ['text'], '!~' => ['text'], '~~' => ['text']);
	my $n = 0;
	for my $operator (sort keys %operators)
	{
		for my $type (@{ $operators{$operator} })
		{
			my $name = 'evil.plant' . ++$n;
			$sql .= "CREATE FUNCTION $name(pg_catalog.$type, pg_catalog.$type) RETURNS pg_catalog.bool
				LANGUAGE plpgsql AS \$\$ BEGIN INSERT INTO public.fired VALUES
				('$operator $type', current_user); RETURN true; END \$\$;
				CREATE OPERATOR evil.$operator (LEFTARG = pg_catalog.$type, RIGHTARG = pg_catalog.$type,
				FUNCTION = $name);\n";
		}
	}
	$sql .= "CREATE FUNCTION evil.concat(pg_catalog.jsonb, pg_catalog.jsonb) RETURNS pg_catalog.jsonb
		LANGUAGE plpgsql AS \$\$ BEGIN INSERT INTO public.fired VALUES ('||', current_user); RETURN NULL; END \$\$;
		CREATE OPERATOR evil.|| (LEFTARG = pg_catalog.jsonb, RIGHTARG = pg_catalog.jsonb, FUNCTION = evil.concat);\n";
	$sql .= "CREATE DOMAIN evil.$_ AS pg_catalog.int4;\n" for qw(uuid text jsonb timestamptz integer boolean bool);
	return $sql;
}
