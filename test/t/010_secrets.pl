# A password leaves no trace in the clear, whatever becomes of the call that brings it.
#
# Every way a call can end gets a canary of its own, so that a trace says where it
# is from. Each is sent as a literal and as a bind parameter; psql 15 cannot bind,
# so pgbench does, whose variables are parameters under -M extended. What the server
# does before our code runs is not in our hands: a literal in a statement that does
# not parse, and malformed JSON in a jsonb argument (hence canopy_bulk_create_raw).
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Canary;
use Directory;
use File::Find;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('secrets');
fill_directory($node);
my $told = '';

$node->safe_psql('postgres', <<'END');
CREATE SCHEMA dba;
GRANT USAGE ON SCHEMA dba TO PUBLIC;
CREATE FUNCTION dba.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.email LIKE 'slow%' THEN PERFORM pg_sleep(0.2); END IF;
	IF NEW.email LIKE 'refused%' THEN RAISE EXCEPTION 'no %', NEW; END IF;
	IF NEW.email LIKE 'broken%' THEN RAISE EXCEPTION 'no %', NEW USING ERRCODE = 'XX000'; END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON canopy.identity
	FOR EACH ROW EXECUTE FUNCTION dba.refuse();
ALTER TABLE canopy.identity ADD CONSTRAINT no_closed CHECK (email NOT LIKE 'closed%');
CREATE FUNCTION dba.refuse_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'no %', NEW;
END $$;
CREATE FUNCTION dba.breach_raises(password text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'do not know %', password USING DETAIL = password, HINT = password;
END $$;
CREATE FUNCTION dba.breach_executes(password text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'SELECT no_such_column, ' || quote_literal(password);
END $$;
CREATE FUNCTION dba.breach_casts(password text) RETURNS boolean LANGUAGE sql AS
	'SELECT password::integer > 0';
CREATE FUNCTION dba.breach_knows(password text) RETURNS boolean LANGUAGE sql AS
	'SELECT true';
INSERT INTO canopy.identity (account_id, email, first_name, last_name, password_hash)
SELECT 'a0000000-0000-4000-8000-000000000001', name || '@example.com', 'A', 'B', hash
FROM (VALUES ('fast', '{SSHA}' || repeat('A', 32)),
	('uncounted', '{SSHA}' || repeat('A', 32)),
	('lasting', '$pbkdf2-sha512$i=1500000$AAECAwQFBgcICQoLDA0ODw$' || repeat('A', 86))) AS v (name, hash);
CREATE TRIGGER refuse_count BEFORE UPDATE ON canopy.identity
	FOR EACH ROW WHEN (OLD.email LIKE 'uncounted%') EXECUTE FUNCTION dba.refuse_count();
END

# what is no secret is stored, and so found by the searches below: they work
my $control = random_word();
$node->safe_psql('postgres', sprintf "SELECT canopy_bulk_create('%s', 'acme')",
	people('control', 1, last_name => $control));

# each: a name, what is called, the document with CANARY in it, options of the session
my $one = '[{"email":"%s@example.com","first_name":"A","last_name":"B","password":"CANARY"}]';
my $create = "canopy_bulk_create(%s::jsonb, account => 'acme')";
my $sign_in = "canopy_bulk_verify_password('fast\@example.com', %s, 'acme')";
my $raw = "canopy_bulk_create_raw(convert_to(%s, 'UTF8'), account => 'acme')";
my @calls = (
	[ 'success', $create, sprintf $one, 'good' ],
	[ 'success of raw', $raw, sprintf $one, 'good-raw' ],
	[ 'success in an application', "canopy_bulk_create(%s::jsonb, 'acme', 'crm')", sprintf $one, 'app' ],
	[ 'dry run', "canopy_bulk_create(%s::jsonb, 'acme', dry_run => true)", sprintf $one, 'dry' ],
	[ 'update', "canopy_bulk_create(%s::jsonb, 'acme', on_conflict => 'update')", sprintf $one, 'good' ],
	[ 'skip', "canopy_bulk_create(%s::jsonb, 'acme', on_conflict => 'skip')", sprintf $one, 'good' ],
	[ 'bad address', $create, sprintf $one, '' ],
	[ 'conflict', $create, sprintf $one, 'good' ],
	[ 'password of another type', $create, '[{"password":["CANARY"]}]' ],
	[ 'password too long', $create, '[{"password":"CANARYCANARYCANARY"}]' ],
	[ 'unknown fields', $create, '[{"passwrd":"CANARY","Pass-Word":"CANARY","secret":{"x":"CANARY"}}]' ],
	[ 'password in metadata of a bad row', $create, '[{"metadata":{"a":[{"password":"CANARY"}]}}]' ],
	[ 'not a hash', $create, '[{"password_hash":"CANARY"}]' ],
	[ 'refused by a trigger', $create, sprintf $one, 'refused' ],
	[ 'refused by a constraint', $create, sprintf $one, 'closed' ],
	[ 'rolled back', "canopy_bulk_create(%s::jsonb, 'acme', max_failed => 0)",
		(sprintf $one, 'kept') =~ s/\]$/,1]/r ],
	[ 'trigger ends the call', $create, sprintf $one, 'broken' ],
	[ '201 rows', $create, people('many', 201, password => 'CANARY') ],
	[ 'unknown account', "canopy_bulk_create(%s::jsonb, 'nobody')", sprintf $one, 'x' ],
	[ 'no account', 'canopy_bulk_create(%s::jsonb)', sprintf $one, 'x' ],
	[ 'bad option', "canopy_bulk_create(%s::jsonb, 'acme', on_conflict => 'maybe')", sprintf $one, 'x' ],
	[ 'unknown key beside the list', $create, '{"identities":[],"password":"CANARY"}' ],
	[ 'scalar', $create, '"CANARY"' ],
	[ 'malformed, raw', $raw, '[{"password":"CANARY",}]' ],
	[ 'cut off, raw', $raw, '[{"password":"CANARY' ],
	[ 'bad escape, raw', $raw, '[{"password":"CANARY\\u0000"}]' ],
	[ 'not JSON, raw', $raw, 'CANARY' ],
	[ 'not UTF-8, raw', "canopy_bulk_create_raw(convert_to(%s, 'UTF8') || '\\xff'::bytea, 'acme')",
		sprintf $one, 'x' ],
	[ 'breach check finds it', $create, (sprintf $one, 'known'),
		'canopy_bulk.breach_check=dba.breach_knows' ],
	[ 'breach check raises', $create, (sprintf $one, 'b1'),
		'canopy_bulk.breach_check=dba.breach_raises' ],
	[ 'breach check fails in EXECUTE', $create, (sprintf $one, 'b2'),
		'canopy_bulk.breach_check=dba.breach_executes' ],
	[ 'breach check fails in a cast', $create, (sprintf $one, 'b3'),
		'canopy_bulk.breach_check=dba.breach_casts' ],
	[ 'timeout while hashing', $create, people('hashing', 200, password => 'CANARY'),
		'statement_timeout=300' ],
	[ 'sign-in', "jsonb_build_array(canopy_bulk_create(jsonb_build_array(jsonb_build_object('email', 'right\@example.com',
		'first_name', 'A', 'last_name', 'B', 'password', %1\$s::text)), 'acme', on_conflict => 'update'),
		canopy_bulk_verify_password('right\@example.com', %1\$s, 'acme'))", 'CANARY' ],
	[ 'sign-in with a wrong password', $sign_in, 'CANARY' ],
	[ 'sign-in that locks', $sign_in, 'CANARY', 'canopy_bulk.login_max_failures=1' ],
	[ 'sign-in of nobody', $sign_in =~ s/fast/nobody/r, 'CANARY' ],
	[ 'sign-in with a long password', $sign_in, 'CANARY' x 30 ],
	[ 'sign-in, unknown account', $sign_in =~ s/acme/nowhere/r, 'CANARY' ],
	[ 'sign-in, no account', $sign_in =~ s/acme//r, 'CANARY' ],
	[ 'sign-in, no address', "canopy_bulk_verify_password(NULL, %s, 'acme')", 'CANARY' ],
	[ 'sign-in, password for the address', "canopy_bulk_verify_password(%s, %1\$s, 'acme')", 'CANARY' ],
	[ 'sign-in, read-only', $sign_in, 'CANARY', 'default_transaction_read_only=on' ],
	[ 'sign-in that a trigger ends', $sign_in =~ s/fast/uncounted/r, 'CANARY' ],
	[ 'timeout while verifying', $sign_in =~ s/fast/lasting/r, 'CANARY', 'statement_timeout=300' ],
	[ 'timeout while writing', $create, people('slow', 20, password => 'CANARY'),
		'canopy_bulk.argon2_memory=7168', 'canopy_bulk.argon2_passes=1', 'statement_timeout=1500' ],
);

