# Attacker: a tenant that opens imports and never ends them, in many connections and transactions at a time.
# Rights: EXECUTE on the functions; an API key of the account.
# Must not happen: the account has more open imports than canopy_bulk.max_open_imports, or another
#   tenant has less room for it, or waits.
use strict;
use warnings;
use Attack;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);

# acme and globex have four each: open, uploaded, previewed, and one that is submitted
my $attack = Attack->new('fair_imports', settings => [ 'canopy_bulk.max_open_imports = 6', q{canopy_bulk.import_allowed_hosts = 'files.example'} ]);
my $super = $attack->super;
my $open = q{SELECT canopy_bulk_import_open('account_create', account => 'acme')->>'id'};
my $count = q{SELECT count(*) FROM canopy.import JOIN canopy.account AS a ON a.id = account_id WHERE a.slug = 'acme' AND status IN ('open', 'uploaded', 'mapped', 'previewed', 'running')};
my $refused = 'PT429 too many imports of the account are open';
is($super->query($count), '4', 'four imports of the account have not ended, whatever step they are at');

# one connection
my $api = $attack->session(user => 'api');
my @opened = map { $api->query($open) } 1 .. 2;
my $answer = $api->try($open);
is("$answer->{state} $answer->{message}", $refused, 'an import too many is refused');
is($answer->{detail}, 'There are 6, and canopy_bulk.max_open_imports is 6.', 'with the numbers');
like($answer->{hint}, qr/canopy_bulk_imports\(\)/, 'and what to do');
is($api->outcome($_), $refused, "in every way to open one: $_")
  for q{SELECT canopy_bulk_import_open('create', account => 'acme', application => 'crm')}, q{SELECT canopy_bulk_import_url('https://files.example/people.csv', account => 'acme')},
  q{CALL canopy_bulk_import(E'email,first_name,last_name\nx@acme.example,A,B\n', 'account_create', account => 'acme')},
  q{CALL canopy_bulk_import(E'email,first_name,last_name\nx@acme.example,A,B\n', 'account_create', account => 'acme', dry_run => true)};
my $http = $api->query(sprintf q{SELECT status, convert_from(body, 'UTF8') FROM canopy_bulk_http('POST', '/api/v1/imports',
	'{"x-api-key":"%s","content-type":"application/json"}', convert_to('{"mode":"create"}', 'UTF8'))}, $attack->key('production'));
like($http, qr/^429\|.*too many imports of the account are open/, 'over HTTP with 429');
is($api->query(q{SELECT canopy_bulk_import_open('account_create', account => 'globex')->>'status'}), 'open', 'another account has its own room');
is($api->outcome('SET canopy_bulk.max_open_imports = 1000'), '42501 permission denied to set parameter "canopy_bulk.max_open_imports"', 'the caller cannot raise the bound');
$api->query("SELECT canopy_bulk_import_cancel('$opened[0]', 'acme')");
is(length $api->query($open), 36, 'one that is cancelled makes room for another');
is($super->query($count), '6', 'and no more');

# many at once
my @many = map { $attack->session(user => 'api') } 1 .. 12;
for my $isolation ('read committed', 'repeatable read', 'serializable')
{
	for my $round (1 .. 5)
	{
		reset_imports();
		$_->start("BEGIN ISOLATION LEVEL $isolation; $open; COMMIT") for @many;
		my %seen;
		$seen{ $_->finish->{state} }++ for @many;
		$_->try('ROLLBACK') for @many;
		my $now = $super->query($count);
		# a call that meets another one at its commit may be refused although there is room
		ok($now <= 6 && $now >= 5, "twelve connections at once, $isolation: the account has its bound and no more, round $round") || diag $now;
		is(join(' ', grep { !/^(?:|PT429|40001)$/ } sort keys %seen), '', 'the others are told so');
	}
}

# transactions that stay open
reset_imports();
for my $isolation ('read committed', 'repeatable read')
{
	$_->query("BEGIN ISOLATION LEVEL $isolation") for @many;
	$_->query('SELECT 1') for @many;
	my @outcome = map { $_->outcome($open) } @many;
	is(scalar(grep { length == 36 } @outcome), 2, "what is opened and not committed counts for other transactions, $isolation");
	is(scalar(grep { $_ eq $refused } @outcome), 10, 'and nobody waits for it');
	$many[0]->query('ROLLBACK');
	is(length $api->query($open), 36, 'what is rolled back does not count');
	$_->query('ROLLBACK') for @many;
	reset_imports();
}
my ($one, $two) = @many;
$one->query('BEGIN');
my @own = map { $one->outcome($open) } 1 .. 3;
is(join(' ', map { length == 36 ? 'open' : $_ } @own), "open open $refused", 'a transaction counts its own');
$one->query('ROLLBACK');
$one->query('BEGIN');
for (1 .. 5)
{
	$one->query('SAVEPOINT s');
	is(length $one->query($open), 36, 'what a savepoint has rolled back does not count');
	is(length $one->query($open), 36, 'nor the second');
	is($two->outcome($open), $refused, 'before that it does');
	$one->query('ROLLBACK TO s');
}
$one->query('ROLLBACK');
is(length $two->query($open), 36, 'then there is room');
reset_imports();
$one->query('BEGIN');
$one->query($open) for 1 .. 2;
$one->query(q{PREPARE TRANSACTION 'opened'});
is($two->outcome($open), $refused, 'what is prepared counts');
$super->query(q{COMMIT PREPARED 'opened'});
is($two->outcome($open), $refused, 'and when it is committed');
is($super->query($count), '6', 'once');
reset_imports();
$one->query('BEGIN');
$one->query($open) for 1 .. 2;
my $pid = $one->pid;
$super->query("SELECT pg_terminate_backend($pid)");
ok($attack->node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_locks WHERE pid = $pid"), 'a connection that is terminated has no place');
is(length $two->query($open), 36, 'and what it opened does not count');

# a call that hashes for long in one transaction with its opening is in nobody's way
reset_imports();
my $rows = join '', map { "slow$_\@acme.example,A,B,correct horse battery\\n" } 1 .. 2000;
$two->start("SELECT canopy_bulk_import_upload_text((canopy_bulk_import_open('account_create', account => 'acme')->>'id')::uuid, E'email,first_name,last_name,password\\n$rows', account => 'acme')->>'status'");
ok($attack->node->poll_query_until('postgres', q{SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'userlock' AND classid = 1128398849}), 'an upload hashes passwords');
is(length $api->query($open), 36, 'meanwhile another import is opened');
ok(!$two->is_done, 'before it is done');
is($api->outcome($open), $refused, 'and the one that hashes counts');
$super->query('SELECT pg_cancel_backend(' . $two->pid . ')');
is($two->finish->{state}, '57014', 'it can be cancelled');
is(length $api->query($open), 36, 'and does not count then');
$attack->end;

# Ends what this file has opened.
sub reset_imports
{
	return $super->query(sprintf q{DELETE FROM canopy.import WHERE status = 'open' AND id NOT IN ('%s', '%s')}, map { $attack->import_id("$_ open") } qw(acme globex));
}
