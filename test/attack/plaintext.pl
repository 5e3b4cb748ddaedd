# Attacker: a reader of the tables, answers, logs and files of the server, after somebody else's calls.
# Rights: SELECT on every table, the log, the data directory.
# Must not happen: a password is found there that came under a key, a header or in a place that nobody
#   expected it in.
use strict;
use warnings;
use utf8;
use Attack;
use Canary;
use Encode 'encode_utf8';
use JSON::PP;
use Test::More;

my $attack = Attack->new('plaintext', settings => [ q{shared_preload_libraries = 'pg_stat_statements'}, 'pg_stat_statements.track = all', 'pg_stat_statements.track_utility = off' ]);
my $super = $attack->super;
my $api = $attack->session(user => 'api');
$super->query(q{CREATE EXTENSION pg_stat_statements; SELECT set_config('client_encoding', 'UTF8', false)});
my @answers;

# keys of JSON rows, and headers of files, that people use for passwords and other secrets
my @words = ('pw', 'pwd', 'login pwd', 'temp_pw', 'Initial PW', 'user_pass', 'passwd', 'passcode', 'pin', 'Zugangscode', 'Kennwort', 'Passwort',
	'contraseña', 'clave de acceso', 'senha', 'mot de passe', 'пароль', '密码', '密碼', 'パスワード', '비밀번호', 'hasło', 'heslo', 'salasana', 'lösenord',
	'adgangskode', 'passord', 'wachtwoord', 'şifre', 'parola', 'jelszó', 'κωδικός πρόσβασης', 'סיסמה', 'كلمة المرور', 'รหัสผ่าน', 'mật khẩu',
	'kata sandi', 'lozinka', 'geslo', 'slaptažodis', 'reset_password_token', 'totp_secret', 'security answer', 'api_key', 'private key', 'recovery code');

