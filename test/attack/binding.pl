# Attacker: a role with EXECUTE that must bring claims, as behind a connection pool, and the pool's next client.
# Rights: the functions; a token for account acme and one for account globex.
# Must not happen: a token binds beyond the savepoint or transaction that it was presented in, or one is
# bound that was not presented in it; the role acts without a token; the server reads freed memory.
use strict;
use warnings;
use Attack;
use Test::More;

my $attack = Attack->new('binding', settings => [ 'statement_timeout = 60s' ]);
my %token = map { $_ => $attack->token(account => $_) } qw(acme globex);

# what a session is bound to: the account whose job it sees, or the SQLSTATE
$attack->super->query(<<"END");
CREATE FUNCTION own.bound() RETURNS text LANGUAGE plpgsql AS \$\$
BEGIN
	RETURN CASE canopy_bulk_jobs() #>> '{items,0,import_id}' WHEN '${\$attack->import_id('acme submitted')}' THEN 'acme'
		WHEN '${\$attack->import_id('globex submitted')}' THEN 'globex' END;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END \$\$;
CREATE FUNCTION own.bind(account text) RETURNS void LANGUAGE plpgsql AS \$\$
BEGIN
	PERFORM canopy_bulk_authenticate(CASE account WHEN 'acme' THEN '$token{acme}' ELSE '$token{globex}' END);
END \$\$;
GRANT USAGE ON SCHEMA own TO PUBLIC;
END
my $bound = 'SELECT own.bound()';
my $acme = q{SELECT own.bind('acme')};
my $globex = q{SELECT own.bind('globex')};
my $session = $attack->session(user => 'bound');
is($session->query($bound), 'PT401', 'without a token the role may do nothing');
is($session->query("BEGIN; $acme; $bound"), 'acme', 'with one it acts for the account of the token');
is($session->query("COMMIT; $bound"), 'PT401', 'until the transaction commits');

# the sequence that read another account's invitations out of freed memory
$session->query("BEGIN; SAVEPOINT s1; SAVEPOINT s2; $acme; RELEASE s2; $acme; ROLLBACK TO s1; SAVEPOINT s3; LISTEN x");
$attack->fails_with($session, 'SELECT * FROM canopy_bulk_outbox_claim(10)', 'PT401', 'a token of a savepoint that was released and rolled back is forgotten');
$session->query($_) for 'ROLLBACK', "BEGIN; SAVEPOINT s1; SAVEPOINT s2; $acme; RELEASE s2; $acme; ROLLBACK TO s1; COMMIT", 'DISCARD ALL';
$attack->fails_with($session, 'SELECT * FROM canopy_bulk_outbox_claim(10)', 'PT401', "so it is for a pool's next client");
$attack->fails_with($session, 'SELECT * FROM canopy_bulk_outbox_claim(10)', 'PT401', 'whose second call finds a server that is up');

