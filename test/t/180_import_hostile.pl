# What the lab of the fetch does to a driver, it does to jobs here: hosts that misbehave, addresses
# in disguise, and names that change their mind. Every job ends as it should, and says no secret.
#
# As root, test/run/tap gives this file a network and name server of its own. A tenth of the
# disguises is asked for, all of them when CANOPY_LONG is set.
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
my $alone = $ENV{CANOPY_ALONE} ? 1 : 0;
my ($lab, $first) = start_program('hostile.py', $scratch, $ENV{CANOPY_LONG} ? 1 : 0, $alone);
my $plan = decode_json($first);
my $node = start_server('hostile', "canopy_bulk.import_allowed_hosts = '$plan->{hosts}'", "canopy_bulk.import_allowed_networks = '$plan->{networks}'",
	"canopy_bulk.import_ca_file = '$scratch/ca.pem'", 'canopy_bulk.max_running_jobs = 40', 'canopy_bulk.max_queued_jobs = 5000', 'max_worker_processes = 48');
fill_directory($node);
$node->safe_psql('postgres', <<'END');
CREATE TABLE public.asked (n serial PRIMARY KEY, url text, job uuid, refusal text);
CREATE FUNCTION public.ask(url text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE said text; told text; way_out text;
BEGIN
	INSERT INTO public.asked (url, job) SELECT url, (canopy_bulk_import_url(url, mode => 'account_create', account => 'acme') #>> '{data,APIBulkImport,id}')::uuid;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, told = PG_EXCEPTION_DETAIL, way_out = PG_EXCEPTION_HINT;
	INSERT INTO public.asked (url, refusal) VALUES (url, concat_ws(' ', SQLSTATE, said, told, way_out));
END $$;
END

# hosts that misbehave: each for itself, and many at once
my %wanted = map { @$_ } @{ $plan->{answers} };
my $most = 0;
for my $job (run_jobs([ map { $_->[0] } @{ $plan->{answers} } ], sub { $_[0] =~ m{/busy(?:-until)?\?} }))
{
	my ($shown) = $job->{url} =~ /^([^?]*)/;
	my $seen = join ' ', $job->{status}, $job->{error_message} // ();
	like($seen, qr/^\Q$wanted{$job->{url}}\E/, "$shown: $wanted{$job->{url}}");
	next if $job->{status} ne 'fetching';
	$node->safe_psql('postgres', "SELECT canopy_bulk_job_cancel('$job->{id}', 'acme')");
	is(wait_for_job($node, $job->{id}, 'complete|failed|cancelled')->{status}, 'cancelled', "$shown: it waits for as long as the host wants, and can be cancelled");
}
cmp_ok($most, '<', 96 * 1024, "and no worker more than $most kB");
is($node->safe_psql('postgres', q{SELECT count(*) FROM canopy.identity}), '1000', 'files that arrived were imported, the same people each time');

# addresses that must not be reached, although their hosts are listed
my @hidden = run_jobs($plan->{hidden});
my $refused = qr/^(?:22023|42501|0A000|failed (?:address_not_allowed|host_not_allowed|port_not_allowed|url_scheme_not_allowed|url_invalid|url_credentials|redirect_invalid):)/;
my $asked_good = qr/^(?:failed (?:answer_invalid|file_not_found|connection_broken|redirect_invalid):|complete)/;
for my $job (@hidden)
{
	my $seen = $job->{refusal} // join ' ', $job->{status}, $job->{error_message} // ();
	ok($seen =~ $refused || ($job->{url} =~ /\Q$plan->{good}\E/ && $job->{url} !~ m{/to\?} && $seen =~ $asked_good), 'refused: ' . ($job->{url} =~ s/([^!-~])/sprintf '{%x}', ord $1/ger)) or diag($seen);
}
cmp_ok(scalar(grep { $_->{id} } @hidden), '>=', 20, 'a worker had to decide on ' . (grep { $_->{id} } @hidden) . ' of ' . @hidden);
is(reached('connections') . ' ' . reached('bytes'), '0 0', 'nothing reached the sink');

# names that are something else when they are asked again
SKIP:
{
	skip 'no network of our own: names that change are not tried', 1 if !$alone;
	my %named = map { @$_ } @{ $plan->{named} };
	my %seen;
	for my $job (run_jobs([ map { $_->[0] } @{ $plan->{named} } ]))
	{
		my $seen = $job->{refusal} // join ' ', $job->{status}, $job->{error_message} // ();
		my ($name) = $job->{url} =~ m{//(.*?):};
		$name =~ s/([^!-~])/sprintf '{%x}', ord $1/ge;
		my $wanted = $named{ $job->{url} };
		like($seen, $wanted eq 'refused' ? qr/^(?:22023|42501|failed (?:host_not_allowed|url_invalid):)/ : qr/^(?:$wanted)/, "$name: $wanted");
		$seen{$name}{ $job->{status} }++ if $wanted =~ /\|/;
	}
	is_deeply([ map { join ' ', sort keys %$_ } @seen{ sort keys %seen } ], [ ('complete failed') x 3 ], 'names that change are fetched when public, and refused when not');
	cmp_ok(reached('turned'), '>', 10, 'they did mean other addresses');
	is_deeply(reached('unknown'), [], 'a name that only looks alike is not even looked up');
	is(reached('connections') . ' ' . reached('bytes'), '0 0', 'and nothing reached the sink');
}

# none of it is told, kept or logged
is($node->safe_psql('postgres', q{SELECT count(*) FROM public.asked WHERE refusal LIKE '%SECRET%'}), '0', 'no refusal has the query of a URL');
is($node->safe_psql('postgres', q{SELECT count(*) FROM (SELECT j::text AS said FROM canopy.job j UNION ALL SELECT i::text FROM canopy.import i UNION ALL SELECT a::text FROM canopy.audit_log a) AS x WHERE said LIKE '%SECRET%'}), '0', 'nor has a job or an import');
is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT i.status, ' ' ORDER BY i.status) FROM canopy.import i JOIN canopy.job j ON j.import_id = i.id WHERE j.status <> 'complete'}), 'cancelled', 'the import of a job that failed is cancelled');
my $log = slurp_file($node->logfile);
unlike($log, qr/SECRET/, 'nor has the log');
unlike($log, qr/PANIC|TRAP|XX000|signal 11|terminated by signal/, 'the log has no sign of trouble');

