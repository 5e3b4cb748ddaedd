# Imports and the jobs that run them.
package Jobs;

use strict;
use warnings;
use Exporter 'import';
use FindBin;
use IPC::Open2;
use IPC::Run 'run';
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

# Seconds after which what must happen is not waited for any longer.
our $PATIENCE = 600;

our @EXPORT = qw($PATIENCE make_gate close_gate await_gate open_gate await_no_worker preview_import submit job wait_for_job worker_pid kill_process recover can_run start_site start_program stop_site);

# A gate: an identity whose address it is closed for is written when it is opened, and not before.
sub make_gate
{
	my ($node, $database) = @_;
	$node->safe_psql($database // 'postgres', <<'END');
CREATE TABLE public.gate (email text PRIMARY KEY);
CREATE SEQUENCE public.at_gate;
GRANT ALL ON public.gate, public.at_gate TO PUBLIC;
CREATE FUNCTION public.wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM public.gate AS g WHERE g.email = NEW.email) THEN
		PERFORM nextval('public.at_gate');
	END IF;
	WHILE EXISTS (SELECT FROM public.gate AS g WHERE g.email = NEW.email) LOOP
		PERFORM pg_sleep(0.02);
	END LOOP;
	RETURN NEW;
END $$;
CREATE TRIGGER gate BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION public.wait_at_gate();
END
	return;
}

sub close_gate
{
	my ($node, $email, $database) = @_;
	$node->safe_psql($database // 'postgres', "INSERT INTO public.gate VALUES ('$email'); SELECT setval('public.at_gate', 1, false)");
	return;
}

# Waits until somebody stands there.
sub await_gate
{
	my ($node, $database) = @_;
	$node->poll_query_until($database // 'postgres', 'SELECT is_called FROM public.at_gate') or die 'the gate was not reached';
	return;
}

sub open_gate
{
	my ($node, $database) = @_;
	$node->safe_psql($database // 'postgres', 'DELETE FROM public.gate');
	return;
}

# Uploads so many people PREFIX1@example.com and on, and previews them; returns the import's id.
sub preview_import
{
	my ($node, $prefix, $n, %options) = @_;
	return $node->safe_psql($options{database} // 'postgres', <<"END", $options{user} ? (extra_params => [ '-U', $options{user} ]) : ()) =~ s/.*\n//sr;
SELECT canopy_bulk_import_open('account_create', account => 'acme') ->> 'id' AS id \\gset
SELECT canopy_bulk_import_upload_text(:'id', E'email,first_name,last_name\\n' || string_agg('$prefix' || i || '\@example.com,A,B', E'\\n'), account => 'acme') ->> 'status' FROM generate_series(1, $n) i;
SELECT canopy_bulk_import_preview(:'id', account => 'acme') ->> 'status';
SELECT :'id';
END
}

# Submits an import; returns the job's id.
sub submit
{
	my ($node, $import, %options) = @_;
	return $node->safe_psql($options{database} // 'postgres', "SELECT canopy_bulk_import_submit('$import', account => 'acme') ->> 'id'",
		$options{user} ? (extra_params => [ '-U', $options{user} ]) : ());
}

# The job as Perl data.
sub job
{
	my ($node, $id, $database) = @_;
	return decode_json($node->safe_psql($database // 'postgres', "SELECT canopy_bulk_job('$id', account => 'acme')"));
}

# Waits until the job is in one of the states; returns it.
sub wait_for_job
{
	my ($node, $id, $states, $database) = @_;
	my $end = time + $PATIENCE;
	my $job;
	while (1)
	{
		$job = job($node, $id, $database);
		return $job if $job->{status} =~ /^(?:$states)$/ || time > $end;
		sleep 0.02;
	}
}

# The process of a worker that runs a job, or ''.
sub worker_pid
{
	my ($node) = @_;
	return $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'canopy_bulk job' LIMIT 1});
}

# Waits until no worker is there.
sub await_no_worker
{
	my ($node) = @_;
	$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'canopy_bulk job'}) or die 'a worker does not end';
	return;
}

sub kill_process
{
	my ($signal, $pid) = @_;
	return kill $signal, $pid;
}

# Waits until the server takes connections again.
sub recover
{
	my ($node) = @_;
	my $end = time + $PATIENCE;
	while (time < $end)
	{
		return if can_run($node, 'SELECT 1') && is_settled($node);
		$node->start(fail_ok => 1) if !-e $node->data_dir . '/postmaster.pid' || !kill 0, postmaster_pid($node);
		sleep 0.05;
	}
	die 'the server did not come back';
}

# After a crash the old server answers for a moment, until it hears of it.
sub is_settled
{
	my ($node) = @_;
	sleep 0.1;
	return can_run($node, 'SELECT 1');
}

# Does the statement end well?  It is no input of psql's, which may be gone before it reads any.
sub can_run
{
	my ($node, $sql) = @_;
	return run([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', $sql ], '<', '/dev/null', '>', \my $out, '2>', \my $err);
}

sub postmaster_pid { my ($node) = @_; return (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0] }

# A web server with files of people, whose authority is in ca.pem of the folder; and how it begins.
sub start_site
{
	my ($scratch) = @_;
	my ($site, $port) = start_program('site.py', $scratch);
	return ($site, "https://localhost:$port");
}

# A program of this folder that serves something; and the first line that it says.
sub start_program
{
	my ($name, @arguments) = @_;
	my %program = (pid => open2(my $out, my $in, 'python3', '-B', "$FindBin::RealBin/$name", $FindBin::RealBin, @arguments));
	@program{qw(out in)} = ($out, $in);
	my $line = readline $out;
	chomp $line;
	return (\%program, $line);
}

# It ends when nobody writes to it any more, also when a test dies.
sub stop_site
{
	my ($site) = @_;
	close $site->{in};
	waitpid $site->{pid}, 0;
	return;
}

1;
