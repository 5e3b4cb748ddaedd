# Attacker: the owner of the directory, an ordinary role.
# Rights: to alter, replace and fill the tables of the directory; none on the server.
# Must not happen: a function, a route or a worker that meets such a table crashes, reads memory as
#   what it is not, or ends with an internal error.
#
# The alterations are made of the catalogs, so that a new column is among them by itself.  Every call
# is made after each, in a transaction that is rolled back.  Without CANOPY_LONG=1 it is a choice of
# them, for which CANOPY_SEED may name the number to choose by; CANOPY_ONLY is a pattern of their names.
use strict;
use warnings;
use Attack;
use Attack::Calls;
use List::Util qw(shuffle);
use Test::More;
use Time::HiRes qw(sleep time);

my $long = $ENV{CANOPY_LONG};
my $only = $ENV{CANOPY_ONLY} // '';
my $seed = $ENV{CANOPY_SEED} // time;
srand int $seed;
note('CANOPY_SEED=' . int $seed);

my $attack = Attack->new('altered', settings => [ q{canopy_bulk.import_allowed_hosts = 'files.example'}, 'max_locks_per_transaction = 256' ]);
fill_tables($attack);
my @calls = calls($attack);
is_deeply([ functions_without_a_call($attack, @calls), routes_without_a_call($attack, @calls) ], [], 'every function and every route is called');
is($attack->super->query("SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = 'canopy'::regnamespace AND relkind = 'r'
	AND query_to_xml('SELECT 1 FROM canopy.' || quote_ident(relname) || ' LIMIT 1', false, true, '')::text = ''"), '', 'every table has a row');
$attack->super->quit;
$attack->node->safe_psql('template1', 'CREATE DATABASE pristine TEMPLATE postgres');
my $super = $attack->{super} = $attack->session;
prepare();

# as it is: what each call answers, for comparison
my %before = map { split / /, $_, 2 } answers($super, 0, 1);
is_deeply([ grep { $before{$_} ne 'answer' } sort keys %before ], [], 'every call answers while the tables are as they were made');

my @alterations = grep { $_->{name} =~ /$only/ } shuffle(alterations());
my @always = grep { $_->{always} } @alterations;
@alterations = (@always, grep { defined } (grep { !$_->{always} } @alterations)[ 0 .. 259 ]) unless $long;
my ($wrong, $refused) = (0, 0);
my $pid = $super->pid;
for my $alteration (@alterations)
{
	my ($name, $table) = @$alteration{qw(name table)};
	# the server keeps the plans of foreign keys that a rule has changed, also when the rule is gone
	my $session = $alteration->{rule} ? $attack->session : $super;
	my $changed = $session->try("BEGIN; $alteration->{sql}");
	if ($changed->{state})
	{
		fail("$name can be made");
		diag("$changed->{state} $changed->{message}\n$alteration->{sql}");
		$session->try('ROLLBACK');
		next;
	}
	my @answers = eval { answers($session, $long || $alteration->{always} ? (0, 1) : (int rand 4, 4)) };
	my @faults = $@ ? ($@) : grep { is_fault($_, $alteration) } @answers;
	$refused += grep { / 55000 / } @answers;
	if (@faults)
	{
		$wrong++;
		fail("after $name every call ends with an answer or an error that names it");
		diag(join "\n", map { substr $_, 0, 600 } @faults[ 0 .. ($#faults > 4 ? 4 : $#faults) ]);
	}
	last if $@ && !reconnect();
	$session->try('ROLLBACK');
	$session->quit if $alteration->{rule};
}
is($wrong, 0, scalar(@alterations) . ' alterations: every call ends with an answer or an error that names it');
cmp_ok($refused, '>', @alterations, 'many a call is refused');
is($super->pid, $pid, 'all of it in one session');

workers();
$attack->end;

# The functions that alter and ask, and the calls.
sub prepare
{
	$super->query(<<'END');
CREATE SCHEMA attack;
CREATE TABLE attack.call (n serial, is_function boolean, call text);

-- Takes away what hangs on a column: default, constraints, indexes, generated columns.
CREATE FUNCTION attack.free(of regclass, col name) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	attr smallint := (SELECT attnum FROM pg_attribute WHERE attrelid = of AND attname = col);
	made record;
BEGIN
	FOR made IN SELECT attname FROM pg_attribute WHERE attrelid = of AND attgenerated = 's' LOOP
		EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP EXPRESSION', of, made.attname);
	END LOOP;
	EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', of, col);
	LOOP
		SELECT conrelid::regclass AS rel, conname INTO made FROM pg_constraint WHERE contype IN ('c', 'f', 'p', 'u', 'x')
			AND ((conrelid = of AND attr = ANY (conkey)) OR (confrelid = of AND attr = ANY (confkey))) LIMIT 1;
		EXIT WHEN made IS NULL;
		EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', made.rel, made.conname);
	END LOOP;
	FOR made IN SELECT DISTINCT objid::regclass AS index FROM pg_depend WHERE classid = 'pg_class'::regclass AND refobjid = of AND refobjsubid = attr
		AND EXISTS (SELECT FROM pg_index WHERE indexrelid = objid) LOOP
		EXECUTE format('DROP INDEX %s', made.index);
	END LOOP;
END $$;

-- Makes the calls, each undone; gives its number and "answer", or SQLSTATE, message and detail.
CREATE FUNCTION attack.answers(part integer, parts integer) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	asked record;
	said text;
	told text;
BEGIN
	FOR asked IN SELECT * FROM attack.call WHERE is_function OR n % parts = part ORDER BY n LOOP
		BEGIN
			EXECUTE asked.call;
			RAISE EXCEPTION USING ERRCODE = 'ZZ000';
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, told = PG_EXCEPTION_DETAIL;
			RETURN NEXT asked.n || CASE SQLSTATE WHEN 'ZZ000' THEN ' answer' ELSE format(' %s %s: %s', SQLSTATE, said, told) END;
		END;
	END LOOP;
END $$;
END
	$super->query(sprintf "INSERT INTO attack.call (is_function, call) VALUES (%s, %s)", $_ =~ /canopy_bulk_http/ ? 'false' : 'true', quote($_)) for @calls;
	return;
}

sub quote { my ($text) = @_; return q{'} . $text =~ s/'/''/gr . q{'} }

# "n answer" or "n SQLSTATE message: detail" of each call; of one of so many parts of the routes.
sub answers
{
	my ($session, $part, $parts) = @_;
	return split /\n(?=\d+ (?:answer|\w{5} ))/, $session->query("SELECT * FROM attack.answers($part, $parts)");
}

# An internal error; an error of the parser or planner that is not explained; an explanation that
# does not name the table; and any error at all where the alteration makes no difference.
sub is_fault
{
	my ($answer, $alteration) = @_;
	my ($state, $text) = $answer =~ /^\d+ (\w{5}) (.*)/s or return 0;
	return 1 if $alteration->{harmless};
	# of a version that is not the right one, setup cannot tell what is there
	return 0 if "$alteration->{table} $state" eq 'migration 42P07';
	# the counts of an import and its rows are compared when it ends
	return 0 if $alteration->{table} =~ /^import/ && $text =~ /^the counts of an import are not those of its rows/;
	# the server's own, of a rule that changes what a foreign key asks
	return 0 if $text =~ /^referential integrity query on /;
	return 1 if $state =~ /^(?:XX|0A|42(?!501))/;
	return $state eq '55000' && $text =~ /^a (?:table|rule|row) .*directory/ && $text !~ /canopy\.$alteration->{table}\b/ && $text !~ /^a rule/;
}

sub reconnect
{
	$super = $attack->{super} = eval { $attack->session } // return 0;
	return 1;
}

# Everything that is altered: {name, table, sql}; harmless where all must work as before.
sub alterations
{
	my @all;
	for (split /\n/, $super->query(q{SELECT c.relname || ' ' || a.attname || ' ' || format_type(a.atttypid, NULL)
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'canopy'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped}))
	{
		my ($table, $column, $type) = split / /, $_, 3;
		my $add = sub { my ($what, $sql, %more) = @_; push @all, { name => "$table.$column $what", table => $table, sql => "SELECT attack.free('canopy.$table', '$column'); $sql", %more } };
		my $alter = "ALTER TABLE canopy.$table";
		for my $other (other_types($type))
		{
			my ($new, $using) = @$other;
			$add->("of type $new", "$alter ALTER COLUMN $column TYPE $new USING " . ($using =~ s/%s/$column/gr));
		}
		# not where a column is generated of others, which then keep their types
		push @all, { name => "$table.$column of a domain", table => $table, sql => "CREATE DOMAIN attack.alike AS $type; $alter ALTER COLUMN $column TYPE attack.alike", harmless => 1 }
		  unless $type =~ /\[\]/ || $table eq 'identity_invite';
		$add->('without a value', "$alter ALTER COLUMN $column DROP NOT NULL; UPDATE canopy.$table SET $column = NULL");
		$add->('gone', "$alter DROP COLUMN $column CASCADE");
		$add->("with " . substr($_, 0, 60), "UPDATE canopy.$table SET $column = $_") for odd_values($type);
	}
	for my $table (split /\n/, $super->query(q{SELECT relname FROM pg_class WHERE relnamespace = 'canopy'::regnamespace AND relkind = 'r'}))
	{
		my $columns = $super->query("SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attrelid = 'canopy.$table'::regclass AND attnum > 0 AND NOT attisdropped");
		my $free = join ' ', map { "SELECT attack.free('canopy.$table', '$_');" } split /, /, $columns;
		my $add = sub { my ($what, $sql, %more) = @_; push @all, { name => "$table $what", table => $table, sql => $sql, %more } };
		$add->('as a view', "ALTER TABLE canopy.$table RENAME TO before; CREATE VIEW canopy.$table AS SELECT * FROM canopy.before; ALTER VIEW canopy.$table OWNER TO owner", always => 1);
		$add->('as a view of other rows', "ALTER TABLE canopy.$table RENAME TO before; CREATE VIEW canopy.$table AS SELECT * FROM canopy.before UNION ALL SELECT * FROM canopy.before; ALTER VIEW canopy.$table OWNER TO owner");
		$add->('gone', "DROP TABLE canopy.$table CASCADE", always => 1);
		$add->('empty', "TRUNCATE canopy.$table CASCADE");
		$add->('with each row twice', "$free INSERT INTO canopy.$table SELECT * FROM canopy.$table", always => 1);
		$add->('with more columns', "ALTER TABLE canopy.$table ADD \"a b\" point DEFAULT '(1,2)', ADD c tsvector, ADD d numeric DEFAULT 1", harmless => 1);
		$add->("with a rule ON $_", "CREATE RULE other AS ON $_ TO canopy.$table DO INSTEAD NOTHING", rule => 1) for qw(INSERT UPDATE DELETE);
		$add->("with one more rule ON $_", "CREATE RULE other AS ON $_ TO canopy.$table DO ALSO SELECT 1", rule => 1) for qw(INSERT UPDATE DELETE);
	}
	my %known = map { $_ => 1 } 'job.error_message of type bigint', 'job.actor_type without a value', 'import.header without a value', 'import.row_count with -1', 'import.batch_size with 0';
	$_->{always} ||= $known{ $_->{name} } for @all;
	return @all;
}

# Types of the same length in memory and of another, each with an expression for the old value.
sub other_types
{
	my ($type) = @_;
	my %types = (
		uuid => [ [ 'point', q{'(1,2)'::point} ], [ 'text', '%s::text' ], [ 'bigint', '1' ], [ 'bytea', q{'x'} ] ],
		text => [ [ 'bytea', q{convert_to(%s, 'UTF8')} ], [ 'bigint', 'length(%s)' ], [ 'uuid', 'md5(%s)::uuid' ], [ 'jsonb', 'to_jsonb(%s)' ], [ 'name', '%s::name' ] ],
		'timestamp with time zone' => [ [ 'bigint', 'extract(epoch FROM %s)::bigint' ], [ 'text', '%s::text' ], [ 'date', '%s::date' ], [ 'timestamp', '%s::timestamp' ] ],
		integer => [ [ 'date', q{date '2000-01-01' + %s} ], [ 'bigint', '%s' ], [ 'text', '%s::text' ], [ 'smallint', '1' ] ],
		bigint => [ [ 'timestamptz', q{now() + %s * interval '1 s'} ], [ 'integer', '1' ], [ 'text', '%s::text' ] ],
		jsonb => [ [ 'bytea', q{convert_to(%s::text, 'UTF8')} ], [ 'text', '%s::text' ], [ 'json', '%s::json' ], [ 'bigint', '1' ] ],
		boolean => [ [ '"char"', q{CASE WHEN %s THEN 't' ELSE 'f' END::"char"} ], [ 'integer', '%s::integer' ], [ 'text', '%s::text' ] ],
		bytea => [ [ 'text', q{encode(%s, 'hex')} ], [ 'bigint', '1' ], [ 'uuid', 'gen_random_uuid()' ] ],
		'text[]' => [ [ 'integer[]', q{'{1,2}'} ], [ 'text', '%s::text' ], [ 'bigint', '1' ], [ 'bytea', q{'x'} ] ],
		'integer[]' => [ [ 'bigint[]', q{'{1,2}'} ], [ 'text[]', q{'{a,b}'} ], [ 'bigint', '1' ] ]);
	my $known = $types{$type} // die "no other types for $type\n";
	return @$known;
}

# Values that the functions never write.
sub odd_values
{
	my ($type) = @_;
	my %values = (
		uuid => [q{'00000000-0000-0000-0000-000000000000'}],
		text => [ q{''}, q{'odd'}, q{'%s%n'}, q{repeat('x', 9000)}, q{E'\u00e9"\\\\\n'}, q{'1/1/1'}, q{'99999999999999999999/99999999999/-1'} ],
		'timestamp with time zone' => [ q{'infinity'}, q{'-infinity'}, q{'4713-01-01 BC'}, q{'294276-12-31'} ],
		integer => [ '-2147483648', '-1', '0', '2147483647' ],
		bigint => [ '-9223372036854775808', '0', '9223372036854775807' ],
		boolean => [ 'true', 'false' ],
		bytea => [ q{''}, q{'\x01'}, q{decode(repeat('00', 33), 'hex')} ],
		'text[]' => [ q{'{}'}, q{'{NULL}'}, q{'{{a,b},{c,d}}'}, q{'[5:6]={a,b}'}, q{array_fill('x'::text, '{3000}')} ],
		'integer[]' => [ q{'{}'}, q{'{NULL}'}, q{'{{1,2},{3,4}}'}, q{'{-2147483648,2147483647,0}'} ],
		jsonb => [ map { "'$_'" } qw(1 "x" null [] [1] [[]] {} [null] true), '[{"code": 5, "column": "x"}]', '[{"code": [], "column": 1e30}, {}]', '{"code": {}}',
			'{"image": "99999999999:1"}', '{"image": "2147483647:1 2147483647:1 2147483647:1 2147483647:1 2147483647:1"}', '{"image": "-1:1", "identity": [], "mail": 5}',
			'{"image": "0:0 0:0 0:0 0:0 0:0", "identity": [1], "old_membership": [1], "membership": {"id": {}}, "assignments": {"a": 1}, "enrolments": 1, "old_enrolments": "x"}',
			'{"results": 5, "summary": 5}', '{"results": [5]}', '{"results": [{"code": "x", "status": 5}]}', '{"results": [{"code": 1e20, "status": "success", "data": 5}]}',
			'{"mode": 5, "dry_run": "x", "options": [1], "on_conflict": {}, "role": [], "course_ids": [5], "client_id": 1}' ]);
	my $known = $values{$type} // die "no odd values for $type\n";
	return @$known;
}

# What only workers and procedures do: in a copy of the database, where the alteration is committed.
sub workers
{
	my $alter = sub { my ($of, $sql) = @_; my ($table, $column) = split /\./, $of; return "SELECT attack.free('canopy.$table', '$column'); " . sprintf($sql, "canopy.$table", $column) };
	my $null = 'ALTER TABLE %1$s ALTER COLUMN %2$s DROP NOT NULL; UPDATE %1$s SET %2$s = NULL';
	my @cases = map { [ "$_->[0] with $_->[1]", $alter->($_->[0], "UPDATE %1\$s SET %2\$s = $_->[1]") ] } [ 'job.actor_type', 'NULL' ], [ 'import.header', 'NULL' ], [ 'job.parameters', q{'[]'} ], [ 'job.status', q{'odd'} ],
	  [ 'import.batch_size', '0' ], [ 'import.options', q{'[1]'} ], [ 'import.next_row', '-5' ], [ 'import_row.cells', q{'{NULL}'} ], [ 'import_row.plan', q{''} ];
	push @cases, map { [ "$_ without a value", $alter->($_, $null) ] } 'job.import_id', 'job.role_name', 'import_row.cells', 'import.mode';
	push @cases, [ 'job.source_url without a value, of a file to be fetched', q{UPDATE canopy.job SET source_url = NULL, kind = 'import_url'} ];
	push @cases, map { [ $_->{name}, $_->{sql} ] } $long ? grep { $_->{table} =~ /^(?:job|import|import_row|identity|idempotency_key|audit_log)$/ && !$_->{harmless} && $_->{name} =~ /without|gone|of type/ } alterations() : ();
	for my $case (@cases)
	{
		my ($name, $sql) = @$case;
		$super->query('CREATE DATABASE altered TEMPLATE pristine');
		my $session = $attack->session(database => 'altered');
		$session->query("CREATE SCHEMA attack; " . $super->query(q{SELECT pg_get_functiondef('attack.free'::regproc)}));
		$session->query(q{DELETE FROM canopy.job WHERE kind = 'import_url'; UPDATE canopy.job SET lease_until = NULL});
		$session->query($sql);
		my $ran = $session->try("CALL public.canopy_bulk_import_run('$attack->{made}{ready}', account => 'acme')");
		unlike($ran->{state}, qr/^(?:XX|08|0A|42(?!501))/, "$name: running an import ends with an answer or an error that names it") || diag("$ran->{state} $ran->{message} $ran->{detail}");
		my $ended = ended_workers();
		my $started = $session->try(q{SELECT public.canopy_bulk_resume('acme')});
		unlike($started->{state}, qr/^(?:XX|08|0A|42(?!501))/, "$name: jobs are resumed, or an error names it") || diag("$started->{state} $started->{message}");
		my $until = time + 60;
		sleep 0.05 until !$started->{output} || ended_workers() >= $ended + $started->{output} || no_job_left($session) || time > $until;
		cmp_ok(time, '<=', $until, "$name: the workers that are started end as workers do");
		$session->quit;
		$super->query('DROP DATABASE altered WITH (FORCE)');
	}
	return;
}

# A job that there is no point in is ended without a word.
sub no_job_left { my ($session) = @_; return $session->outcome(q{SELECT count(*) FROM canopy.job WHERE status IN ('queued', 'fetching', 'running') AND account_id = md5('acme')::uuid}) eq '0' }
sub ended_workers { return scalar(() = $attack->log_text =~ /canopy_bulk job \S+ ended|could not take a job/g) }