for my $call (@calls)
{
	my ($name, $function, $document, @options) = @$call;
	local $ENV{PGOPTIONS} = join ' ', map { "-c $_" } @options;
	send_literal("$name, literal", $function, $document);
	send_bound("$name, bound", $function, $document);
}

# a password in the file of an import, which is called in one statement
my $csv = 'email,first_name,last_name,password';
my $open = "canopy_bulk_import_open(%s, 'acme')->>'id'";
my $upload = 'canopy_bulk_import_upload_text((' . sprintf($open, "'account_create'") . ")::uuid, %s, account => 'acme'";
my $bytes = $upload =~ s/upload_text/upload/r =~ s/%s/convert_to(%s, 'UTF8')/r;
my @files = (
	[ 'a file', "$upload)", "$csv\ncsv\@example.com,A,B,CANARY" ],
	[ 'a file of bytes', "$bytes)", "$csv\ncsv2\@example.com,A,B,CANARY" ],
	[ 'a quoted password', "$upload)", "$csv\ncsv\@example.com,A,B,\"CAN\"\"ARY\"" ],
	[ 'a password in a ragged row', "$upload)", "$csv\nx\@example.com,A,CANARY\nA,B,C,D,CANARY\nA,B,C,\"D\"CANARY" ],
	[ 'a password that is too long', "$upload)", "$csv\ncsv\@example.com,A,B,CANARYCANARYCANARY" ],
	[ 'a password in a column by name', "$upload, secret_columns => '{Pin}')", "email,first_name,last_name,Pin\ncsv\@example.com,A,B,CANARY" ],
	[ 'a second column of passwords', "$upload)", "$csv,Confirm password\ncsv\@example.com,A,B,CANARY,CANARY" ],
	[ 'a mode without passwords', $upload =~ s/'account_create', 'acme'/'create', 'acme', application => 'crm'/r . ')', "$csv\ncsv\@example.com,A,B,CANARY" ],
	[ 'a file without rows', "$upload)", "$csv,CANARY" ],
	[ 'a file in another encoding', $bytes =~ s/'UTF8'\)/'UTF8') || '\\xff'::bytea/r . ", encoding => 'UTF-8')", "$csv\ncsv\@example.com,A,B,CANARY" ],
	[ 'a quote without end', "$upload)", "$csv\ncsv\@example.com,A,B,\"CANARY" ],
	[ 'an unknown column', "$upload, secret_columns => '{Nix}')", "$csv\ncsv\@example.com,A,B,CANARY" ],
	[ 'a file that a breach check knows', "$upload)", "$csv\ncsv\@example.com,A,B,CANARY", 'canopy_bulk.breach_check=dba.breach_knows' ],
	[ 'a file that a breach check dislikes', "$upload)", "$csv\ncsv\@example.com,A,B,CANARY", 'canopy_bulk.breach_check=dba.breach_raises' ],
	[ 'a file that takes too long', "$upload)", "$csv\n" . join('', map { "csv$_\@example.com,A,B,CANARY\n" } 1 .. 200), 'statement_timeout=300' ],
);
for my $file (@files)
{
	my ($name, $function, $document, @options) = @$file;
	local $ENV{PGOPTIONS} = join ' ', map { "-c $_" } @options;
	send_literal("$name, literal", $function, $document);
	send_bound("$name, bound", $function, $document);
}
$told .= $node->safe_psql('postgres', q{SELECT canopy_bulk_import_preview(id, 'acme'), canopy_bulk_import_rows(id, account => 'acme'),
	canopy_bulk_import_info(id, 'acme') FROM canopy.import WHERE status = 'mapped'});