# every way in which a transaction, or a part of it, ends: what is done, and what the session is bound to then
my $raise = q{RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL};
for my $case (
	[ 'a rollback', "BEGIN; $acme; ROLLBACK", 'PT401' ],
	[ 'a commit of what has failed', "BEGIN; $acme; SELECT 1/0", 'PT401', 'COMMIT' ],
	[ 'a rollback of what has failed', "BEGIN; $acme; SELECT 1/0", 'PT401', 'ROLLBACK' ],
	[ 'a commit with the next transaction begun', "BEGIN; $acme; COMMIT AND CHAIN", 'PT401' ],
	[ 'a rollback with the next transaction begun', "BEGIN; $acme; ROLLBACK AND CHAIN", 'PT401' ],
	[ 'a prepared transaction', "BEGIN; $acme; PREPARE TRANSACTION 'p1'", 'PT401' ],
	[ 'a prepared transaction, committed', "COMMIT PREPARED 'p1'", 'PT401' ],
	[ 'a prepared transaction after a savepoint', "BEGIN; SAVEPOINT a; $acme; SAVEPOINT b; $globex; PREPARE TRANSACTION 'p2'", 'PT401', q{ROLLBACK PREPARED 'p2'} ],
	[ 'a statement of its own', $acme, 'PT401' ],
	[ 'several statements in one message', "$acme; SELECT 1", 'PT401' ],
	[ 'a savepoint that was released', "BEGIN; SAVEPOINT a; $acme; RELEASE a", 'acme' ],
	[ 'a savepoint that was rolled back', "BEGIN; SAVEPOINT a; $acme; ROLLBACK TO a", 'PT401' ],
	[ 'a savepoint that was rolled back and released', "BEGIN; SAVEPOINT a; $acme; ROLLBACK TO a; RELEASE a", 'PT401' ],
	[ 'a savepoint that hid another token', "BEGIN; $acme; SAVEPOINT a; $globex; ROLLBACK TO a", 'acme' ],
	[ 'a savepoint that replaced another token', "BEGIN; $acme; SAVEPOINT a; $globex; RELEASE a", 'globex' ],
	[ 'a savepoint around one that was released', "BEGIN; SAVEPOINT a; SAVEPOINT b; $acme; RELEASE b; ROLLBACK TO a", 'PT401' ],
	[ 'a savepoint of the same name', "BEGIN; SAVEPOINT a; $acme; SAVEPOINT a; $globex; ROLLBACK TO a", 'acme' ],
	[ 'an outer savepoint', "BEGIN; $acme; SAVEPOINT a; $globex; SAVEPOINT b; $acme; SAVEPOINT c; $globex; ROLLBACK TO b", 'globex' ],
	[ 'an exception block', "BEGIN; DO \$\$ BEGIN PERFORM own.bind('acme'); $raise; END \$\$", 'PT401' ],
	[ 'an exception block that is left in peace', "BEGIN; DO \$\$ BEGIN PERFORM own.bind('acme'); EXCEPTION WHEN OTHERS THEN NULL; END \$\$", 'acme' ],
	[ 'an exception block in another one', "BEGIN; DO \$\$ BEGIN BEGIN PERFORM own.bind('acme'); EXCEPTION WHEN OTHERS THEN NULL; END; PERFORM own.bind('acme'); $raise; END \$\$", 'PT401' ],
	[ 'an exception block after a token', "BEGIN; $globex; DO \$\$ BEGIN BEGIN PERFORM own.bind('acme'); EXCEPTION WHEN OTHERS THEN NULL; END; $raise; END \$\$", 'globex' ],
	[ 'a statement that was cancelled', "BEGIN; SAVEPOINT a; $acme; SET LOCAL statement_timeout = 50; SELECT pg_sleep(60)", 'PT401', 'ROLLBACK TO a' ],
	[ 'a block that commits', "DO \$\$ BEGIN PERFORM own.bind('acme'); COMMIT; END \$\$", 'PT401' ],
	[ 'a token that is refused', "BEGIN; $acme; SAVEPOINT a; SELECT canopy_bulk_authenticate('no token')", 'acme', 'ROLLBACK TO a' ],
	[ 'a setting that claims another account', "BEGIN; $acme; SET LOCAL request.jwt.claims = '{\"account\": \"globex\", \"principal_type\": \"user\"}'", 'acme' ],
	[ 'RESET ALL', "BEGIN; $acme; RESET ALL", 'acme' ],
	[ 'a setting of claims that is reset', "BEGIN; SET LOCAL request.jwt.claims = '{\"account\": \"globex\", \"principal_type\": \"user\"}'; $acme; RESET request.jwt.claims", 'acme' ])
{
	my ($name, $sql, $account, $then) = @$case;
	$session->try($sql);
	$session->query($then) if $then;
	is($session->query($bound), $account, "after $name the session is bound to " . ($account eq 'PT401' ? 'nothing' : $account));
	$session->try('ROLLBACK');
	$session->query('DISCARD ALL');
	is($session->query($bound), 'PT401', "and the pool's next client to nothing");
}

