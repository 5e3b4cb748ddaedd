# What only superusers may set cannot be unset by the options of a connection.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use Test::More;

my $node = start_server('forced', quick_hashes());
fill_directory($node);
$node->safe_psql('postgres', <<'END');
CREATE ROLE api LOGIN;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO api;
ALTER ROLE api SET canopy_bulk.require_claims = on;
ALTER ROLE api SET canopy_bulk.account = 'acme';
CREATE ROLE boss LOGIN SUPERUSER;
ALTER ROLE boss SET canopy_bulk.require_claims = on;
END
my $claims = q{SET request.jwt.claims = '{"account":"acme","principal_type":"user"}';};
my $refused = qr/^ERROR:  42501: connection options set parameters of canopy_bulk that only superusers may set/m;

# without options the role's setting holds
like(error_of('api', ''), qr/^ERROR:  PT401/m, 'a role that must bring claims is refused without');
is(error_of('api', '', $claims), '', 'and may call with them');

# options would hide it, and the library is not there yet to refuse them
like(error_of('api', '-c canopy_bulk.require_claims=off'), $refused, 'options that do without claims are refused');
for my $option ('require_claims=off', 'REQUIRE_CLAIMS=off', 'require_claims=on', 'max_rows=10000', 'admin_principals=guest', 'claim_account=sub',
	'token_audience=', 'breach_check=', 'row_error_sqlstates=', 'argon2_memory=7168', 'idempotency_window=1')
{
	like(error_of('api', "-c canopy_bulk.$option", $claims), $refused, "with claims, too: $option");
}
like(error_of('api', '--canopy_bulk.require-claims=off'), $refused, 'in their long form, too');
like(error_of('api', '-c canopy_bulk.require_claims=off', 'RESET canopy_bulk.require_claims;'), $refused, 'a RESET does not help');
like(error_of('api', '-c canopy_bulk.require_claims=off', 'RESET ALL; DISCARD ALL;'), $refused, 'nor does a connection pool that cleans up');

# once the library is there a session cannot do it either
for my $way ('SET canopy_bulk.require_claims = off', q{SELECT set_config('canopy_bulk.require_claims', 'off', false)},
	q{UPDATE pg_settings SET setting = 'off' WHERE name = 'canopy_bulk.require_claims'})
{
	like(error_of('api', '', "$claims SELECT canopy_bulk_create('[]'); $way;"), qr/^ERROR:  42501: permission denied to set parameter/m, "$way is refused");
}

# nor may it before: what was set is then dropped, and the role's own setting is back
is(call_after('SET canopy_bulk.require_claims = off;'), 'PT401', 'a SET before the first call comes to nothing');
is(call_after('BEGIN; SET LOCAL canopy_bulk.require_claims = off;'), 'PT401', 'so does a SET LOCAL');

# a user's settings are a user's, in options as well
for my $option ('account=acme', 'application=crm', 'strategy=row')
{
	is(error_of('api', "-c canopy_bulk.$option", $claims), '', "$option in the options is fine");
}
like(error_of('api', '-c canopy_bulk.account=nobody', $claims), qr/^ERROR:  42501: token is not authorized/m, 'and is heeded');

# superusers may do as they like: to them the options are just settings
is(error_of('boss', '-c canopy_bulk.require_claims=off -c canopy_bulk.account=acme'), '', 'a superuser may set it so');
like(error_of('boss', '-c canopy_bulk.account=acme'), qr/^ERROR:  PT401/m, 'who otherwise has to bring claims like anybody');

# as one of the libraries the server starts with, it refuses the connection
$node->append_conf('postgresql.conf', q{shared_preload_libraries = 'canopy_bulk'});
$node->restart;
like(error_of('api', '-c canopy_bulk.require_claims=off'), qr/FATAL:  permission denied to set parameter/m,
	'preloaded, the library refuses the connection');
like(error_of('api', ''), qr/^ERROR:  PT401/m, "and the role's setting holds");

$node->stop;
done_testing();

# What an empty call says on standard error, after some statements, in a connection with options.
sub error_of
{
	my ($user, $options, $before) = @_;
	local $ENV{PGOPTIONS} = $options;
	my ($code, $out, $err) = $node->psql('postgres',
		"\\set VERBOSITY verbose\n" . ($before // '') . "\nSELECT canopy_bulk_create('[]')", extra_params => [ '-U', $user ]);
	$err =~ s/^psql:<stdin>:\d+: //mg;
	$err =~ s/^WARNING:.*\n(^(DETAIL|LOCATION):.*\n)*//mg;
	return $err;
}

# The SQLSTATE of a call after statements that may fail.
sub call_after
{
	my ($before) = @_;
	return (error_of('api', '', $before) =~ /^ERROR:  (\w{5})/m)[0] // '';
}
