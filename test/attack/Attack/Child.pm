# A process of the random-statement driver: sessions that send random statements, and what is
# checked after each. What must not be is written to a file as a line of JSON.
package Attack::Child;

use strict;
use warnings;
use Attack::Draw;
use JSON::PP;
use Time::HiRes qw(time sleep);

*chance = \&Attack::Draw::chance;
*one_of = \&Attack::Draw::one_of;
*quote = \&Attack::Draw::quote;

my $json = JSON::PP->new->canonical->latin1->allow_nonref;
my $who = q{SELECT session_user, current_user, pg_catalog.current_setting('role'), pg_catalog.current_setting('search_path')};
# an error of which no statement is the cause
my $broken = qr/^(?:XX|58|53[12]|F0|P0004)/;
my $gone = qr/^(?:08|57P0)/;

# Options: attack, draw, number, seed, user, secret (a word that no answer may have; optional),
# out (a file), until (a time).
sub new
{
	my ($class, %options) = @_;
	my $self = bless { %options, count => 0, states => {}, depth => 0, prepared => 0 }, $class;
	open $self->{file}, '>', $self->{out} or die "$self->{out}: $!";
	$self->{file}->autoflush;
	return $self;
}

# Sends statements until the time is over and every function and route was called.
sub run
{
	my ($self) = @_;
	srand $self->{seed};
	$self->connect;
	my $latest = $self->{until} + 300;
	while (time < $latest && (time < $self->{until} || $self->{draw}->is_due))
	{
		$self->episode;
	}
	$self->clean_up;
	$self->note(kind => 'end', count => $self->{count}, states => $self->{states}, called => $self->{draw}{called}, succeeded => $self->{succeeded});
	return;
}

