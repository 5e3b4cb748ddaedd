# Attacker: callers of every kind at once, whose statements are random: bound (held to acme by a
#   credential), api (works on acme alone, and sends ids of globex), a superuser; and one who
#   changes credentials between savepoints. Meanwhile their statements are cancelled and their
#   connections ended.
# Rights: EXECUTE on every function; signed tokens and API keys.
# Must not happen: the server crashes, an error that no statement can cause (class XX), a session
#   that has another user or search_path than before, an answer with what is globex's, a change
#   of what is globex's, a credential that outlives its transaction or savepoint, tables that
#   contradict each other.
#
# Half a minute, or five minutes with CANOPY_LONG=1. CANOPY_SEED repeats what was drawn.
use strict;
use warnings;
use Attack;
use Attack::Draw;
use Attack::Child;
use Attack::Binder;
use JSON::PP;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);

my $seed = $ENV{CANOPY_SEED} // int(time) % 1000000;
my $seconds = $ENV{CANOPY_SECONDS} // ($ENV{CANOPY_LONG} ? 300 : 25);
note "CANOPY_SEED=$seed";

my $attack = Attack->new('random', settings => [ 'max_connections = 50', 'deadlock_timeout = 100ms', 'canopy_bulk.max_queued_jobs = 1000' ]);
my $super = $attack->super;
# nobody waits for long, and a caller without credential works on acme
$super->query($_) for q{ALTER DATABASE postgres SET statement_timeout = '10s'}, q{ALTER DATABASE postgres SET lock_timeout = '2s'},
  q{ALTER ROLE api SET canopy_bulk.account = 'acme'}, sprintf(q{ALTER ROLE %s SET canopy_bulk.account = 'acme'}, $super->query('SELECT session_user'));
# the attackers may start what waits, so that what globex has waiting is ended first
$super->query(q{SELECT canopy_bulk_job_cancel(id, 'globex') FROM canopy.job WHERE account_id = (SELECT id FROM canopy.account WHERE slug = 'globex')});
my $globex = globex();

my %facts = (attack => $attack, functions => [ functions() ], routes());
my @acme = ((map { $attack->token(%$_) } {}, {}, { application => 'crm' }, { application => 'wiki' }, { account => [ 'acme', 'nowhere' ] }, { application => 'crm', environment => 'production' }),
	map { $attack->key($_) } qw(production staging wiki-live production-scoped production-unfit));
# a caller that is not held to acme by a credential names acme alone: nothing else keeps it from globex
my @children = (
	(map { { user => 'bound', sees => [qw(acme globex)], secret => $Attack::WORD{globex} } } 1, 2),
	{ user => 'api', sees => ['acme'] }, { sees => ['acme'] },
	{ user => 'bound', class => 'Attack::Binder', sees => ['acme'], import => $attack->import_id('acme open'),
		proofs => { acme => [ map { $attack->token(sub => "u$_") } 1, 2 ], globex => [ $attack->token(account => 'globex'), $attack->key('shop-live') ] } });
my $until = time + $seconds;
my @started = map { start_child($_, $children[$_]) } 0 .. $#children;
disturb(@started);

my (%faults, %called, %succeeded, %states, $count);
for my $child (@started)
{
	my $ended;
	for (map { decode_json($_) } split /\n/, slurp_file($child->{out}))
	{
		push @{ $faults{ $_->{kind} } }, $_ if $_->{kind} ne 'end';
		next if $_->{kind} ne 'end';
		$ended = 1;
		$count += $_->{count};
		add(\%called, $_->{called});
		add(\%succeeded, $_->{succeeded});
		add(\%states, $_->{states});
	}
	ok($ended, "child $child->{number} came to its end");
}
note "$count statements; ", join ', ', map { "$_: $states{$_}" } sort { $states{$b} <=> $states{$a} } keys %states;

is_deeply([ sort grep { !$called{$_} } (map { $_->{name} } @{ $facts{functions} }), map { "$_->{method} $_->{path}" } @{ $facts{routes} } ], [],
	'every function and every route was called');
