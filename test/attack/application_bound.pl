# Attacker: a caller that is bound to the application crm: by an API key, a signed token or claims.
# Rights: EXECUTE on every function; crm is the attacker's to manage.
# Must not happen: a credential of an identity that was there before changes, the attacker gets a link
#   that would change one, or learns more of an identity that is no member than that its address is taken.
use strict;
use warnings;
use Attack;
use JSON::PP;
use Test::More;

my $attack = Attack->new('application_bound');
my ($super, $session) = ($attack->super, $attack->session(user => 'api'));
my $crm = $attack->id('crm');

# ada is a member of crm only, dot of wiki too, cid of wiki only; nobody has the last address
my %person = map { $_ => { email => "$_\@acme.example", id => $attack->id("$_\@acme.example"), name => ucfirst, external_id => "x-$_-Quincunx" } } qw(ada dot cid);
$person{zoe} = { email => 'zoe@acme.example', id => $attack->id('zoe'), name => 'Zoe', external_id => 'x-zoe' };

# what makes a session the attacker's until the transaction ends
my %bound = (
	'an API key' => "SELECT canopy_bulk_authenticate('" . $attack->key('production') . "')",
	'a signed token' => "SELECT canopy_bulk_authenticate('" . $attack->token(application => 'crm', environment => 'production') . "')",
	'claims' => q{SELECT set_config('request.jwt.claims', '{"sub":"a","principal_type":"user","account":"acme","application":"crm","environment":"production"}', true)});
my $account_wide = q{SELECT set_config('request.jwt.claims', '{"sub":"a","principal_type":"user","account":"acme"}', true)};

