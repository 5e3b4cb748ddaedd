# A session that makes many calls does not grow.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use Test::More;

my $calls = $ENV{CANOPY_LONG} ? 1000 : 300;
my $node = start_server('memory', quick_hashes());
fill_directory($node);

# one call of each outcome: rows that succeed, fail, are refused by the database, and a call that fails
my $batch = q~SELECT canopy_bulk_create('[
	{"email":"%d@example.com","first_name":"A","last_name":"B","metadata":{"a":[1,2,3]}},
	{"email":"taken@example.com","first_name":"A","last_name":"B"}, {"email":"bad"}, 1]', 'acme', 'crm');
SELECT canopy_bulk_create_raw('[{"email":"%d@example.com","first_name":"A","last_name":"B"}]', 'acme',
	on_conflict => 'update', max_failed => 0);
SELECT canopy_bulk_create_raw('[{', 'acme');
SELECT canopy_bulk_attach_json('["x", null]', 'crm', 'acme', dry_run => true);
~;
my $size = q{SELECT 'bytes ' || sum(total_bytes) FROM pg_backend_memory_contexts;
SELECT 'resident ' || substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s+(\d+)');
};
my $sql = "\\o /dev/null\n" . passwords() . calls(1, 50) . "\\o\n$size\\o /dev/null\n" . calls(51, 50 + $calls) . "\\o\n$size";
my ($code, $out) = $node->psql('postgres', $sql, on_error_stop => 0);
my @bytes = $out =~ /bytes (\d+)/g;
my @resident = $out =~ /resident (\d+)/g;
is(scalar(@bytes), 2, 'the session was measured twice');
cmp_ok($bytes[1] - $bytes[0], '<=', 1024 * 1024,
	sprintf '%d calls grow the memory contexts by at most 1 MiB (%d bytes)', 4 * $calls, $bytes[1] - $bytes[0]);
cmp_ok($resident[1] - $resident[0], '<=', 1024,
	sprintf 'and what the process holds (%d kB)', $resident[1] - $resident[0]);

$node->stop;
done_testing();

sub calls
{
	my ($first, $last) = @_;
	return join '', map { sprintf $batch, $_, $_ } $first .. $last;
}

# The threads and the memory that hashing takes are given back.
sub passwords
{
	return sprintf("SELECT canopy_bulk_create('%s', 'acme');\n", people('hashed', 8, password => 'correct horse')) x 2;
}
