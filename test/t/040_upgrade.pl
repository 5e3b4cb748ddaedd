# An older directory is carried forward in place: its rows stay, and the next call works.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use Test::More;

my $node = start_server('upgrade', quick_hashes());
my $insert = q{INSERT INTO canopy.account (id, slug, name)
	VALUES ('a0000000-0000-4000-8000-000000000001', 'acme', 'Acme');
	INSERT INTO canopy.identity (account_id, email, first_name, last_name)
	SELECT 'a0000000-0000-4000-8000-000000000001', i || '@example.com', 'A', 'B'
	FROM generate_series(1, 100) AS i;};
# of the columns that there were
my $rows = q{SELECT md5(jsonb_agg(to_jsonb(i) - 'failed_login_count' ORDER BY email)::text) FROM canopy.identity i};

# the first version of the directory, in use
is($node->safe_psql('postgres', 'CREATE EXTENSION canopy_bulk; SELECT canopy_bulk_setup(version => 1)'),
	'1', 'a directory is made at an older version');
$node->safe_psql('postgres', $insert);
my $before = $node->safe_psql('postgres', $rows);
my ($code, $out, $err) = $node->psql('postgres', q{SELECT canopy_bulk_create('[]', 'acme')});
like($err, qr/HINT:\s+Run: SELECT canopy_bulk_setup\(\);/, 'a call on it says what to do');

# the newest, in place
is($node->safe_psql('postgres', 'SELECT canopy_bulk_setup()'), $NEWEST, 'it is carried forward');
is($node->safe_psql('postgres', $rows), $before, 'every row is as it was');
is($node->safe_psql('postgres', q{SELECT string_agg(version::text, ',' ORDER BY version) FROM canopy.migration}),
	join(',', 1 .. $NEWEST), 'every step is on record');
is(verdicts($node->safe_psql('postgres', q{SELECT canopy_bulk_create(
	'[{"email":"1@example.com","first_name":"A","last_name":"B"},
	  {"email":"new@example.com","first_name":"A","last_name":"B"}]', 'acme')})),
	'email_conflict 201', 'the next call works and sees the old rows');

# an upgraded directory and a fresh one do not differ
$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_psql('fresh', 'CREATE EXTENSION canopy_bulk; SELECT canopy_bulk_setup()');
is(schema_of('postgres'), schema_of('fresh'), 'the upgraded directory is the one a fresh setup makes');

# nothing is lowered, and nothing is done twice
is($node->safe_psql('postgres', 'SELECT canopy_bulk_setup(version => 1)'), $NEWEST,
	'an older version that is asked for takes nothing away');
is($node->safe_psql('postgres', 'SELECT canopy_bulk_setup()'), $NEWEST, 'a further setup changes nothing');
is(schema_of('postgres'), schema_of('fresh'), 'indeed nothing');

# a step that fails leaves the directory at the version it had
$node->safe_psql('postgres', 'CREATE DATABASE halfway');
$node->safe_psql('halfway', 'CREATE EXTENSION canopy_bulk; SELECT canopy_bulk_setup(version => 1);
	CREATE TABLE canopy.node (mine integer)');
is(sqlstate_of($node, 'SELECT canopy_bulk_setup()', database => 'halfway'), '42P07',
	'a table in the way stops the setup');
is($node->safe_psql('halfway', 'SELECT max(version) FROM canopy.migration'), '1',
	'and the directory is as it was');
is($node->safe_psql('halfway', "SELECT to_regclass('canopy.role') IS NULL"), 't', 'without a part of the step');

$node->stop;
done_testing();

sub schema_of
{
	my ($database) = @_;
	my ($dump) = PostgreSQL::Test::Utils::run_command(
		[ 'pg_dump', '-s', '-n', 'canopy', $node->connstr($database) ]);
	$dump =~ s/^\\(un)?restrict .*$//mg;
	return $dump;
}
