# The directory belongs to the user: it outlives the extension, a dump and a crash.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = start_server('durability', quick_hashes());
fill_directory($node);
my $identities = 'SELECT jsonb_agg(i ORDER BY email) FROM canopy.identity i';
my $everything = q{SELECT string_agg(md5(query_to_xml('TABLE canopy.' || quote_ident(relname) ||
	' ORDER BY 1, 2', true, true, '')::text), ' ' ORDER BY relname)
	FROM pg_class WHERE relnamespace = 'canopy'::regnamespace AND relkind = 'r'};

# what a dump has to carry: every kind of row, and things of the user's own
$node->safe_psql('postgres', <<"END");
SELECT canopy_bulk_create('[{"email":"a\@example.com","first_name":"A","last_name":"B",
	"password":"correct horse","external_id":"e1","metadata":{"k":[1,null]},
	"role_id":"$VIEWER","node_id":"$ROOT"}]', 'acme', 'crm');
ALTER TABLE canopy.identity ADD COLUMN department text DEFAULT 'none';
CREATE INDEX identity_department ON canopy.identity (department);
CREATE FUNCTION public.stamp() RETURNS trigger LANGUAGE plpgsql AS
	\$\$ BEGIN NEW.department = 'stamped'; RETURN NEW; END \$\$;
CREATE TRIGGER stamp BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION public.stamp();
END
my $before = $node->safe_psql('postgres', $identities);
my $sums = $node->safe_psql('postgres', $everything);

# the directory survives the extension, and takes the next call
$node->safe_psql('postgres', 'DROP EXTENSION canopy_bulk CASCADE');
is($node->safe_psql('postgres', $identities), $before, 'dropping the extension drops no identity');
is($node->safe_psql('postgres', 'CREATE EXTENSION canopy_bulk; SELECT canopy_bulk_setup()'), $NEWEST,
	'a new extension finds the directory as it was');
is($node->safe_psql('postgres', $everything), $sums, 'and leaves it so');

# a dump restores to the same rows, with what the user added
$node->run_log([ 'pg_dump', '-Fc', '-f', $node->basedir . '/dump', $node->connstr('postgres') ]);
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'),
		$node->basedir . '/dump' ], 'a dump is restored without an error');
is($node->safe_psql('restored', $everything), $sums, 'every table has its rows');
is($node->safe_psql('restored', q{SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'canopy'}),
	'canopy_owner', 'the schema has its owner');
for my $database (qw(postgres restored))
{
	is(verdicts($node->safe_psql($database, sprintf
			"SELECT canopy_bulk_create('%s', 'acme', 'crm')", people('next', 2, password => 'correct horse'))),
		'201 201', "the next call works in $database");
	is($node->safe_psql($database, q{SELECT DISTINCT department FROM canopy.identity
			WHERE email LIKE 'next%'}), 'stamped', "and runs the user's trigger in $database");
}
is(verdicts($node->safe_psql('restored', q{SELECT canopy_bulk_create(
	'[{"email":"A@example.com","first_name":"A","last_name":"B"}]', 'acme')})),
	'email_conflict', 'who was there before the dump is there');

# the functions live where they were put, whatever search_path a caller has
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
$node->safe_psql('elsewhere', q{CREATE SCHEMA "bulk of it"; CREATE EXTENSION canopy_bulk SCHEMA "bulk of it";
	SELECT "bulk of it".canopy_bulk_setup(); INSERT INTO canopy.account (slug, name) VALUES ('acme', 'Acme')});
is(verdicts($node->safe_psql('elsewhere', sprintf
		q{SELECT "bulk of it".canopy_bulk_create('%s', 'acme')}, people('p', 1))),
	'201', 'the functions work in another schema');

# a backend that dies in the middle of a batch leaves nothing of it
$node->safe_psql('postgres', <<'END');
CREATE FUNCTION public.halt() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN PERFORM pg_sleep(3600); RETURN NEW; END $$;
CREATE TRIGGER halt BEFORE INSERT ON canopy.identity FOR EACH ROW
	WHEN (NEW.email = 'crash7@example.com') EXECUTE FUNCTION public.halt();
END
my $counts = q{SELECT concat_ws(' ', (SELECT count(*) FROM canopy.identity),
	(SELECT count(*) FROM canopy.audit_log))};
my $standing = $node->safe_psql('postgres', $counts);
my $batch = start_psql(sprintf "SELECT canopy_bulk_create('%s', 'acme');", people('crash', 9));
crash(q{wait_event = 'PgSleep'});
$batch->finish;
is($node->safe_psql('postgres', $counts), $standing, 'a batch that was cut off by a crash left nothing');
is(verdicts($node->safe_psql('postgres', sprintf
		"SELECT canopy_bulk_create('%s', 'acme')", people('after', 1))), '201', 'and the next call works');

# of a stream of batches every one is there as a whole, with its audit entry, or not at all
$node->safe_psql('postgres', 'TRUNCATE canopy.identity CASCADE; TRUNCATE canopy.audit_log');
my $stream = start_psql(q{SELECT canopy_bulk_create((SELECT jsonb_agg(jsonb_build_object(
	'email', i || '@x' || b || '.com', 'first_name', 'A', 'last_name', 'B'))
	FROM generate_series(1, 50) AS i), 'acme') -> 'summary' FROM (SELECT :b) AS n(b)} . ';', 2000);
$node->poll_query_until('postgres', 'SELECT count(*) >= 5 FROM canopy.audit_log') or die 'no batch';
crash(q{query LIKE '%canopy_bulk_create%'});
$stream->finish;
my ($rows, $entries, $told) = split / /, $node->safe_psql('postgres', q{SELECT concat_ws(' ',
	(SELECT count(*) FROM canopy.identity), count(*), sum((metadata->>'succeeded')::int))
	FROM canopy.audit_log});
is($rows, 50 * $entries, "after a crash there are whole batches only ($entries)");
is($told, $rows, 'and the audit log says so');

$node->stop;
done_testing();

# psql at work in the background: the statement, or so many of them with :b counting up.
sub start_psql
{
	my ($sql, $times) = @_;
	my $in = '';
	for my $b (1 .. $times // 1)
	{
		$in .= $sql =~ s/:b\b/$b/r;
		$in .= "\n";
	}
	my $script = $node->basedir . '/script.sql';
	open my $file, '>', $script or die;
	print $file $in;
	close $file;
	return IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', $script ],
		'>', '/dev/null', '2>', '/dev/null');
}

# Kills the backend that fits and waits until the server has recovered.
sub crash
{
	my ($fits) = @_;
	my $find = "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()
		AND backend_type = 'client backend' AND $fits";
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM ($find) AS found") or die 'nobody to kill';
	my $pid = '';
	$pid = $node->safe_psql('postgres', $find) until $pid;
	kill 'KILL', $pid;
	for (1 .. 6000)
	{
		last if slurp_file($node->logfile) =~ /PID $pid\) was terminated.*database system is ready/s;
		sleep 0.1;
	}
	$node->poll_query_until('postgres', 'SELECT true') or die 'the server did not come back';
	return;
}
