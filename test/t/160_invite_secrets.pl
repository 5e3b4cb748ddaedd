# The token of an invite is in its mail while that is unsent, in one answer where it is not
# mailed, and nowhere else; the password of whoever accepts is nowhere.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Canary;
use Directory;
use IPC::Run;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('invite_secrets', quick_hashes());
fill_directory($node);
my $told = '';
my $n = 0;

# what is no secret is stored, and so found by the searches below: they work
my $control = watch('control', random_word());
$node->safe_psql('postgres', sprintf q{SELECT canopy_bulk_invite('%s', 'acme', 'crm', 'production')}, people('control', 1, last_name => $control));

# tokens that are not mailed, with a key and without: the first answer has them, the second does not
for my $key ('NULL', q{'key'})
{
	my $call = sprintf q{SELECT canopy_bulk_invite('%s', 'acme', 'crm', 'production', idempotency_key => %s)}, people('kept' . $n++, 3, send_email => JSON::PP::false), $key;
	my @tokens = tokens_of($node->safe_psql('postgres', $call));
	is(scalar @tokens, 3, "an answer has its links, $key");
	watch("kept $key $_", $tokens[$_]) for 0 .. $#tokens;
	$told .= $node->safe_psql('postgres', $call) if $key ne 'NULL';
}
like($told, qr/"accept_url": null/, 'an answer that is given again has none');

# one that is given again by hand
my $id = $node->safe_psql('postgres', q{SELECT id FROM canopy.identity_invite WHERE email = 'kept01@example.com'});
my $again = sprintf q{SELECT canopy_bulk_invite_resend('%s', 'acme', idempotency_key => 'again')}, $id;
my ($resent) = tokens_of($node->safe_psql('postgres', $again));
watch('resent', $resent);
$told .= $node->safe_psql('postgres', $again);

# tokens that are mailed, and what may become of them
$node->safe_psql('postgres', sprintf q{SELECT canopy_bulk_invite('%s', 'acme', 'crm', 'production')}, people('mailed', 8));
my @mail = split /\n/, $node->safe_psql('postgres', q{SELECT recipient, id, attempt, link FROM canopy_bulk_outbox_claim(100) WHERE recipient LIKE 'mailed%' ORDER BY 1});
my %token = map { my @m = split /\|/; ($m[0] =~ /(\d+)@/)[0] => watch("mailed $m[0]", tokens_of($m[3])) } @mail;
my @ids = map { (split /\|/)[1] } @mail;
is(scalar keys %token, 8, 'eight mails are claimed');
$node->safe_psql('postgres', "SELECT canopy_bulk_outbox_done('$ids[0]', 1, 'acme'), canopy_bulk_outbox_done('$ids[1]', 1, 'acme')");
$node->safe_psql('postgres', "SELECT canopy_bulk_outbox_failed('$ids[2]', 1, '550 no: token=$token{3} $token{3}', true, 'acme')");
$node->safe_psql('postgres', "SELECT canopy_bulk_outbox_failed('$ids[3]', 1, E'451 later: token=$token{4}\\nx', false, 'acme')");
$node->safe_psql('postgres', q{SELECT canopy_bulk_invite_revoke(id, 'acme') FROM canopy.identity_invite WHERE email IN ('mailed4@example.com', 'mailed5@example.com')});

