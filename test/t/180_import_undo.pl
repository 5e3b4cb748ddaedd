# Undoing thousands of rows, of learners too; undoing while others are at work on the same people.
#
# 2,000 rows; 10,000, and a minute among others, when CANOPY_LONG is set.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('undo', 'deadlock_timeout = 100ms', quick_hashes());
fill_directory($node);

# The id of an import that was run: a file of lines below a header.
sub import_file
{
	my ($on_conflict, @lines) = @_;
	return run_file("'create', 'acme', 'crm', on_conflict => '$on_conflict'", 'email,first_name,last_name,role_id,node_id', @lines);
}

sub run_file
{
	my ($how, @lines) = @_;
	my $file = join "\n", @lines;
	my $id = $node->safe_psql('postgres', qq{SELECT canopy_bulk_import_open($how)->>'id'});
	$node->safe_psql('postgres', qq{SELECT canopy_bulk_import_upload_text('$id', '$file', account => 'acme'), canopy_bulk_import_preview('$id', 'acme')});
	$node->safe_psql('postgres', qq{CALL canopy_bulk_import_run('$id', account => 'acme')});
	return $id;
}

sub undo
{
	my ($id) = @_;
	return decode_json($node->safe_psql('postgres', qq{SELECT canopy_bulk_import_undo('$id', account => 'acme')}));
}

# an import in which five rows were edited since
my $rows = $ENV{CANOPY_LONG} ? 10_000 : 2000;
my $id = import_file('error', map { "p$_\@example.com,Ada,Byron,$VIEWER,$ROOT" } 1 .. $rows);
my @edited = (1, 200, 201, 1678, $rows);
$node->safe_psql('postgres', 'UPDATE canopy.identity SET first_name = \'Augusta\' WHERE email = ANY (\'{'
	  . join(',', map { "p$_\@example.com" } @edited) . '}\')');
my $answer = undo($id);
is_deeply($answer->{summary}, { total => $rows, reversed => $rows - 5, kept => 5, error => 0 }, 'all rows but five are reversed');
is_deeply([ map { $_->{row_number} } grep { $_->{outcome} eq 'kept' && $_->{reason} eq 'identity_changed' } @{ $answer->{rows} } ],
	\@edited, 'five are kept and named');
is($node->safe_psql('postgres', 'SELECT count(*) FROM canopy.identity WHERE first_name = \'Augusta\''), 5, 'they are there');
is($node->safe_psql('postgres', 'SELECT count(*) FROM canopy.identity'), 5, 'and nobody else');
is($node->safe_psql('postgres', 'SELECT count(*) FROM canopy.role_assignment'), 5, 'nor are the roles of the others');

# an import of learners: half of them were there, and in what, half are others; five were touched since
my $half = $rows / 2;
my ($COURSE, $SEATS) = map { "d0000000-0000-4000-8000-00000000000$_" } 1, 2;
$node->safe_psql('postgres', qq{INSERT INTO canopy.learning_item (account_id, id, kind, slug, name, seats)
	SELECT id, '$COURSE'::uuid, 'course', 'safety', 'Safety', NULL FROM canopy.account UNION ALL SELECT id, '$SEATS', 'license', 'seats', 'Seats', 10000 FROM canopy.account});
$node->safe_psql('postgres', qq{SELECT canopy_bulk_enrol((SELECT jsonb_agg(jsonb_build_object('email', format('l%s\@example.com', i), 'firstName', 'A', 'lastName', 'B', 'ref1', 'old', 'status', 'started'))
	FROM generate_series(200 * b + 1, 200 * b + 200) AS i), course_ids => '{$COURSE}', account => 'acme') IS NULL FROM generate_series(0, $half / 200 - 1) AS b});
my $snapshot = q{SELECT md5(string_agg(x, ' ' ORDER BY x)) FROM (SELECT (to_jsonb(i) - 'updated_at')::text AS x FROM canopy.identity AS i WHERE email ~ '^l' UNION ALL
	SELECT (to_jsonb(p) - 'updated_at')::text FROM canopy.learner_profile AS p UNION ALL SELECT (to_jsonb(e) - 'updated_at')::text FROM canopy.enrolment AS e UNION ALL SELECT o::text FROM canopy.outbox AS o) AS all_there_is};
