# Overlapping batches of many sessions wait in a line, never in a circle.
#
# A few seconds; a minute for each mix when CANOPY_LONG is set.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = $ENV{CANOPY_LONG} ? 60 : 3;
my $node = start_server('stress', 'deadlock_timeout = 100ms', quick_hashes());
fill_directory($node);

# 60 of 500 people, drawn and shuffled
my $draw = q{SELECT jsonb_agg(jsonb_build_object('email', i || '@example.com', 'first_name', 'A',
	'last_name', 'B', 'external_id', 'e' || i) ORDER BY random())
	FROM (SELECT i FROM generate_series(1, 500) AS i ORDER BY random() LIMIT 60) AS drawn};
my $ids = q{SELECT array_agg(id) FROM (SELECT id FROM canopy.identity ORDER BY random() LIMIT 60) AS drawn};
my %mixes = (
	'create on both tiers' => [
		"SELECT canopy_bulk_create(($draw), 'acme')",
		"SELECT canopy_bulk_create(($draw), 'acme', 'crm', on_conflict => 'skip')" ],
	'create and update' => [
		"SELECT canopy_bulk_create(($draw), 'acme', on_conflict => 'update')",
		"SELECT canopy_bulk_create(($draw), 'acme', max_failed => 20)" ],
	'update and attach' => [
		"SELECT canopy_bulk_create(($draw), 'acme', 'crm', on_conflict => 'update')",
		"SELECT canopy_bulk_attach(coalesce(($ids), '{}'), 'crm', 'acme')" ]);

for my $mix (sort keys %mixes)
{
	my @files;
	for my $sql (@{ $mixes{$mix} })
	{
		push @files, $node->basedir . '/mix' . @files . '.sql';
		open my $file, '>', $files[-1] or die;
		print $file $sql =~ s/\s+/ /gr, ";\n";
		close $file;
	}

	# members leave, waiting for nobody, so that there is always something to collide on
	push @files, $node->basedir . '/leave.sql';
	open my $file, '>', $files[-1] or die;
	print $file "DELETE FROM canopy.app_membership WHERE id IN
		(SELECT id FROM canopy.app_membership FOR UPDATE SKIP LOCKED)" =~ s/\s+/ /gr, ";\n";
	close $file;
	my $logged = -s $node->logfile;
	my ($out, $err) = run_command([ 'pgbench', '-n', '-c', 8, '-j', 2, '-T', $seconds,
			(map { ('-f', "$_\@10") } @files[ 0, 1 ]), '-f', "$files[2]\@1", $node->connstr('postgres') ]);
	my ($done) = $out =~ /number of transactions actually processed: (\d+)/;
	cmp_ok($done // 0, '>', 0, "$mix: there were batches ($done)");
	my $deadlocks = () = slurp_file($node->logfile, $logged) =~ /deadlock detected/g;
	is($deadlocks, 0, "$mix: no deadlock");
}

# what the audit log says was written is there
is($node->safe_psql('postgres', q{SELECT sum((metadata->>'created')::int) FROM canopy.audit_log
	WHERE action = 'identity.bulk_create' AND NOT (metadata->>'rolled_back')::boolean}),
	$node->safe_psql('postgres', 'SELECT count(*) FROM canopy.identity'),
	'the sum of the audit entries is the number of rows');
is($node->safe_psql('postgres', q{SELECT count(*) FROM canopy.audit_log WHERE (metadata->>'total')::int <>
	(metadata->>'succeeded')::int + (metadata->>'failed')::int}), '0', 'every entry adds up');
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|WARNING|XX000/, 'the log has no sign of trouble');

$node->stop;
done_testing();
