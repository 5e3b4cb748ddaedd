# What becomes of an import is told in full: as pages, as lists, as files that can be mended
# and uploaded, and in one go from psql.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('results', quick_hashes());
fill_directory($node);
$node->safe_psql('postgres', q{
	ALTER DATABASE postgres SET canopy_bulk.account = 'acme';
	INSERT INTO canopy.application (account_id, slug, name) SELECT id, 'wiki', 'Wiki' FROM canopy.account;
	INSERT INTO canopy.account (slug, name) VALUES ('globex', 'Globex')});

# cells that a spreadsheet would evaluate, cells that CSV must quote, blanks and nothing
my @cells = ('=1+1', '+49 30 1', '-x', '@sum', "'=1", "tab\there", 'a;b', 'a,b', 'say "x"', "two\nlines", " blank ", '', "'", '"', 'plain');
my $header = join ';', 'E-Mail', 'Vorname', 'Nachname', map { "metadata.c$_" } 0 .. $#cells;
my $file = "# comment\n$header\n" . join '', map {
	my $address = $_;
	join(';', $address, 'A', 'B', map { quoted($_) } @cells) . "\n" } 'good@example.com', 'bad';
my $summary = whole($file);
is_deeply([ @{$summary}{qw(status rows created failed errors)} ], [ 'completed', 2, 1, 1, { email_invalid => 1 } ], 'one row is good, the other is bad');
my $failed = csv($summary->{id}, "'failed'");
unlike($failed, qr/(^|;|\n)"?[=+\-@\t]/, 'no cell begins as a formula does');
my $again = whole($failed =~ s/^bad;/mended\@example.com;/mr);
is_deeply([ @{$again}{qw(status rows created)} ], [ 'completed', 1, 1 ], 'the file is mended and uploaded');
is(query(q{SELECT count(DISTINCT metadata) FROM canopy.identity}), 1, 'what comes in the second time is what came in the first time, sign by sign');
is(query(q{SELECT string_agg(value, '|' ORDER BY substr(key, 2)::int) FROM canopy.identity, jsonb_each_text(metadata) WHERE email = 'mended@example.com'}),
	join('|', grep { $_ ne '' } @cells) =~ s/ blank /blank/r =~ s/'=/=/r, 'and what was sent, but for the quote before what would be a formula');
is(csv($again->{id}, "'failed'"), "$header;error_code;error_message", 'nothing is left to do then');
like(csv($summary->{id}, "'all'"), qr/\Arow_number;line_number;E-Mail;.*;outcome;skip_reason;code;id;error_code;error_message\r\n1;3;good\@.*;created;;201;[0-9a-f-]{36};;\r\n2;5;bad;.*;skipped;deselected;;;email_invalid;email: The email address is not valid\.\z/s,
	'the file of all rows has every result');
is(substr(csv($summary->{id}, "'all', true"), 0, 4), "\xef\xbb\xbfr", 'a byte order mark on request');
is(sqlstate_of($node, "SELECT canopy_bulk_import_csv('$summary->{id}', 'some')"), '22023', 'a file of some rows');

# pages of results
my $many = whole("email,first_name,last_name\n" . join('', map { ($_ % 10 ? "m$_\@example.com" : 'bad') . ",A,B\n" } 1 .. 250), "on_conflict => 'skip'");
my $page = decode_json(query("SELECT canopy_bulk_import_results('$many->{id}', page => 3, take => 100)"));
is_deeply([ scalar @{ $page->{items} }, $page->{items}[0]{row_number}, $page->{items}[0]{line_number}, $page->{pagination}{item_count} ], [ 50, 201, 202, 250 ], 'the last page');
is_deeply([ sort keys %{ $page->{items}[0] } ], [qw(cells code error_code error_message id line_number outcome row_number skip_reason)], 'what a row has');
is(query("SELECT canopy_bulk_import_results('$many->{id}', '$_->[0]')->'pagination'->>'item_count'"), $_->[1], "rows that were $_->[0]")
  for [ created => 225 ], [ updated => 0 ], [ skipped => 25 ], [ failed => 0 ];
my $skipped = whole("email,first_name,last_name\nm1\@example.com,A,B\n", "on_conflict => 'skip'");
is(query("SELECT r->>'skip_reason' FROM jsonb_array_elements(canopy_bulk_import_results('$skipped->{id}')->'items') AS r"), 'exists', 'one that was there is skipped');
is(sqlstate_of($node, "SELECT canopy_bulk_import_results('$many->{id}', $_)"), '22023', "results of $_") for "'lost'", 'page => 0', 'take => 101';

# before the end there is nothing to tell
my $open = query("SELECT canopy_bulk_import_open('account_create')->>'id'");
is(sqlstate_of($node, "SELECT canopy_bulk_import_results('$open')"), 'PT409', 'results of what was not submitted');
is(sqlstate_of($node, "SELECT canopy_bulk_import_csv('$open')"), 'PT409', 'a file of what has not ended');
is(sqlstate_of($node, "CALL canopy_bulk_import_run('$open')"), 'PT409', 'a run of what was not previewed');
is(query("SELECT canopy_bulk_import_cancel('$open')->>'status'"), 'cancelled', 'what was not submitted can be cancelled');
is(query("SELECT count(*) FROM canopy.audit_log WHERE metadata->>'import_id' = '$open'"), 1, 'and one audit entry');

# lists, and who sees what
$node->safe_psql('postgres', "SELECT canopy_bulk_import_open('create', application => '$_')") for qw(crm wiki wiki);
is(list(''), '8 8', 'all of the account');
is(list("application => 'wiki'"), '2 2', 'those of an application');
is(list("status => 'completed'"), '4 4', 'those of a status');
is(list('take => 3, page => 3'), '2 8', 'a page of them');
is(list("account => 'globex'"), '0 0', 'another account has none');
is(sqlstate_of($node, "SELECT canopy_bulk_imports($_)"), '22023', "a list of $_") for "status => 'lost'", 'take => 0';
my $claims = sub { my $claims = encode_json({ sub => 'x', principal_type => 'user', @_ }); "SET request.jwt.claims = '$claims';" };
is(query($claims->(account => 'acme', application => 'wiki') . "SELECT canopy_bulk_imports()->'pagination'->>'item_count'"), 2, 'who is bound to an application sees its imports');
is(sqlstate_of($node, $claims->(account => 'acme', application => 'wiki') . "SELECT canopy_bulk_import_$_->[0]('$many->{id}'$_->[1])"), 'PT404', "and nothing of others: $_->[0]")
  for [ info => '' ], [ results => '' ], [ csv => '' ], [ cancel => '' ];
is(sqlstate_of($node, $claims->(account => 'globex') . "SELECT canopy_bulk_import_$_('$many->{id}', account => 'globex')"), 'PT404', "in another account there is none: $_")
  for qw(info results csv cancel);
is(sqlstate_of($node, $claims->(account => 'globex') . "CALL canopy_bulk_import_run('$many->{id}', account => 'globex')"), 'PT404', 'nor can it be run');
is(query('SELECT count(*) FROM canopy_bulk_progress'), 5, 'progress shows what has ended a short time ago');
is(query($claims->(account => 'globex') . 'SELECT count(*) FROM canopy_bulk_import_progress(\'globex\')'), 0, 'of the account alone');
is(query("SET canopy_bulk.account = ''; SELECT count(*) FROM canopy_bulk_progress"), 5, 'a database role without an account sees all');
is(sqlstate_of($node, $claims->(account => 'globex') . 'SELECT * FROM canopy_bulk_progress'), '42501', 'claims bind there too');

# rights: the view is one thing, the function another; the procedures have theirs
$node->safe_psql('postgres', 'CREATE ROLE watcher LOGIN; CREATE ROLE runner LOGIN; GRANT SELECT ON canopy_bulk_progress TO watcher, runner;
	GRANT EXECUTE ON FUNCTION canopy_bulk_import_progress TO runner;
	GRANT EXECUTE ON PROCEDURE canopy_bulk_import(text, text, text, text, text, text, jsonb, text, text, text[], text, integer, integer, boolean, jsonb) TO runner');
is(sqlstate_of($node, 'SELECT * FROM canopy_bulk_progress', user => 'watcher'), '42501', 'the view alone shows nothing');
is(sqlstate_of($node, 'SELECT * FROM canopy_bulk_progress', user => 'runner'), '', 'with the function it does');
is(sqlstate_of($node, q{CALL canopy_bulk_import('x', 'create')}, user => 'watcher'), '42501', 'a procedure has rights of its own');
is(sqlstate_of($node, q{CALL canopy_bulk_import(E'email,first_name,last_name\nrunner@example.com,A,B', 'account_create')}, user => 'runner'), '', 'who may call it needs no rights on tables');
is(query(q{SELECT actor_id FROM canopy.audit_log ORDER BY created_at DESC LIMIT 1}), 'runner', 'and is the one who did it');

# one go: what is wrong is told before anything is written
for my $case (
	[ '22023', "E'name\\nx', 'create'", 'columns are missing' ],
	[ '22023', "NULL, 'create'", 'no file' ],
	[ '22023', "'x', 'nonsense'", 'no mode' ],
	[ 'PT422', "E'email,first_name,last_name\\nn1\@example.com,A,B\\nbad,A,B', 'account_create', max_failed => 0", 'more bad rows than may be' ],
	[ '22023', "E'email,first_name,last_name\\nn1\@example.com,A,B', 'account_create', max_failed => -1", 'fewer than none' ])
{
	my ($sqlstate, $arguments, $title) = @$case;
	is(sqlstate_of($node, "CALL canopy_bulk_import($arguments)"), $sqlstate, $title);
}
is(query(q{SELECT count(*) FROM canopy.identity WHERE email LIKE 'n1@%'}), 0, 'nothing was written');
my $dry = whole("mail,first_name,last_name\nn2\@example.com,A,B\nbad,A,B\n", "dry_run => true, mapping => '{\"mail\": \"email\"}'");
is_deeply([ @{$dry}{qw(status created failed)} ], [ 'previewed', 1, 1 ], 'a dry run says what would be');
is(query(q{SELECT count(*) FROM canopy.identity WHERE email LIKE 'n2@%'}), 0, 'and does not do it');
$node->safe_psql('postgres', "CALL canopy_bulk_import_run('$dry->{id}')");
is(query(q{SELECT count(*) FROM canopy.identity WHERE email LIKE 'n2@%'}), 1, 'but it can be run');
is(query(q{DO $$ DECLARE s jsonb; BEGIN CALL canopy_bulk_import(E'email,first_name,last_name\nn3@example.com,A,B'::text, 'account_create', summary => s);
	PERFORM set_config('test.created', s->>'created', false); END $$; SELECT current_setting('test.created')}), 1, 'a DO block can call it');
is(sqlstate_of($node, q{BEGIN; CALL canopy_bulk_import(E'email,first_name,last_name\nn4@example.com,A,B', 'account_create')}), '2D000', 'a transaction cannot');

# a file on the client, as psql sends it: text by a variable, bytes by a large object or in base64
append_to_file($node->basedir . '/client.csv', "E-Mail;Vorname;Nachname\nb1\@example.com;J\xf6rg;O'Brien \"\$1\" \\x\n");
append_to_file($node->basedir . '/text.csv', "E-Mail;Vorname;Nachname\nb2\@example.com;J\xc3\xb6rg;O'Brien \"\$1\" \\x\n");
my $dir = $node->basedir;
$node->safe_psql('postgres', $_) for
  "\\set file `cat $dir/text.csv`\nCALL canopy_bulk_import(:'file', 'account_create', file_name => 'text.csv');",
  "\\lo_import $dir/client.csv\nCALL canopy_bulk_import(lo_get(:LASTOID), 'account_create');\n\\lo_unlink :LASTOID",
  "\\set file `base64 -w0 $dir/client.csv`\nCALL canopy_bulk_import(decode(:'file', 'base64'), 'account_create', on_conflict => 'update');";
is(query(q{SELECT concat_ws(' ', count(*), count(DISTINCT (first_name, last_name)), min(first_name) = U&'J\00F6rg', min(last_name)) FROM canopy.identity WHERE email ~ '^b\d'}),
	q(2 1 t O'Brien "$1" \x), 'all come in as they are');
is(query('SELECT count(*) FROM pg_largeobject_metadata'), 0, 'no large object stays');

unlike(slurp_file($node->logfile), qr/PANIC|TRAP|XX000|signal 11/, 'the log has no sign of trouble');
$node->stop;
done_testing();

sub query
{
	return $node->safe_psql('postgres', $_[0]);
}

sub quoted
{
	my ($cell) = @_;
	return $cell =~ /[;"\n]/ ? '"' . ($cell =~ s/"/""/gr) . '"' : $cell;
}

# The summary of an import into the account in one go.
sub whole
{
	my ($file, $arguments) = @_;
	return decode_json(query("CALL canopy_bulk_import(\$file\$$file\$file\$, 'account_create'" . ($arguments ? ", $arguments" : '') . ')'));
}

# A download as psql shows it, without its last line break.
sub csv
{
	my ($id, $arguments) = @_;
	return query("SELECT canopy_bulk_import_csv('$id', $arguments)") =~ s/\r\n\z//r;
}

# How many imports are on a page, and in the list.
sub list
{
	my ($arguments) = @_;
	return query("SELECT concat_ws(' ', jsonb_array_length(l->'items'), l->'pagination'->>'item_count') FROM canopy_bulk_imports($arguments) l");
}
