# Undoing 10,000 rows; undoing while others are at work on the same people.
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
	my $file = join "\n", 'email,first_name,last_name,role_id,node_id', @lines;
	my $id = $node->safe_psql('postgres', qq{SELECT canopy_bulk_import_open('create', 'acme', 'crm', on_conflict => '$on_conflict')->>'id'});
	$node->safe_psql('postgres', qq{SELECT canopy_bulk_import_upload_text('$id', '$file', account => 'acme'), canopy_bulk_import_preview('$id', 'acme')});
	$node->safe_psql('postgres', qq{CALL canopy_bulk_import_run('$id', account => 'acme')});
	return $id;
}

sub undo
{
	my ($id) = @_;
	return decode_json($node->safe_psql('postgres', qq{SELECT canopy_bulk_import_undo('$id', account => 'acme')}));
}

# an import of 10,000 rows in which five rows were edited since
my $id = import_file('error', map { "p$_\@example.com,Ada,Byron,$VIEWER,$ROOT" } 1 .. 10_000);
my @edited = (1, 200, 201, 5678, 10_000);
$node->safe_psql('postgres', 'UPDATE canopy.identity SET first_name = \'Augusta\' WHERE email = ANY (\'{'
	  . join(',', map { "p$_\@example.com" } @edited) . '}\')');
my $answer = undo($id);
is_deeply($answer->{summary}, { total => 10_000, reversed => 9_995, kept => 5, error => 0 }, '9,995 rows are reversed');
is_deeply([ map { $_->{row_number} } grep { $_->{outcome} eq 'kept' && $_->{reason} eq 'identity_changed' } @{ $answer->{rows} } ],
	\@edited, 'five are kept and named');
is($node->safe_psql('postgres', 'SELECT count(*) FROM canopy.identity WHERE first_name = \'Augusta\''), 5, 'they are there');
is($node->safe_psql('postgres', 'SELECT count(*) FROM canopy.identity'), 5, 'and nobody else');
is($node->safe_psql('postgres', 'SELECT count(*) FROM canopy.role_assignment'), 5, 'nor are the roles of the others');

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
	update => "SELECT canopy_bulk_create(($draw), 'acme', 'crm', on_conflict => 'update');\n",
	attach => "SELECT canopy_bulk_attach(($ids), 'crm', 'acme');\n",
	detach => "SELECT canopy_bulk_detach(($ids), 'crm', 'acme');\n");
my @options;
for my $name (sort keys %scripts)
{
	my $path = $node->basedir . "/$name.sql";
	open my $file, '>', $path or die;
	print $file $name eq 'undo' ? $scripts{$name} =~ s/\n\t/ /gr : $scripts{$name} =~ s/\s+/ /gr;
	close $file;
	push @options, '-f', $path;
}
my $logged = -s $node->logfile;
my ($out, $err) = run_command([ 'pgbench', '-n', '-c', 8, '-j', 2, '-T', $ENV{CANOPY_LONG} ? 60 : 4, @options, $node->connstr('postgres') ]);
unlike($err, qr/aborted|ERROR/, 'every session did its work');
my $deadlocks = () = slurp_file($node->logfile, $logged) =~ /deadlock detected/g;
is($deadlocks, 0, 'no deadlock');
cmp_ok($node->safe_psql('postgres', q{SELECT count(*) FROM canopy.audit_log WHERE action = 'identity.bulk_import_undo'}), '>', 3, 'imports were undone');

done_testing();