# The table of docs/http.md. A line: what is done, the call, then what it says to an account-wide caller
# of ada, dot, cid and zoe, who is not there; and to one that is bound.
my $place = q{application => 'crm', environment => 'production'};
my $row = q{'[{"email":":email","first_name":"New","last_name":"Name"%s}]'};
my $learner = q{'[{"firstName":"New","lastName":"Name","email":"%s"%s}]'};
my @cells = (
	[ 'create', create('', 'error'), [ ('409 email_conflict') x 3, '201' ], [ ('409 email_conflict') x 3, '201' ] ],
	[ 'create with a password', create(',"password":"another horse"', 'error'), [ ('409 email_conflict') x 3, '201' ], [ ('409 email_conflict') x 3, '201' ] ],
	[ 'skip', create('', 'skip'), [ ('200') x 3, '201' ], [ '200', '200', '409 email_conflict', '201' ] ],
	[ 'skip with a password', create(',"password":"another horse"', 'skip'), [ ('200') x 3, '201' ], [ '200', '200', '409 email_conflict', '201' ] ],
	[ 'update the profile', create(',"metadata":{"a":1}', 'update'), [ ('200') x 3, '201' ], [ '200', '200', '409 email_conflict', '201' ] ],
	[ 'update the external id', create(',"external_id":"new"', 'update'), [ ('200') x 3, '201' ], [ '200', '403 forbidden external_id', '409 email_conflict', '201' ] ],
	[ 'update with the external id that is there', create(',"external_id":":external_id"', 'update'), [ ('200') x 3, '201' ], [ '200', '200', '409 email_conflict', '201' ] ],
	[ 'update the password', create(',"password":"another horse"', 'update'), [ ('200') x 3, '201' ], [ ('403 forbidden password') x 2, '409 email_conflict', '201' ] ],
	[ 'update the hash', create(',"password_hash":"$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"', 'update'), [ ('200') x 3, '201' ], [ ('403 forbidden password_hash') x 2, '409 email_conflict', '201' ] ],
	[ 'update with a role', create(sprintf(',"role_id":"%s","node_id":"%s"', map { $attack->id("production-$_") } qw(editor root)), 'update'), [ ('200') x 3, '201' ], [ '200', '200', '409 email_conflict', '201' ] ],
	[ 'invite', invite(''), [ ('409 membership_conflict') x 2, '201', '201' ], [ ('409 membership_conflict') x 2, '201', '201' ] ],
	[ 'invite without a mail', invite(',"send_email":false'), [ ('409 membership_conflict') x 2, '201', '201' ], [ ('409 membership_conflict') x 2, '201', '201' ] ],
	[ 'reset the password by mail', invite(',"intent":"password_reset"'), [ '201', '201', ('404 identity_not_found') x 2 ], [ '201', '201', ('404 identity_not_found') x 2 ] ],
	[ 'reset the password by a link', invite(',"intent":"password_reset","send_email":false'), [ '201', '201', ('404 identity_not_found') x 2 ], [ ('403 forbidden send_email') x 4 ] ],
	[ 'attach', "canopy_bulk_attach('{:id}', application => 'crm')", [ ('409 membership_conflict') x 2, '201', '404 identity_not_found' ], [ ('409 membership_conflict') x 2, ('404 identity_not_found') x 2 ] ],
	[ 'attach or skip', "canopy_bulk_attach('{:id}', application => 'crm', on_conflict => 'skip')", [ '200', '200', '201', '404 identity_not_found' ], [ '200', '200', ('404 identity_not_found') x 2 ] ],
	[ 'detach', "canopy_bulk_detach('{:id}', application => 'crm')", [ '200', '200', '404 membership_not_found', '404 identity_not_found' ], [ '200', '200', ('404 identity_not_found') x 2 ] ],
	[ 'give a role', sprintf(q{canopy_bulk_assign('[{"identity_id":":id","role_id":"%s","node_id":"%s"}]', %s)}, (map { $attack->id("production-$_") } qw(editor leaf)), $place), [ '201', '201', '409 membership_required', '404 identity_not_found' ], [ '201', '201', ('404 identity_not_found') x 2 ] ],
	[ 'enrol', enrol(':email', ',"externalCustomerId":":external_id"'), [ ('200') x 3, '201' ], [ '200', '200', '409 email_conflict', '201' ] ],
	[ 'enrol with another external id', enrol(':email', ',"externalCustomerId":"new"'), [ ('200') x 3, '201' ], [ '200', '403 forbidden externalCustomerId', '409 email_conflict', '201' ] ],
	[ 'enrol with another address', enrol('new@acme.example', ',"externalCustomerId":":external_id"'), [ ('200') x 3, '201' ], [ ('403 forbidden email') x 2, '409 external_id_conflict', '201' ] ],
	[ 'get', http('GET', ''), [ '200', '200', '404', '404' ], [ '200', '200', '404', '404' ] ],
	[ 'get with roles', http('GET', '/detail'), [ '200', '200', '404', '404' ], [ '200', '200', '404', '404' ] ],
	[ 'list roles', http('GET', '/assignments'), [ '200', '200', '404', '404' ], [ '200', '200', '404', '404' ] ],
	[ 'change the profile', http('PATCH', '', '{"first_name":"New","metadata":{"a":1}}'), [ '200', '200', '404', '404' ], [ '200', '200', '404', '404' ] ],
	[ 'change the external id', http('PATCH', '', '{"external_id":"new"}'), [ '200', '200', '404', '404' ], [ '200', '403 forbidden', '404', '404' ] ],
	[ 'clear the external id', http('PATCH', '', '{"external_id":null}'), [ '200', '200', '404', '404' ], [ '200', '403 forbidden', '404', '404' ] ],
	[ 'change nothing of the external id', http('PATCH', '', '{"external_id":":external_id"}'), [ '200', '200', '404', '404' ], [ '200', '200', '404', '404' ] ],
	[ 'change the address', http('PATCH', '', '{"email":"new@acme.example"}'), [ ('400 unknown_field') x 4 ], [ ('400 unknown_field') x 4 ] ],
	[ 'change the password', http('PATCH', '', '{"password":"another horse"}'), [ ('400 unknown_field') x 4 ], [ ('400 unknown_field') x 4 ] ],
	[ 'let sign in to the application', http('POST', '/activate'), [ '200', '200', '404', '404' ], [ '200', '200', '404', '404' ] ],
	[ 'bar from the application', http('POST', '/deactivate'), [ '200', '200', '404', '404' ], [ '200', '200', '404', '404' ] ],
	[ 'remove', http('DELETE', ''), [ '204', '204', '404', '404' ], [ '204', '204', '404', '404' ] ],
	[ 'bar from the account', account('PATCH', '/status', '{"is_active":false}'), [ '200', '200', '200', '404' ], [ ('403') x 4 ] ],
	[ 'change the profile in the account', account('PATCH', '', '{"first_name":"New"}'), [ '200', '200', '200', '404' ], [ ('403') x 4 ] ],
	[ 'mail a token to verify the address', account('POST', '/resend-verification'), [ '200', '200', '200', '404' ], [ ('403') x 4 ] ],
	[ 'mail a token to choose a password', account('POST', '/reset-password'), [ '200', '200', '200', '404' ], [ ('403') x 4 ] ],
	[ 'read the audit entries', account('GET', '/audit'), [ '200', '200', '200', '404' ], [ ('403') x 4 ] ],
	[ 'sign in', q{canopy_bulk_verify_password(':email', 'correct horse', application => 'crm')}, [ 'verified', 'verified', 'membership_required', 'invalid_credentials' ], [ 'verified', 'verified', ('invalid_credentials') x 2 ] ],
	[ 'sign in with another password', q{canopy_bulk_verify_password(':email', 'wrong horse', application => 'crm')}, [ ('invalid_credentials') x 4 ], [ ('invalid_credentials') x 4 ] ],
);