my $before = $node->safe_psql('postgres', $snapshot);
$id = run_file(qq{'learner', 'acme', 'crm', 'production', options => '{"course_ids": "$COURSE", "license_ids": "$SEATS", "role": "viewer", "invite_message": "Hello"}'},
	'email,firstName,lastName,ref1,status,completionDate', map { "l$_\@example.com,Ada,Byron,new,,2026-04-20T12:00:00.000Z" } 1 .. $rows);
is($node->safe_psql('postgres', q{SELECT string_agg(format('%s %s', outcome, n), ', ' ORDER BY outcome) FROM (SELECT outcome, count(*) AS n FROM canopy.import_row GROUP BY import_id, outcome HAVING import_id = '} . $id . q{') AS counted}),
	"created $half, updated $half", 'learners are created and updated');
@edited = (7, $half - 1, $half + 1, $half + 777, $rows);
my $edited = join ',', map { "l$_\@example.com" } @edited;
$node->safe_psql('postgres', qq{UPDATE canopy.enrolment SET status = 'not-completed' WHERE learning_item_id = '$COURSE' AND identity_id IN (SELECT id FROM canopy.identity WHERE email = ANY ('{$edited}'))});
$answer = undo($id);
is_deeply($answer->{summary}, { total => $rows, reversed => $rows - 5, kept => 5, error => 0 }, 'all learners but five are reversed');
is_deeply([ map { $_->{row_number} } grep { $_->{outcome} eq 'kept' && $_->{reason} eq 'enrolments_changed' } @{ $answer->{rows} } ], \@edited, 'five are kept and named');
$node->safe_psql('postgres', qq{UPDATE canopy.enrolment SET status = 'completed' WHERE status = 'not-completed'; UPDATE canopy.import_row SET undo_outcome = 'error' WHERE undo_outcome = 'kept' AND import_id = '$id'});
is(undo($id)->{summary}{reversed}, 5, 'and go when they look as before');
is($node->safe_psql('postgres', $snapshot), $before, 'every learner is who he was');
$node->safe_psql('postgres', q{DELETE FROM canopy.identity WHERE email ~ '^l'});

