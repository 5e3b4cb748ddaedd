# Attacker: a client that has no key, where a key of the directory is a point or number that its algorithm must not have.
# Rights: EXECUTE on the functions; claims are required.
# Must not happen: such a key counts as valid, or a token that nobody signed is believed under it.
use strict;
use warnings;
use Attack;
use MIME::Base64 qw(decode_base64url encode_base64 encode_base64url);
use PostgreSQL::Test::Utils;
use Test::More;

my $attack = Attack->new('token_keys');
my ($super, $bound) = ($attack->super, $attack->session(user => 'bound'));
my $data = "$FindBin::RealBin/../data/tokens";

# Ed25519: the eight points whose order divides 8, in every encoding, and what no signer has
my @torsion = map { pack 'H*', $_ } '01' . '00' x 31, 'ec' . 'ff' x 30 . '7f', '00' x 32, '00' x 31 . '80',
  map { ("${_}05", "${_}85") } '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc';
push @torsion, map { pack 'H*', "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03$_" } qw(7a fa);
my @small = (@torsion, (map { pack 'H*', $_ } '01' . '00' x 30 . '80', 'ec' . 'ff' x 31), map { my $y = $_; map { chr($y) . "\xff" x 30 . chr $_ } 0x7f, 0xff } 0xed .. 0xff);
for my $point (@small)
{
	my $hex = unpack 'H*', $point;
	ok(!is_valid('EdDSA', ed_jwk($point)), "Ed25519: a small or non-canonical point is no key: $hex");
	ok(!is_valid('EdDSA', pem('302a300506032b6570032100' . $hex)), "nor in PEM: $hex");
}
ok(!is_valid('EdDSA', ed_jwk(pack 'H*', $_)), "Ed25519: a point that has a small part is no key: $_")
  for qw(40a4cf5c611d737a2f1c6fcca84d9cabfed80987f186a5a6c57e629bff1af27f feaf9d07b868cc52786305312c376563c622b0386a10d105e3c1501b28d65f7e ad5b30a39ee28c85d0e3903357b263540127f6780e795a593a819d6400e50d80);
ok(!is_valid('EdDSA', ed_jwk(pack 'H64', '02')), 'Ed25519: what is no point of the curve is no key');
ok(is_valid('EdDSA', ed_jwk(pack 'H*', 'ef4f62f8479733ad879cfaced3c89a9c39dd4fc795ef2efa1c3eafe4d729a081')), 'Ed25519: another point is a key');
ok(is_valid('EdDSA', slurp_file("$data/eddsa.public.pem")), 'as is one in PEM');

# a key that got into the table all the same: what the forger writes fits one message in eight, at least
for my $point (@small)
{
	store('EdDSA', ed_jwk($point));
	is(forge('EdDSA', map { my $r = $_; map { [ $_, $r . "\0" x 32 ] } 1 .. 24 } @torsion), '', 'Ed25519: no forged token is believed under the point ' . unpack 'H*', $point);
}
store('EdDSA', slurp_file("$data/eddsa.public.pem"));
is(forge('EdDSA', map { my $r = $_; map { [ $_, $r . "\0" x 32 ] } 1 .. 4 } @torsion), '', 'Ed25519: a signature whose R is a small point is none of a good key');

# RSA: an exponent of 1 makes every message its own signature
my $jwk = decode('rs256');
my $n = decode_base64url($jwk->{n});
my %bad_rsa = (
	'exponent 1' => [ $n, "\1" ], 'exponent 0' => [ $n, "\0" ], 'exponent 2' => [ $n, "\2" ], 'even exponent' => [ $n, "\1\0\0" ], 'exponent of 65 bits' => [ $n, "\1" . "\0" x 7 . "\1" ],
	'exponent as large as the modulus' => [ $n, $n ], 'even modulus' => [ substr($n, 0, -1) . chr(ord(substr $n, -1) & ~1), "\1\0\1" ], 'modulus of 1024 bits' => [ substr($n, 0, 128), "\1\0\1" ],
	'modulus of 2047 bits' => [ "\x5b" . substr($n, 1), "\1\0\1" ], 'modulus of 8200 bits' => [ $n x 4 . "\1", "\1\0\1" ], 'modulus of zeros' => [ "\0" x 256, "\1\0\1" ], 'modulus with a small factor' => [ times_3("\x4d" . substr($n, 2)), "\1\0\1" ]);
