# Attacker: a tenant with many connections that hash and verify passwords, some of them with the dearest hashes there are.
# Rights: EXECUTE on the functions.
# Must not happen: the server computes more hashes at a time than canopy_bulk.hash_workers, another
#   tenant or a sign-in waits until the attacker is done, or a call that waits cannot be stopped.
use strict;
use warnings;
use Attack;
use Directory;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);

my @settings = ('canopy_bulk.hash_workers = 1', 'canopy_bulk.argon2_memory = 19456', 'canopy_bulk.login_max_failures = 0');
my $attack = Attack->new('fair_hashing', settings => \@settings);
my $super = $attack->super;
my $ours = q{locktype = 'userlock' AND classid};
my ($slots, $queues) = (1128398849, 1128398851);
my $batches = 0;
# seconds of a core, in memory that a superuser would have to allow
my $dear = '$argon2id$v=19$m=262144,t=15,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
$super->query("UPDATE canopy.identity SET password_hash = '$dear' WHERE email IN ('bob\@acme.example', 'bob\@globex.example')");
# n sign-ins, in one transaction: with an address that is unknown they lock no row of a person
my $sign_in = q{SELECT canopy_bulk_verify_password('nobody-%2$s@%1$s.example', 'wrong', '%1$s')->>'reason' FROM generate_series(1, %3$s)};
$super->query('CREATE DATABASE other');
fill_directory($attack->node, 'other');

# one slot of all connections, of all databases
{
	my %client = (
		(map { ("batch of acme $_" => [ 'postgres', batch('acme', 25) ]) } 1 .. 3), 'batch of globex' => [ 'postgres', batch('globex', 25) ],
		'sign-ins of acme' => [ 'postgres', sprintf $sign_in, 'acme', 'a', 20 ], 'sign-ins of globex' => [ 'postgres', sprintf $sign_in, 'globex', 'b', 20 ],
		'upload of acme' => [ 'postgres', upload('acme', 30) ], 'batch in another database' => [ 'other', batch('acme', 25) ]);
	my %session = map { $_ => $attack->session(database => $client{$_}[0]) } keys %client;
	$session{$_}->start($client{$_}[1]) for sort keys %client;
	my ($held, $waited) = (0, 0);
	while (grep { !$session{$_}->is_done } keys %session)
	{
		my ($granted, $waiting) = split /\|/, $super->query("SELECT count(*) FILTER (WHERE granted), count(*) FILTER (WHERE NOT granted) FROM pg_locks WHERE $ours = $slots");
		$held = $granted if $granted > $held;
		$waited = $waiting if $waiting > $waited;
	}
	is($held, 1, 'the slot is held by one connection at a time');
	ok($waited > 1, 'while others wait for it');
	for my $name (sort keys %session)
	{
		my $answer = $session{$name}->finish;
		is("$answer->{state} $answer->{message}", ' ', "all get done: $name");
	}
	is($super->query("SELECT count(*) FROM pg_locks WHERE $ours IN ($slots, $queues)"), '0', 'no slot and no place in a queue is left');
}

