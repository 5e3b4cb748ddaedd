# Attacker: a caller, over SQL or HTTP.
# Rights: EXECUTE on the functions, an API key, a token.
# Must not happen: a number at the edge of its type overflows: another page than was asked for, an
#   internal error, a time in the past, a crash.
use strict;
use warnings;
use Attack;
use Attack::Calls;
use JSON::PP;
use Test::More;

my $attack = Attack->new('numbers');
fill_tables($attack);
my $super = $attack->super;
my $api = $attack->session(user => 'api');
my $made = $attack->{made};
my @edges = (-2147483648, -2147483647, -1, 0, 1, 100, 101, 2147483646, 2147483647);

# every argument that is a number, of every function and procedure
my %given = (id => $made->{learnt}, url => 'https://files.example/a.csv', mode => 'create', method => 'GET', path => '/openapi.json', contents => 'email', email => 'ada@acme.example',
	password => 'x', token => 'x', name => 'n', reason => 'r', which => 'all', role_id => $attack->id('production-editor'), algorithm => 'HS256', key => 'x', file => 'email', body => '[]',
	map { $_ => '[]' } qw(identities identity_ids assignment_ids assignments invites learners));
my @numeric = split /\n/, $super->query(q{SELECT p.proname || ' ' || p.prokind::text || ' ' || (SELECT string_agg(n || '=' || format_type(t, NULL) || CASE WHEN o <= p.pronargs - p.pronargdefaults THEN '!' ELSE '' END, ' ' ORDER BY o)
	FROM unnest(p.proargnames, p.proallargtypes, p.proargmodes) WITH ORDINALITY AS a (n, t, m, o) WHERE coalesce(m, 'i') = 'i' AND t IS NOT NULL)
	FROM (SELECT proname, prokind, pronargs, pronargdefaults, proargnames, coalesce(proallargtypes, proargtypes::oid[]) AS proallargtypes, proargmodes, oid FROM pg_proc) AS p
	JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
	WHERE d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'canopy_bulk') AND p.proname LIKE 'canopy%'});