# accepting, in every way that ends badly or well; as literals and as parameters
$node->safe_psql('postgres', <<'END');
CREATE FUNCTION public.breach_raises(password text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'do not know %', password USING DETAIL = password, HINT = password;
END $$;
CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no %', NEW; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON canopy.identity FOR EACH ROW WHEN (NEW.email = 'mailed7@example.com') EXECUTE FUNCTION public.refuse();
ALTER TABLE canopy.identity ADD CHECK (email <> 'mailed8@example.com');
END
try_accept('no token', random_word(), 'CANARY');
try_accept('a token that was revoked', $token{5}, 'CANARY');
try_accept('a password that is too long', $token{1}, 'CANARYCANARYCANARY');
try_accept('a breach check that raises', $token{1}, 'CANARY', 'canopy_bulk.breach_check=public.breach_raises');
try_accept('a trigger that raises', $token{7}, 'CANARY');
try_accept('a constraint', $token{8}, 'CANARY');
try_accept('a name that is none', $token{6}, 'CANARY', undef, q{, ' '});
try_accept('a timeout', $token{6}, 'CANARY', 'statement_timeout=400 -c canopy_bulk.argon2_memory=262144 -c canopy_bulk.argon2_passes=10');
try_accept('success', $token{2}, 'CANARY');
try_accept('a second time', $token{2}, 'CANARY');
$node->safe_psql('postgres', q{SELECT canopy_bulk_invite('[{"email":"mailed2@example.com","intent":"password_reset"}]', 'acme')});
my ($reset) = tokens_of($node->safe_psql('postgres', q{SELECT link FROM canopy.outbox WHERE kind = 'password_reset'}));
try_accept('a new password', watch('reset', $reset), 'CANARY');
like($told, qr/"accepted": true/, 'some were accepted');
like($told, qr/"reason": "invalid_credentials"|does not exist/, 'some were not');

# all of it is as it should be, and the secrets are nowhere
$node->safe_psql('postgres', 'CHECKPOINT');
my $log = slurp_file($node->logfile);
like($log, qr/$_/, "the log has: $_") for 'invite does not exist', 'password cannot be used', 'statement timeout', 'breach check';
my @secrets = grep { $_ ne 'control' } names();
is(join("\n", found_in($log, @secrets)), '', 'no secret in the server log');
is(join("\n", found_in($told, grep { !/^mailed/ } @secrets)), '', 'nor in what the callers were told afterwards');
my $tables = $node->safe_psql('postgres', q{
	SELECT query_to_xml('TABLE canopy.' || quote_ident(relname), true, true, '')
	FROM pg_class WHERE relnamespace = 'canopy'::regnamespace AND relkind = 'r'});
is(join(' ', found_in($tables, 'control')), 'control', 'the tables are searched');
is(join(' ', sort(found_in($tables, @secrets))), 'mailed mailed6@example.com mailed mailed7@example.com mailed mailed8@example.com', 'the tables have the tokens of unsent mail alone');
$node->safe_psql('postgres', 'VACUUM canopy.outbox');
my @never = grep { !/^mailed |^reset$/ } @secrets;
my $where = $node->data_dir;
like(join("\n", found_below($where, 'control')), qr/control in .*base/, 'the files are searched');
is(join("\n", found_below($where, @never)), '', 'what was not mailed, and no password, ever came to a file or the WAL');

$node->stop;
done_testing();

sub tokens_of { return $_[0] =~ /[?&]token=([\w-]{64})/g }

sub try_accept
{
	my ($name, $token, $password, $option, $more) = @_;
	local $ENV{PGOPTIONS} = $option ? "-c $option" : '';
	for my $how (qw(literal bound))
	{
		my $canary = canary("$name, $how");
		my $text = $password =~ s/CANARY/$canary/gr;
		my $script = $node->basedir . '/accept.sql';
		my @arguments = $how eq 'bound' ? (':token', ':password') : ("'$token'", "'$text'");
		open my $file, '>', $script or die;
		print $file 'SELECT canopy_bulk_invite_accept(', join(', ', @arguments), $more // '', ");\n";
		close $file;
		my @command = $how eq 'bound' ? ('pgbench', '-n', '-t', 1, '-M', 'extended', '-D', "token=$token", '-D', "password=$text", '-f', $script, $node->connstr('postgres'))
		  : ('psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', $script);
		my ($out, $err) = ('', '');
		IPC::Run::run(\@command, '>', \$out, '2>', \$err);
		$told .= "$out\n$err\n";
	}
	return;
}
