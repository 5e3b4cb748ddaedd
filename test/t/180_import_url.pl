# A file behind a URL is fetched by a worker that holds nothing meanwhile, and imported.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use Jobs;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $scratch = PostgreSQL::Test::Utils::tempdir;
my ($site, $host) = start_site($scratch);
my ($port) = $host =~ /(\d+)$/;

my $node = start_server('url');
fill_directory($node);
sub ask
{
	my ($url, $more) = @_;
	return $node->safe_psql('postgres', "SELECT canopy_bulk_import_url('$url', mode => 'account_create', account => 'acme'" . ($more // '') . ") #>> '{data,APIBulkImport,id}'");
}
sub import_of { my ($job) = @_; return $node->safe_psql('postgres', "SELECT canopy_bulk_import_info('$job->{import_id}', 'acme')") }

# off until a superuser says from where
is(sqlstate_of($node, "SELECT canopy_bulk_import_url('$host/people-5', mode => 'account_create', account => 'acme')"), '42501', 'imports from a URL are off');
$node->append_conf('postgresql.conf', "canopy_bulk.import_allowed_hosts = 'localhost:$port'\ncanopy_bulk.import_ca_file = '$scratch/ca.pem'");
$node->reload;
is(sqlstate_of($node, 'LOAD \'canopy_bulk\'; CREATE ROLE nobody; SET ROLE nobody; SET canopy_bulk.import_allowed_hosts = \'*.example.com\''), '42501', 'nobody else can switch them on');
is(sqlstate_of($node, 'LOAD \'canopy_bulk\'; SET canopy_bulk.import_allowed_hosts = \'a b/c\''), '22023', 'a list that is none is refused');
for my $refused ([ 'https://other.example.com/x', '42501' ], [ "http://localhost:$port/x", '42501' ], [ "https://a:b\@localhost:$port/x", '22023' ], [ 'nonsense', '22023' ], [ 'file:///etc/passwd', '42501' ])
{
	like(sqlstate_of($node, "SELECT canopy_bulk_import_url('$refused->[0]', mode => 'account_create', account => 'acme')"), qr/^($refused->[1]|22023)$/, "$refused->[0] is refused");
}
my $job = wait_for_job($node, ask("$host/people-5"), 'complete|failed');
is("$job->{status} $job->{error_message}" =~ s/\..*//sr, 'failed address_not_allowed: the host has no public address', 'an address of this machine is refused');
is($node->safe_psql('postgres', "SELECT status FROM canopy.import WHERE id = '$job->{import_id}'"), 'cancelled', 'the import without a file ends');
$node->append_conf('postgresql.conf', "canopy_bulk.import_allowed_networks = '127.0.0.0/8, ::1'");
$node->reload;

# from the call to the rows
my $answer = decode_json($node->safe_psql('postgres', "SELECT canopy_bulk_import_url('$host/people-450', mode => 'account_create', account => 'acme')"))->{data}{APIBulkImport};
is_deeply([ sort keys %$answer ], [ sort qw(id type description errorMessage createdAt repeatable status importId) ], 'the call answers the product\'s fields');
is("$answer->{status} $answer->{errorMessage}", 'queued ', 'at once');
$job = wait_for_job($node, $answer->{id}, 'complete|failed');
is($job->{status}, 'complete', 'the job completes') or diag($job->{error_message});
is($node->safe_psql('postgres', q{SELECT count(*) FROM canopy.identity WHERE email LIKE 'people%'}), '450', 'and everybody is there');
like(import_of($job), qr/"succeeded": 450/, 'its import tells of them');
like($node->safe_psql('postgres', "SELECT concat_ws(' ', source_etag, length(source_sha256), fetched_bytes, source_label) FROM canopy.job WHERE id = '$answer->{id}'"),
	qr{^"people_450" 32 \d{5} \Q$host\E/people-450$}, 'the job has noted the file');
my $again = $node->safe_psql('postgres', "SELECT canopy_bulk_job_repeat('$answer->{id}', 'acme') ->> 'id'");
$job = wait_for_job($node, $again, 'complete|failed');
is($job->{status}, 'complete', 'it can be repeated');
is($node->safe_psql('postgres', "SELECT string_agg(DISTINCT outcome, ' ') FROM canopy.import_row WHERE import_id = '$job->{import_id}'"), 'updated', 'which updates and adds nothing');
is($node->safe_psql('postgres', q{SELECT count(*) FROM canopy.identity WHERE email LIKE 'people%'}), '450', 'to what there is');

# the query of a URL may be a secret
my $secret = 'X-Signature=0123456789abcdef';
$job = wait_for_job($node, ask("$host/people-7?$secret"), 'complete|failed');
is("$job->{status} $job->{repeatable}", 'complete 0', 'a job with a query is not repeatable');
is($node->safe_psql('postgres', "SELECT count(*) FROM canopy.job j, canopy.import i, canopy.audit_log a WHERE concat_ws(' ', j::text, i::text, a::text) LIKE '%0123456789abcdef%'"), '0', 'and its query is nowhere afterwards');
$job = wait_for_job($node, ask("$host/404?$secret"), 'complete|failed');
like($job->{error_message}, qr/^file_not_found: /, 'a job without a file fails');
is($node->safe_psql('postgres', "SELECT count(*) FROM canopy.job j WHERE j::text LIKE '%0123456789abcdef%'"), '0', 'and forgets the query too');
unlike(slurp_file($node->logfile), qr/0123456789abcdef/, 'as does the log');

# a dry run leaves the verdicts and nothing else
$job = wait_for_job($node, ask("$host/people-33", ', dry_run => true'), 'complete|failed');
is($job->{status}, 'complete', 'a dry run completes') or diag($job->{error_message});
is($node->safe_psql('postgres', q{SELECT count(*) FROM canopy.identity WHERE email LIKE 'people\_33%'}), '0', 'nobody is there');
is($node->safe_psql('postgres', "SELECT concat_ws(' ', count(*), string_agg(DISTINCT verdict, ' ')) FROM canopy.import_row WHERE import_id = '$job->{import_id}'"), '33 valid', 'but the verdict of everybody is');
is($node->safe_psql('postgres', "SELECT count(*) FROM canopy.audit_log WHERE metadata->>'import_id' = '$job->{import_id}'"), '0', 'and no audit entry');

$job = wait_for_job($node, ask("$host/half-bad", ', dry_run => true'), 'complete|failed');
is($node->safe_psql('postgres', "SELECT canopy_bulk_import_csv('$job->{import_id}', account => 'acme')") =~ s{\r}{}gr, <<'END', 'its rows can be downloaded');
row_number,line_number,firstName,lastName,email,outcome,skip_reason,code,id,error_code,error_message
1,2,Ada,Byron,ada@acme.example,create,,,,,
2,3,Bad,Row,nonsense,error,,,,email_invalid,email: The email address is not valid.
END
like($node->safe_psql('postgres', "SELECT canopy_bulk_import_csv('$job->{import_id}', 'failed', account => 'acme')"), qr/^firstName,.*\r?\nBad,Row,nonsense,email_invalid,[^\n]*$/, 'as can those that would fail');

# files of every kind
$job = wait_for_job($node, ask("$host/western"), 'complete|failed');
is($node->safe_psql('postgres', q{SELECT first_name || ' ' || last_name FROM canopy.identity WHERE email = 'jose@acme.example'}), "Jos\x{c3}\x{a9} M\x{c3}\x{bc}ller", 'a file is read in the encoding that its sender names');
$job = wait_for_job($node, ask("$host/wrong-charset"), 'complete|failed');
is($node->safe_psql('postgres', q{SELECT last_name FROM canopy.identity WHERE email = 'utf8@acme.example'}), "M\x{c3}\x{bc}ller", 'unless it cannot be') or diag($job->{error_message});
for my $case ([ 'nameless', 'columns_missing' ], [ 'headless', 'columns_missing: File has no header' ], [ 'html', 'not_csv' ], [ 'too-large', 'file_too_large' ], [ '403', 'fetch_forbidden' ], [ 'nothing', 'File is empty' ])
{
	my ($path, $code) = @$case;
	$job = wait_for_job($node, ask("$host/$path"), 'complete|failed');
	like("$job->{status} $job->{error_message}", qr/^failed $code\b/i, "$path fails as $code");
}
unlike($node->safe_psql('postgres', q{SELECT query_to_xml('TABLE canopy.' || relname, true, true, '') FROM pg_class WHERE relnamespace = 'canopy'::regnamespace AND relkind = 'r'}) . slurp_file($node->logfile),
	qr/hunter2/, 'of a file without a header nothing is kept');

# what passes is tried again
$job = wait_for_job($node, ask("$host/busy-once"), 'complete|failed');
is($job->{status}, 'complete', 'an answer of 429 is asked again') or diag($job->{error_message});

# nothing is held while the network is waited for; whoever stops the job is heard
my $slow = ask("$host/slow-people");
wait_for_job($node, $slow, 'fetching');
my $idle = 0;
for (1 .. 100)
{
	last if $idle == 8;
	sleep 0.1;
	$idle++ if $node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity a WHERE backend_type = 'canopy_bulk job' AND query = 'fetching the file' AND backend_xid IS NULL AND backend_xmin IS NULL
		AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND locktype <> 'userlock')}) eq '1';
}
is($idle, 8, 'a worker that fetches has no transaction, snapshot or lock but its slot');
ok($node->poll_query_until('postgres', "SELECT fetched_bytes > 1000 FROM canopy.job WHERE id = '$slow'"), 'and tells how much has come');
like($node->safe_psql('postgres', "SELECT concat_ws(' ', pid, phase, bytes_done) FROM canopy_bulk_progress WHERE job_id = '$slow'"), qr/^@{[ worker_pid($node) ]} fetching \d{4,}$/, 'as canopy_bulk_progress does');
$node->safe_psql('postgres', "SELECT canopy_bulk_job_cancel('$slow', 'acme')");
is(wait_for_job($node, $slow, 'cancelled|failed|complete')->{status}, 'cancelled', 'a job that is being fetched is cancelled');
$slow = ask("$host/busy");
wait_for_job($node, $slow, 'fetching');
sleep 1;
$node->safe_psql('postgres', "SELECT canopy_bulk_job_cancel('$slow', 'acme')");
is(wait_for_job($node, $slow, 'cancelled|failed|complete')->{status}, 'cancelled', 'as is one that waits a day to try again');
$slow = ask("$host/slow-people");
wait_for_job($node, $slow, 'fetching');
$node->poll_query_until('postgres', "SELECT fetched_bytes > 1000 FROM canopy.job WHERE id = '$slow'") or die;
$node->safe_psql('postgres', "SELECT pg_terminate_backend(@{[ worker_pid($node) ]})");
await_no_worker($node);
is(job($node, $slow)->{status}, 'fetching', 'SIGTERM ends a worker that fetches, and its job is as it was');
$node->safe_psql('postgres', "SELECT canopy_bulk_job_cancel('$slow', 'acme')");
is(job($node, $slow)->{status}, 'cancelled', 'and its job can be cancelled then');