# 1. a key of a row that is no field: the answer names it, and neither answer nor stored answer has its value
for my $i (0 .. $#words)
{
	my $canary = canary("key $words[$i]");
	my $row = JSON::PP->new->canonical->encode({ email => "key$i\@acme.example", first_name => 'A', last_name => 'B', $words[$i] => $canary });
	my $answer = call($api, q{SELECT canopy_bulk_create(}, "[$row]", qq{::jsonb, 'acme', idempotency_key => 'plaintext-$i')});
	is_deeply([ found_in($answer) ], [], encode_utf8("the value of the key $words[$i] is not in the answer"));
}
# words that nobody lists: the value of a key that is no field is not echoed at all
for my $word ('frobnicate', 'Zorp', 'x')
{
	my $row = encode_json({ email => "$word\@acme.example", first_name => 'A', last_name => 'B', $word => canary("unlisted $word") });
	is_deeply([ found_in(call($api, q{SELECT canopy_bulk_create(}, "[$row]", q{::jsonb, 'acme')})) ], [], "nor is that of the key $word");
}

# the same of every function that takes objects, of what stands within a field, and of a program's rows of a file without a header
my $secret = sub { my ($name) = @_; return '"pw":"' . canary("$name, pw") . '","Losungswort":"' . canary("$name, unlisted") . '"' };
for my $case (
	[ 'an invite', q{SELECT canopy_bulk_invite(%s, 'acme', 'crm', 'production')}, sub { "{\"email\":\"i\@acme.example\",$_[0]}" } ],
	[ 'a learner', q{SELECT canopy_bulk_enrol(%s, account => 'acme')}, sub { "{\"email\":\"l\@acme.example\",$_[0]}" } ],
	[ 'an assignment', q{SELECT canopy_bulk_assign(%s, 'crm', account => 'acme')}, sub { "{\"identity_id\":\"x\",$_[0]}" } ],
	[ 'an object for an id', q{SELECT canopy_bulk_attach_json(%s, 'crm', 'acme')}, sub { "{$_[0]}" } ],
	[ 'an object for an address', q{SELECT canopy_bulk_create(%s, 'acme')}, sub { "{\"email\":{$_[0]},\"first_name\":[{$_[0]}]}" } ],
	[ 'bytes', q{SELECT canopy_bulk_create_raw(convert_to(%s, 'UTF8'), 'acme')}, sub { "{$_[0]}" } ],
	[ 'a request', q{SELECT convert_from(body, 'UTF8') FROM set_config('request.jwt.claims', '{"sub":"a","principal_type":"user","account":"acme"}', true),
		canopy_bulk_http('POST', '/portal/v1/accounts/acme/identities/bulk-create', body => convert_to(%s, 'UTF8'))}, sub { "{$_[0]}" } ],
	[ 'a row of a headless file', q{SELECT canopy_bulk_create(%s, 'acme', idempotency_key => 'headless')},
		sub { '{"first@acme.example":"second@acme.example","' . canary('first record') . '":"' . canary('second record') . "\",$_[0]}" } ])
{
	my ($name, $call, $row) = @$case;
	my ($before, $after) = split /%s/, $call;
	my $answer = call($api, $before, '[' . $row->($secret->($name)) . ']', $after);
	like($answer, qr/"error"|"input"/, "$name fails");
	is_deeply([ found_in($answer) ], [], "$name is not repeated in the answer");
}
# the keys within metadata are the caller's own: a secret there is stored, as all of it, but not repeated
my $kept = random_word();
unlike(call($api, q{SELECT canopy_bulk_create(}, qq{[{"email":"wrong","metadata":{"pw":"$kept"}}]}, q{::jsonb, 'acme')}), qr/$kept/, 'a secret in metadata is not repeated');

# 2. a column of a file with such a header: its cells are nowhere, whatever becomes of the import
for my $i (0 .. $#words)
{
	my $id = decode_json($api->query(q{SELECT canopy_bulk_import_open('account_create', 'acme')}))->{id};
	my $canary = canary("column $words[$i]");
	my $file = "email,first_name,last_name,$words[$i]\nfile$i\@acme.example,A,B,$canary\nwrong,A,B,$canary\n";
	my $answer = join '', call($api, qq{SELECT canopy_bulk_import_upload_text('$id', }, $file, q{, account => 'acme')}),
	  map { $api->outcome("SELECT $_('$id', account => 'acme')") } qw(canopy_bulk_import_preview canopy_bulk_import_rows canopy_bulk_import_csv canopy_bulk_import_info);
	is_deeply([ found_in($answer) ], [], encode_utf8("the cells under $words[$i] are in no answer"));
	$i % 2 ? $api->outcome("CALL canopy_bulk_import_run('$id', account => 'acme')") : $api->query("SELECT canopy_bulk_import_cancel('$id', 'acme')");
}

# 3. a file without a header: it is refused, and nothing of its first record stays
for my $file ("ada\@acme.example,Ada,Lovelace,%s\nbob\@acme.example,Bob,Boole,%s\n", "Ada;%s;ada\@acme.example\nBob;%s;bob\@acme.example\n", "%s\n%s\n",
	"\$2b\$12\$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,%s\nx,%s\n")
{
	my $id = decode_json($api->query(q{SELECT canopy_bulk_import_open('account_create', 'acme')}))->{id};
	my $contents = sprintf $file, (canary('headless ' . length $file)) x 2;
	my $answer = call($api, qq{SELECT canopy_bulk_import_upload_text('$id', }, $contents, q{, account => 'acme')});
	like($answer, qr/^22023/, 'a file without a header is refused');
	is_deeply([ found_in($answer) ], [], 'the refusal does not quote it');
	is($super->query("SELECT status || coalesce(array_to_string(header, ','), '') FROM canopy.import WHERE id = '$id'"), 'open', 'and the import has no header');
	is($super->query("SELECT count(*) FROM canopy.import_row WHERE import_id = '$id'"), '0', 'and no rows');
}

# an upload that fails half way, or that is undone, stores nothing either
for my $case ([ 'too many rows', sub { "email,first_name,last_name,pw\n" . "x\@acme.example,A,B,$_[0]\n" x 10_001 } ], [ 'no rows', sub { "email,$_[0]\n" } ],
	[ 'another column named', sub { "email,first_name,last_name,Zorp\nx\@acme.example,A,B,$_[0]\n" }, q{, secret_columns => '{Nix}'} ],
	[ 'a workbook', sub { "PK\x{3}\x{4}$_[0]" } ])
{
	my ($name, $file, $more) = @$case;
	my $id = decode_json($api->query(q{SELECT canopy_bulk_import_open('account_create', 'acme')}))->{id};
	my $answer = call($api, qq{SELECT canopy_bulk_import_upload('$id', convert_to(}, $file->(canary("upload: $name")), q{, 'UTF8'), account => 'acme'} . ($more // '') . ')');
	like($answer, qr/^(?:22023|PT41[35])/, "an upload fails: $name");
	is($super->query("SELECT concat(status, header, (SELECT count(*) FROM canopy.import_row WHERE import_id = i.id)) FROM canopy.import AS i WHERE id = '$id'"), 'open0', 'and leaves nothing');
}
{
	my $id = decode_json($api->query(q{SELECT canopy_bulk_import_open('account_create', 'acme')}))->{id};
	$api->query('BEGIN');
	call($api, qq{SELECT canopy_bulk_import_upload_text('$id', }, "email,first_name,last_name,Losung\nx\@acme.example,A,B," . canary('rolled back') . "\n", q{, account => 'acme')});
	$api->query('ROLLBACK');
}

# 4. a cancelled import, and an upload that replaces another one, keep no cells
my $id = decode_json($api->query(q{SELECT canopy_bulk_import_open('account_create', 'acme')}))->{id};
my $cell = canary('cell of a cancelled import');
$api->query(qq{SELECT canopy_bulk_import_upload_text('$id', E'email,first_name,last_name,Remark\\nc\@acme.example,A,B,$cell\\n', account => 'acme')});
isnt($super->query("SELECT count(*) FROM canopy.import_row WHERE import_id = '$id' AND cells::text LIKE '%$cell%'"), '0', 'an ordinary cell is kept while the import goes on');
$api->query("SELECT canopy_bulk_import_cancel('$id', 'acme')");
is($super->query("SELECT count(*) FROM canopy.import_row WHERE import_id = '$id' AND cells::text LIKE '%$cell%'"), '0', 'and gone when it is cancelled');

is($super->query("SELECT concat(header, fields, secret_columns) FROM canopy.import WHERE id = '$id'"), '{}{}{}', 'so are the headers, which may be data');

# 5. nothing anywhere: every row of every table, the log, the statistics, the files, every answer
my @secrets = grep { $_ ne 'cell of a cancelled import' } names();
my @tables = split /\n/, $super->query(q{SELECT relname FROM pg_class WHERE relnamespace = 'canopy'::regnamespace AND relkind = 'r'});
cmp_ok(scalar @tables, '>', 20, 'the directory has tables to look into');
for my $table (@tables)
{
	is_deeply([ found_in($super->query(qq{SELECT coalesce(string_agg(x::text, E'\\n'), '') FROM canopy."$table" AS x})) ], [], "no canary is in canopy.$table");
}
is_deeply([ found_in($attack->log_text) ], [], 'none is in the log');
my $statistics = $super->query('SELECT string_agg(query, E\'\\n\') FROM pg_stat_statements');
like($statistics, qr/canopy_bulk_import_upload_text/, 'the statistics know the statements');
is_deeply([ found_in($statistics) ], [], 'and none of the secrets in them');
$super->query('CHECKPOINT');
my $where = $attack->node->data_dir;
like(join("\n", found_below("$where/$_", 'cell of a cancelled import')), qr/cell/, "the files of $_ are searched") for qw(base pg_wal);
is_deeply([ found_below($where, @secrets) ], [], 'none is in a file of the server');
is_deeply([ found_in(join "\n", @answers) ], [], 'none is in any answer');
$api->quit;
$attack->end;

# Calls with a text that is bound as a parameter, and remembers the answer.
sub call
{
	my ($session, $before, $text, $after) = @_;
	my $quoted = encode_utf8($text) =~ s/'/''/gr;
	my $answer = $session->outcome("$before'$quoted'$after");
	push @answers, $answer;
	return $answer;
}