# the test can fail: without the rule, the sink is reached
$node->append_conf('postgresql.conf', "canopy_bulk.import_allowed_networks = '0.0.0.0/0, ::/0'");
$node->reload;
ask([ grep { m{^http://(?:\d|\[::1)} } @{ $plan->{hidden} } ]);
my $end = time + $PATIENCE;
sleep 0.1 until reached('connections') > 3 || time > $end;
cmp_ok(reached('connections'), '>', 3, 'without the rule connections reach the sink');
$node->stop('immediate');
stop_site($lab);
done_testing();

# Asks for all of the URLs.
sub ask
{
	my ($urls) = @_;
	my $json = JSON::PP->new->ascii->encode($urls);
	$node->safe_psql('postgres', 'TRUNCATE public.asked') if !$node->safe_psql('postgres', q{SELECT count(*) FROM canopy.job WHERE status IN ('queued', 'fetching', 'running')});
	my ($code, $out, $err) = $node->psql('postgres', "SELECT count(public.ask(url)) FROM jsonb_array_elements_text(\$j\$$json\$j\$) AS url");
	die $err if $code;
	return;
}

# Asks for them and waits until the jobs have ended, but for those that need not; returns what came of each.
sub run_jobs
{
	my ($urls, $may_last) = @_;
	my $last = $node->safe_psql('postgres', 'SELECT coalesce(max(n), 0) FROM public.asked');
	ask($urls);
	my $end = time + 2 * $PATIENCE;
	my @jobs;
	do
	{
		sleep 0.3;
		$node->safe_psql('postgres', 'SELECT canopy_bulk_resume()');
		for my $pid (split /\n/, $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'canopy_bulk job'}))
		{
			open my $status, '<', "/proc/$pid/status" or next;
			my ($kb) = join('', readline $status) =~ /RssAnon:\s+(\d+)/ or next;
			$most = $kb if $kb > $most;
		}
		@jobs = @{ decode_json($node->safe_psql('postgres', "SELECT jsonb_agg(to_jsonb(a) || coalesce(jsonb_build_object('id', j.id, 'status', j.status, 'error_message', j.error_message), '{}') ORDER BY n)
			FROM public.asked a LEFT JOIN canopy.job j ON j.id = a.job WHERE n > $last")) };
	} while (time < $end && grep { ($_->{status} // '') =~ /queued|running|fetching/ && !($may_last && $may_last->($_->{url})) } @jobs);
	is(scalar(@jobs), scalar(@$urls), scalar(@$urls) . ' URLs were asked for');
	return @jobs;
}

sub reached
{
	my ($what) = @_;
	print { $lab->{in} } "\n";
	$lab->{in}->flush;
	return decode_json(scalar readline $lab->{out})->{$what};
}
