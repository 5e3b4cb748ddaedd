# The launcher takes up what nobody works on; a standby works on nothing.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use Jobs;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = start_server('launcher', q{shared_preload_libraries = 'canopy_bulk'}, q{canopy_bulk.launcher_databases = 'missing, postgres, template1'},
	'canopy_bulk.launcher_interval = 1', 'wal_level = replica', 'max_wal_senders = 4');
fill_directory($node);
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'canopy_bulk launcher' AND datname IS NULL}), '1', 'a launcher is there, and in no database');

# a job whose server dies
make_gate($node);
my $import = preview_import($node, 'crash', 600);
close_gate($node, 'crash300@example.com');
my $job = submit($node, $import);
await_gate($node);
$node->kill9;
recover($node);
open_gate($node);
my $ended = wait_for_job($node, $job, 'complete|failed');
is("$ended->{status} $ended->{attempt}", 'complete 2', 'a job whose server died is completed without anybody asking');
is($node->safe_psql('postgres', q{SELECT count(*) FROM canopy.identity WHERE email LIKE 'crash%'}), '600', 'with every row once');

# it is not in the way of anything
$node->safe_psql('postgres', 'CREATE DATABASE missing');
sleep 1.5;
is(sqlstate_of($node, 'DROP DATABASE missing'), '', 'a database that the launcher serves can be dropped');
unlike(slurp_file($node->logfile), qr/(ERROR|FATAL).*canopy|could not look for waiting jobs/, 'a database without the directory is left alone');

# a standby
$job = submit($node, preview_import($node, 'standby', 50));
wait_for_job($node, $job, 'complete');
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
$import = preview_import($node, 'promoted', 600);
close_gate($node, 'promoted300@example.com');
$job = submit($node, $import);
await_gate($node);
$node->wait_for_catchup($standby);
$node->stop('immediate');
is(sqlstate_of($standby, 'SELECT canopy_bulk_resume()'), '25006', 'nothing can be resumed on a standby');
like(job($standby, $job)->{status}, qr/queued|running/, 'but be looked at');
is(sqlstate_of($standby, $_), '25006', "no password is hashed on a standby: $_") for q{SELECT canopy_bulk_create('[{"email":"s@example.com","first_name":"A","last_name":"B","password":"correct horse"}]', 'acme', dry_run => true)},
  q{SELECT canopy_bulk_verify_password('s@example.com', 'correct horse', 'acme')};
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'canopy%'}), '0', 'a standby has no process of ours');
$standby->promote;
open_gate($standby);
$ended = wait_for_job($standby, $job, 'complete|failed');
is($ended->{status}, 'complete', 'once promoted, it completes what the other server began');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM canopy.identity WHERE email LIKE 'promoted%'}), '600', 'with every row once');

unlike(slurp_file($_->logfile), qr/PANIC|TRAP|XX000|signal 11/, 'the log has no sign of trouble') for $node, $standby;
$standby->stop;
done_testing();