# an interrupted job that finds another file
my $changing = ask("$host/people-3");
wait_for_job($node, $changing, 'complete');
$node->safe_psql('postgres', "BEGIN; UPDATE canopy.import SET status = 'open' WHERE id = (SELECT import_id FROM canopy.job WHERE id = '$changing');
UPDATE canopy.job SET status = 'fetching', finished_at = NULL, source_sha256 = sha256('another') WHERE id = '$changing'; COMMIT; SELECT canopy_bulk_resume()");
like(wait_for_job($node, $changing, 'complete|failed')->{error_message}, qr/^source_changed: /, 'a job whose source changed while it was interrupted fails');

# a key
my $key = ", idempotency_key => 'once'";
is(ask("$host/people-2?a=1", $key), ask("$host/people-2?a=2", $key), 'a key that is used again gets the job of the first call, whatever the signature');
is(sqlstate_of($node, "SELECT canopy_bulk_import_url('$host/people-4', mode => 'account_create', account => 'acme'$key)"), 'PT422', 'another file is another request');

# learners, with all that they learn, over HTTP and with a key; two accounts at once
my $learners = $ENV{CANOPY_LONG} ? 10000 : 1000;
my %item = map { $_ => sprintf 'e0000000-0000-4000-8000-%012d', $_ } 1 .. 5;
$node->safe_psql('postgres', <<"END");
INSERT INTO canopy.account (slug, name) VALUES ('globex', 'Globex');
INSERT INTO canopy.learning_item (account_id, id, kind, slug, name)
SELECT a.id, ('e0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, kind, 'item-' || n, kind
FROM (VALUES ('acme', 1, 'bundle'), ('acme', 2, 'course'), ('acme', 3, 'learning_path'), ('acme', 4, 'license'), ('globex', 5, 'course')) AS v (slug, n, kind)
JOIN canopy.account a USING (slug);
END
my $token = $node->safe_psql('postgres', "SELECT canopy_bulk_api_key_create('learners', 'crm', 'production', 'acme') ->> 'key'");
sub request
{
	my ($method, $path, $body, $credential) = @_;
	my $headers = encode_json({ 'content-type' => 'application/json', authorization => "Bearer $credential" });
	my $out = $node->safe_psql('postgres', "SELECT status || ' ' || convert_from(body, 'UTF8') FROM canopy_bulk_http('$method', '$path', '$headers', " .
		($body ? "convert_to('" . encode_json($body) . "', 'UTF8')" : 'NULL') . ')');
	my ($status, $answer) = $out =~ /^(\d+) (.*)/s;
	return ($status, decode_json($answer));
}
my $body = { url => "$host/people-$learners-l", inviteMessage => 'Welcome', bundleIds => $item{1}, courseIds => [ $item{2} ], learningPathIds => [ $item{3} ], licenseIds => [ $item{4} ] };
my ($status, $created) = request('POST', '/incoming/v2/users/bulkImport', $body, $token);
is($status, 201, 'a bulkImport is created over HTTP') or diag(encode_json($created));
my $id = $created->{data}{APIBulkImport}{id};
my $other = $node->safe_psql('postgres', "SELECT canopy_bulk_import_url('$host/people-300-g', course_ids => ARRAY['$item{5}'::uuid], account => 'globex') #>> '{data,APIBulkImport,id}'");
is((request('POST', '/incoming/v2/users/bulkImport', { %$body, courseIds => [ $item{5} ] }, $token))[0], 404, 'an item of another account does not exist');
is(sqlstate_of($node, "SELECT canopy_bulk_import_url('$host/people-3', license_ids => ARRAY['$item{4}'::uuid], account => 'globex')"), 'PT404', 'nor does it there');
is((request('GET', "/incoming/v2/jobs/$other", undef, $token))[0], 404, 'nor the job of another account');
my $end = time + $PATIENCE;
my $poll;
do { sleep 0.1; $poll = (request('GET', "/incoming/v2/jobs/$id", undef, $token))[1]->{data}{APIBackgroundJob} } while $poll->{status} =~ /queued|fetching|running/ && time < $end;
is("$poll->{status} $poll->{errorMessage}", 'complete ', "$learners learners are there");
$node->poll_query_until('postgres', "SELECT status = 'complete' FROM canopy.job WHERE id = '$other'") or die;
sub learnt { return $node->safe_psql('postgres', q{SELECT string_agg(concat_ws(' ', slug, people, enrolments), ', ' ORDER BY slug) FROM (SELECT slug, count(DISTINCT e.identity_id) AS people, count(*) AS enrolments
	FROM canopy.enrolment e JOIN canopy.account a ON a.id = e.account_id GROUP BY slug) AS x}) }
is(learnt(), join(', ', "acme $learners " . 4 * $learners, 'globex 300 300'), 'every one enrolled in every item of his account');
my $before = $node->safe_psql('postgres', 'SELECT concat_ws(\' \', (SELECT count(*) FROM canopy.identity), (SELECT count(*) FROM canopy.outbox))');
($status, $created) = request('POST', "/incoming/v2/jobs/$id/repeat", undef, $token);
is($status, 201, 'the job is repeated');
$job = wait_for_job($node, $created->{data}{APIBackgroundJob}{id}, 'complete|failed');
is($job->{status}, 'complete', 'and completes');
is($node->safe_psql('postgres', "SELECT string_agg(DISTINCT outcome, ' ') FROM canopy.import_row WHERE import_id = '$job->{import_id}'"), 'updated', 'it updates');
is(join(' ', learnt(), $node->safe_psql('postgres', 'SELECT concat_ws(\' \', (SELECT count(*) FROM canopy.identity), (SELECT count(*) FROM canopy.outbox))')), "acme $learners @{[ 4 * $learners ]}, globex 300 300 $before", 'and adds nothing');

unlike(slurp_file($node->logfile), qr/PANIC|TRAP|XX000|signal 11|terminated by signal/, 'the log has no sign of trouble');
$node->stop;
stop_site($site);
done_testing();