# a tenant that hashes in many connections waits in one place for each kind of call, and the others do not wait for it to end
{
	my @attackers = map { $attack->session(user => 'api') } 1 .. 8;
	$attackers[$_]->start($_ < 5 ? batch('acme', 150) : sprintf $sign_in, 'acme', 'c', 400) for 0 .. $#attackers;
	wait_until("SELECT count(*) FROM pg_locks WHERE $ours = $queues AND NOT granted", '[456]', 'the connections of one tenant stand behind each other');
	my $most = 0;
	my $victim = $attack->session(user => 'api');
	my %call = ('a sign-in of another tenant' => sprintf($sign_in, 'globex', 'd', 1), 'a batch of another tenant' => batch('globex', 5),
		'an upload of another tenant' => upload('globex', 5), 'a sign-in of the same tenant' => sprintf($sign_in, 'acme', 'e', 1));
	for my $name (sort keys %call)
	{
		my $began = time;
		$victim->start($call{$name});
		until ($victim->is_done)
		{
			my $waiting = $super->query("SELECT count(*) FROM pg_locks WHERE $ours = $slots AND NOT granted AND pid <> " . $victim->pid);
			$most = $waiting if $waiting > $most;
		}
		is($victim->finish->{state}, '', sprintf '%s gets done after %.2f s', $name, time - $began);
		is(scalar(grep { $_->is_done } @attackers), 0, 'before a call of the attacker');
	}
	ok($most <= 2, 'never more than two calls of the attacker wait for a slot: one with a password, one with several');
	$super->query('SELECT pg_cancel_backend(' . $_->pid . ')') for @attackers;
	is(join(' ', map { $_->finish->{state} } @attackers), join(' ', ('57014') x 8), 'all of the attacker\'s calls can be cancelled');
}

# a call that waits: for a slot, and behind a call of its account; the process that has the slot does not move
{
	my ($holder, $first, $second) = map { $attack->session } 1 .. 3;
	stop_while_hashing($holder, batch('globex', 20));
	my %how = (
		'a cancel' => [ '', '57014', sub { $super->query("SELECT pg_cancel_backend($_[0])") } ], 'lock_timeout' => [ q{SET lock_timeout = '300ms'}, '55P03' ],
		'statement_timeout' => [ q{SET statement_timeout = '300ms'}, '57014' ]);
	for my $name (sort keys %how)
	{
		my ($before, $state, $how) = @{ $how{$name} };
		for my $case ([ 'a batch', batch('acme', 3) ], [ 'a sign-in', sprintf $sign_in, 'acme', 'f', 1 ], [ 'an upload', upload('acme', 3) ])
		{
			my ($what, $sql) = @$case;
			$first->start($name eq 'a cancel' ? $sql : $what eq 'a sign-in' ? sprintf $sign_in, 'acme', 'g', 1 : batch('acme', 3));
			wait_until("SELECT count(*) FROM pg_locks WHERE $ours = $slots AND NOT granted AND pid = " . $first->pid, 1, "$what waits for the slot") if $name eq 'a cancel';
			is_waiting($first);
			$second->query($before) if $before;
			$second->start($sql);
			is_waiting($second) if $how;
			$_->() for map { my $pid = $_->pid; sub { $how->($pid) } } $how ? ($second, $first) : ();
			is($second->finish->{state}, $state, "$name ends $what that stands behind another of its account");
			$super->query('SELECT pg_cancel_backend(' . $first->pid . ')') if !$how;
			is($first->finish->{state}, '57014', $how ? "and one that waits for the slot" : 'a cancel does that of the other');
			is($super->query("SELECT count(*) FROM pg_locks WHERE $ours IN ($slots, $queues) AND pid IN (" . $first->pid . ', ' . $second->pid . ')'), '0', 'neither has a slot or a place then');
			$second->query('RESET ALL');
		}
	}
	$first->start(sprintf $sign_in, 'acme', 'h', 1);
	is_waiting($first);
	$super->query('SELECT pg_terminate_backend(' . $first->pid . ')');
	like($first->finish->{state}, qr/^(?:57P01|08006)$/, 'a connection that waits can be terminated');
	is($super->query('SHOW canopy_bulk.hash_workers'), '1', 'one slot it is');
	$super->query("SELECT pg_terminate_backend(" . $holder->pid . ')');
	kill 'CONT', $holder->pid;
	like($holder->finish->{state}, qr/^(?:57P01|08006)$/, 'a connection that hashes can be terminated');
	is($attack->session->query(sprintf $sign_in, 'globex', 'i', 1), 'invalid_credentials', 'and its slot is free then');
}

