# Called as PostgREST calls: its transaction, statement by statement, for every function.
#
# PostgREST itself is not run here; this is its contract. It logs in as one role, takes
# another for the transaction, tells of the request in settings request.*, calls the
# function with those arguments that the body names, and reads response.* in the same
# statement. Two callers: one has EXECUTE on our functions and nothing else, the other on
# wrappers in a schema of the DBA's and nothing else.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Directory;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('postgrest', quick_hashes());
fill_directory($node);
$node->safe_psql('postgres', <<'END');
CREATE ROLE authenticator LOGIN NOINHERIT;
ALTER ROLE authenticator SET canopy_bulk.require_claims = on;
CREATE ROLE web;
CREATE ROLE shop;
CREATE ROLE stranger;
GRANT web, shop, stranger TO authenticator;
DO $$
BEGIN
	EXECUTE (SELECT 'GRANT EXECUTE ON FUNCTION ' || string_agg(oid::regprocedure::text, ', ') || ' TO web'
		FROM pg_proc WHERE prokind = 'f' AND proname ~ '^canopy_bulk_' AND proname !~ '^canopy_bulk_setup');
END $$;
CREATE ROLE wrapper_owner;
GRANT EXECUTE ON FUNCTION canopy_bulk_create, canopy_bulk_create_raw, canopy_bulk_authenticate TO wrapper_owner;
CREATE SCHEMA api;
CREATE FUNCTION api.create_identities(identities jsonb, application text DEFAULT NULL, idempotency_key text DEFAULT NULL)
RETURNS jsonb LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$ SELECT public.canopy_bulk_create(identities, application => application, idempotency_key => idempotency_key) $$;
CREATE FUNCTION api.create_identities_raw(bytea)
RETURNS jsonb LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$ SELECT public.canopy_bulk_create_raw($1) $$;
CREATE FUNCTION api.before_request()
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	key text := nullif(current_setting('request.headers', true), '')::json->>'x-api-key';
BEGIN
	IF key IS NOT NULL THEN
		PERFORM public.canopy_bulk_authenticate(key);
	END IF;
END $$;
ALTER FUNCTION api.create_identities OWNER TO wrapper_owner;
ALTER FUNCTION api.create_identities_raw OWNER TO wrapper_owner;
ALTER FUNCTION api.before_request OWNER TO wrapper_owner;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA api FROM PUBLIC;
CREATE SCHEMA plain;
CREATE FUNCTION plain.create_identities(identities jsonb, application text DEFAULT NULL)
RETURNS jsonb LANGUAGE sql AS $$ SELECT public.canopy_bulk_create(identities, application => application) $$;
GRANT USAGE ON SCHEMA plain TO web, shop;
GRANT USAGE ON SCHEMA api TO shop;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA api TO shop;
GRANT USAGE ON SCHEMA public, api TO web, stranger, wrapper_owner;
END
my $jwk = slurp_file("$FindBin::RealBin/../data/tokens/hs256.secret.txt") =~ s/\s+//r;
my ($token) = slurp_file("$FindBin::RealBin/../pgtap/tokens.csv") =~ /^"HS256 without kid",,200,"(.*)"$/m;
$node->safe_psql('postgres', "INSERT INTO canopy.token_key (kid, algorithm, key) VALUES ('hs', 'HS256', '$jwk')");
my $key = $node->safe_psql('postgres', "SELECT canopy_bulk_api_key_create('test', 'crm', 'production', 'acme')->>'key'");
my $key_id = $node->safe_psql('postgres', 'SELECT id FROM canopy.api_key');
my $claims = { sub => 'u1', role => 'web', principal_type => 'user', account => 'acme' };