for my $cell (@cells)
{
	my ($what, $call, $wide, @bound_answers) = @$cell;
	is_deeply([ map { say_of($account_wide, $call, $_)->{said} } qw(ada dot cid zoe) ], $wide, "$what: an account-wide caller is told of each");
	for my $way (sort keys %bound)
	{
		my @answers = map { say_of($bound{$way}, $call, $_) } qw(ada dot cid zoe);
		is_deeply([ map { $_->{said} } @answers ], $bound_answers[0], "$what: a caller that is bound by $way is told of each");
		# a right password is one that its owner shows, and turns a hash from elsewhere into ours
		is(join('', map { $_->{credentials} } @answers), '', "$what: and has changed no credential but an external id that may be") unless $what eq 'sign in';
		is($answers[2]{leak}, '', "$what: and learns nothing of cid");
		is($answers[2]{effect}, '', "$what: and has no effect on cid");
	}
}

# the same whatever the strategy, several rows at once
for my $strategy (qw(set row))
{
	my $rows = encode_json([ map { { email => "$_\@acme.example", first_name => 'New', last_name => 'Name', external_id => "new-$_" } } qw(ada dot cid zoe) ]);
	is(join(' ', map { said($_) } @{ json($super->query("BEGIN; SET LOCAL canopy_bulk.strategy = $strategy; $bound{claims}; SELECT canopy_bulk_create('$rows', on_conflict => 'update')"))->{results} }),
		'200 403 forbidden external_id 409 email_conflict 201', "rows of one batch are told apart with strategy $strategy");
	$super->query('ROLLBACK');
}

# what is account-wide is closed to a caller that is bound
for my $call ("canopy_bulk_outbox_claim(10)", 'canopy_bulk_purge()', 'canopy_bulk_resume()', q{canopy_bulk_create('[]', application => '')},
	q{canopy_bulk_create('[]', application => 'wiki')}, q{canopy_bulk_import_open('account_create')}, q{canopy_bulk_api_key_create('x', application => 'wiki', environment => 'wiki-live')})
{
	$attack->fails_with($session, "BEGIN; $bound{'an API key'}; SELECT $call", '42501', "$call is refused");
	$session->query('ROLLBACK');
}

# memberships and addresses that change while the caller waits for them
races('a member who leaves', "SELECT canopy_bulk_detach(ARRAY['$person{ada}{id}'::uuid], 'crm', 'acme')", create('', 'update'), '409 email_conflict');
races('a member who joins another application', "SELECT canopy_bulk_attach(ARRAY['$person{ada}{id}'::uuid], 'wiki', 'acme')", create(',"external_id":"new"', 'update'), '403 forbidden external_id');
races('an address that moves to an identity that is no member',
	q{UPDATE canopy.identity SET email = 'was-ada@acme.example' WHERE email = 'ada@acme.example'; UPDATE canopy.identity SET email = 'ada@acme.example' WHERE email = 'eve@acme.example'},
	create('', 'update'), '409 email_conflict');
races('a member who leaves before a role is given', "SELECT canopy_bulk_detach(ARRAY['$person{ada}{id}'::uuid], 'crm', 'acme')",
	sprintf(q{canopy_bulk_assign('[{"identity_id":":id","role_id":"%s","node_id":"%s"}]', %s)}, (map { $attack->id("production-$_") } qw(editor leaf)), $place), '404 identity_not_found');

# a right password of an identity that is no member is an unknown address, and a wrong one is not counted
$session->query("BEGIN; $bound{'an API key'}; SELECT canopy_bulk_verify_password('cid\@acme.example', 'wrong horse') FROM generate_series(1, 9); COMMIT");
is($super->query(q{SELECT concat_ws(' ', failed_login_count, locked_until) FROM canopy.identity WHERE email = 'cid@acme.example'}), '0', 'no caller locks out an identity that is no member');