# how many slots there are is the server's, not a session's
for my $user ('api', undef)
{
	my $session = $attack->session($user ? (user => $user) : ());
	$session->query(q{SELECT canopy_bulk_create('[]', 'acme')});
	$attack->fails_with($session, 'SET canopy_bulk.hash_workers = 64', '55P02', 'hash_workers cannot be set in a session of ' . ($user // 'a superuser'));
}
{
	my ($holder, $other) = map { $attack->session } 1 .. 2;
	stop_while_hashing($holder, batch('acme', 20));
	$other->start(sprintf $sign_in, 'acme', 'j', 1);
	is_waiting($other);
	$super->query('SELECT canopy_bulk_token_key_is_valid(NULL, NULL)');
	$super->query('ALTER SYSTEM SET canopy_bulk.hash_workers = 2');
	$super->query('SELECT pg_reload_conf()');
	is($attack->session->query(sprintf $sign_in, 'globex', 'k', 1), 'invalid_credentials', 'after a reload calls have a second slot');
	kill 'CONT', $holder->pid;
	is($_->finish->{state}, '', 'and those from before get done') for $other, $holder;
	$super->query('ALTER SYSTEM RESET canopy_bulk.hash_workers');
	$super->query('SELECT pg_reload_conf()');
	wait_until('SHOW canopy_bulk.hash_workers', 1, 'one slot again');
}

# nothing of it outlives the hashing, whatever becomes of the transaction
{
	my $session = $attack->session;
	my $held = "SELECT count(*) FROM pg_locks WHERE $ours IN ($slots, $queues)";
	$session->query('BEGIN');
	$session->query(batch('acme', 2));
	is($super->query($held), '0', 'no slot is held after the hashing, in the middle of a transaction');
	$session->query('SAVEPOINT s');
	$session->query(q{SET LOCAL statement_timeout = '50ms'});
	$attack->fails_with($session, batch('acme', 100), '57014', 'a call that is stopped while it hashes');
	$session->query('ROLLBACK TO s');
	is($super->query($held), '0', 'has no slot after the rollback to a savepoint');
	$session->query(q{SET LOCAL statement_timeout = 0});
	$session->query(sprintf q{DO $d$ BEGIN PERFORM %s; PERFORM 1/0; EXCEPTION WHEN division_by_zero THEN NULL; END $d$}, batch('acme', 2) =~ s/^SELECT//r);
	is($super->query($held), '0', 'nor after an exception block');
	$session->query(q{PREPARE TRANSACTION 'hashed'});
	is($super->query($held), '0', 'nor has a prepared transaction one');
	$super->query(q{ROLLBACK PREPARED 'hashed'});
}

# slots and locks of rows: a call waits for the one with nothing of the other, so that none waits for ever
{
	my ($one, $two) = map { $attack->session } 1 .. 2;
	my $person = q{[{"email":"ada@acme.example","first_name":"Ada","last_name":"%s"%s}]};
	my $update = q{SELECT canopy_bulk_create('%s', 'acme', on_conflict => 'update')->'summary'->>'succeeded'};
	$one->query('BEGIN');
	$one->query(sprintf $update, sprintf $person, 'Row', '');
	stop_while_hashing($two, sprintf $update, sprintf $person, 'Two', ',"password":"correct horse battery"');
	$one->start(batch('acme', 2));
	is_waiting($one);
	kill 'CONT', $two->pid;
	is($one->finish->{state}, '', 'a transaction that has locked a row gets the slot of a call that will wait for the row');
	$one->query('COMMIT');
	is($two->finish->{state}, '', 'and that call gets the row');
}

# dearer than a tenant may import: it was stored before, and is bounded in number all the same
{
	my @clients = map { $attack->session } 1 .. 4;
	$_->start(q{SELECT canopy_bulk_verify_password('bob@acme.example', 'wrong', 'acme')->>'reason'}) for @clients;
	my $most = 0;
	my $victim = $attack->session;
	until (grep { $_->is_done } @clients)
	{
		# a thread that is there before and after a while has been there all the while
		my %before = map { $_ => 1 } threads(@clients);
		sleep 0.1;
		my $threads = grep { $before{$_} } threads(@clients);
		$most = $threads if $threads > $most;
	}
	is($most, 1, 'of several sign-ins with the dearest hash one is computed at a time');
	is($victim->query(sprintf $sign_in, 'globex', 'l', 1), 'invalid_credentials', 'a sign-in of another tenant gets its turn');
	ok(scalar(grep { !$_->is_done } @clients), 'before all of the attacker\'s have had theirs');
	is(join(' ', map { $_->finish->{output} } @clients), join(' ', ('invalid_credentials') x 4), 'which get their answers');
}

# a process that is killed with a slot; the server restarts itself then
{
	my $crash = Attack->new('fair_hashing_kill', settings => \@settings);
	my $holder = $crash->session;
	$super = $crash->super;
	stop_while_hashing($holder, batch('acme', 100));
	my $waiting = $crash->session;
	$waiting->start(sprintf $sign_in, 'acme', 'm', 1);
	is_waiting($waiting);
	kill 'KILL', $holder->pid;
	$_->finish for $holder, $waiting;
	$crash->node->poll_query_until('postgres', 'SELECT true') or die;
	is($crash->session->query(sprintf $sign_in, 'acme', 'n', 1), 'invalid_credentials', 'the slot of a process that was killed is free');
	$super->quit;
	$crash->node->stop;
}
$attack->end;

# A call that hashes n passwords.
sub batch
{
	my ($account, $n) = @_;
	my @rows = map { { email => sprintf('b%d-%d@%s.example', $batches, $_, $account), first_name => 'A', last_name => 'B', password => 'correct horse battery' } } 1 .. $n;
	$batches++;
	return sprintf q{SELECT canopy_bulk_create('%s', '%s')->'summary'->>'succeeded'}, encode_json(\@rows), $account;
}

# The same as an upload, of an import that is opened for it.
sub upload
{
	my ($account, $n) = @_;
	$batches++;
	return sprintf q{SELECT canopy_bulk_import_upload_text((canopy_bulk_import_open('account_create', account => '%s')->>'id')::uuid,
		E'email,first_name,last_name,password\n' || string_agg(format('u%s-%%s@%1$s.example,A,B,correct horse battery', i), E'\n'), account => '%1$s')->>'status' FROM generate_series(1, %s) AS i},
	  $account, $batches, $n;
}

# Starts a call and stops its process with SIGSTOP while it has a slot.
sub stop_while_hashing
{
	my ($session, $sql) = @_;
	my $end = time + 60;
	$session->start($sql);
	while (time < $end)
	{
		next if $super->query("SELECT count(*) FROM pg_locks WHERE $ours = $slots AND granted AND pid = " . $session->pid) eq '0';
		kill 'STOP', $session->pid;
		return if $super->query("SELECT count(*) FROM pg_locks WHERE $ours = $slots AND granted AND pid = " . $session->pid) ne '0';
		kill 'CONT', $session->pid;
	}
	die 'the call did not hash';
}

sub is_waiting
{
	my ($session) = @_;
	return wait_until("SELECT count(*) > 0 FROM pg_locks WHERE $ours IN ($slots, $queues) AND NOT granted AND pid = " . $session->pid, 't');
}

# Waits for an answer, a minute at most; with a sentence it is a test.
sub wait_until
{
	my ($sql, $wanted, $sentence) = @_;
	my $end = time + 60;
	my $answer;
	until (($answer = $super->query($sql)) =~ /^(?:$wanted)$/ || time > $end) { sleep 0.005 }
	return like($answer, qr/^(?:$wanted)$/, $sentence) if defined $sentence;
	die "waited in vain: $sql" if $answer !~ /^(?:$wanted)$/;
	return;
}

# The threads of backends that are not their first one.
sub threads { return grep { !m!/(\d+)/task/\1$! } map { glob '/proc/' . $_->pid . '/task/*' } @_ }
