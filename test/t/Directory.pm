# A server with a directory in it, and how its answers are read.
#
# The account acme has the application crm with the environment production, the
# role viewer and a root node; all have ids that a test can name.
package Directory;

use strict;
use warnings;
use Exporter 'import';
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(start_server fill_directory rows people verdicts sqlstate_of quick_hashes
  $CRM $VIEWER $ROOT $NEWEST);

our $NEWEST = 1;	# version of the directory
our $CRM = 'c0000000-0000-4000-8000-000000000001';
our $VIEWER = 'c0000000-0000-4000-8000-000000000003';
our $ROOT = 'c0000000-0000-4000-8000-000000000004';

# A running server that logs as one does that nobody has configured.
sub start_server
{
	my ($name, @settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	$node->append_conf('postgresql.conf', join "\n",
		'log_statement = none', 'log_replication_commands = off',
		'restart_after_crash = on', 'autovacuum = off', @settings);
	$node->start;
	return $node;
}

# Makes the extension and the directory, and puts acme into it.
sub fill_directory
{
	my ($node, $database) = @_;
	$node->safe_psql($database // 'postgres', <<"END");
CREATE EXTENSION canopy_bulk;
SELECT canopy_bulk_setup();
INSERT INTO canopy.account (id, slug, name)
VALUES ('a0000000-0000-4000-8000-000000000001', 'acme', 'Acme');
INSERT INTO canopy.application (account_id, id, slug, name)
VALUES ('a0000000-0000-4000-8000-000000000001', '$CRM', 'crm', 'CRM');
INSERT INTO canopy.environment (account_id, id, application_id, slug, name)
VALUES ('a0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000002',
        '$CRM', 'production', 'Production');
INSERT INTO canopy.role (account_id, id, environment_id, name)
VALUES ('a0000000-0000-4000-8000-000000000001', '$VIEWER',
        'c0000000-0000-4000-8000-000000000002', 'viewer');
INSERT INTO canopy.node (account_id, id, application_id, environment_id, node_type, name, slug)
VALUES ('a0000000-0000-4000-8000-000000000001', '$ROOT', '$CRM',
        'c0000000-0000-4000-8000-000000000002', 'root', 'Root', 'root');
END
	return;
}

# n rows as Perl data: PREFIX1\@example.com and on, each with the given fields.
sub rows
{
	my ($prefix, $n, %fields) = @_;
	return [
		map { { email => "$prefix$_\@example.com", first_name => 'A', last_name => 'B', %fields } }
		  1 .. $n ];
}

# The same as JSON.
sub people
{
	return encode_json(rows(@_));
}

# What became of each row: the HTTP code of a success, the error's code of a failure.
sub verdicts
{
	my ($answer) = @_;
	return join ' ', map { $_->{error} ? $_->{error}{code} : $_->{code} }
	  @{ decode_json($answer)->{results} };
}

# Runs statements in a session of their own; returns the SQLSTATE that ended them, or ''.
sub sqlstate_of
{
	my ($node, $sql, %options) = @_;
	my ($code, $out, $err) = $node->psql($options{database} // 'postgres',
		"\\set VERBOSITY sqlstate\n$sql",
		$options{user} ? (extra_params => [ '-U', $options{user} ]) : ());
	return $err =~ /ERROR:\s+(\w{5})/ ? $1 : $err =~ /(FATAL|server closed)/ ? $1 : '';
}

# Hashing as cheap as it may be, where a test is not about hashing.
sub quick_hashes
{
	return ('canopy_bulk.argon2_memory = 7168', 'canopy_bulk.argon2_passes = 1');
}

1;