# somebody else ends the call: while it hashes, and while it writes
for my $how (qw(cancel terminate))
{
	interrupt("$how while hashing", $how, 'a', 'hashing', 200);
	interrupt("$how while writing", $how, 'b', 'slow', 20);
}

# a deadlock report lists the statements of both sides
{
	my $name = 'victim of a deadlock';
	$node->safe_psql('postgres', q{SELECT canopy_bulk_create('[
		{"email":"d1@example.com","first_name":"A","last_name":"B"},
		{"email":"d2@example.com","first_name":"A","last_name":"B"}]', 'acme')});
	my $other = $node->background_psql('postgres');
	$other->query_safe(q{BEGIN; SET LOCAL deadlock_timeout = '1h';
		UPDATE canopy.identity SET first_name = 'C' WHERE email = 'd2@example.com'});
	my $sql = sprintf "SELECT canopy_bulk_create('%s', 'acme', on_conflict => 'update')",
	  people('d', 2, password => canary($name));
	my ($out, $err) = ('', '');
	my $h = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', $sql ],
		'<', \undef, '>', \$out, '2>', \$err);
	$node->poll_query_until('postgres',
		q{SELECT count(*) = 1 FROM pg_locks WHERE NOT granted}) or die 'nobody waits';
	$other->query_until(qr//, q{UPDATE canopy.identity SET first_name = 'C' WHERE email = 'd1@example.com';} . "\n");
	$h->finish;
	$other->{timeout}->reset if $other->{timeout};
	$other->quit;
	$told .= $out . $err;
	like($err, qr/deadlock detected/, 'the call with the literal is the victim of the deadlock');
}

# all of the above happened, and each call ended as it was meant to
my $log = slurp_file($node->logfile);
for my $word ('canceling statement due to statement timeout', 'canceling statement due to user request',
	'terminating connection due to administrator command', 'breach check', 'too many')
{
	like($log, qr/$word/i, "the log has: $word");
}
like($told, qr/"status": "success"/, 'some rows were written');
like($told, qr/"code": "password_breached"/, 'some rows were refused');
like($told, qr/"verified": true/, 'somebody has signed in');
like($log, qr/read-only transaction/, 'and somebody could not try');
like($told, qr/"plan_digest"/, 'imports were previewed');
is($node->safe_psql('postgres', q{SELECT count(*) > 10 FROM canopy.import_row WHERE password_hash LIKE '$argon2id$%'}), 't', 'passwords of files were hashed');

# the canaries are nowhere
$node->safe_psql('postgres', 'CHECKPOINT');
traces('the server log', $log);
traces('answers and errors', $told);
my $tables = $node->safe_psql('postgres', q{
	SELECT query_to_xml('TABLE canopy.' || quote_ident(relname), true, true, '')
	FROM pg_class WHERE relnamespace = 'canopy'::regnamespace AND relkind = 'r'});
like($tables, qr/$control/, 'the tables are searched');
traces('the tables', $tables);
my %files;
find({ no_chdir => 1, wanted => sub { $files{$_} = 1 if -f } }, $node->data_dir);
my ($found, %searched) = ('');
for my $file (sort keys %files)
{
	my $content = eval { slurp_file($file) } // next;
	$found .= join '', map { "$_ in $file\n" } found_in($content);
	$searched{$1} = 1 if $file =~ m{/(base|pg_wal)/} && index($content, $control) >= 0;
}
is(join(' ', sort keys %searched), 'base pg_wal', 'the files of the tables and the WAL are searched');
is($found, '', 'no canary in the data directory and the WAL');

$node->stop;
done_testing();

sub send_literal
{
	my ($name, $function, $document) = @_;
	my $canary = canary($name);
	my $text = $document =~ s/CANARY/$canary/gr;
	$text =~ s/'/''/g;
	my ($code, $out, $err) = $node->psql('postgres', 'SELECT ' . sprintf($function, "'$text'"));
	# psql repeats the line of an error that has a position: what the client was told
	# is the message, not the client's own statement
	$err =~ s/^LINE \d+:.*\n.*$//m;
	$told .= "$out\n$err\n";
	return;
}

sub send_bound
{
	my ($name, $function, $document) = @_;
	my $canary = canary($name);
	my $text = $document =~ s/CANARY/$canary/gr;
	my $script = $node->basedir . '/bound.sql';
	open my $file, '>', $script or die;
	print $file 'SELECT ', sprintf($function, ':body'), ";\n";
	close $file;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'pgbench', '-n', '-t', 1, '-M', 'extended', '-D', "body=$text", '-f', $script,
			$node->connstr('postgres') ], '>', \$out, '2>', \$err);
	$told .= "$out\n$err\n";
	return;
}