# invites: whose they are, and what a token or a list tells
my $reset = q{'[{"email":"dot@acme.example","intent":"password_reset","send_email":%s}]'};
$super->query('SELECT canopy_bulk_invite(' . sprintf($reset, 'true') . q{, 'acme', 'wiki', 'wiki-live')});
my $other = $session->query("BEGIN; $bound{'an API key'}; SELECT canopy_bulk_invite(" . sprintf($reset, 'true') . ", on_conflict => 'skip')");
$session->query('ROLLBACK');
is(said(json($other)->{results}[0]), '409 invite_conflict', 'a pending invite of another application is in the way, and is not shown');
$super->query('DELETE FROM canopy.identity_invite');
my $handed = json($super->query('SELECT canopy_bulk_invite(' . sprintf($reset, 'false') . q{, 'acme', 'crm', 'production')}))->{results}[0]{data};
like($handed->{accept_url}, qr/token=/, 'an account-wide caller may hand out a link to a new password');
$attack->fails_with($session, "BEGIN; $bound{'an API key'}; SELECT canopy_bulk_invite_resend('$handed->{id}')", '42501', 'a caller that is bound gets no other link of such an invite');
$session->query('ROLLBACK');
is($super->query(q{SELECT count(*) FROM canopy.identity_invite WHERE token_hash = sha256(convert_to('} . ($handed->{accept_url} =~ s/.*token=//r) . q{', 'UTF8'))}), '1', 'and the link that there is stays good');
my $mailed = json($super->query(q{SELECT canopy_bulk_invite('[{"email":"ada@acme.example","intent":"password_reset"}]', 'acme', 'crm', 'production')}))->{results}[0]{data};
is(json($session->query("BEGIN; $bound{'an API key'}; SELECT canopy_bulk_invite_resend('$mailed->{id}')"))->{accept_url}, undef, 'a mailed one is mailed again');
$session->query('ROLLBACK');
$super->query("SELECT canopy_bulk_detach(ARRAY['$person{ada}{id}'::uuid], 'crm', 'acme')");
$attack->fails_with($session, "BEGIN; $bound{'an API key'}; SELECT canopy_bulk_invite_resend('$mailed->{id}')", 'PT404', 'but not to one who is no member any more');
$session->query('ROLLBACK');
$super->query("SELECT canopy_bulk_attach(ARRAY['$person{ada}{id}'::uuid], 'crm', 'acme')");
my $added = json($session->query("BEGIN; $bound{'an API key'}; SELECT canopy_bulk_invite('[{\"email\":\"cid\@acme.example\",\"send_email\":false}]')"))->{results}[0]{data};
$session->query('COMMIT');
is(join(' ', map { $added->{$_} // 'null' } qw(intent first_name last_name name)), 'add_to_app null null null', 'an invite of an identity that is no member says that its address is taken, and no name');
my ($token) = $added->{accept_url} =~ /token=(.*)/;
is($session->query("SELECT coalesce(canopy_bulk_invite_info('$token')->>'first_name', 'null')"), 'null', 'nor does a token that was handed out');
is($session->query("SELECT canopy_bulk_invite_accept('$token', 'another horse')->>'accepted'"), 'false', 'and with it nothing is accepted without the password that there is');
my $list = $session->query("BEGIN; $bound{'an API key'}; SELECT canopy_bulk_invites()");
$session->query('ROLLBACK');
unlike($list, qr/"Cid"/, 'nor does a list of invites');
$super->query(q{UPDATE canopy.identity SET password_hash = NULL WHERE email = 'cid@acme.example'});
is($session->query("SELECT canopy_bulk_invite_accept('$token', 'another horse')->>'accepted'"), 'false', 'nor can a password be chosen with it for an identity that has none');

$attack->end;

sub create { my ($more, $conflict) = @_; return sprintf "canopy_bulk_create($row, $place, on_conflict => '$conflict')", $more }
sub invite { my ($more) = @_; return sprintf "canopy_bulk_invite($row, $place)", $more }
sub enrol { my ($email, $more) = @_; return sprintf "canopy_bulk_enrol($learner, course_ids => ARRAY['%s'::uuid], $place)", $email, $more, $attack->id('acme-course') }
sub http { my ($method, $path, $body) = @_; return request($method, "/applications/crm/identities/:id$path", $body) }
sub account { my ($method, $path, $body) = @_; return request($method, "/identities/:id$path", $body) }

sub request
{
	my ($method, $path, $body) = @_;
	return sprintf q{(SELECT jsonb_build_object('http', h.status, 'body', convert_from(h.body, 'UTF8')) FROM canopy_bulk_http('%s', '/portal/v1/accounts/acme%s', '{"content-type":"application/json"}', convert_to('%s', 'UTF8')) AS h)},
	  $method, $path, $body // '';
}

# What a call says of a person, with what it has done, all of it undone: said, and what must be ''.
sub say_of
{
	my ($who, $call, $name) = @_;
	my %of = %{ $person{$name} };
	(my $sql = $call) =~ s/:(email|id|external_id)\b/$of{$1}/g;
	my $effect = q{SELECT md5(string_agg(t, ' ' ORDER BY t)) FROM (SELECT (to_jsonb(i) - 'email_verified')::text FROM canopy.identity AS i WHERE email = 'cid@acme.example'
		UNION ALL SELECT m::text FROM canopy.app_membership AS m WHERE identity_id = '%s' UNION ALL SELECT p::text FROM canopy.learner_profile AS p WHERE identity_id = '%1$s'
		UNION ALL SELECT e::text FROM canopy.enrolment AS e WHERE identity_id = '%1$s' UNION ALL SELECT r::text FROM canopy.role_assignment AS r WHERE identity_id = '%1$s'
		UNION ALL SELECT o::text FROM canopy.outbox AS o WHERE identity_id = '%1$s' AND kind <> 'invite') AS x (t)};
	my $credentials = q{SELECT coalesce(string_agg(concat_ws('|', id, email, password_hash, CASE WHEN id <> '%s' THEN coalesce(external_id, '') END), ' ' ORDER BY id), '') FROM canopy.identity WHERE id = ANY ('{%s}')};
	my @look = (sprintf($effect, $person{cid}{id}), sprintf($credentials, $person{ada}{id}, join ',', map { $_->{id} } values %person));
	my @before = map { $super->query($_) } @look;
	my $answer = $super->try("BEGIN; $who; SELECT $sql");
	my @after = $answer->{state} ? @before : map { $super->query($_) } @look;
	$super->query('ROLLBACK');
	return {
		said => $answer->{state} ? "$answer->{state} $answer->{message}" : said_by(json($answer->{output})),
		effect => $after[0] eq $before[0] ? '' : 'changed', credentials => $after[1] eq $before[1] ? '' : "changed for $name",
		leak => join ' ', grep { index($answer->{output}, $_) >= 0 && index($sql, $_) < 0 } "\"Cid\"", '\\"Cid\\"', @of{qw(id external_id)} };
}

# Another session changes something and commits while the caller waits for it.
sub races
{
	my ($what, $change, $call, $wanted) = @_;
	my $eve = q{SELECT md5(i::text) FROM canopy.identity AS i WHERE id = '} . $attack->id('eve@acme.example') . "'";
	my $before = $super->query($eve);
	(my $sql = $call) =~ s/:(email|id|external_id)\b/$person{ada}{$1}/g;
	$session->query("BEGIN; $bound{'an API key'}");
	$super->query("BEGIN; $change");
	$session->start("SELECT $sql");
	my $waits = 0;
	for (1 .. 600)
	{
		$waits = $super->query('SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = ' . $session->pid);
		last if $waits || $session->is_done;
		select undef, undef, undef, 0.1;
	}
	is($waits, 1, "$what: the caller waits");
	$super->query('COMMIT');
	is(said(json($session->finish->{output})->{results}[0]), $wanted, "$what: and is told what is true then");
	$session->query('ROLLBACK');
	$super->query(q{UPDATE canopy.identity SET email = 'eve@acme.example' WHERE id = '} . $attack->id('eve@acme.example') . q{';
		UPDATE canopy.identity SET email = 'ada@acme.example' WHERE email = 'was-ada@acme.example';
		UPDATE canopy.app_membership SET status = 'active' WHERE status = 'deactivated'; DELETE FROM canopy.app_membership WHERE application_id = } . "'" . $attack->id('wiki') . q{' AND identity_id = '} . $person{ada}{id} . "'");
	is($super->query($eve), $before, "$what: and has changed no identity that is no member");
	return;
}

sub json { my ($text) = @_; return JSON::PP->new->decode($text) }

sub said
{
	my ($result) = @_;
	my $error = $result->{error} or return "$result->{code}";
	return "$result->{code} $error->{code}" . ($error->{code} eq 'forbidden' ? " $error->{details}{issues}[0]{field}" : '');
}

sub said_by
{
	my ($answer) = @_;
	return said($answer->{results}[0]) if $answer->{results};
	return $answer->{reason} // 'verified' if exists $answer->{verified};
	my $code = $answer->{http} < 300 ? '' : json($answer->{body})->{error}{code};
	return $answer->{http} . ($code eq 'forbidden' && $answer->{body} =~ /"details"/ || $answer->{http} == 400 ? " $code" : '');
}
