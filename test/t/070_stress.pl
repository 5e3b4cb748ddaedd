# Overlapping batches of many sessions wait in a line, never in a circle.
#
# A few hundred batches; a minute for each mix when CANOPY_LONG is set.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use PostgreSQL::Test::Utils;
use Test::More;

my @how_long = $ENV{CANOPY_LONG} ? ('-T', 60) : ('-t', 40);
my $node = start_server('stress', 'deadlock_timeout = 100ms', quick_hashes());
fill_directory($node);

# 60 of 500 people, drawn and shuffled
my $draw = q{SELECT jsonb_agg(jsonb_build_object('email', i || '@example.com', 'first_name', 'A',
	'last_name', 'B', 'external_id', 'e' || i) ORDER BY random())
	FROM (SELECT i FROM generate_series(1, 500) AS i ORDER BY random() LIMIT 60) AS drawn};
my $ids = q{SELECT array_agg(id) FROM (SELECT id FROM canopy.identity ORDER BY random() LIMIT 60) AS drawn};
# roles for 60 of them, and 60 of the roles there are
my $wishes = q{SELECT jsonb_agg(jsonb_build_object('identity_id', i.id, 'role_id', r.id, 'node_id', '}
  . $ROOT . q{') ORDER BY random())
	FROM (SELECT id FROM canopy.identity ORDER BY random() LIMIT 30) AS i, (SELECT id FROM canopy.role ORDER BY random() LIMIT 2) AS r};
my $held = q{SELECT array_agg(id) FROM (SELECT id FROM canopy.role_assignment ORDER BY random() LIMIT 60) AS drawn};
my $role = q{SELECT id FROM canopy.role ORDER BY random() LIMIT 1};
my $place = qq{jsonb_build_object('role_id', '$VIEWER', 'node_id', '$ROOT')};
$node->safe_psql('postgres', q{INSERT INTO canopy.role (account_id, environment_id, name)
	SELECT account_id, environment_id, 'role ' || n FROM canopy.role, generate_series(1, 4) AS n});
my %mixes = (
	'create on both tiers' => [
		"SELECT canopy_bulk_create(($draw), 'acme')",
		"SELECT canopy_bulk_create(($draw), 'acme', 'crm', on_conflict => 'skip')" ],
	'create and update' => [
		"SELECT canopy_bulk_create(($draw), 'acme', on_conflict => 'update')",
		"SELECT canopy_bulk_create(($draw), 'acme', max_failed => 20)" ],
	'update and attach' => [
		"SELECT canopy_bulk_create(($draw), 'acme', 'crm', on_conflict => 'update')",
		"SELECT canopy_bulk_attach(coalesce(($ids), '{}'), 'crm', 'acme')" ],
	'update, assign, attach and detach' => [
		"SELECT canopy_bulk_create((SELECT jsonb_agg(p || $place) FROM jsonb_array_elements(($draw)) AS p), 'acme', 'crm', on_conflict => 'update')",
		"SELECT canopy_bulk_assign(coalesce(($wishes), '[]'), 'crm', account => 'acme')",
		"SELECT canopy_bulk_attach(coalesce(($ids), '{}'), 'crm', 'acme')",
		"SELECT canopy_bulk_detach(coalesce(($ids), '{}'), 'crm', 'acme')" ],
	'update, assign, change and unassign' => [
		"SELECT canopy_bulk_create((SELECT jsonb_agg(p || $place) FROM jsonb_array_elements(($draw)) AS p), 'acme', 'crm', on_conflict => 'update')",
		"SELECT canopy_bulk_assign(coalesce(($wishes), '[]'), 'crm', account => 'acme', on_conflict => 'skip')",
		"SELECT canopy_bulk_change_role(coalesce(($held), '{}'), ($role), account => 'acme', max_failed => 50)",
		"SELECT canopy_bulk_unassign(coalesce(($held), '{}'), account => 'acme')" ]);

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
	my ($out, $err) = run_command([ 'pgbench', '-n', '-c', 8, '-j', 2, @how_long,
			(map { ('-f', "$_\@10") } @files[ 0 .. $#files - 1 ]), '-f', "$files[-1]\@1", $node->connstr('postgres') ]);
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
is($node->safe_psql('postgres', q{SELECT count(*) FROM canopy.role_assignment AS r WHERE NOT EXISTS (SELECT FROM canopy.app_membership AS m
	WHERE (m.account_id, m.identity_id, m.application_id, m.status) = (r.account_id, r.identity_id, r.application_id, 'active'))}),
	'0', 'nobody has a role who is no member');
is($node->safe_psql('postgres', q{SELECT sum(CASE action WHEN 'role_assignment.bulk_unassign' THEN -(metadata->>'updated')::int ELSE (metadata->>'created')::int END) >= 0
	AND count(*) FILTER (WHERE action = 'role_assignment.bulk_change_role' AND metadata->>'updated' <> '0') > 0
	AND count(*) FILTER (WHERE action = 'app_membership.bulk_detach' AND metadata->>'updated' <> '0') > 0 FROM canopy.audit_log WHERE action ~ 'role_assignment|detach'}),
	't', 'roles were given, changed and taken away, and people detached');
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|WARNING|XX000/, 'the log has no sign of trouble');

$node->stop;
done_testing();