my $calls = 0;
my %bad;
for (@numeric)
{
	my ($name, $kind, $arguments) = split / /, $_, 3;
	next unless defined $arguments;
	my @arguments = map { [ /^(\w+)=(.*?)(!?)$/ ] } split / (?=\w+=)/, $arguments;
	for my $number (grep { $_->[1] =~ /^(?:integer|bigint)$/ } @arguments)
	{
		for my $edge (@edges)
		{
			my @sent = map { my ($argument, $type, $required) = @$_;
				$argument eq $number->[0] ? "$argument => $edge" : $argument eq 'account' ? "account => 'acme'" : $argument eq 'application' ? "application => 'crm'" :
				  !$required ? () : $type =~ /^(?:integer|bigint)$/ ? "$argument => 1" : $type =~ /\[\]$/ ? "$argument => '{}'" : $type eq 'boolean' ? "$argument => true" :
				  "$argument => '" . ($given{$argument} // die "no value for $argument of $name\n") . "'" } @arguments;
			my $call = ($kind eq 'p' ? 'CALL' : 'SELECT') . " public.$name(" . join(', ', @sent) . ')';
			my $answer = $super->try($call);
			$bad{$call} = "$answer->{state} $answer->{message}" if $answer->{state} !~ /^(?:|22023|PT4..|42501)$/;
			$calls++;
		}
	}
}
cmp_ok($calls, '>', 200, 'functions have arguments that are numbers');
is_deeply(\%bad, {}, 'each answers, or refuses the number in words');

# pages: what comes after the last is empty, and says where it is
my %page_of = (canopy_bulk_imports => '', canopy_bulk_invites => '', canopy_bulk_jobs => '', canopy_bulk_import_rows => "'$made->{learnt}', ", canopy_bulk_import_results => "'$made->{learnt}', ", canopy_bulk_import_missing => "'$made->{missed}', ");
is(join(' ', sort keys %page_of), $super->query(q{SELECT string_agg(proname, ' ' ORDER BY proname COLLATE "C") FROM pg_proc WHERE proname LIKE 'canopy\_bulk\_%' AND 'page' = ANY (proargnames)}), 'all functions with pages are known');
for my $name (sort keys %page_of)
{
	my $first = decode_json($api->query("SELECT $name($page_of{$name}page => 1, take => 1, account => 'acme')"))->{pagination};
	for ([ 2147483647, 100 ], [ 2147483647, 1 ], [ 2147483647, 2 ], [ 21474838, 100 ], [ 42949673, 100 ])
	{
		my ($page, $take) = @$_;
		my $answer = decode_json($api->outcome("SELECT $name($page_of{$name}page => $page, take => $take, account => 'acme')") =~ s/^(?!\{)(.*)/{"error": "$1"}/sr);
		is_deeply($answer, { items => [], pagination => { page => $page, take => $take, item_count => $first->{item_count}, page_count => int(($first->{item_count} + $take - 1) / $take),
			has_next_page => JSON::PP::false, has_previous_page => JSON::PP::true } }, "$name: page $page of $take is empty");
	}
	$attack->fails_with($api, "SELECT $name($page_of{$name}page => $_->[0], take => $_->[1], account => 'acme')", '22023', "$name: page $_->[0] of $_->[1] is refused")
	  for [ 0, 1 ], [ -1, 1 ], [ -2147483648, 100 ], [ 1, 0 ], [ 1, -1 ], [ 1, 101 ], [ 1, 2147483647 ], [ 2147483647, -2147483648 ];
}

# the same over HTTP: every parameter of the query that is a number
my $document = decode_json($super->query(q{SELECT convert_from(body, 'UTF8') FROM canopy_bulk_http('GET', '/openapi.json')}));
my %routes;
for my $path (sort keys %{ $document->{paths} })
{
	my $get = $document->{paths}{$path}{get} or next;
	my @numbers = map { $_->{name} // () } map { $_->{'$ref'} ? $document->{components}{parameters}{ $_->{'$ref'} =~ s{.*/}{}r } : $_ } @{ $get->{parameters} // [] };
	$routes{$path} = [ grep { /^(?:page|take)$/ } @numbers ] if grep { /^(?:page|take)$/ } @numbers;
}
cmp_ok(scalar(keys %routes), '>', 10, 'routes have pages');
for my $path (sort keys %routes)
{
	my $real = $path =~ s/\{account\}/acme/r =~ s/\{application\}/crm/r =~ s/\{environment\}/production/r =~ s/\{id\}/$path =~ m{imports} ? $made->{created} : $attack->id('dot@acme.example')/er;
	my @credential = $path =~ m{^/api} ? ('X-API-Key', $attack->key('production')) : ('Authorization', 'Bearer ' . $attack->token);
	my $ask = sub { my ($query) = @_; return $api->outcome("SELECT status FROM canopy_bulk_http('GET', '$real?$query', '{\"$credential[0]\": \"$credential[1]\"}')") };
	is($ask->('page=1000000&take=100'), '200', "$path: the last page that there can be");
	is(join(' ', map { $ask->($_) } map { my $number = $_; map { "$_=$number" } @{ $routes{$path} } } '0', '-1', '1000001', '2147483648', '4294967297', '99999999999999999999', '1e3', '1.0', '%2B1', '0x1', '%201', '', '1%00'),
		join(' ', ('400') x (13 * @{ $routes{$path} })), "$path: numbers that are none, or too large");
}

# numbers in JSON
my $invite = sub { my ($expires) = @_; return qq{SELECT canopy_bulk_invite('[{"email": "n\@acme.example", "first_name": "A", "last_name": "B", "expires_in": $expires}]', 'acme', 'crm', 'production', dry_run => true) #>> '{results,0,error,code}'} };
is($api->outcome($invite->($_)), 'invalid_value', "an invite does not expire in $_") for qw(-1 0 0.5 1e9 2147483648 9223372036854775807 9223372036854775808 1e400 1e-400 "P9223372036854775807D" "P99999999999999999999Y" "PT-1S" "P" "PT");
like($api->outcome("SELECT canopy_bulk_authenticate('" . $attack->token(exp => $_) . "')"), qr/^PT401 /, "a token that expires at $_ has expired") for -1, 0, 1, '-1e308';
is($api->outcome("SELECT canopy_bulk_authenticate('" . $attack->token(exp => 1e300) . "')"), '', 'a token may expire late');
for my $body ('{"row_numbers": [2147483648], "selected": true}', '{"row_numbers": [1e400], "selected": true}', '{"row_numbers": [1.5], "selected": true}', '{"row_numbers": [-2147483649], "selected": true}')
{
	is($api->outcome("SELECT status FROM canopy_bulk_http('PUT', '/api/v1/imports/$made->{ready}/selection', '{\"X-API-Key\": \"" . $attack->key('production') . "\", \"Content-Type\": \"application/json\"}', convert_to('$body', 'UTF8'))"), '400', "selection: $body");
}
is($api->outcome("SELECT canopy_bulk_import_select('$made->{ready}', '{-2147483648,0,2147483647}', true, 'acme') ->> 'rows'"), '0', 'numbers of rows that there are none of select nothing');

$attack->end;
