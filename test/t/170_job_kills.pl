# Whatever is killed while an import runs, every row has one effect in the end.
#
# Jobs run one after the other, every other one of a file behind a URL that takes its
# time, and at random moments a worker, a backend that is at work or the postmaster dies
# by kill -9. What is left over is taken up again by canopy_bulk_resume(), at once: the
# lease of a process that is gone does not count. 500 kills when CANOPY_LONG is set.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use Jobs;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $kills = $ENV{CANOPY_LONG} ? 500 : 10;
my $rows = 2000;
my $scratch = PostgreSQL::Test::Utils::tempdir;
my ($site, $host) = start_site($scratch);
my $node = start_server('kills', "canopy_bulk.import_allowed_hosts = '" . $host =~ s!.*/!!r . "'",
	"canopy_bulk.import_allowed_networks = '127.0.0.0/8, ::1'", "canopy_bulk.import_ca_file = '$scratch/ca.pem'");
fill_directory($node);
my $seed = $ENV{CANOPY_SEED} // int(time);
srand($seed);
diag("seed $seed, to be given in CANOPY_SEED");

my (@imports, @psqls, %killed, %was, @stuck, $current);
my $ran = 0;
for my $n (1 .. $kills)
{
	$current //= begin_import();
	$ran++ if kill_something((qw(worker backend postmaster))[ $n % 3 ], rand 0.35);
	recover($node);
	my $left = job($node, $current);
	$was{ $left->{status} }++;
	resume();
	push @stuck, $n if $n % 2 && !await_another($left);
	undef $current if job($node, $current)->{status} eq 'complete';
}
if (defined $current)
{
	resume();
	is(wait_for_job($node, $current, 'complete|failed|cancelled')->{status}, 'complete', 'the last job completes');
}
cmp_ok($ran, '>', 0, "some died while a job was at work ($ran of $kills: " . join(', ', map { "$killed{$_} $_" } sort keys %killed) . ')');

cmp_ok($was{fetching} // 0, '>=', int($kills / 20), 'some while a file was fetched (' . join(', ', map { "$was{$_} $_" } sort keys %was) . ')');
is("@stuck", '', 'whatever was cut off was taken up');

# what there is in the end
my $n = @imports;
is($node->safe_psql('postgres', 'SELECT string_agg(DISTINCT status, \' \') FROM canopy.job'), 'complete', "all $n jobs are complete");
is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT concat_ws(' ', status, succeeded_count, failed_count, skipped_count), ', ') FROM canopy.import}),
	"completed $rows 0 0", 'so are their imports, with all their rows');
is($node->safe_psql('postgres', q{SELECT concat_ws(' ', count(*), count(DISTINCT resource_id), string_agg(DISTINCT outcome, ' ')) FROM canopy.import_row}),
	join(' ', $n * $rows, $n * $rows, 'created'), 'every row has created something of its own');
is($node->safe_psql('postgres', q{SELECT concat_ws(' ', count(*), count(r.resource_id)) FROM canopy.identity i
	LEFT JOIN canopy.import_row r ON r.account_id = i.account_id AND r.resource_id = i.id AND i.email = ANY (r.cells)}),
	join(' ', $n * $rows, $n * $rows), 'and that is what the directory has');
is($node->safe_psql('postgres', q{SELECT concat_ws(' ', count(*), sum((metadata->>'total')::int)) FROM canopy.audit_log WHERE action = 'identity.bulk_create'}),
	join(' ', $n * $rows / 200, $n * $rows), 'every batch has one audit entry');
is($node->safe_psql('postgres', q{SELECT concat_ws(' ', count(*), count(DISTINCT metadata->>'import_id')) FROM canopy.audit_log WHERE action = 'identity.bulk_import'}),
	"$n $n", 'and every import one');
is($node->safe_psql('postgres', 'SELECT count(*) FROM canopy.job WHERE futile_count > 0 AND attempt > 19'), '0', 'no job came near to being given up');
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|XX000|signal 11/, 'the log has no sign of trouble');
$node->stop;
stop_site($site);
done_testing();

sub begin_import
{
	push @imports, my $n = @imports;
	return submit($node, preview_import($node, "i$n-", $rows)) if $n % 2;
	return $node->safe_psql('postgres', "SELECT canopy_bulk_import_url('$host/drip?$rows-i$n-', mode => 'account_create', account => 'acme') #>> '{data,APIBulkImport,id}'");
}

# Waits until another worker has the job, or it has ended; has it come to that?
sub await_another
{
	my ($left) = @_;
	my $end = time + $PATIENCE;
	while (time < $end)
	{
		my $job = job($node, $left->{id});
		return 1 if $job->{status} =~ /complete|failed|cancelled/ || $job->{attempt} > $left->{attempt};
	}
	return 0;
}

# Kills it after some seconds; was a worker there then?
sub kill_something
{
	my ($what, $delay) = @_;
	sleep 0.01 until worker_pid($node) ne '' || job($node, $current)->{status} !~ /queued|fetching|running/;
	my $is_at_work = worker_pid($node) ne '';
	my $pid = $what eq 'postmaster' ? '' : $what eq 'worker' ? worker_pid($node) : busy_backend();
	sleep $delay;
	$killed{$what}++;
	if ($what eq 'postmaster') { $node->kill9 }
	elsif ($pid ne '') { $is_at_work = kill_process('KILL', $pid) && $is_at_work }
	return $is_at_work;
}

# A backend that waits in a query.
sub busy_backend
{
	open my $psql, '-|', 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', q{SELECT pg_backend_pid()}, '-c', 'SELECT pg_sleep(60)' or die;
	my $pid = readline $psql;
	chomp $pid;
	push @psqls, $psql;
	return $pid;
}

sub resume
{
	for (1 .. 20 * $PATIENCE)
	{
		return if can_run($node, 'SELECT canopy_bulk_resume()');
		sleep 0.05;
	}
	die 'could not resume';
}