# what runs late, but in the transaction, is bound as the transaction is
$session->query(q{CREATE TEMP TABLE seen (account text); CREATE TEMP TABLE late (x integer);
	CREATE FUNCTION pg_temp.look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES (own.bound()); RETURN NULL; END $$;
	CREATE CONSTRAINT TRIGGER look AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pg_temp.look()});
is($session->query("BEGIN; INSERT INTO late VALUES (1); $acme; COMMIT; SELECT account, own.bound() FROM seen"), 'acme|PT401', 'a trigger at commit is bound to the last token');
$session->query("BEGIN; DECLARE c CURSOR FOR SELECT own.bound() FROM generate_series(1, 3); $acme");
is(join(' ', $session->query('FETCH c'), $session->query("SAVEPOINT a; $globex; FETCH c"), $session->query('ROLLBACK TO a; FETCH c')), 'acme globex acme',
	'a cursor is bound to the token of the moment');
$session->query("COMMIT; BEGIN; $acme; DECLARE c CURSOR WITH HOLD FOR SELECT own.bound(); COMMIT");
is($session->query("FETCH c"), 'acme', 'a cursor that is held was read in its transaction');
is($session->query("CLOSE c; $bound"), 'PT401', 'and binds nothing after it');

# a request brings its own credential, and leaves the session what it had
my $request = sub { my ($key, $path) = @_; return "SELECT status FROM canopy_bulk_http('GET', '$path', '{\"X-API-Key\": \"$key\"}')" };
my $key = $attack->key('shop-live');
for my $case ([ 'a request', '/api/v1/identities', 200 ], [ 'a request for nothing', '/api/v1/identities/' . $attack->id('nobody'), 404 ], [ 'a request that is wrong', '/api/v1/identities?take=x', 400 ])
{
	my ($name, $path, $status) = @$case;
	is($session->query("BEGIN; $acme; " . $request->($key, $path)), $status, "$name with a key of another account is answered");
	is($session->query($bound), 'acme', 'and the session is bound to what it was');
	is($session->query("SAVEPOINT a; $globex; " . $request->($attack->key('production'), $path)), $status, "$name in a savepoint is answered");
	is($session->query($bound), 'globex', 'and the savepoint is bound to what it was');
	is($session->query("ROLLBACK TO a; $bound"), 'acme', 'also when it is rolled back');
	is($session->query("ROLLBACK; $bound"), 'PT401', 'and the next transaction to nothing');
}
is($session->query($request->('cnpy_' . 'x' x 60, '/api/v1/identities')), 401, 'a request with a key that is none is refused');
is($session->query($bound), 'PT401', 'and binds nothing');

# code of the directory's owner that presents a token of its own in the middle of a call
$attack->super->query(<<"END");
GRANT EXECUTE ON FUNCTION canopy_bulk_authenticate TO owner;
CREATE FUNCTION own.rebind() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN PERFORM public.canopy_bulk_authenticate('$token{globex}'); RETURN NEW; END \$\$;
CREATE TRIGGER rebind BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION own.rebind();
END
my $person = sub { qq{'[{"email": "$_[0]\@acme.example", "first_name": "A", "last_name": "B"}]'} };
is($session->query("BEGIN; $acme; SELECT canopy_bulk_create(" . $person->('rebound') . ") #>> '{results,0,code}'"), '201', 'a trigger may present a token');
is($session->query($bound), 'acme', 'which binds the call and not the caller');
is($attack->super->query(q{SELECT a.slug FROM canopy.identity i JOIN canopy.account a ON a.id = i.account_id WHERE i.email = 'rebound@acme.example'}), '', 'who has not committed yet');
$session->query('ROLLBACK');
my $api = $attack->session(user => 'api');
$api->query("BEGIN; SELECT canopy_bulk_create(" . $person->('free') . ", account => 'acme')");
is($api->outcome('SELECT count(canopy_bulk_jobs(account => account)) FROM unnest(ARRAY[$$acme$$, $$globex$$]) AS account'), '2', 'nor does it bind a caller that needs none');
$api->query('ROLLBACK');
$attack->super->query('DROP TRIGGER rebind ON canopy.identity');

