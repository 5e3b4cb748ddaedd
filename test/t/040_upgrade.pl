# The directory is carried forward in place. The next version is one that only the tests have:
# test/upgrade has its script, and test/run/next builds a library that expects it.
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
# of the columns that version 1 has
my $rows = q{SELECT md5(jsonb_agg(to_jsonb(i) - 'nickname' ORDER BY email)::text) FROM canopy.identity i};
my $versions = q{SELECT string_agg(version::text, ',' ORDER BY version) FROM canopy.migration};
my $batch = q{SELECT canopy_bulk_create('[{"email":"1@example.com","first_name":"A","last_name":"B"},
	{"email":"new@example.com","first_name":"A","last_name":"B"}]', 'acme')};

# version 1, in use
is($node->safe_psql('postgres', 'CREATE EXTENSION canopy_bulk; SELECT canopy_bulk_setup()'), '1', 'the directory is made');
$node->safe_psql('postgres', $insert);
my $before = $node->safe_psql('postgres', $rows);
$node->safe_psql('postgres', 'CREATE DATABASE halfway');
$node->safe_psql('halfway', 'CREATE EXTENSION canopy_bulk; SELECT canopy_bulk_setup(); CREATE TABLE canopy.badge (mine integer)');
is($node->safe_psql('postgres', 'SELECT canopy_bulk_setup()'), '1', 'a second setup changes nothing');

# the next library in front of today's functions
use_stage('next');
says('postgres', q{SELECT canopy_bulk_create('[]', 'acme')}, '55000', qr/Run: SELECT canopy_bulk_setup\(\);/,
	'a call on the older directory says what to do');
says('postgres', 'SELECT canopy_bulk_setup()', '55000', qr/Run: ALTER EXTENSION canopy_bulk UPDATE;/,
	'a setup says that the extension has to be updated first');

# the next extension, and the directory in place
$node->safe_psql($_, q{ALTER EXTENSION canopy_bulk UPDATE TO '1.1'}) for 'postgres', 'halfway';
is($node->safe_psql('postgres', 'SELECT canopy_bulk_setup()'), '2', 'the directory is carried forward');
is($node->safe_psql('postgres', $rows), $before, 'every row is as it was');
is($node->safe_psql('postgres', $versions), '1,2', 'both versions are on record');
is(verdicts($node->safe_psql('postgres', $batch)), 'email_conflict 201', 'the next call works and sees the old rows');

# an upgraded directory and a fresh one do not differ
$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_psql('fresh', q{CREATE EXTENSION canopy_bulk; ALTER EXTENSION canopy_bulk UPDATE TO '1.1'; SELECT canopy_bulk_setup()});
is(schema_of('postgres'), schema_of('fresh'), 'the upgraded directory is the one that a fresh setup makes');
is($node->safe_psql('postgres', 'SELECT canopy_bulk_setup()'), '2', 'a further setup changes nothing');
is(schema_of('postgres'), schema_of('fresh'), 'the schema is still the same');

# a version that fails leaves the directory at the one it had
says('halfway', 'SELECT canopy_bulk_setup()', '42P07', qr/badge/, 'a table in the way stops the setup');
is($node->safe_psql('halfway', $versions), '1', 'the directory stays at its version');
is($node->safe_psql('halfway', q{SELECT count(*) FROM pg_attribute
	WHERE attrelid = 'canopy.identity'::regclass AND attname = 'nickname'}), '0', 'without a part of the next one');

# today's library in front of the newer directory
use_stage('stage');
says('postgres', 'SELECT canopy_bulk_setup()', '55000', qr/Install the release of canopy_bulk that made it/,
	'an older library leaves a newer directory alone');

$node->stop;
done_testing();

# New sessions find the extension and its library there.
sub use_stage
{
	my ($stage) = @_;
	my ($library) = map { chomp; $_ } `pg_config --pkglibdir`;
	$node->append_conf('postgresql.conf', "extension_destdir = '$ENV{TESTDIR}/$stage'\n"
		. "dynamic_library_path = '$ENV{TESTDIR}/$stage$library:\$libdir'\n");
	$node->restart;
}

# The statement fails so, and its hint or message is like that.
sub says
{
	my ($database, $statement, $state, $like, $sentence) = @_;
	my ($code, $out, $err) = $node->psql($database, "\\set VERBOSITY verbose\n$statement");
	like($err, qr/ERROR:\s+$state:.*$like/s, $sentence);
}

sub schema_of
{
	my ($database) = @_;
	my ($dump) = PostgreSQL::Test::Utils::run_command(
		[ 'pg_dump', '-s', '-n', 'canopy', $node->connstr($database) ]);
	$dump =~ s/^\\(un)?restrict .*$//mg;
	return $dump;
}
