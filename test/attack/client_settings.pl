# Attacker: an ordinary role that chooses the options of its connection and runs SQL before the first call; the
# owner of a database that is no superuser; the holder of an API key.
# Rights: the functions, for callers with claims; its own role's and database's settings.
# Must not happen: a setting that is for superusers counts with a value that the attacker chose, or without
# the value that a superuser chose; a key is taken where keys may not call.
use strict;
use warnings;
use Attack;
use IO::Socket::UNIX;
use Test::More;

my $attack = Attack->new('client_settings');
my $node = $attack->node;
my $super = $attack->super;
my $call = q{SELECT canopy_bulk_jobs(account => 'acme') #>> '{pagination,item_count}'};
my $refused = '42501 connection options set parameters of canopy_bulk that only superusers may set';
my $unclaimed = 'PT401 invalid or expired token';
my %bound = (user => 'bound');

# what a first call comes to, after some statements
sub first_call
{
	my ($options, @before) = @_;
	my $session = $attack->session(%bound, $options ? (options => $options) : ());
	$session->try($_) for @before;
	my $outcome = $session->outcome($call);
	$session->quit;
	return $outcome;
}
is(first_call(), $unclaimed, 'a role that must bring claims is refused without');

# every setting that is for superusers, in the options and then hidden by a SET that the library will drop
$super->query('SELECT canopy_bulk_jobs(account => $$acme$$)');
my @settings = split /\n/, $super->query(q{SELECT name || '=' || setting FROM pg_settings WHERE name ~ '^canopy_bulk\.' AND context IN ('superuser', 'sighup') ORDER BY 1});
cmp_ok(scalar @settings, '>', 30, 'there are settings for superusers');
for (@settings)
{
	my ($name, $value) = split /=/, $_, 2;
	is(first_call("-c $name=" . ($value =~ s/ /\\ /gr), "SET $name = 'x'"), $refused, "$name in the options counts nothing behind a SET");
}

# every place that a value can have beside the current one
for my $case (
	[ 'a SET', q{SET canopy_bulk.require_claims = 'x'} ],
	[ 'a SET of what a superuser has set', 'SET canopy_bulk.require_claims = on' ],
	[ 'two SETs', 'SET canopy_bulk.require_claims = on', 'SET canopy_bulk.require_claims = off' ],
	[ 'a SET in other letters', 'SET CANOPY_BULK.Require_Claims = on' ],
	[ 'a SET LOCAL', 'BEGIN', 'SET LOCAL canopy_bulk.require_claims = on' ],
	[ 'a SET LOCAL on a SET', 'BEGIN', 'SET canopy_bulk.require_claims = on', 'SET LOCAL canopy_bulk.require_claims = on' ],
	[ 'a SET on a SET LOCAL', 'BEGIN', 'SET LOCAL canopy_bulk.require_claims = on', 'SET canopy_bulk.require_claims = on' ],
	[ 'a SET in a savepoint', 'BEGIN', 'SAVEPOINT a', 'SET canopy_bulk.require_claims = on', 'SAVEPOINT b', 'SET LOCAL canopy_bulk.require_claims = on' ],
	[ 'a SET that was rolled back', 'BEGIN', 'SET canopy_bulk.require_claims = on', 'ROLLBACK' ],
	[ 'a SET that was committed', 'BEGIN', 'SET canopy_bulk.require_claims = on', 'COMMIT' ],
	[ 'a RESET', 'RESET canopy_bulk.require_claims' ],
	[ 'a SET and a RESET', 'SET canopy_bulk.require_claims = on', 'RESET canopy_bulk.require_claims' ],
	[ 'SET TO DEFAULT', 'SET canopy_bulk.require_claims TO DEFAULT' ],
	[ 'RESET ALL', 'SET canopy_bulk.require_claims = on', 'RESET ALL' ],
	[ 'DISCARD ALL', 'SET canopy_bulk.require_claims = on', 'DISCARD ALL' ],
	[ 'a SET by a function', q{SELECT set_config('canopy_bulk.require_claims', 'on', false)} ],
	[ 'a SET in a block that failed', q{DO $$ BEGIN SET canopy_bulk.require_claims = on; RAISE division_by_zero; EXCEPTION WHEN OTHERS THEN NULL; END $$} ])
{
	my ($name, @before) = @$case;
	is(first_call('-c canopy_bulk.require_claims=off', @before), $refused, "the options count nothing behind $name");
	is(first_call('', @before), $unclaimed, "nor does $name by itself");
}
like($attack->session(%bound, options => '-c canopy_bulk.require_claims=off')->outcome(qq{SELECT set_config('canopy_bulk.require_claims', 'on', true), ($call)}), qr/^42501/, 'nor behind one of the same statement');

# once it is refused it stays so
my $session = $attack->session(%bound, options => '-c canopy_bulk.require_claims=off');
for my $sql ($call, 'RESET ALL', $call, 'DISCARD ALL', $call, "BEGIN; SELECT canopy_bulk_authenticate('${\$attack->token}')", 'ROLLBACK', q{SELECT status FROM canopy_bulk_http('GET', '/openapi.json')}, 'SELECT canopy_bulk_resume()')
{
	my $outcome = $session->outcome($sql);
	is($outcome, $refused, "the connection stays refused: $sql") if $sql =~ /canopy_bulk_(?!http)/;
}

# parameters of the start packet are options as well
is(raw_call('canopy_bulk.require_claims' => 'off', q{SET canopy_bulk.require_claims = 'on'}), '42501', 'a parameter of the start packet counts nothing');
is(raw_call('application_name' => 'raw', 'SELECT 1'), 'PT401', 'where it sets nothing of ours the claims are asked for');

# settings that an ordinary role stores for itself
$super->query($_) for 'CREATE ROLE landlord LOGIN CREATEROLE', 'CREATE DATABASE house OWNER landlord';
my $house = $attack->session(database => 'house');
$house->query('CREATE EXTENSION canopy_bulk');
$house->query(q{SELECT canopy_bulk_setup(); GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO landlord; INSERT INTO canopy.account (slug, name) VALUES ('acme', 'Acme'); ALTER ROLE landlord SET canopy_bulk.require_claims = on});
for my $loaded (0, 1)
{
	my $when = $loaded ? 'after the library is there' : 'before the library is there';
	for my $case (
		[ 'bound', 'ALTER ROLE bound SET canopy_bulk.require_claims = off' ],
		[ 'bound', 'ALTER ROLE CURRENT_USER IN DATABASE postgres SET canopy_bulk.require_claims = off' ],
		[ 'bound', 'ALTER ROLE bound RESET canopy_bulk.require_claims' ],
		[ 'bound', 'CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql SET canopy_bulk.require_claims = off AS $$ SELECT canopy_bulk_jobs()::text $$' ],
		[ 'bound', 'SET canopy_bulk.require_claims = off' ],
		[ 'landlord', 'ALTER DATABASE house SET canopy_bulk.require_claims = off' ],
		[ 'landlord', 'ALTER DATABASE house SET canopy_bulk.admin_principals = guest' ],
		[ 'landlord', 'ALTER ROLE ALL IN DATABASE house SET canopy_bulk.require_claims = off' ],
		[ 'landlord', 'ALTER ROLE landlord IN DATABASE house SET canopy_bulk.require_claims = off' ],
		[ 'landlord', 'ALTER SYSTEM SET canopy_bulk.require_claims = off' ])
	{
		my ($user, $sql) = @$case;
		my $database = $user eq 'bound' ? 'postgres' : 'house';
		my $session = $attack->session(user => $user, database => $database);
		$session->try($call) if $loaded;
		# a SET before the library is there is taken, and dropped when it comes
		like($session->outcome($sql), $sql =~ /^SET/ && !$loaded ? qr/^$/ : qr/^42501/, "$user is refused $when: $sql");
		is($session->outcome($call), $unclaimed, 'and still has to bring claims');
		is($attack->session(user => $user, database => $database)->outcome($call), $unclaimed, 'and so has its next connection');
	}
	for my $user (qw(bound landlord))
	{
		my $session = $attack->session(user => $user, database => $user eq 'bound' ? 'postgres' : 'house');
		$session->try($call) if $loaded;
		$session->try("ALTER ROLE $user RESET ALL");
		$session->try('ALTER DATABASE house RESET ALL');
		is($attack->session(user => $user, database => $user eq 'bound' ? 'postgres' : 'house')->outcome($call), $unclaimed, "$user cannot reset what a superuser has set, $when");
	}
}

# to a superuser options are settings as any other, and remain so for the role that it takes
my $boss = $attack->session(options => '-c canopy_bulk.max_rows=7');
is($boss->outcome($call), '1', "a superuser's options are no reason to refuse");
is($boss->query('SHOW canopy_bulk.max_rows'), '7', 'and count');
is($attack->session(options => '-c canopy_bulk.max_rows=7')->outcome("SET ROLE api; $call"), '1', 'also for a role that it has taken');

# a key of an application, where keys may not call
my $api = $attack->session(user => 'api');
my %key = map { $_ => $attack->key($_) } qw(production production-scoped production-unfit);
my $used = q{SELECT count(*) FROM canopy.api_key WHERE last_used_at IS NOT NULL};
my $request = sub { my ($credential) = @_; return qq{SELECT status FROM canopy_bulk_http('GET', '/api/v1/identities', '{"Authorization": "Bearer $credential"}')} };
is($super->query($used), '0', 'no key has been used yet');
for my $case ([ 'user', 403, 200 ], [ '', 403, 403 ], [ 'user,identity', 403, 200 ], [ 'api_keys', 403, 403 ], [ 'api_key', 200, 403 ], [ 'user,api_key', 200, 200 ])
{
	my ($principals, $of_key, $of_user) = @$case;
	$super->query("ALTER ROLE api SET canopy_bulk.admin_principals = '$principals'");
	my $session = $attack->session(user => 'api');
	is($session->query($request->($key{production})), $of_key, "with admin_principals '$principals' a request with a key is answered with $of_key");
	is($session->query($request->($attack->token(application => 'crm'))), $of_user, "and one with an admin's token with $of_user");
	is($session->query($request->($key{production} . 'x')), 401, 'and one with a key that is none with 401');
	is($session->query($request->($key{'production-unfit'})), 403, 'and one with a key of another scope with 403');
	is($session->query($request->($key{'production-scoped'})), $of_key, "and one with a scoped key with $of_key");
	my $outcome = $session->outcome("BEGIN; SELECT canopy_bulk_authenticate('$key{production}')");
	is($outcome, $of_key == 200 ? '' : '42501 token is not authorized for this function', 'a key binds a transaction likewise');
	$session->query('ROLLBACK');
	is($super->query($used), $of_key == 200 ? '2' : '0', 'and is noted as used likewise') if $principals ne 'user,api_key';
}
$super->query('ALTER ROLE api RESET canopy_bulk.admin_principals');

$attack->end;

# The SQLSTATE of a first call, after a statement, of a connection with a parameter in its start packet.
sub raw_call
{
	my ($parameter, $value, $before) = @_;
	my $socket = IO::Socket::UNIX->new($node->host . '/.s.PGSQL.' . $node->port) or die $!;
	my $start = pack 'N (Z*)*', 196608, 'user', 'bound', 'database', 'postgres', $parameter, $value, '';
	$socket->print(pack('N', 4 + length $start), $start);
	answer_of($socket);
	my $state = '';
	for my $sql ($before, $call)
	{
		$socket->print(pack 'a N Z*', 'Q', 5 + length $sql, $sql);
		$state = answer_of($socket);
	}
	return $state;
}

# The SQLSTATE of the error, if one comes before the server is ready.
sub answer_of
{
	my ($socket) = @_;
	my $state = '';
	while (1)
	{
		$socket->read(my $head, 5) == 5 or die 'the server has gone';
		my ($type, $length) = unpack 'a N', $head;
		$socket->read(my $body, $length - 4);
		$state = $1 if $type eq 'E' && $body =~ /\0C(\w{5})\0/;
		return $state if $type eq 'Z';
	}
}