# who is being referred to at this moment is not waited for
$id = import_file('error', map { "q$_\@example.com,Ada,Byron,," } 1 .. 3);
my $other = $node->background_psql('postgres');
$other->query_safe(q{BEGIN; SELECT id FROM canopy.identity WHERE email = 'q2@example.com' FOR KEY SHARE});
is(join(' ', map { "$_->{row_number} $_->{outcome} " . ($_->{reason} // '-') } @{ undo($id)->{rows} }),
	'2 error locked 1 reversed - 3 reversed -', 'a row that somebody is at work on is an error');
$other->query_safe('COMMIT');
$other->quit;
is_deeply(undo($id)->{summary}, { total => 1, reversed => 1, kept => 0, error => 0 }, 'and can be undone when he has finished');

# imports and undoing them, among all that others do with the same people: nobody waits in a circle
$node->safe_psql('postgres', q{SELECT canopy_bulk_create((SELECT jsonb_agg(jsonb_build_object('email', i || '@example.com', 'first_name', 'A', 'last_name', 'B'))
	FROM generate_series(1, 200) AS i), 'acme', 'crm')});
my $draw = q{SELECT jsonb_agg(jsonb_build_object('email', i || '@example.com', 'first_name', 'A', 'last_name', 'B') ORDER BY random())
	FROM (SELECT i FROM generate_series(1, 200) AS i ORDER BY random() LIMIT 40) AS drawn};
my $ids = q{SELECT coalesce(array_agg(id), '{}') FROM (SELECT id FROM canopy.identity ORDER BY random() LIMIT 40) AS drawn};
my %scripts = (
	undo => qq{SELECT quote_literal(canopy_bulk_import_open('create', 'acme', 'crm', on_conflict => 'update')->>'id') AS id \\gset
SELECT canopy_bulk_import_upload_text(:id, (SELECT E'email,first_name,last_name,role_id,node_id\\n' || string_agg(format(E'%s\@example.com,C,%s,$VIEWER,$ROOT\\n', i, random()), '' ORDER BY random())
	FROM (SELECT i::text FROM generate_series(1, 200) AS i ORDER BY random() LIMIT 50) AS drawn (i)) || (SELECT string_agg(format(E'new%s\@example.com,C,D,,\\n', random()), '') FROM generate_series(1, 10)), account => 'acme') IS NULL AS done \\gset
SELECT canopy_bulk_import_preview(:id, 'acme') IS NULL AS done \\gset
CALL canopy_bulk_import_run(:id, account => 'acme');
SELECT canopy_bulk_import_undo(:id, account => 'acme') IS NULL AS done \\gset
},
	learn => qq{SELECT quote_literal(canopy_bulk_import_open('learner', 'acme', options => '{"course_ids": "$COURSE", "license_ids": "$SEATS", "invite_message": "Hello"}')->>'id') AS id \\gset
SELECT canopy_bulk_import_upload_text(:id, (SELECT E'email,firstName,lastName,ref1,status\\n' || string_agg(format(E'%s\@example.com,C,%s,%s,started\\n', i, random(), random()), '' ORDER BY random())
	FROM (SELECT i::text FROM generate_series(1, 200) AS i ORDER BY random() LIMIT 40) AS drawn (i)) || (SELECT string_agg(format(E'new%s\@example.com,C,D,,\\n', random()), '') FROM generate_series(1, 10)), account => 'acme') IS NULL AS done \\gset
SELECT canopy_bulk_import_preview(:id, 'acme') IS NULL AS done \\gset
CALL canopy_bulk_import_run(:id, account => 'acme');
SELECT canopy_bulk_import_undo(:id, account => 'acme') IS NULL AS done \\gset
},
	enrol => qq{SELECT canopy_bulk_enrol((SELECT jsonb_agg(jsonb_build_object('email', i || '\@example.com', 'firstName', 'A', 'lastName', 'B') ORDER BY random())
	FROM (SELECT i FROM generate_series(1, 200) AS i ORDER BY random() LIMIT 20) AS drawn), license_ids => '{$SEATS}', account => 'acme');\n},
	update => "SELECT canopy_bulk_create(($draw), 'acme', 'crm', on_conflict => 'update');\n",
	attach => "SELECT canopy_bulk_attach(($ids), 'crm', 'acme');\n",
	detach => "SELECT canopy_bulk_detach(($ids), 'crm', 'acme');\n");
my @options;
for my $name (sort keys %scripts)
{
	my $path = $node->basedir . "/$name.sql";
	open my $file, '>', $path or die;
	print $file $name =~ /undo|learn/ ? $scripts{$name} =~ s/\n\t/ /gr : $scripts{$name} =~ s/\s+/ /gr;
	close $file;
	push @options, '-f', $path;
}
$node->safe_psql('postgres', qq{UPDATE canopy.learning_item SET seats = 60 WHERE id = '$SEATS'});
my $logged = -s $node->logfile;
my ($out, $err) = run_command([ 'pgbench', '-n', '-c', 8, '-j', 2, $ENV{CANOPY_LONG} ? ('-T', 60) : ('-t', 25), @options, $node->connstr('postgres') ]);
unlike($err, qr/aborted|ERROR/, 'every session did its work');
my $deadlocks = () = slurp_file($node->logfile, $logged) =~ /deadlock detected/g;
is($deadlocks, 0, 'no deadlock');
for my $mode (qw(create learner))
{
	cmp_ok($node->safe_psql('postgres', qq{SELECT count(*) FROM canopy.audit_log WHERE action = 'identity.bulk_import_undo' AND metadata->>'mode' = '$mode'}), '>', 0, "imports of mode $mode were undone");
}
cmp_ok($node->safe_psql('postgres', qq{SELECT count(*) FROM canopy.enrolment WHERE learning_item_id = '$SEATS'}), '<=', 60, 'no more seats are taken than there are');

$node->stop;
done_testing();