sub note
{
	my ($self, %said) = @_;
	print { $self->{file} } $json->encode({ child => $self->{number}, user => $self->{user} // 'superuser', %said }), "\n";
	return;
}

# Waits, as the server may be starting again.
sub connect
{
	my ($self) = @_;
	for (1 .. 600)
	{
		last if $self->{session} = eval { $self->{attack}->session(defined $self->{user} ? (user => $self->{user}) : ()) };
		sleep 0.1;
	}
	die "child $self->{number} cannot connect: $@" if !$self->{session};
	delete @$self{qw(first_state identity)};
	for (1 .. 50)
	{
		last if $self->{first_state} = eval { $self->{attack}->state_of($self->{session}) };
	}
	return;
}

# Sends a statement and looks at what comes back.
sub send
{
	my ($self, $sql) = @_;
	my $before = delete $self->{identity} // $self->identity;
	my $answer = $self->{session}->try($sql);
	my @notices = $self->{session}->notices;
	$self->{count}++;
	$self->{states}{ $answer->{state} || '00000' }++;
	if (!$answer->{state} && $sql =~ /\b(canopy_bulk_\w+)\(/)
	{
		$self->{succeeded}{$1}++;
	}
	my $said = join "\n", @$answer{qw(output message detail hint)}, @notices, $self->notifications;
	$self->{draw}->learn($answer->{output});
	$self->note(kind => 'leak', sql => $sql, answer => $said, found => $_) for $self->leaks($sql, $said);
	$self->note(kind => 'broken', sql => $sql, %$answer) if $answer->{state} =~ $broken;
	$self->note(kind => 'told', sql => $sql, %$answer)
	  if $answer->{state} =~ /^(?:PT|22023|28000|42501|55000)/ && index(join("\n", @$answer{qw(message detail hint)}), $Attack::Draw::MARK) >= 0;
	if ($answer->{state} =~ $gone)
	{
		$self->connect;
		return undef;
	}
	my $after = $self->{identity} = $self->identity;
	$self->{is_aborted} = !defined $after;
	if ($sql !~ /\b(?:SET|RESET|DISCARD|ROLLBACK|COMMIT|RELEASE|PREPARE|set_config)\b/ && defined $before && defined $after && $after ne $before)
	{
		$self->note(kind => 'changed', sql => $sql, before => $before, after => $after);
	}
	return $answer;
}

# What an answer has that it must not have. An id that was sent may come back, also by way of
# what was stored.
sub leaks
{
	my ($self, $sql, $said) = @_;
	my $word = $self->{secret} // return;
	my $sent = $sql =~ s/x((?:[0-9a-f]{2}){30,})/pack 'H*', $1/ger;
	my @ids = $sql =~ /\b(?:kept|seen|FETCH|EXECUTE|MOVE)\b/ ? () : grep { index($sent, $_) < 0 } @{ $self->{draw}{ids}{globex} }, @{ $self->{draw}{imports}{globex} };
	return grep { index($said, $_) >= 0 } $word, @ids;
}

# Users and search_path, or undef where that cannot be asked.
sub identity
{
	my ($self) = @_;
	my $answer = $self->{session}->try($who);
	$self->{session}->notices;
	return $answer->{state} ? undef : $answer->{output};
}

sub notifications
{
	my ($self) = @_;
	my @told;
	while (my $notify = $self->{session}{dbh}->pg_notifies)
	{
		push @told, join ' ', @$notify;
	}
	return @told;
}

# Some statements, and then the session must be as it was at its start.
sub episode
{
	my ($self) = @_;
	if ($self->{inside} = chance(0.7))
	{
		$self->send('BEGIN' . one_of(('') x 8, ' ISOLATION LEVEL REPEATABLE READ', ' ISOLATION LEVEL SERIALIZABLE', ' READ ONLY'));
		$self->authenticate if $self->binds && chance(0.85);
		$self->send('SAVEPOINT base');
	}
	$self->step for 1 .. one_of(1, 3, 5, 8, 15);
	$self->clean_up;
	return;
}

sub binds { my ($self) = @_; return ($self->{user} // '') eq 'bound' }

sub clean_up
{
	my ($self) = @_;
	delete $self->{identity};
	for my $try (1 .. 50)
	{
		my $session = $self->{session};
		$session->try('ROLLBACK');
		my @said = map { $session->try($_)->{state} } ('ROLLBACK PREPARED ' . quote("child $self->{number}")) x $self->{prepared},
		  'RESET SESSION AUTHORIZATION', 'RESET ROLE', 'RESET ALL', 'DEALLOCATE ALL', 'UNLISTEN *', 'CLOSE ALL';
		$session->notices;
		return $self->connect if grep { /$gone/ } @said;
		next if grep { $_ && $_ ne '42704' } @said;
		$self->{prepared} = 0;
		my $state = eval { $self->{attack}->state_of($session) } // next;
		# a setting of ours is first seen when the library is loaded
		if ($self->{first_state})
		{
			my @other = grep { ($state->{$_} // '') ne ($self->{first_state}{$_} // '') && !(/^canopy_bulk/ && !defined $self->{first_state}{$_}) } sort keys %{ { %$state, %{ $self->{first_state} } } };
			$self->note(kind => 'changed', sql => 'an episode', before => { map { $_ => $self->{first_state}{$_} } @other }, after => { map { $_ => $state->{$_} } @other })
			  if @other;
			$self->{first_state} = $state;
		}
		return;
	}
	return $self->connect;
}

sub authenticate
{
	my ($self) = @_;
	return $self->send('SELECT canopy_bulk_authenticate(' . quote($self->{draw}->credential) . ')');
}

# A select of a call, in one of its forms.
sub select
{
	my ($self) = @_;
	my $call = $self->{draw}->call('f');
	return one_of("SELECT * FROM $call AS x", "SELECT x::text FROM $call AS x", "SELECT $call");
}

# A call in PL/pgSQL, which tells its answer in a notice.
sub told
{
	my ($self) = @_;
	return "SELECT authenticated FROM canopy_bulk_authenticate(" . quote($self->{draw}->credential) . ") AS authenticated(authenticated) INTO answer;" if $self->binds && chance(0.2);
	return 'SELECT x::text INTO answer FROM ' . $self->{draw}->call('f') . " AS x LIMIT 1; RAISE NOTICE '%', answer;";
}

# A block with an exception handler, which may have others in it.
sub block
{
	my ($self, $depth) = @_;
	my @parts = map { $depth < 3 && chance(0.4) ? $self->block($depth + 1) : $self->told } 1 .. one_of(1, 1, 2, 3);
	push @parts, one_of("RAISE EXCEPTION 'on purpose';", 'PERFORM 1/0;', "PERFORM pg_notify('child', 'x');") if chance(0.4);
	my $handler = one_of('NULL;', $self->told, 'RAISE;', "RAISE NOTICE '%', SQLERRM;");
	return 'BEGIN ' . join(' ', @parts) . ' EXCEPTION WHEN ' . one_of('OTHERS', 'OTHERS', 'OTHERS', 'query_canceled OR OTHERS', 'division_by_zero') . " THEN $handler END;";
}

sub step
{
	my ($self) = @_;
	my $n = int rand 4;
	my $random = rand;
	# in a transaction that has failed little else can be done
	return $self->send(one_of(('ROLLBACK TO base') x 6, "ROLLBACK TO s$n", 'ROLLBACK', 'ROLLBACK AND CHAIN', 'COMMIT')) if $self->{is_aborted} && $random < 0.9;
	return $self->send('CALL ' . $self->{draw}->call('p')) if !$self->{inside} && chance(0.15);
	return $self->send($self->select) if $random < 0.35;
	return $self->send('SELECT * FROM ' . $self->{draw}->http) if $random < 0.5;
	return $self->send('DO $do$ DECLARE answer text; BEGIN ' . $self->block(0) . ' END $do$') if $random < 0.6;
	return $self->send(one_of("SAVEPOINT s$n", "SAVEPOINT s$n", "RELEASE s$n", "ROLLBACK TO s$n", "ROLLBACK TO s$n")) if $random < 0.73;
	return $self->send(one_of('BEGIN', 'BEGIN', 'COMMIT', 'ROLLBACK', 'COMMIT AND CHAIN', 'ROLLBACK AND CHAIN')) if $random < 0.77;
	return $self->cursor($n) if $random < 0.82;
	return $self->prepare($n) if $random < 0.85;
	return $self->send($self->setting) if $random < 0.91;
	return $self->authenticate if $random < 0.93;
	return $self->send('CALL ' . $self->{draw}->call('p')) if $random < 0.955;
	return $self->two_phase if $random < 0.975;
	return $self->send(one_of("LISTEN child", "NOTIFY child, 'x'", 'UNLISTEN *', 'LISTEN canopy_bulk_outbox', 'CHECKPOINT', 'DISCARD ALL', 'DISCARD PLANS', 'DISCARD TEMP', 'SELECT pg_cancel_backend(pg_backend_pid())',
			"CREATE TEMP TABLE IF NOT EXISTS kept (x text)", 'INSERT INTO kept SELECT x::text FROM ' . $self->{draw}->call('f') . ' AS x', 'TABLE kept', 'DROP TABLE IF EXISTS kept',
			'CREATE TEMP VIEW seen AS ' . "SELECT x::text FROM " . $self->{draw}->call('f') . ' AS x', 'TABLE seen', 'DROP VIEW IF EXISTS seen'));
}

sub cursor
{
	my ($self, $n) = @_;
	return $self->send(one_of("FETCH ALL FROM c$n", "FETCH c$n", "MOVE 1 FROM c$n", "CLOSE c$n", "FETCH PRIOR FROM c$n")) if chance(0.6);
	return $self->send("DECLARE c$n " . one_of('CURSOR', 'SCROLL CURSOR', 'CURSOR WITH HOLD', 'BINARY CURSOR') . ' FOR ' . $self->select);
}

sub prepare
{
	my ($self, $n) = @_;
	return $self->send(one_of("EXECUTE p$n", "EXECUTE p$n", "DEALLOCATE p$n")) if chance(0.7);
	return $self->send("PREPARE p$n AS " . $self->select);
}

sub two_phase
{
	my ($self) = @_;
	my $name = quote("child $self->{number}");
	$self->{prepared} = 1;
	return $self->send(one_of("PREPARE TRANSACTION $name", "PREPARE TRANSACTION $name", "COMMIT PREPARED $name", "ROLLBACK PREPARED $name"));
}

# Something that is set: what the user may, and what is refused.
sub setting
{
	my ($self) = @_;
	my @claims = ('', '{', '[]', '{"principal_type":"user"}', '{"principal_type":"user","account":"acme","sub":"u1"}', '{"principal_type":"identity","account":"acme"}',
		'{"principal_type":"user","account":["acme","nowhere"],"application":"crm"}', '{"principal_type":"user","account":"acme","exp":1}');
	my $scope = one_of('', '', ' LOCAL');
	return one_of("SET$scope search_path = " . one_of('evil, public', 'pg_temp, public', 'public', "''"), "SET$scope canopy_bulk.strategy = " . one_of(qw(auto set row)),
		"SET$scope canopy_bulk.account = 'acme'", "SET$scope canopy_bulk.application = " . one_of(q{'crm'}, q{'wiki'}, q{''}), "SET$scope canopy_bulk.environment = " . one_of(q{'production'}, q{''}),
		"SET$scope request.jwt.claims = " . quote(one_of(@claims)), "SET$scope canopy_bulk.require_claims = " . one_of(qw(off on)), "SET$scope statement_timeout = " . one_of(1, 2, 5, 20),
		"SET$scope lock_timeout = " . one_of(1, 10), "SET$scope request.method = 'POST'", "SET$scope force_parallel_mode = on", "SET$scope plan_cache_mode = " . one_of(qw(force_custom_plan force_generic_plan)),
		"SET$scope work_mem = '64kB'", "SET$scope enable_indexscan = off", "SET$scope default_transaction_read_only = on", "SET$scope default_transaction_isolation = serializable", "SET$scope row_security = off",
		"SET$scope client_encoding = " . one_of(qw(LATIN1 SQL_ASCII UTF8)), "SET$scope DateStyle = 'German, DMY'", "SET$scope bytea_output = escape", "SET$scope TimeZone = 'Asia/Kathmandu'",
		'RESET ALL', 'RESET canopy_bulk.account', 'RESET search_path', q{SELECT set_config('search_path', 'evil', true)},
		"SET$scope ROLE " . one_of(qw(none api bound mallory owner)), 'RESET ROLE', "SET$scope SESSION AUTHORIZATION " . one_of('DEFAULT', qw(api mallory owner)), 'SET CONSTRAINTS ALL ' . one_of(qw(DEFERRED IMMEDIATE)));
}

1;