# each public function, with the arguments of a body, and what comes of it as POST and as GET
my $person = rows('post', 1)->[0];
my @imports = map { $node->safe_psql('postgres', q{SELECT canopy_bulk_import_open('create', 'acme', 'crm')->>'id'}) } 0 .. 4;
my $csv = "E-Mail;Vorname;Nachname\nj\xf6rg\@example.com;J\xf6rg;=1+1\ng\@example.com;J\xf6rg;=1+1\n";
$node->safe_psql('postgres', "SELECT canopy_bulk_import_upload_text('$_', E'email,first_name,last_name\n$_\@example.com,A,B', account => 'acme');
	SELECT canopy_bulk_import_preview('$_', 'acme')") for @imports[ 1, 2 ];
$node->safe_psql('postgres', "CALL canopy_bulk_import_run('$imports[2]', account => 'acme')");
my %calls = (
	canopy_bulk_create => [ { identities => rows('create', 2) }, 200, 405 ],
	canopy_bulk_create_raw => [ { body => '\x' . unpack 'H*', people('raw', 1) }, 200, 405 ],
	canopy_bulk_attach => [ { identity_ids => \&some_ids, application => 'crm' }, 200, 405 ],
	canopy_bulk_attach_json => [ { identity_ids => [ 'x', 'y' ], application => 'crm' }, 207, 405 ],
	canopy_bulk_assign => [ { assignments => [1] }, 207, 405 ],
	canopy_bulk_unassign => [ { assignment_ids => [] }, 200, 405 ],
	canopy_bulk_unassign_json => [ { assignment_ids => ['x'] }, 207, 405 ],
	canopy_bulk_change_role => [ { assignment_ids => [$key_id], role_id => $VIEWER }, 207, 405 ],
	canopy_bulk_change_role_json => [ { assignment_ids => [], role_id => 'x' }, 200, 405 ],
	canopy_bulk_detach => [ { identity_ids => \&some_ids, application => 'crm' }, 207, 405 ],
	canopy_bulk_detach_json => [ { identity_ids => [], application => 'crm' }, 200, 405 ],
	canopy_bulk_invite => [ { invites => [1], application => 'crm', environment => 'production' }, 207, 405 ],
	canopy_bulk_invite_accept => [ { token => 'x', password => 'correct horse' }, 404, 404 ],
	canopy_bulk_invite_info => [ { token => 'x' }, 404, 404 ],
	canopy_bulk_invite_resend => [ { id => $key_id }, 404, 405 ],
	canopy_bulk_invite_revoke => [ { id => $key_id }, 404, 405 ],
	canopy_bulk_invite_summary => [ { application => '' }, 200, 200 ],
	canopy_bulk_invites => [ { application => '', take => 1 }, 200, 200 ],
	canopy_bulk_outbox_claim => [ { n => 1 }, 200, 405 ],
	canopy_bulk_outbox_done => [ { id => $key_id, attempt => 1 }, 200, 405 ],
	canopy_bulk_outbox_failed => [ { id => $key_id, attempt => 1, reason => 'x' }, 200, 405 ],
	canopy_bulk_verify_password => [ { email => 'x@example.com', password => 'correct horse' }, 200, 405 ],
	canopy_bulk_import_open => [ { mode => 'create', application => 'crm' }, 200, 405 ],
	canopy_bulk_import_upload => [ { id => $imports[0], file => '\x' . unpack 'H*', $csv }, 200, 405 ],
	canopy_bulk_import_upload_text => [ { id => $imports[0], contents => "email\na\@example.com" }, 200, 405 ],
	canopy_bulk_import_map => [ { id => $imports[1], mapping => { 1 => 'email' } }, 200, 405 ],
	canopy_bulk_import_preview => [ { id => $imports[1] }, 200, 405 ],
	canopy_bulk_import_rows => [ { id => $imports[1], verdict => 'valid' }, 200, 200 ],
	canopy_bulk_import_select => [ { id => $imports[1], row_numbers => [1], selected => JSON::PP::false }, 200, 405 ],
	canopy_bulk_import_info => [ { id => $imports[1] }, 200, 200 ],
	canopy_bulk_import_cancel => [ { id => $imports[4] }, 200, 405 ],
	canopy_bulk_import_results => [ { id => $imports[2], outcome => 'created' }, 200, 200 ],
	canopy_bulk_import_csv => [ { id => $imports[2], which => 'failed', bom => JSON::PP::true }, 200, 200 ],
	canopy_bulk_import_progress => [ {}, 200, 200 ],
	canopy_bulk_import_missing => [ { id => $imports[2] }, 200, 200 ],
	canopy_bulk_import_submit => [ { id => $key_id }, 404, 404 ],
	canopy_bulk_import_undo => [ { id => $imports[2], dry_run => JSON::PP::true() }, 200, 405 ],
	canopy_bulk_import_url => [ { url => 'https://example.com/x.csv' }, 403, 403 ],
	canopy_bulk_job => [ { id => $key_id }, 404, 404 ],
	canopy_bulk_job_cancel => [ { id => $key_id }, 404, 404 ],
	canopy_bulk_job_repeat => [ { id => $key_id }, 404, 404 ],
	canopy_bulk_jobs => [ { take => 5 }, 200, 200 ],
	canopy_bulk_resume => [ { account => 'acme' }, 200, 200 ],
	canopy_bulk_enrol => [ { learners => [1] }, 207, 405 ],
	canopy_bulk_imports => [ { status => 'completed', take => 5 }, 200, 200 ],
	canopy_bulk_sample_csv => [ { mode => 'invite' }, 200, 200 ],
	canopy_bulk_import_event =>
	  [ { mode => 'create', total => 2, succeeded => 1, failed => 1, application => 'crm' }, 204, 405 ],
	canopy_bulk_purge => [ { max_rows => 10 }, 200, 405 ],
	canopy_bulk_http => [
		{ method => 'POST', path => '/portal/v1/accounts/acme/identities/bulk-create',
			headers => { 'content-type' => 'application/json' }, body => '\x' . unpack 'H*', people('http', 1) },
		200, 405 ],
	canopy_bulk_authenticate => [ { token => $token }, 204, 204 ],
	canopy_bulk_api_key_create => [ { name => 'n', application => 'crm', environment => 'production' }, 200, 405 ],
	canopy_bulk_api_key_revoke => [ { id => $key_id }, 204, 405 ],
	canopy_bulk_token_key_is_valid => [ { algorithm => 'HS256', key => $jwk }, 200, 200 ],
	canopy_bulk_secret_exposure => [ {}, 200, 200 ],
);
my $public = $node->safe_psql('postgres', q{
	SELECT string_agg(proname, ' ' ORDER BY proname) FROM pg_proc
	WHERE prokind = 'f' AND proname ~ '^canopy_bulk_' AND proname !~ '^canopy_bulk_setup$'});
is(join(' ', sort keys %calls, 'canopy_bulk_import_upload_body'), $public, 'every function but setup is called below');
for my $name (sort keys %calls)
{
	my ($arguments, $post, $get) = @{ $calls{$name} };
	my %body = map { $_ => ref $arguments->{$_} eq 'CODE' ? $arguments->{$_}->() : $arguments->{$_} } keys %$arguments;
	my $answer = request(method => 'GET', function => $name, body => \%body);
	is($answer->{status}, $get, "GET of $name: " . ($answer->{message} // 'done'));
	$answer = request(function => $name, body => \%body);
	is($answer->{status}, $post, "POST of $name: " . ($answer->{message} // 'done'));
	is(request(function => $name, body => { %body, surprise => 1 })->{status}, 404, "$name with an unknown argument is another function");
	is(request(function => $name, body => \%body, role => 'stranger')->{sqlstate}, '42501', "$name without EXECUTE");
	my ($first) = grep { !ref $arguments->{$_} || ref $arguments->{$_} ne 'HASH' } sort keys %body;
	next unless defined $first and required_of($name) =~ /\b$first\b/ and $name ne 'canopy_bulk_token_key_is_valid';
	is_deeply([ @{ request(function => $name, body => { %body, $first => undef }) }{qw(status sqlstate message)} ],
		[ 400, '22023', qq(argument "$first" cannot be null) ], "$name with null for $first");
}

# bodies map onto arguments, and the answer is the body
my $answer = request(function => 'canopy_bulk_create', body => { identities => rows('shape', 1), dry_run => JSON::PP::true, account => 'acme', on_conflict => 'skip', max_failed => 0 });
is_deeply([ $answer->{status}, $answer->{body}{summary} ], [ 200, { total => 1, succeeded => 1, failed => 0 } ], 'all options from one body');
$answer = request(function => 'canopy_bulk_create', body => { identities => { identities => rows('shape', 1) }, dry_run => JSON::PP::true, account => undef, max_failed => undef });
is($answer->{status}, 200, 'null stands for the default of an option');
is(request(function => 'canopy_bulk_create', body => { identities => rows('shape', 1), max_failed => 'many' })->{status}, 400, 'an option of another type');
is(request(function => 'canopy_bulk_attach', body => { identity_ids => ['x'] })->{sqlstate}, '22P02', 'a malformed id in an array of ids');
is(request(function => 'canopy_bulk_create', body => { account => 'acme' })->{status}, 404, 'without what is required it is another function');

# response.status tells what became of the batch
my $taken = rows('create', 1);
$answer = request(function => 'canopy_bulk_create', body => { identities => [ @$taken, @{ rows('more', 1) } ] });
is($answer->{status}, 207, 'some rows failed');
is($answer->{headers}, undef, 'no headers unless there is something to say');
is(request(function => 'canopy_bulk_create', body => { identities => $taken })->{status}, 207, 'all rows failed');
$answer = request(function => 'canopy_bulk_create', body => { identities => [ @$taken, @{ rows('never', 1) } ], max_failed => 0 });
is_deeply([ $answer->{status}, $answer->{body}{results}[1]{code} ], [ 422, 424 ], 'the batch was rolled back');
is(request(function => 'canopy_bulk_create', body => { identities => [] })->{status}, 200, 'an empty batch');

# the key may come as a header; the repetition says so in one more header
my @twice = (function => 'canopy_bulk_create', body => { identities => rows('once', 1) }, headers => { 'idempotency-key' => 'k1' });
my $first = request(@twice);
my $second = request(@twice);
is_deeply([ $first->{status}, $first->{headers} ], [ 200, undef ], 'the first time');
is_deeply([ $second->{status}, $second->{headers} ], [ 200, '[{"Idempotency-Replayed": "true"}]' ], 'the second time');
is($second->{raw}, $first->{raw}, 'the same answer');
is(request(@twice, response_headers => '[{"Cache-Control": "no-store"}]')->{headers},
	'[{"Cache-Control": "no-store"}, {"Idempotency-Replayed": "true"}]', 'headers that were there stay');
is(request(@twice, body => { identities => rows('twice', 1) })->{status}, 422, 'the key for another request');
is(request(@twice, body => { identities => rows('twice', 1), idempotency_key => 'k2' })->{status}, 200, 'the argument wins');
my @failing = (function => 'canopy_bulk_create', body => { identities => $taken }, headers => { 'idempotency-key' => 'k3' });
request(@failing);
is_deeply([ @{ request(@failing) }{qw(status headers)} ], [ 207, '[{"Idempotency-Replayed": "true"}]' ], 'status 207 is replayed too');
my @event = (function => 'canopy_bulk_import_event', headers => { 'idempotency-key' => 'k4' },
	body => { mode => 'account_create', total => 0, succeeded => 0, failed => 0 });
request(@event);
is_deeply([ @{ request(@event) }{qw(status headers)} ], [ 204, '[{"Idempotency-Replayed": "true"}]' ], 'an event is recorded once');

# nothing is set for a caller who serves no request
is($node->safe_psql('postgres', q{
	BEGIN;
	SELECT set_config('request.method', '', true);
	SELECT canopy_bulk_create('[1]', 'acme')->'summary'->'failed';
	SELECT canopy_bulk_create('[1]', 'acme', idempotency_key => 'k5')->'summary'->'failed';
	SELECT canopy_bulk_create('[1]', 'acme', idempotency_key => 'k5')->'summary'->'failed';
	SELECT coalesce(current_setting('response.status', true), '') || coalesce(current_setting('response.headers', true), '') = '';
	COMMIT}), "\n1\n1\n1\nt", 'response.* is left alone outside of requests');
is($node->safe_psql('postgres', q{
	BEGIN;
	SELECT set_config('request.method', 'POST', true) || canopy_bulk_create('[1]', 'acme')::text IS NULL;
	COMMIT;
	SELECT coalesce(current_setting('response.status', true), '')}), "f\n", 'and ends with the transaction');

# errors of the call have the SQLSTATEs that PostgREST turns into their status
my $many = rows('many', 201);
for my $case (
	[ 400, '22023', 'a request that is no list', { identities => 'x' } ],
	[ 400, '22023', 'an option that does not exist', { identities => [], on_conflict => 'maybe' } ],
	[ 413, 'PT413', 'too many rows', { identities => $many } ],
	[ 404, 'PT404', 'an unknown application', { identities => [], application => 'nothing' } ],
	[ 403, '42501', 'another account', { identities => [], account => 'globex' } ],
	[ 401, 'PT401', 'no claims', { identities => [] }, undef ],
	[ 401, 'PT401', 'expired claims', { identities => [] }, { %$claims, exp => 1 } ],
	[ 403, '42501', 'an end user', { identities => [] }, { %$claims, principal_type => 'identity' } ])
{
	my ($status, $sqlstate, $title, $body, @claims) = @$case;
	my $answer = request(function => 'canopy_bulk_create', body => $body, @claims ? (claims => $claims[0]) : ());
	is_deeply([ @{$answer}{qw(status sqlstate)} ], [ $status, $sqlstate ], "$title: $answer->{message}");
	unlike($answer->{message}, qr/\n|\.$/, 'the message is one line');
}
is(request(function => 'canopy_bulk_api_key_revoke', body => { id => $key_id, account => 'acme' })->{status}, 404, 'a key that was revoked before');

# what the caller said before is gone: the next request of the same connection starts afresh
is_deeply([ map { $_->{status} } session(
		{ function => 'canopy_bulk_create', body => { identities => [1] } },
		{ function => 'canopy_bulk_create', body => { identities => [] } },
		{ function => 'canopy_bulk_create', body => { identities => [] }, claims => undef }) ],
	[ 207, 200, 401 ], 'three requests over one connection');

# who may call wrappers, and nothing of ours, gets no further
my @shop = (role => 'shop', schema => 'api');
is(request(@shop, function => 'create_identities', body => { identities => rows('wrapped', 1) })->{status}, 200, 'through a wrapper');
$answer = request(@shop, function => 'create_identities', body => { identities => $taken });
is($answer->{status}, 207, 'its status gets through');
is(request(@shop, function => 'create_identities', body => { identities => [] }, claims => { %$claims, account => 'globex' })->{status}, 404, 'its claims bind');
is(request(role => 'shop', function => 'canopy_bulk_create', body => { identities => [] })->{sqlstate}, '42501', 'the function itself is not for it');
is(request(@shop, method => 'GET', function => 'create_identities', body => { identities => rows('get', 1) })->{sqlstate}, '25006', 'GET writes nothing through a wrapper');

# a wrapper without rights of its own serves whoever may call what is in it
is(request(schema => 'plain', function => 'create_identities', body => { identities => $taken })->{status}, 207, 'a plain wrapper');
is(request(@shop, schema => 'plain', function => 'create_identities', body => { identities => [] })->{sqlstate}, '42501', 'it gives no rights');

# bytes go to a function with one nameless argument, and only into it
is(request(@shop, function => 'create_identities_raw', bytes => people('bytes', 1))->{status}, 200, 'a body of bytes');
is(request(@shop, function => 'create_identities_raw', bytes => '[{')->{sqlstate}, '22P02', 'a body that is not JSON');

# so does a file of an import, of any encoding; what became of it comes back as text/csv
$node->safe_psql('postgres', q{
	CREATE DOMAIN api."text/csv" AS text;
	CREATE FUNCTION api.import_csv(id uuid, which text DEFAULT 'all') RETURNS api."text/csv"
	LANGUAGE sql STABLE AS $$ SELECT public.canopy_bulk_import_csv(id, which) $$;
	GRANT EXECUTE ON FUNCTION api.import_csv TO web});
my @upload = (function => 'canopy_bulk_import_upload_body', bytes => $csv);
$answer = request(@upload, headers => { 'import-id' => $imports[3], 'import-file-name' => 'new.csv' });
is_deeply([ $answer->{status}, $answer->{body}{encoding}{name}, $answer->{body}{row_count} ], [ 200, 'Windows-1252', 2 ], 'a body of CSV');
is(request(@upload)->{status}, 400, 'without the id of the import');
is(request(@upload, headers => { 'import-id' => $imports[3] }, claims => { %$claims, account => 'globex' })->{status}, 404, 'into another account');
request(function => 'canopy_bulk_import_preview', body => { id => $imports[3] });
$node->safe_psql('postgres', "CALL canopy_bulk_import_run('$imports[3]', account => 'acme')");
$answer = request(method => 'GET', schema => 'api', function => 'import_csv', accept => 'text/csv', body => { id => $imports[3], which => 'failed' });
is($answer->{raw}, join("\r\n", 'E-Mail;Vorname;Nachname;error_code;error_message',
		qq(j\xc3\xb6rg\@example.com;J\xc3\xb6rg;"'=1+1";email_invalid;email: The email address is not valid.), ''), 'a file of what is left to do');
is($answer->{headers}, '[{"Content-Disposition": "attachment; filename=\"import_failed.csv\""}]', 'with a name for it');

# an API key is checked before the request, by a function that the DBA wrote
my @with_key = (@shop, function => 'create_identities', claims => undef, before => 'api.before_request');
$key = $node->safe_psql('postgres', "SELECT canopy_bulk_api_key_create('shop', 'crm', 'production', 'acme')->>'key'");
is(request(@with_key, body => { identities => rows('keyed', 1) }, headers => { 'x-api-key' => $key })->{status}, 200, 'an API key');
is($node->safe_psql('postgres', q{SELECT count(*) FROM canopy.app_membership m JOIN canopy.identity i ON i.id = m.identity_id WHERE email = 'keyed1@example.com'}), 1, 'whoever has it is bound to its application');
is(request(@with_key, body => { identities => [], application => '' }, headers => { 'x-api-key' => $key })->{status}, 403, 'and to nothing wider');
is(request(@with_key, body => { identities => [] }, headers => { 'x-api-key' => 'cnpy_x' })->{status}, 401, 'a key that is none');
is(request(@with_key, body => { identities => [] })->{status}, 401, 'no key');

$node->stop;
done_testing();

sub some_ids
{
	return [ split /\n/, $node->safe_psql('postgres', q{
		SELECT i.id FROM canopy.identity i LEFT JOIN canopy.app_membership m ON m.identity_id = i.id
		WHERE m.id IS NULL LIMIT 2}) ];
}

# The names of the arguments without a default.
sub required_of
{
	my ($name) = @_;
	return $node->safe_psql('postgres', qq{SELECT array_to_string(proargnames[1 : pronargs - pronargdefaults], ' ')
		FROM pg_proc WHERE proname = '$name'});
}

# One request: its status, and body and headers, or SQLSTATE and message.
sub request
{
	my ($answer) = session({@_});
	return $answer;
}

# Requests over one connection, as PostgREST would send them.
sub session
{
	my (@requests) = @_;
	my @found = map { find_function(%$_) } @requests;
	return { status => 404 } if @requests == 1 and !$found[0];
	my $sql = "\\set VERBOSITY verbose\n\\set ON_ERROR_STOP 0\n" . join '', map { transaction($found[$_], %{ $requests[$_] }) } 0 .. $#requests;
	my ($code, $out, $err) = $node->psql('postgres', $sql, on_error_stop => 0, extra_params => [ '-U', 'authenticator', '-F', "\x1f" ]);
	my @errors = $err =~ /ERROR:\s+(\w{5}): (.*)/g;
	my (undef, @parts) = split /^request(?:\n|\z)/m, $out, -1;
	return map { /\x1f/ ? success($_) : failure(splice @errors, 0, 2) } @parts;
}

# The function that the names in the body mean, as PostgREST finds it: its name, its kind and its
# arguments. What the catalogs say of it is read once.
sub find_function
{
	my (%request) = @_;
	our %known;
	my $schema = $request{schema} // 'public';
	my ($kind, $names, $types, $required) = split /\|/, $known{$schema}{ $request{function} } ||= $node->safe_psql('postgres', qq{
		SELECT CASE WHEN proretset THEN 'set' WHEN prorettype = 'void'::regtype THEN 'void'
			WHEN prorettype = 'record'::regtype THEN 'row' ELSE 'scalar' END,
			array_to_string(proargnames[1 : pronargs], ','), array_to_string(proargtypes::regtype[], ','), pronargs - pronargdefaults
		FROM pg_proc WHERE pronamespace = '$schema'::regnamespace AND proname = '$request{function}'});
	my %type;
	@type{ split /,/, $names // '' } = split /,/, $types // '';
	my @required = (split /,/, $names // '')[ 0 .. ($required || 0) - 1 ];
	my $body = $request{body} // {};
	return if $request{bytes} ? $names : grep({ !exists $type{$_} } keys %$body) || grep { !exists $body->{$_} } @required;
	return { name => "$schema.$request{function}", schema => $schema, kind => $kind, type => \%type };
}

# The transaction around one call; psql says "request" before what it returns.
sub transaction
{
	my ($function, %request) = @_;
	my $claims = exists $request{claims} ? $request{claims} : $claims;
	my %settings = (
		search_path => $function->{schema},
		role => $request{role} // 'web',
		'request.jwt.claims' => $claims ? encode_json($claims) : '',
		'request.method' => $request{method} // 'POST',
		'request.path' => "/rpc/$request{function}",
		'request.headers' => encode_json($request{headers} // {}),
		'request.cookies' => '{}',
		$request{response_headers} ? ('response.headers' => $request{response_headers}) : ());
	my $settings = join ', ', map { "set_config('$_', \$s\$$settings{$_}\$s\$, true)" } sort keys %settings;
	my $access = ($request{method} // 'POST') eq 'GET' ? 'READ ONLY' : 'READ WRITE';
	my $before = $request{before} ? "SELECT $request{before}();" : '';
	return <<"END" . statement($function, %request) . "COMMIT;\nDEALLOCATE ALL;\n";
\\echo request
BEGIN ISOLATION LEVEL READ COMMITTED $access;
\\o /dev/null
SELECT $settings;
$before
\\o
END
}

# PostgREST's statement: the function as a source, and the response read around it.
sub statement
{
	my ($function, %request) = @_;
	my $body = $request{body} // {};
	my @names = sort keys %$body;
	my $list = join ', ', map { qq("$_" := pgrst_body."$_") } @names;
	my $record = join ', ', map { qq("$_" $function->{type}{$_}) } @names;
	my $payload = @names ? qq{(SELECT \$1::json AS json_data) pgrst_payload,
		LATERAL (SELECT * FROM json_to_record(pgrst_payload.json_data) AS _($record) LIMIT 1) pgrst_body, LATERAL} : '';
	my ($call, $result) = ("$function->{name}($list)", q{coalesce(json_agg(t.pgrst_scalar)->0, 'null')});
	($call, $payload) = ("$function->{name}(\$1::bytea)", '') if $request{bytes};
	$call = $function->{kind} =~ /row|set/ ? "(SELECT * FROM $call)" : "(SELECT $call pgrst_scalar)";
	$result = q{coalesce(json_agg(t), '[]')} if $function->{kind} eq 'set';
	$result = q{coalesce(json_agg(t)->0, 'null')} if $function->{kind} eq 'row';
	$result = q{''} if $function->{kind} eq 'void';
	$result = '(array_agg(t.pgrst_scalar))[1]' if $request{accept};
	my $value = $request{bytes} ? '\x' . unpack('H*', $request{bytes}) : encode_json($body);
	return <<"END";
PREPARE pgrst (text) AS
WITH pgrst_source AS (SELECT pgrst_call.* FROM $payload $call pgrst_call)
SELECT $result AS body, nullif(current_setting('response.headers', true), ''), nullif(current_setting('response.status', true), ''), '@{[ $request{accept} ? 'file' : $function->{kind} ]}'
FROM (SELECT * FROM pgrst_source) t;
EXECUTE pgrst (\$v\$$value\$v\$);
END
}

sub success
{
	my ($line) = @_;
	chomp $line;
	my ($body, $headers, $status, $kind) = split /\x1f/, $line, -1;
	my $list = decode_json($headers || '[]');
	return { status => "response.headers is not an array of objects with one key: $headers" }
	  if ref $list ne 'ARRAY' or grep { ref $_ ne 'HASH' or keys %$_ != 1 or ref((values %$_)[0]) } @$list;
	return {
		status => $status || ($kind eq 'void' ? 204 : 200),
		headers => $headers || undef,
		raw => $body,
		body => $kind =~ /void|file/ ? undef : JSON::PP->new->allow_nonref->decode($body) };
}

# The status that PostgREST makes of an SQLSTATE.
sub failure
{
	my ($sqlstate, $message) = @_;
	my @statuses = (
		[ qr/^PT(\d{3})$/ ], [ qr/^25006/, 405 ], [ qr/^2350[35]/, 409 ], [ qr/^(42501|28)/, 403 ], [ qr/^(42883|42P01)/, 404 ],
		[ qr/^(53|08|57P01)/, 503 ], [ qr/^(09|0L|0P|2D|25|38|39|3B|40|42P17|54|55|57|58|F0|HV|P0(?!001)|XX)/, 500 ]);
	for my $case (@statuses)
	{
		return { status => $case->[1] // $1, sqlstate => $sqlstate, message => $message } if $sqlstate =~ $case->[0];
	}
	return { status => 400, sqlstate => $sqlstate, message => $message };
}
