# What a batch costs everybody else: transaction ids, and subtransactions that stay open.
#
# A snapshot taken while a transaction has more than 64 subtransactions open must look
# each of its ids up in pg_subtrans. Whether it did is counted by the server itself: a
# session that scans the rows of an open batch reads pages of it, or none. The row
# strategy shows that the count would tell.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('cost', quick_hashes(), 'shared_buffers = 64MB');
fill_directory($node);
$node->safe_psql('postgres', <<'END');
CREATE SCHEMA t;
GRANT USAGE ON SCHEMA t TO PUBLIC;
CREATE FUNCTION t.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.last_name = 'Refused' THEN RAISE EXCEPTION 'refused'; END IF;
	RETURN NEW;
END $$;
-- n rows of a batch; every odd one has an address that is there already, or a last name of its own
CREATE FUNCTION t.people(prefix text, n integer, taken text DEFAULT NULL, last_name text DEFAULT 'B', more jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE sql AS $$
SELECT jsonb_agg(more || jsonb_build_object('email', CASE i % 2 WHEN 1 THEN coalesce(taken, prefix) ELSE prefix END || i || '@example.com',
	'first_name', 'A', 'last_name', CASE i % 2 WHEN 1 THEN last_name ELSE 'B' END,
	'external_id', prefix || i, 'metadata', jsonb_build_object('n', i)))
FROM generate_series(1, n) AS i $$;
SELECT FROM canopy_bulk_create(t.people('old', 200), 'acme');
END

my $place = "'role_id', '$VIEWER', 'node_id', '$ROOT'";
my $attached = q{(SELECT array_agg(id) FROM canopy.identity WHERE email LIKE 'old%')};
my %calls = (
	'a clean batch' => [ q{canopy_bulk_create(t.people('%1$s', 200), 'acme')}, 2 ],
	'a clean batch with memberships' => [ qq{canopy_bulk_create(t.people('%1\$s', 200, more => '{"application_id": "$CRM"}'), 'acme')}, 2 ],
	'a clean batch with roles' => [ qq{canopy_bulk_create(t.people('%1\$s', 200, more => jsonb_build_object($place)), 'acme', 'crm')}, 2 ],
	'a batch of 50 % conflicts' => [ q{canopy_bulk_create(t.people('%1$s', 200, 'old'), 'acme')}, 2 ],
	'a batch of 50 % rows with wrong fields' => [ q{canopy_bulk_create(t.people('%1$s', 200, last_name => ''), 'acme')}, 2 ],
	'a batch with a limit on failures' => [ q{canopy_bulk_create(t.people('%1$s', 200, 'old'), 'acme', max_failed => 150)}, 3 ],
	'attaching two hundred' => [ "canopy_bulk_attach($attached, 'crm', 'acme')", 2 ]);

for my $strategy (qw(set auto))
{
	for my $title (sort keys %calls)
	{
		my ($call, $ids) = @{ $calls{$title} };
		my ($burned, $looked_up) = measure($strategy, $call);
		cmp_ok($burned, '<=', $ids, "$strategy: $title burns at most $ids transaction ids ($burned)");
		is($looked_up, 0, "$strategy: $title leaves snapshots as they are");
	}

	# rows that are there are skipped and updated in groups
	for my $mode (qw(skip update))
	{
		my ($burned, $looked_up) = measure($strategy, "canopy_bulk_create(t.people('old', 200), 'acme', on_conflict => '$mode')");
		cmp_ok($burned, '<=', 65, "$strategy: two hundred rows of on_conflict => $mode burn at most 65 ids ($burned)");
		is($looked_up, 0, "$strategy: nor do they hurt snapshots");
	}
}

# rows with rivals are written behind the others, and must not add up
my $rivals = q{canopy_bulk_create((SELECT jsonb_agg(r) FROM generate_series(1, 2),
	jsonb_array_elements(t.people('%1$s', 100)) AS r), 'acme')};
my ($burned, $looked_up) = measure('auto', $rivals);
is($looked_up, 0, "auto: a hundred people sent twice leave snapshots as they are ($burned ids)");

# a trigger that refuses every other row: a retry for each, but few subtransactions that stay
$node->safe_psql('postgres', 'CREATE TRIGGER refuse BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION t.refuse()');
my $refused = q{canopy_bulk_create(t.people('%1$s', 200, last_name => 'Refused'), 'acme')};
for my $strategy (qw(set auto))
{
	($burned, $looked_up) = measure($strategy, $refused);
	is($looked_up, 0, "$strategy: a hundred rows that raise leave at most 64 subtransactions open");
	cmp_ok($burned, '<=', 100 + 64 + 2, "$strategy: and burn an id each besides ($burned)");
}

# rows that wait for each other through many rounds: k refused ones and a good one with the same address
my $waiting = q{canopy_bulk_create((SELECT jsonb_agg(jsonb_build_object('email', '%%1$s' || k || '@example.com', 'first_name', 'A',
	'last_name', CASE WHEN i <= k THEN 'Refused' ELSE 'B' END) ORDER BY k, i)
	FROM generate_series(1, %d) AS k, generate_series(1, k + 1) AS i), 'acme')};
for my $strategy (qw(set auto))
{
	($burned, $looked_up) = measure($strategy, $rivals);
	is($looked_up, 0, "$strategy: a hundred people sent twice, with a trigger, leave snapshots as they are ($burned ids)");
	for my $k (18, 100)
	{
		($burned, $looked_up) = measure($strategy, sprintf($waiting, $k), $k);
		is($looked_up, 0, "$strategy: rows that wait through $k rounds leave snapshots as they are ($burned ids)");
	}
}

# the control: with a subtransaction for each row, other sessions do pay
($burned, $looked_up) = measure('row', $calls{'a clean batch'}[0]);
cmp_ok($looked_up, '>', 0, "row: snapshots look ids up ($looked_up times)");
cmp_ok($burned, '>=', 201, "row: an id for each row ($burned)");

# a batch of ten thousand is no different
for my $strategy (qw(set auto))
{
	($burned, $looked_up) = measure($strategy, q{canopy_bulk_create(t.people('%1$s', 10000, last_name => 'Refused'), 'acme')}, 5000);
	is($looked_up, 0, "$strategy: five thousand of ten thousand rows raise, and snapshots stay as they are ($burned ids)");
}
$node->safe_psql('postgres', 'DROP TRIGGER refuse ON canopy.identity');
for my $strategy (qw(set auto))
{
	($burned, $looked_up) = measure($strategy, q{canopy_bulk_create(t.people('%1$s', 10000), 'acme')}, 10000);
	cmp_ok($burned, '<=', 2, "$strategy: a clean batch of 10,000 rows burns at most 2 ids ($burned)");
	is($looked_up, 0, "$strategy: and leaves snapshots as they are");
}

$node->stop;
done_testing();

# Makes a call in a transaction that stays open while another session reads its rows; all is
# undone. Returns how many transaction ids were used, and how often pg_subtrans was read.
sub measure
{
	my ($strategy, $call, $succeed) = @_;
	our $n;
	my $text = sprintf $call, 'p' . ++$n . '-';
	my $writer = $node->background_psql('postgres');
	$writer->query_safe("SET canopy_bulk.strategy = $strategy; SET canopy_bulk.max_rows = 10000");
	my $first = next_id();
	my $succeeded = $writer->query_safe("BEGIN; SELECT $text->'summary'->'succeeded'");
	is($succeeded, $succeed, "$strategy: $succeed rows were written") if defined $succeed;

	# an id that ends after the batch's makes these ids something a snapshot must look for
	$node->safe_psql('postgres', 'SELECT txid_current()');
	my $before = subtrans_reads();
	$node->safe_psql('postgres', join('', map { "SELECT count(*) FROM canopy.$_;" } (qw(identity app_membership role_assignment)) x 2) . 'SELECT pg_stat_force_next_flush()');
	my $reads = subtrans_reads() - $before;
	$writer->query_safe('ROLLBACK');
	my $used = next_id() - $first - 1;
	$writer->quit;
	return ($used, $reads);
}

sub next_id
{
	return $node->safe_psql('postgres', 'SELECT pg_snapshot_xmax(pg_current_snapshot())');
}

sub subtrans_reads
{
	return $node->safe_psql('postgres', "SELECT blks_hit + blks_read FROM pg_stat_slru WHERE name = 'Subtrans'");
}