for my $name (sort keys %bad_rsa)
{
	my ($modulus, $exponent) = @{ $bad_rsa{$name} };
	ok(!is_valid('RS256', rsa_jwk($modulus, $exponent)), "RSA: no key: $name");
	ok(!is_valid('RS256', rsa_pem($modulus, $exponent)), "nor in PEM: $name");
}
ok(is_valid('RS256', rsa_jwk($n, "\1\0\1")) && is_valid('RS256', rsa_pem($n, "\1\0\1")) && is_valid('RS256', rsa_pem($n, "\3")), 'RSA: the modulus is a key with exponents 65537 and 3');
for my $name ('exponent 1', 'exponent 0', 'exponent 2', 'even modulus', 'modulus of zeros')
{
	store('RS256', rsa_pem(@{ $bad_rsa{$name} }));
	is(forge('RS256', map { my $message = $_; map { [ $message, $_ ] } pkcs1($message, 256), "\0" x 256, "\0" x 255 . "\1" } 1 .. 4), '', "RSA: no forged token is believed: $name");
}

# P-256: points that are not there
my $ec = decode('es256');
my $spki = '3059301306072a8648ce3d020106082a8648ce3d030107034200';
my %bad_ec = (
	'infinity' => pem('3019301306072a8648ce3d020106082a8648ce3d03010703020000'),
	'all zeros' => pem($spki . '04' . '00' x 64),
	'a point off the curve' => pem($spki . '04' . unpack('H*', decode_base64url($ec->{x}) . "\1" x 32)),
	'a point off the curve, JWK' => ec_jwk($ec->{x}, $ec->{x}),
	'zeros, JWK' => ec_jwk(('A' x 43) x 2),
	'x plus the prime, JWK' => ec_jwk('_____wAAAAEAAAAAAAAAAAAAAAD_______________8', 'ZkhceA4vg9ckM71dhKBrtlQcKvMdrocXKL-FahdPk_Q'),
	'a coordinate short of a byte' => ec_jwk(encode_base64url(substr decode_base64url($ec->{x}), 1), $ec->{y}),
	'another curve' => run_openssl('ecparam -name secp256k1 -genkey -noout'),
	'another curve, larger' => run_openssl('ecparam -name secp384r1 -genkey -noout'),
	'P-256 by explicit parameters' => run_openssl('ecparam -name prime256v1 -param_enc explicit -genkey -noout'));
ok(!is_valid('ES256', $bad_ec{$_}), "P-256: no key: $_") for sort keys %bad_ec;
ok(is_valid('ES256', ec_jwk('A' x 43, 'ZkhceA4vg9ckM71dhKBrtlQcKvMdrocXKL-FahdPk_Q')), 'P-256: a point of the curve is a key');
for my $name (sort keys %bad_ec)
{
	store('ES256', $bad_ec{$name});
	is(forge('ES256', map { my $message = $_; map { [ $message, $_ ] } "\0" x 64, "\0" x 31 . "\1" . "\0" x 31 . "\1", "\0" x 63 . "\1", "\xff" x 64 } 1 .. 2), '', "P-256: no forged token is believed: $name");
}

# HMAC: a secret that can be guessed at no cost
ok(!is_valid('HS256', $_), 'HMAC: no key: ' . length($_) . ' characters') for '', encode_base64url("\0" x 31), encode_base64url('secret'), '{"kty":"oct","k":""}', '{"kty":"oct","k":"' . encode_base64url('x' x 31) . '"}', encode_base64url('x' x 1025);
ok(is_valid('HS256', encode_base64url('x' x 32)), 'HMAC: 32 bytes are a key');
for my $short ('', encode_base64url('secret'))
{
	store('HS256', $short);
	is(forge('HS256', map { [ 1, Digest::SHA::hmac_sha256(text_of('HS256', 1), $_) ] } decode_base64url($short), ''), '', 'HMAC: no token is believed that is signed with a short secret');
}
$super->query(q{DELETE FROM canopy.token_key WHERE kid = 'forged'});
is($bound->outcome("SELECT canopy_bulk_authenticate('" . $attack->token . "')"), '', 'a token of a good key is believed all the while');
$attack->end;

