# A connection that stays, as an attacker has one.
package Attack::Session;

use strict;
use warnings;
use DBI;
use DBD::Pg qw(:async);

# Connects; options: user, database, options (as in PGOPTIONS). Dies when the server refuses.
sub new
{
	my ($class, $node, %wanted) = @_;
	my $dsn = sprintf 'dbi:Pg:host=%s;port=%d;dbname=%s', $node->host, $node->port, $wanted{database} // 'postgres';
	$dsn .= ";options='" . ($wanted{options} =~ s/([\\'])/\\$1/gr) . "'" if defined $wanted{options};
	my $self = bless { notices => [] }, $class;
	# the answers are bytes, and look as psql shows them
	$self->{dbh} = DBI->connect($dsn, $wanted{user}, undef, {
		AutoCommit => 1, RaiseError => 0, PrintError => 0, PrintWarn => 1, pg_enable_utf8 => 0,
		pg_expand_array => 0, pg_bool_tf => 1, AutoInactiveDestroy => 1 }) // die DBI->errstr;
	$self->{pid} = $self->{dbh}{pg_pid};
	return $self;
}

# Process id of its backend.
sub pid { my ($self) = @_; return $self->{pid} }

# Is there still a server at the other end?
sub is_alive { my ($self) = @_; return $self->{dbh}->ping > 0 }

# The messages below errors since this was last asked.
sub notices { my ($self) = @_; return splice @{ $self->{notices} } }

# Runs statements; returns what the last one answers: columns joined by |, rows by line ends.
# Dies on an error.
sub query
{
	my ($self, $sql) = @_;
	my $answer = $self->try($sql);
	die "$answer->{state} $answer->{message}\n$sql\n" if $answer->{state};
	return $answer->{output};
}

# Runs statements; returns {output, state, message, detail, hint}, where state is '' without an error
# and 08006 without a server.
sub try
{
	my ($self, $sql) = @_;
	local $SIG{__WARN__} = sub { push @{ $self->{notices} }, @_ };
	my $statement = $self->{dbh}->prepare($sql, { pg_direct => 1 });
	return $self->answer_of($statement, $statement->execute);
}

# What becomes of statements, in one line: "42501 permission denied for ...", or the output.
sub outcome
{
	my ($self, $sql) = @_;
	my $answer = $self->try($sql);
	return $answer->{state} ? "$answer->{state} $answer->{message}" : $answer->{output};
}

# Sends statements and returns at once; finish() returns their answer as try() does.
sub start
{
	my ($self, $sql) = @_;
	$self->{pending} = $self->{dbh}->prepare($sql, { pg_direct => 1, pg_async => PG_ASYNC });
	$self->{pending}->execute;
	return;
}

# Has the server answered what start() sent?
sub is_done { my ($self) = @_; return $self->{dbh}->pg_ready }

sub finish
{
	my ($self) = @_;
	local $SIG{__WARN__} = sub { push @{ $self->{notices} }, @_ };
	my $statement = delete $self->{pending};
	return $self->answer_of($statement, $self->{dbh}->pg_result);
}

sub quit { my ($self) = @_; $self->{dbh}->disconnect; return }

sub answer_of
{
	my ($self, $statement, $done) = @_;
	my $dbh = $self->{dbh};
	my %answer = (output => '', state => '', message => '', detail => '', hint => '');
	if (!defined $done)
	{
		# an error without an SQLSTATE of the server's is the connection's
		$answer{state} = $dbh->pg_error_field('state') || '08006';
		$answer{message} = $dbh->pg_error_field('message_primary') // (($dbh->errstr // "the connection is gone") =~ s/\n.*//sr);
		$answer{detail} = $dbh->pg_error_field('message_detail') // '';
		$answer{hint} = $dbh->pg_error_field('message_hint') // '';
	}
	elsif ($statement->{NUM_OF_FIELDS})
	{
		my $rows = $statement->fetchall_arrayref;
		$answer{output} = join "\n", map { join '|', map { $_ // '' } @$_ } @$rows;
	}
	return \%answer;
}

1;