# A literal call that is ended from another session as soon as it is at work.
sub interrupt
{
	my ($name, $how, $tag, $prefix, $n) = @_;
	my $quick = $prefix eq 'slow' ? '-c canopy_bulk.argon2_memory=7168 -c canopy_bulk.argon2_passes=1' : '';
	local $ENV{PGOPTIONS} = $quick;
	local $ENV{PGAPPNAME} = 'victim';
	my $sql = sprintf "SELECT canopy_bulk_create('%s', 'acme')",
	  people("$prefix$how", $n, password => canary($name));
	my ($out, $err) = ('', '');
	my $h = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', $sql ],
		'<', \undef, '>', \$out, '2>', \$err);
	my $at_work = $prefix eq 'slow' ? "wait_event = 'PgSleep'" : "now() - query_start > '0.2 s'";
	$node->poll_query_until('postgres', qq{SELECT count(*) = 1 FROM pg_stat_activity
		WHERE application_name = 'victim' AND pid <> pg_backend_pid() AND state = 'active' AND $at_work}) or die 'no victim';
	$node->safe_psql('postgres', qq{SELECT pg_${how}_backend(pid) FROM pg_stat_activity
		WHERE application_name = 'victim' AND pid <> pg_backend_pid()});
	$h->finish;
	$told .= "$out\n$err\n";
	return;
}

sub traces
{
	my ($where, $text) = @_;
	is(join("\n", found_in($text)), '', "no canary in $where");
	return;
}