# a caller that is refused in a procedure goes on in the next transaction as one without a token
my $import = $attack->import_id('acme previewed');
like($session->outcome("DO \$\$ BEGIN PERFORM own.bind('acme'); CALL canopy_bulk_import_run('$import', account => 'acme'); END \$\$"), qr/^PT401/,
	'a procedure that commits has no token after its first commit');
is($session->query($bound), 'PT401', 'and leaves none');

# whatever the order: a random walk, beside a list of levels that says what must hold
srand(my $seed = $ENV{ATTACK_SEED} // 4711);
my ($levels, @names, $steps, @walk);
my $wrong = '';
my $begin = sub { $session->query('BEGIN'); $levels = [ [] ]; @names = (); $steps = 0; @walk = ('BEGIN') };
$begin->();
for my $step (1 .. 3000)
{
	my @choices = ('bind', 'bind', 'block', 'failing block', 'savepoint', 'savepoint', 'request', @names ? qw(release rollback rollback) : (), $steps > 20 ? qw(commit abort prepare) : ());
	my $choice = $choices[ rand @choices ];
	my $account = qw(acme globex)[ rand 2 ];
	my $level = 1 + int rand @names;
	my $sql = "SELECT own.bind('$account')";
	$steps++;
	if ($choice eq 'bind') { push @{ $levels->[-1] }, $account }
	elsif ($choice eq 'block')
	{
		my $other = qw(acme globex)[ rand 2 ];
		$sql = "DO \$\$ BEGIN BEGIN PERFORM own.bind('$account'); EXCEPTION WHEN OTHERS THEN NULL; END; BEGIN PERFORM own.bind('$other'); $raise; END; END \$\$";
		push @{ $levels->[-1] }, $account;
	}
	elsif ($choice eq 'failing block')
	{
		$sql = "DO \$\$ BEGIN BEGIN PERFORM own.bind('$account'); EXCEPTION WHEN OTHERS THEN NULL; END; PERFORM own.bind('$account'); $raise; END \$\$";
	}
	elsif ($choice eq 'savepoint') { push @names, "s$step"; push @$levels, []; $sql = "SAVEPOINT s$step" }
	elsif ($choice eq 'request') { $sql = $request->($key, '/api/v1/identities?take=1') }
	elsif ($choice eq 'release')
	{
		$sql = "RELEASE $names[$level - 1]";
		push @{ $levels->[ $level - 1 ] }, map { @$_ } splice @$levels, $level;
		splice @names, $level - 1;
	}
	elsif ($choice eq 'rollback')
	{
		$sql = "ROLLBACK TO $names[$level - 1]";
		splice @$levels, $level, @$levels, [];
		splice @names, $level;
	}
	else
	{
		$session->query($_) for $choice eq 'commit' ? 'COMMIT' : $choice eq 'abort' ? 'ROLLBACK' : (q{PREPARE TRANSACTION 'walk'}, q{ROLLBACK PREPARED 'walk'});
		$wrong ||= "step $step: bound after $choice" if $session->query($bound) ne 'PT401';
		$begin->();
		next;
	}
	push @walk, $sql;
	$session->query($sql);
	my $expected = (map { @$_ } @$levels)[-1] // 'PT401';
	my $found = $session->query($bound);
	$wrong ||= "step $step: bound to $found, not to $expected\n" . join("\n", @walk) if $found ne $expected;
}
is($wrong, '', "whatever is done in whatever order, the last token that was not rolled back counts (ATTACK_SEED=$seed)");
$session->query('ROLLBACK');

$attack->end;
