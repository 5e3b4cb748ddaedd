# A process of the random-statement driver that knows at each moment which account its session is
# bound to: by the credentials it has shown, the savepoints, and what became of them.
package Attack::Binder;

use strict;
use warnings;
use Time::HiRes qw(time);

use parent -norequire, 'Attack::Child';

*chance = \&Attack::Draw::chance;
*one_of = \&Attack::Draw::one_of;
*quote = \&Attack::Draw::quote;

sub run
{
	my ($self) = @_;
	srand $self->{seed};
	$self->connect;
	$self->walk while time < $self->{until};
	$self->clean_up;
	$self->note(kind => 'end', count => $self->{count}, states => $self->{states}, called => {});
	return;
}

# Sends a statement; returns whether it succeeded.
sub does
{
	my ($self, $sql) = @_;
	my $session = $self->{session};
	push @{ $self->{history} }, $sql;
	my $answer = $self->send($sql);
	$self->{lost} = 1 if !$answer;
	return $answer && !$answer->{state};
}

# One transaction, or a few statements without one.
sub walk
{
	my ($self) = @_;
	@$self{qw(history lost bound savepoints aborted)} = ([], 0, undef, [], 0);
	my $inside = chance(0.9) && $self->does('BEGIN');
	for (1 .. one_of(3, 6, 12, 25))
	{
		last if $self->{lost};
		$inside ? $self->move : $self->move_outside;
		last if $self->{lost};
		$self->probe if !$self->{aborted};
	}
	if ($inside && !$self->{lost})
	{
		$self->does(one_of('COMMIT', 'ROLLBACK', 'COMMIT', 'PREPARE TRANSACTION ' . quote('binder'), 'COMMIT AND CHAIN', 'ROLLBACK AND CHAIN'));
		@$self{qw(bound savepoints aborted)} = (undef, [], 0);
		$self->probe if !$self->{lost};
		$self->does(one_of('DISCARD ALL', 'ROLLBACK', 'RESET ALL')) if !$self->{lost};
		$self->probe if !$self->{lost};
		$self->{session}->try('ROLLBACK');
		$self->{session}->try('ROLLBACK PREPARED ' . quote('binder'));
	}
	return $self->clean_up;
}

sub move
{
	my ($self) = @_;
	my $random = rand;
	if ($self->{aborted} || $random < 0.3)
	{
		return $self->move_savepoint;
	}
	my $account = one_of(qw(acme globex));
	my $token = one_of(@{ $self->{proofs}{$account} });
	if ($random < 0.55)
	{
		return $self->{aborted} = 1 if !$self->does('SELECT canopy_bulk_authenticate(' . quote($token) . ')');
		return $self->{bound} = $account;
	}
	if ($random < 0.8)
	{
		my $other = one_of(qw(acme globex));
		my ($raises, $outer) = (chance(0.5), chance(0.3));
		my $inner = 'PERFORM canopy_bulk_authenticate(' . quote(one_of(@{ $self->{proofs}{$other} })) . ");" . one_of('', " PERFORM canopy_bulk_jobs();", " PERFORM pg_notify('x', 'y');") . ($raises ? ' RAISE EXCEPTION SQLSTATE \'Z0001\';' : '');
		my $sql = 'DO $do$ BEGIN ' . ($outer ? 'PERFORM canopy_bulk_authenticate(' . quote($token) . '); ' : '') . "BEGIN $inner EXCEPTION WHEN SQLSTATE 'Z0001' THEN NULL; END; END \$do\$";
		return $self->{aborted} = 1 if !$self->does($sql);
		$self->{bound} = $account if $outer;
		$self->{bound} = $other if !$raises;
		return;
	}
	$self->{aborted} = 1 if !$self->does($random < 0.85 ? 'SELECT canopy_bulk_authenticate(' . quote('junk') . ')' : one_of('LISTEN x', "NOTIFY x, 'y'", 'SELECT canopy_bulk_jobs()', 'SELECT 1', 'DECLARE c' . int(rand 1e9) . ' CURSOR FOR SELECT canopy_bulk_imports()'));
	return;
}

sub move_savepoint
{
	my ($self) = @_;
	my $saved = $self->{savepoints};
	if (!$self->{aborted} && (!@$saved || chance(0.5)))
	{
		return $self->{aborted} = 1 if !$self->does('SAVEPOINT s' . @$saved);
		push @$saved, $self->{bound};
		return;
	}
	return if !@$saved;
	my $n = int rand @$saved;
	if (!$self->{aborted} && chance(0.5))
	{
		return $self->{aborted} = 1 if !$self->does("RELEASE s$n");
		splice @$saved, $n;
		return;
	}
	return $self->{aborted} = 1 if !$self->does("ROLLBACK TO s$n");
	$self->{bound} = $saved->[$n];
	splice @$saved, $n + 1;
	$self->{aborted} = 0;
	return;
}

# Without a transaction a credential is forgotten with its statement.
sub move_outside
{
	my ($self) = @_;
	$self->does(one_of('SELECT canopy_bulk_authenticate(' . quote(one_of(@{ $self->{proofs}{globex} })) . ')', 'SELECT canopy_bulk_jobs()',
			'DO $do$ BEGIN PERFORM canopy_bulk_authenticate(' . quote(one_of(@{ $self->{proofs}{acme} })) . '); END $do$'));
	return;
}

# Asks for an import of acme, in a block of its own, so that a refusal ends nothing.
sub probe
{
	my ($self) = @_;
	my $answer = $self->{session}->try("DO \$do\$ BEGIN RAISE NOTICE 'seen %', canopy_bulk_import_info('$self->{import}') ->> 'id'; EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'state %', SQLSTATE; END \$do\$");
	my $said = join ' ', $self->{session}->notices;
	if ($answer->{state})
	{
		$self->{lost} = 1;
		$self->connect if $answer->{state} =~ /^(?:08|57P0)/;
		return;
	}
	return if $said =~ /state (?:40|55P03|57014)/;
	my $seen = $said =~ /seen $self->{import}/ ? 'acme' : $said =~ /state PT401/ ? 'nobody' : $said =~ /state PT404/ ? 'globex' : $said;
	my $wanted = $self->{bound} // 'nobody';
	return if $seen eq $wanted;
	$self->note(kind => 'binding', sql => join(";\n", @{ $self->{history} }), wanted => $wanted, seen => $seen);
	$self->{lost} = 1;
	return;
}

1;