my %sentence = (leak => 'no answer to acme has anything of globex', broken => 'no error is one of the server itself', told => 'no error quotes an argument',
	changed => 'every session keeps its users, its search_path and its settings', binding => 'a session is bound to what it showed last, and no longer than its transaction or savepoint');
for my $kind (sort keys %sentence)
{
	my @found = @{ $faults{$kind} // [] };
	is(scalar @found, 0, $sentence{$kind}) || diag("seed $seed: ", map { JSON::PP->new->canonical->pretty->encode($_) } @found[ 0 .. ($#found > 4 ? 4 : $#found) ]);
}
unlike($attack->log_text, qr/ERROR:  (?:XX|could not open relation|cache lookup|unexpected)/, 'the log has no error of the server itself');
is_deeply(globex(), $globex, 'nothing of globex has changed');
consistency();
$attack->end;

sub add
{
	my ($sum, $more) = @_;
	$sum->{$_} += $more->{$_} for keys %{ $more // {} };
	return;
}

# The functions and procedures of the extension that callers get.
sub functions
{
	return map { decode_json($_) } split /\n/, $super->query(q{SELECT json_build_object('name', proname, 'kind', prokind, 'required', pronargs - pronargdefaults,
		'names', coalesce((SELECT json_agg(coalesce(proargnames[n], '') ORDER BY n) FROM generate_series(1, pronargs) AS n), '[]'),
		'types', coalesce((SELECT json_agg(format_type(t, NULL) ORDER BY n) FROM unnest(proargtypes) WITH ORDINALITY AS a (t, n)), '[]'))::text
		FROM pg_proc WHERE has_function_privilege('api', oid, 'EXECUTE') AND proname ~ '^canopy_bulk_' ORDER BY oid::regprocedure::text});
}

# The routes and schemas that the description of the routes has.
sub routes
{
	my $document = decode_json($super->query(q{SELECT convert_from(body, 'UTF8') FROM canopy_bulk_http('GET', '/openapi.json')}));
	my @routes;
	for my $path (sort keys %{ $document->{paths} })
	{
		for my $method (sort keys %{ $document->{paths}{$path} })
		{
			my $operation = $document->{paths}{$path}{$method};
			my @parameters = grep { $_->{in} eq 'query' } map { $_->{'$ref'} ? $document->{components}{parameters}{ $_->{'$ref'} =~ s{.*/}{}r } : $_ } @{ $operation->{parameters} // [] };
			push @routes, { method => uc $method, path => $path, parameters => \@parameters, schema => $operation->{requestBody}{content}{'application/json'}{schema} };
		}
	}
	return (routes => \@routes, schemas => $document->{components}{schemas});
}

# Starts a process that attacks; it ends without the ends of this one.
sub start_child
{
	my ($number, $options) = @_;
	my $out = $attack->node->basedir . "/child_$number";
	my $pid = fork // die "fork: $!";
	return { pid => $pid, number => $number, out => $out } if $pid;
	my $class = delete $options->{class} // 'Attack::Child';
	srand($seed * 100 + $number);
	my $draw = Attack::Draw->new(%facts, sees => delete $options->{sees}, credentials => \@acme);
	eval { $class->new(%$options, attack => $attack, draw => $draw, number => $number, seed => $seed * 100 + $number, out => $out, until => $until)->run; 1 } || print STDERR "child $number: $@";
	POSIX::_exit(0);
}

# Until all have ended: cancels what they do, ends their connections and workers.
sub disturb
{
	my %running = map { $_->{pid} => 1 } @_;
	srand $seed;
	while (%running)
	{
		my $pid = waitpid -1, POSIX::WNOHANG;
		delete $running{$pid} if $pid > 0;
		sleep 0.02 + rand 0.1;
		my $how = rand() < 0.8 ? 'pg_cancel_backend' : 'pg_terminate_backend';
		# after a crash there is no session any more
		$super->try("SELECT pg_catalog.$how(pid) FROM (SELECT pid FROM pg_catalog.pg_stat_activity WHERE backend_type IN ('client backend', 'canopy_bulk job')
			AND pid <> pg_catalog.pg_backend_pid() ORDER BY pg_catalog.random() LIMIT 1) AS one") if rand() < 0.5;
	}
	$attack->{super} = $super = $attack->session if !$super->is_alive;
	return;
}

# What globex has, a digest for each table.
sub globex
{
	my %digest;
	for my $table (split /\n/, $super->query(q{SELECT relname FROM pg_class WHERE relnamespace = 'canopy'::regnamespace AND relkind IN ('r', 'p')
		AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'account_id')}))
	{
		$digest{$table} = $super->query(qq{SELECT count(*) || md5(coalesce(string_agg(t, E'\\n' ORDER BY t), '')) FROM (SELECT (to_jsonb(x) - 'last_used_at')::text FROM canopy."$table" AS x
			WHERE account_id = (SELECT id FROM canopy.account WHERE slug = 'globex')) AS y (t)});
	}
	return \%digest;
}

# Indexes agree with their tables, keys with what they refer to, counts with what they count.
sub consistency
{
	$super->query('CREATE EXTENSION amcheck');
	is($super->outcome(q{SELECT count(bt_index_check(i.indexrelid, true)) > 0 FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS a ON a.oid = c.relam
		WHERE a.amname = 'btree' AND c.relnamespace = 'canopy'::regnamespace AND c.relkind = 'i'}), 't', 'every index agrees with its table');
	is($super->outcome(q{SELECT string_agg(c.relname || ' ' || v.msg, '; ') FROM pg_class AS c, verify_heapam(c.oid) AS v WHERE c.relnamespace = 'canopy'::regnamespace AND c.relkind = 'r'}), '', 'every table is sound');
	# validated again, each constraint looks at every row
	$super->query(q{UPDATE pg_constraint SET convalidated = false WHERE connamespace = 'canopy'::regnamespace AND contype IN ('f', 'c')});
	my @constraints = split /\n/, $super->query(q{SELECT format('ALTER TABLE %s VALIDATE CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
		WHERE connamespace = 'canopy'::regnamespace AND contype IN ('f', 'c') ORDER BY 1});
	is(join('; ', grep { $_ ne '' } map { $super->outcome($_) } @constraints), '', 'every row keeps every constraint');
	is($super->query('SELECT count(*) FROM pg_prepared_xacts'), '0', 'no prepared transaction is left');
	is($super->query(q{SELECT string_agg(concat_ws(' ', i.id, i.mode, i.missing, i.row_count, 'says', i.succeeded_count, i.failed_count, i.skipped_count, 'has', n.*), '; ') FROM canopy.import AS i, LATERAL (SELECT count(*) FILTER (WHERE outcome IN ('created', 'updated') OR skip_reason = 'exists'),
		count(*) FILTER (WHERE outcome = 'failed'), count(*) FILTER (WHERE skip_reason IN ('deselected', 'cancelled')) FROM canopy.import_row AS r WHERE (r.account_id, r.import_id) = (i.account_id, i.id)) AS n (s, f, k)
		WHERE i.status = 'completed' AND (i.succeeded_count, i.failed_count, i.skipped_count) IS DISTINCT FROM (n.s, n.f, n.k)}), '',
		'the counts of every completed import are those of its rows');
	is($super->query(q{SELECT string_agg(id::text, ' ') FROM canopy.audit_log WHERE metadata ? 'total' AND (metadata->>'total')::int <> (metadata->>'succeeded')::int + (metadata->>'failed')::int}), '',
		'every audit entry counts each row once');
	is($super->query(q{SELECT string_agg(id::text, ' ') FROM canopy.job WHERE (status IN ('complete', 'failed', 'cancelled')) <> (finished_at IS NOT NULL)}), '', 'every job that has ended says when');
	return;
}
