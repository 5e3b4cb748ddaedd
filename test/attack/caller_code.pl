# Attacker: a caller with tables of its own, which the directory's owner may even have let into its schema.
# Rights: the functions; REFERENCES on a table of the directory and CREATE in its schema; its own settings.
# Must not happen: code of the caller's runs as the owner; a call that ends early leaves the caller as the owner;
# a setting of the caller's changes what a call does.
use strict;
use warnings;
use Attack;
use Test::More;

my $attack = Attack->new('caller_code');
my $super = $attack->super;
$super->query('CREATE SCHEMA mine AUTHORIZATION api; GRANT USAGE ON SCHEMA mine TO PUBLIC');
my $owner = $attack->session(user => 'owner');
$owner->query('GRANT USAGE, CREATE ON SCHEMA canopy TO api; GRANT REFERENCES ON canopy.identity TO api');
# a rule of the owner's, which calls check at once
$owner->query(q{CREATE FUNCTION own.pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
	CREATE CONSTRAINT TRIGGER polite AFTER INSERT ON canopy.identity DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION own.pass()});

# the caller's tables, whose constraints have names that a call makes immediate
my $api = $attack->session(user => 'api');
$api->query(<<'END');
CREATE TABLE mine.ran (what text, by_user name);
GRANT INSERT ON mine.ran TO PUBLIC;
CREATE FUNCTION mine.trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO mine.ran VALUES (TG_TABLE_NAME, current_user); RETURN NULL; END $$;
CREATE FUNCTION mine.note(text) RETURNS void LANGUAGE sql AS $$ INSERT INTO mine.ran VALUES ($1, current_user) $$;
CREATE FUNCTION mine.fixed(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM mine.note('index'); RETURN $1; END $$;
CREATE TABLE canopy.guest (x integer);
CREATE CONSTRAINT TRIGGER polite AFTER INSERT ON canopy.guest DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION mine.trap();
CREATE TABLE canopy.lodger (x integer, CONSTRAINT polite EXCLUDE USING btree (mine.fixed(x) WITH =) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE canopy.family (x integer) PARTITION BY LIST (x);
CREATE TABLE canopy.child PARTITION OF canopy.family FOR VALUES IN (1);
CREATE CONSTRAINT TRIGGER polite AFTER INSERT ON canopy.family DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION mine.trap();
CREATE TABLE mine.badge (account_id uuid, identity_id uuid, CONSTRAINT shared FOREIGN KEY (account_id, identity_id) REFERENCES canopy.identity (account_id, id) DEFERRABLE);
CREATE TABLE mine.guest (x integer);
CREATE CONSTRAINT TRIGGER shared AFTER INSERT ON mine.guest DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION mine.trap();
CREATE TABLE mine.other (x integer);
CREATE CONSTRAINT TRIGGER other AFTER INSERT ON mine.other DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION mine.trap();
END
my $n = 0;
my $create = sub { $n++; return qq{SELECT canopy_bulk_create('[{"email": "p$n\@acme.example", "first_name": "A", "last_name": "B"}]', 'acme', 'crm') #>> '{results,0,code}'} };
my $import = $api->query(q{SELECT canopy_bulk_import_open('account_create', account => 'acme') ->> 'id'});
$api->query("SELECT canopy_bulk_import_upload_text('$import', E'email,first_name,last_name\\nundone\@acme.example,A,B\\n', account => 'acme')");
$api->query("CALL canopy_bulk_import_run('$import', account => 'acme')") if $api->query("SELECT canopy_bulk_import_preview('$import', account => 'acme')");
my $undo = "SELECT canopy_bulk_import_undo('$import', account => 'acme') IS NOT NULL";
my $ran = sub { return $super->query(q{SELECT string_agg(DISTINCT by_user, ', ') FROM mine.ran WHERE by_user <> 'api'}) };
my $waiting = '55006 deferred triggers of the transaction must run before the call';

for my $case (
	[ 'a trigger', 'INSERT INTO canopy.guest VALUES (1)', $create->() ],
	[ 'an exclusion constraint', 'INSERT INTO canopy.lodger VALUES (1), (1)', $create->() ],
	[ 'a trigger of a partition', 'INSERT INTO canopy.family VALUES (1)', $create->() ],
	[ 'a trigger beside a foreign key', 'INSERT INTO mine.guest VALUES (1)', $undo ])
{
	my ($name, $insert, $call) = @$case;
	$api->query('BEGIN');
	$api->query($insert);
	is($api->outcome($call), $waiting, "$name that waits ends the call which would run it");
	$api->query('ROLLBACK');
	is($ran->(), '', 'it has not run as the owner');
	$api->query('BEGIN');
	$api->query($insert);
	$api->query('SAVEPOINT a');
	is($api->outcome($call), $waiting, 'nor does it in a savepoint');
	$api->try('ROLLBACK TO a');
	$api->try('COMMIT');
	is($ran->(), '', 'and at the commit it runs as the caller');
}
is($api->outcome('BEGIN; INSERT INTO canopy.guest VALUES (1); SET CONSTRAINTS ALL IMMEDIATE; ' . $create->()), '201', 'a caller that has run its triggers may call');
is($api->outcome('COMMIT; BEGIN; INSERT INTO mine.other VALUES (1); ' . $create->()), '201', 'and so may one whose triggers have other names');
$api->query('COMMIT');
is($super->query(q{SELECT string_agg(DISTINCT by_user, ', ') FROM mine.ran WHERE what IN ('guest', 'other')}), 'api', 'which run as the caller');
is($api->outcome($undo), 't', 'an undo, where nothing waits, is done');
$super->query('DROP TABLE canopy.guest, canopy.lodger, canopy.family, mine.badge CASCADE');
$owner->query('DROP TRIGGER polite ON canopy.identity');

# wherever a call is interrupted, the caller is itself again
$owner->query('CREATE FUNCTION own.doze() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_catalog.pg_sleep(0.002); RETURN NEW; END $$; CREATE TRIGGER doze BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION own.doze()');
my $state = $attack->state_of($api);
my %ended;
my $wrong = '';
for my $round (1 .. 120)
{
	my $rows = join ', ', map { qq({"email": "t$round-$_\@acme.example", "first_name": "A", "last_name": "B"}) } 1 .. 60;
	my $timeout = 1 + int rand 150;
	my $frame = $round % 3;
	$api->query('BEGIN') if $frame;
	$api->query('SAVEPOINT a') if $frame == 2;
	my $answer = $api->try("SET LOCAL statement_timeout = $timeout; SELECT 1") if $frame;
	$api->query("SET statement_timeout = $timeout") if !$frame;
	$answer = $api->try("SELECT count(canopy_bulk_create('[$rows]', 'acme', 'crm'))");
	$ended{ $answer->{state} }++;
	$api->try($frame == 2 ? 'ROLLBACK TO a' : 'ROLLBACK') if $frame;
	$api->query('SET LOCAL statement_timeout = 0') if $frame == 2;
	$api->query('RESET statement_timeout') if !$frame;
	my $who = $api->outcome(q{SELECT concat_ws(' ', current_user, session_user, current_setting('search_path'))});
	$wrong ||= "round $round: $who" if $who ne 'api api "$user", public';
	$api->try('ROLLBACK') if $frame == 2;
	my $table = $api->outcome('SELECT count(*) FROM canopy.identity');
	$wrong ||= "round $round: the tables are open" if $table !~ /^42501/;
}
is($wrong, '', 'a caller whose call was cancelled, wherever that was, is itself again');
cmp_ok($ended{57014}, '>', 10, 'and calls were cancelled');
is_deeply($attack->state_of($api), $state, 'its settings are what they were');
$owner->query('DROP TRIGGER doze ON canopy.identity');

# settings of the caller's that change how SQL reads or shows something
my @calls = (
	q{SELECT canopy_bulk_create('[{"email": "set@acme.example", "first_name": "A", "last_name": "B", "external_id": "x-set", "metadata": {"a": null}}, {"email": "ada@acme.example", "first_name": "A", "last_name": "B"}, {"email": "", "first_name": "A", "last_name": "B"}]', 'acme', 'crm')},
	q{SELECT canopy_bulk_create('[{"email": "set@acme.example", "first_name": "C", "last_name": "D"}]', 'acme', 'crm', on_conflict => 'update')},
	qq{SELECT canopy_bulk_attach(ARRAY['${\$attack->id('eve@acme.example')}', NULL]::uuid[], 'crm', 'acme')},
	q{SELECT canopy_bulk_invite('[{"email": "set-guest@acme.example", "first_name": "A", "last_name": "B"}]', 'acme', 'crm', 'production') -> 'summary'},
	q{SELECT canopy_bulk_invites('acme', 'crm', 'production') -> 'pagination'},
	q{SELECT canopy_bulk_imports(account => 'acme') -> 'pagination'},
	q{SELECT canopy_bulk_verify_password('ada@acme.example', 'correct horse', 'acme', 'crm') -> 'verified'},
	q{SELECT count(*) FROM canopy_bulk_outbox_claim(3, account => 'acme')});
my @settings = ([], [ 'search_path', 'mine, pg_temp' ], [ 'row_security', 'off' ], [ 'transform_null_equals', 'on' ], [ 'array_nulls', 'off' ], [ 'standard_conforming_strings', 'off' ], [ 'backslash_quote', 'on' ],
	[ 'bytea_output', 'escape' ], [ 'DateStyle', 'German, DMY' ], [ 'IntervalStyle', 'iso_8601' ], [ 'TimeZone', 'Asia/Kathmandu' ], [ 'extra_float_digits', '-15' ], [ 'quote_all_identifiers', 'on' ],
	[ 'gin_fuzzy_search_limit', '1' ], [ 'plan_cache_mode', 'force_custom_plan' ], [ 'enable_indexscan', 'off' ], [ 'enable_seqscan', 'off' ], [ 'default_transaction_isolation', 'serializable' ], [ 'constraint_exclusion', 'on' ],
	[ 'force_parallel_mode', 'on' ], [ 'jit_above_cost', '0' ], [ 'work_mem', '64kB' ], [ 'from_collapse_limit', '1' ], [ 'check_function_bodies', 'off' ], [ 'xmloption', 'document' ], [ 'default_table_access_method', 'heap' ],
	[ 'client_min_messages', 'debug5' ], [ 'exit_on_error', 'off' ], [ 'canopy_bulk.strategy', 'row' ]);
my @expected;
for my $setting (@settings)
{
	my ($name, $value) = @$setting;
	my $session = $attack->session(user => 'api');
	my $can = !defined $name || $session->try("SELECT set_config('$name', '$value', false)")->{state} eq '';
	ok($can, "$name can be set") if !$can;
	$session->query('BEGIN');
	# without ids and times, which are others each time
	my @answers = map { $session->outcome(s/(canopy_bulk_\w+\()/public.$1/r) =~ s/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[0-9:.]+Z//gr } @calls;
	$session->query('ROLLBACK');
	@expected = @answers if !@expected;
	is_deeply(\@answers, \@expected, 'calls answer alike with ' . ($name // 'no setting') . (defined $name ? " = $value" : ''));
	$session->quit;
}
is(join(' ', grep { /^[0-9A-Z]{5} / } @expected), '', 'and without an error');

$attack->end;