sub is_valid
{
	my ($algorithm, $key) = @_;
	return $super->query("SELECT canopy_bulk_token_key_is_valid('$algorithm', '$key')") eq 't';
}

# Puts a key into the table as its owner can, without asking whether it is valid.
sub store
{
	my ($algorithm, $key) = @_;
	$super->query("DELETE FROM canopy.token_key WHERE kid = 'forged'; INSERT INTO canopy.token_key (kid, algorithm, key) VALUES ('forged', '$algorithm', '$key')");
	return;
}

# Shows tokens, each a message's number and a signature; returns what was not refused.
sub forge
{
	my ($algorithm, @tokens) = @_;
	my @shown = map { text_of($algorithm, $_->[0]) . '.' . encode_base64url($_->[1]) } @tokens;
	my %seen = map { $bound->outcome("SELECT canopy_bulk_authenticate('$_')") => 1 } @shown;
	delete $seen{'PT401 invalid or expired token'};
	return join ', ', map { $_ || 'believed' } sort keys %seen;
}

sub text_of
{
	my ($algorithm, $number) = @_;
	return join '.', map { encode_base64url($_) } qq({"alg":"$algorithm","typ":"JWT","kid":"forged"}),
	  qq({"sub":"forger","principal_type":"user","account":"acme","exp":4102444800,"jti":"$number"});
}

# What an RSA signature of a message is before the private key is applied.
sub pkcs1
{
	my ($message, $len) = @_;
	my $digest = pack('H*', '3031300d060960864801650304020105000420') . Digest::SHA::sha256(text_of('RS256', $message));
	return "\0\1" . "\xff" x ($len - 3 - length $digest) . "\0" . $digest;
}

sub decode { my ($name) = @_; return JSON::PP::decode_json(slurp_file("$data/$name.public.jwk.json")) }
sub ed_jwk { my ($point) = @_; return '{"kty":"OKP","crv":"Ed25519","x":"' . encode_base64url($point) . '"}' }
sub ec_jwk { my ($x, $y) = @_; return qq({"kty":"EC","crv":"P-256","x":"$x","y":"$y"}) }
sub rsa_jwk { my ($modulus, $exponent) = @_; return '{"kty":"RSA","n":"' . encode_base64url($modulus) . '","e":"' . encode_base64url($exponent) . '"}' }

# A SubjectPublicKeyInfo from the hexadecimal digits of its DER.
sub pem
{
	my ($der) = @_;
	return "-----BEGIN PUBLIC KEY-----\n" . encode_base64(pack 'H*', $der) . "-----END PUBLIC KEY-----\n";
}

sub rsa_pem
{
	my ($modulus, $exponent) = @_;
	my $pair = der(0x30, map { der(2, (ord($_) & 0x80 ? "\0" : '') . $_) } $modulus, $exponent);
	return pem(unpack 'H*', der(0x30, pack('H*', '300d06092a864886f70d0101010500'), der(3, "\0$pair")));
}

sub der
{
	my ($tag, @parts) = @_;
	my $content = join '', @parts;
	my $len = length $content;
	return chr($tag) . ($len < 128 ? chr $len : "\x82" . pack 'n', $len) . $content;
}

# A number of 2048 bits that 3 divides; its first byte has room for the product.
sub times_3
{
	my ($number) = @_;
	my ($carry, @bytes) = (0);
	for my $byte (reverse unpack 'C*', $number)
	{
		$carry += 3 * $byte;
		unshift @bytes, $carry & 0xff;
		$carry >>= 8;
	}
	return pack('C*', @bytes) . "\3";
}

sub run_openssl
{
	my ($arguments) = @_;
	return `openssl $arguments 2>/dev/null | openssl ec -pubout 2>/dev/null`;
}
