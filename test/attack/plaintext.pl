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

my $attack = Attack->new('plaintext');
my $super = $attack->super;
my $api = $attack->session(user => 'api');
$super->query(q{SELECT set_config('client_encoding', 'UTF8', false)});
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

# 4. a cancelled import, and an upload that replaces another one, keep no cells
my $id = decode_json($api->query(q{SELECT canopy_bulk_import_open('account_create', 'acme')}))->{id};
my $cell = canary('cell of a cancelled import');
$api->query(qq{SELECT canopy_bulk_import_upload_text('$id', E'email,first_name,last_name,Remark\\nc\@acme.example,A,B,$cell\\n', account => 'acme')});
isnt($super->query("SELECT count(*) FROM canopy.import_row WHERE import_id = '$id' AND cells::text LIKE '%$cell%'"), '0', 'an ordinary cell is kept while the import goes on');
$api->query("SELECT canopy_bulk_import_cancel('$id', 'acme')");
is($super->query("SELECT count(*) FROM canopy.import_row WHERE import_id = '$id' AND cells::text LIKE '%$cell%'"), '0', 'and gone when it is cancelled');

# 5. nothing anywhere: every row of every table, the log, every answer
my @tables = split /\n/, $super->query(q{SELECT relname FROM pg_class WHERE relnamespace = 'canopy'::regnamespace AND relkind = 'r'});
cmp_ok(scalar @tables, '>', 20, 'the directory has tables to look into');
for my $table (@tables)
{
	is_deeply([ found_in($super->query(qq{SELECT coalesce(string_agg(x::text, E'\\n'), '') FROM canopy."$table" AS x})) ], [], "no canary is in canopy.$table");
}
is_deeply([ found_in($attack->log_text) ], [], 'none is in the log');
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
