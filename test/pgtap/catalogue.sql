-- The catalogue of row errors: for every code a row that gets it, with its HTTP number,
-- its sentence, and the fields it is about. Where one field is meant, the sentence names it.
-- strategies: all
\ir fixture.psql
SELECT no_plan();

-- the codes, and what each always says
CREATE TABLE t.code (word text PRIMARY KEY, http integer, message text);
INSERT INTO t.code VALUES
	('invalid_row', 400, 'The row is not a JSON object.'),
	('unknown_field', 400, 'The row has a key that is not a field.'),
	('required', 400, 'A required field is missing or empty.'),
	('invalid_type', 400, 'A field has the wrong JSON type.'),
	('too_long', 400, 'A field is longer than allowed.'),
	('invalid_value', 400, 'A field has a value that is not allowed.'),
	('email_invalid', 400, 'The email address is not valid.'),
	('uuid_invalid', 400, 'A field is not a UUID.'),
	('metadata_invalid', 400, 'The metadata is not an object or is too large.'),
	('external_id_invalid', 400, 'The external id is not valid.'),
	('password_too_short', 400, 'The password has fewer than 8 characters.'),
	('password_too_long', 400, 'The password has more than 64 characters.'),
	('password_breached', 400, 'The password is known from a data breach.'),
	('password_looks_hashed', 400, 'The password has the form of a hash; a hash belongs in password_hash.'),
	('password_hash_unsupported', 400, 'The password hash has an unsupported format or parameters out of bounds.'),
	('role_node_pair', 400, 'A role needs a node, and a node needs a role.'),
	('system_role', 400, 'System roles are reserved for administrators.'),
	('forbidden', 403, 'The caller may not change this of the identity.'),
	('identity_not_found', 404, 'The identity does not exist.'),
	('application_not_found', 404, 'The application does not exist.'),
	('role_not_found', 404, 'The role does not exist.'),
	('node_not_found', 404, 'The node does not exist.'),
	('membership_not_found', 404, 'The identity is not a member of the application.'),
	('assignment_not_found', 404, 'The role assignment does not exist.'),
	('client_not_found', 404, 'The OAuth client does not exist.'),
	('email_conflict', 409, 'The email address is already in use.'),
	('external_id_conflict', 409, 'The external id is already in use.'),
	('membership_conflict', 409, 'The identity is already a member of the application.'),
	('invite_conflict', 409, 'The email address has a pending invite already.'),
	('membership_required', 409, 'The identity has no active membership of the application.'),
	('assignment_conflict', 409, 'The identity already has the role at the node.'),
	('client_misconfigured', 422, 'The OAuth client is inactive or has no address to lead to.'),
	('already_verified', 409, 'The email address is verified already.'),
	('write_once', 409, 'A field that is written once has another value already.'),
	('license_seats_exhausted', 409, 'A license has no seat left.'),
	('rejected', 422, 'A constraint or trigger of the database refused the row.'),
	('batch_rolled_back', 424, 'The row was good, but its batch was rolled back.'),
	('ragged_row', 400, 'The row has more or fewer cells than the header.'),
	('cell_malformed', 400, 'The quotes of a cell do not match.'),
	('cell_unreadable', 400, 'A cell has characters that cannot be read in the encoding of the file.'),
	('spreadsheet_error', 400, 'A cell has the error of a spreadsheet''s formula.');
-- and of one field, behind its name
CREATE TABLE t.ending (word text PRIMARY KEY, ending text);
INSERT INTO t.ending VALUES
	('required', 'is missing or empty.'),
	('invalid_type', 'has the wrong JSON type.'),
	('too_long', 'is longer than allowed.'),
	('invalid_value', 'has a value that is not allowed.'),
	('uuid_invalid', 'is not a UUID.'),
	('write_once', 'is written once and has another value already.'),
	('cell_malformed', 'has quotes that do not match.'),
	('cell_unreadable', 'has characters that cannot be read in the encoding of the file.');

-- people who are there already: one free, one in crm, one barred from it
SELECT t.add_identity('acme', 'taken@acme.example', 'hr-1'), t.add_identity('acme', 'member@acme.example'),
	t.add_identity('acme', 'barred@acme.example'), t.add_membership('acme', 'member@acme.example', 'crm'),
	t.add_membership('acme', 'barred@acme.example', 'crm', 'suspended') \gset
INSERT INTO canopy.role_assignment (account_id, identity_id, application_id, role_id, node_id)
VALUES (t.id('acme'), t.id('member@acme.example'), t.id('crm'), t.id('editor'), t.id('crm-root'));

-- a trigger of the user's that does not like one address
CREATE FUNCTION t.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'no % here', NEW.email;
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON canopy.identity FOR EACH ROW
WHEN (NEW.email = 'refused@acme.example') EXECUTE FUNCTION t.refuse();
GRANT USAGE ON SCHEMA t TO canopy_owner;

-- a list of known passwords
CREATE FUNCTION t.is_breached(password text) RETURNS boolean LANGUAGE sql AS $$ SELECT password = 'password1' $$;
SET canopy_bulk.breach_check = 't.is_breached';

/*
 * A case: what is sent in front of the row, the row, the function with its options, and
 * for the row the code, the issues and what else details say.
 */
CREATE TABLE t.case (n serial, title text, call text, before jsonb, input jsonb, word text, issues text, more jsonb);

-- rows of the account tier that are wrong in themselves
INSERT INTO t.case (title, call, before, input, word, issues)
SELECT title, $$canopy_bulk_create($1, account => 'acme')$$, '[]', input, word, issues FROM (VALUES
	('a string', '"x"'::jsonb, 'invalid_row', NULL),
	('a number', '1', 'invalid_row', NULL),
	('null', 'null', 'invalid_row', NULL),
	('a boolean', 'true', 'invalid_row', NULL),
	('an array', '[{"email":"a@b.example"}]', 'invalid_row', NULL),
	('an empty object', '{}', 'required', 'email required, first_name required, last_name required'),
	('a name that is missing', t.person('a@acme.example') - 'first_name', 'required', 'first_name required'),
	('a name that is null', t.person('a@acme.example', '{"last_name":null}'), 'required', 'last_name required'),
	('a name that is empty', t.person('a@acme.example', '{"last_name":""}'), 'required', 'last_name required'),
	('a name of blanks', t.person('a@acme.example', '{"first_name":"  "}'), 'required', 'first_name required'),
	('a name of a blank without room', t.person('a@acme.example', jsonb_build_object('first_name', U&'\200B')), 'required', 'first_name required'),
	('a name of a Korean letter without a form', t.person('a@acme.example', jsonb_build_object('first_name', U&'\3164 ')), 'required', 'first_name required'),
	('a name of braille without a dot', t.person('a@acme.example', jsonb_build_object('last_name', U&'\2800\2800')), 'required', 'last_name required'),
	('a name of marks without a letter', t.person('a@acme.example', jsonb_build_object('last_name', U&'\0301\20DD')), 'required', 'last_name required'),
	('a name of blanks of other kinds', t.person('a@acme.example', jsonb_build_object('last_name', U&'\00A0\3000\2003')), 'required', 'last_name required'),
	('an address of blanks', t.person('  '), 'required', 'email required'),
	('a name with a line break', t.person('a@acme.example', '{"first_name":"A\nB"}'), 'invalid_value', 'first_name invalid_value'),
	('a name with a C1 control', t.person('a@acme.example', '{"last_name":"A\u0085B"}'), 'invalid_value', 'last_name invalid_value'),
	('an address that is a number', t.person('x', '{"email":7}'), 'invalid_type', 'email invalid_type'),
	('a name that is an object', t.person('a@acme.example', '{"first_name":{}}'), 'invalid_type', 'first_name invalid_type'),
	('an external id that is a number', t.person('a@acme.example', '{"external_id":7}'), 'invalid_type', 'external_id invalid_type'),
	('a password that is an array', t.person('a@acme.example', '{"password":["long enough"]}'), 'invalid_type', 'password invalid_type'),
	('a hash that is false', t.person('a@acme.example', '{"password_hash":false}'), 'invalid_type', 'password_hash invalid_type'),
	('an address without an at sign', t.person('ada'), 'email_invalid', 'email email_invalid'),
	('two at signs', t.person('a@b@acme.example'), 'email_invalid', 'email email_invalid'),
	('an empty local part', t.person('@acme.example'), 'email_invalid', 'email email_invalid'),
	('two dots', t.person('a..b@acme.example'), 'email_invalid', 'email email_invalid'),
	('a dotless domain', t.person('a@localhost'), 'email_invalid', 'email email_invalid'),
	('an IP address', t.person('a@10.0.0.1'), 'email_invalid', 'email email_invalid'),
	('a quoted local part', t.person('"a b"@acme.example'), 'email_invalid', 'email email_invalid'),
	('a local part that is not ASCII', t.person('ädä@acme.example'), 'email_invalid', 'email email_invalid'),
	('a zero-width space in the domain', t.person(E'a@ac\u200Bme.example'), 'email_invalid', 'email email_invalid'),
	('an A-label that is none', t.person('a@xn--a.example'), 'email_invalid', 'email email_invalid'),
	('metadata that is an array', t.person('a@acme.example', '{"metadata":[]}'), 'metadata_invalid', 'metadata metadata_invalid'),
	('metadata that is a string', t.person('a@acme.example', '{"metadata":"{}"}'), 'metadata_invalid', 'metadata metadata_invalid'),
	('an empty external id', t.person('a@acme.example', '{"external_id":""}'), 'external_id_invalid', 'external_id external_id_invalid'),
	('an external id with a tab', t.person('a@acme.example', '{"external_id":"a\tb"}'), 'external_id_invalid', 'external_id external_id_invalid'),
	('a name that is too long', t.person('a@acme.example', jsonb_build_object('last_name', repeat('x', 256))), 'too_long', 'last_name too_long'),
	('a short password', t.person('a@acme.example', '{"password":"1234567"}'), 'password_too_short', 'password password_too_short'),
	('a long password', t.person('a@acme.example', jsonb_build_object('password', repeat('x', 65))), 'password_too_long', 'password password_too_long'),
	('a known password', t.person('a@acme.example', '{"password":"password1"}'), 'password_breached', 'password password_breached'),
	('a hash for a password', t.person('a@acme.example', '{"password":"5f4dcc3b5aa765d61d8327deb882cf99"}'), 'password_looks_hashed', 'password password_looks_hashed'),
	('a plain password for a hash', t.person('a@acme.example', '{"password_hash":"correct horse"}'), 'password_hash_unsupported', 'password_hash password_hash_unsupported'),
	('an MD5 hash', t.person('a@acme.example', '{"password_hash":"$1$abcdefgh$0123456789012345678901"}'), 'password_hash_unsupported', 'password_hash password_hash_unsupported'),
	('a hash that costs 4 GiB', t.person('a@acme.example', '{"password_hash":"$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}'), 'password_hash_unsupported', 'password_hash password_hash_unsupported'),
	('a password and a hash', t.person('a@acme.example', jsonb_build_object('password', 'correct horse', 'password_hash', '$2b$12$' || repeat('a', 53))), 'invalid_value', 'password_hash invalid_value'),
	('an application that is no id', t.person('a@acme.example', '{"application_id":"crm"}'), 'uuid_invalid', 'application_id uuid_invalid'),
	('an application that is a number', t.person('a@acme.example', '{"application_id":1}'), 'uuid_invalid', 'application_id uuid_invalid'),
	('an unknown application', t.person('a@acme.example', jsonb_build_object('application_id', t.id('nothing'))), 'application_not_found', 'application_id application_not_found'),
	('another account''s application', t.person('a@acme.example', jsonb_build_object('application_id', t.id('shop'))), 'application_not_found', 'application_id application_not_found'),
	('a key in another style', t.person('a@acme.example', '{"firstName":"Ada"}'), 'unknown_field', 'firstName unknown_field ~first_name'),
	('a misspelt key', t.person('a@acme.example', '{"emial":1}'), 'unknown_field', 'emial unknown_field ~email'),
	('a key that is near nothing', t.person('a@acme.example', '{"department":"Sales"}'), 'unknown_field', 'department unknown_field'),
	('an empty key', t.person('a@acme.example', '{"":1}'), 'unknown_field', ' unknown_field'),
	('a field of the other tier', t.person('a@acme.example', jsonb_build_object('role_id', t.id('editor'))), 'unknown_field', 'role_id unknown_field'),
	('a field that only we set', t.person('a@acme.example', '{"is_active":true}'), 'unknown_field', 'is_active unknown_field'),
	('an address that is taken', t.person('taken@acme.example'), 'email_conflict', 'email email_conflict'),
	('an address that is taken, in other case', t.person(' TAKEN@Acme.Example '), 'email_conflict', 'email email_conflict'),
	('an external id that is taken', t.person('a@acme.example', '{"external_id":"hr-1"}'), 'external_id_conflict', 'external_id external_id_conflict'),
	('both taken', t.person('member@acme.example', '{"external_id":"hr-1"}'), 'email_conflict', 'email email_conflict, external_id external_id_conflict'),
	('several problems', '{"email":"ada","first_name":"","last_name":"L","password":"short","metadata":1,"application_id":"x","passwort":"x"}',
		'email_invalid', 'email email_invalid, first_name required, password password_too_short, metadata metadata_invalid, application_id uuid_invalid, passwort unknown_field ~password')
) AS v (title, input, word, issues);

-- rows of the application tier
INSERT INTO t.case (title, call, before, input, word, issues)
SELECT title, $$canopy_bulk_create($1, account => 'acme', application => 'crm'$$ || coalesce(', ' || options, '') || ')',
	'[]', t.person('a@acme.example', input), word, issues FROM (VALUES
	('a role without a node', NULL, jsonb_build_object('role_id', t.id('editor')), 'role_node_pair', 'node_id role_node_pair'),
	('a node without a role', NULL, jsonb_build_object('node_id', t.id('crm-root')), 'role_node_pair', 'role_id role_node_pair'),
	('a role and a node that is null', NULL, jsonb_build_object('role_id', t.id('editor'), 'node_id', NULL), 'role_node_pair', 'node_id role_node_pair'),
	('a role that is no id', NULL, jsonb_build_object('role_id', 'editor', 'node_id', t.id('crm-root')), 'uuid_invalid', 'role_id uuid_invalid'),
	('a node that is no id', NULL, jsonb_build_object('role_id', t.id('editor'), 'node_id', 'root'), 'uuid_invalid', 'node_id uuid_invalid'),
	('a system role', NULL, jsonb_build_object('role_id', t.id('system-admin'), 'node_id', t.id('crm-root')), 'system_role', 'role_id system_role'),
	('an unknown role', NULL, jsonb_build_object('role_id', t.id('nothing'), 'node_id', t.id('crm-root')), 'role_not_found', 'role_id role_not_found'),
	('an unknown node', NULL, jsonb_build_object('role_id', t.id('editor'), 'node_id', t.id('nothing')), 'node_not_found', 'node_id node_not_found'),
	('both unknown', NULL, jsonb_build_object('role_id', t.id('nothing'), 'node_id', t.id('nothing')), 'role_not_found', 'role_id role_not_found, node_id node_not_found'),
	('a role of another application', NULL, jsonb_build_object('role_id', t.id('writer'), 'node_id', t.id('crm-root')), 'role_not_found', 'role_id role_not_found'),
	('a node of another application', NULL, jsonb_build_object('role_id', t.id('editor'), 'node_id', t.id('wiki-root')), 'node_not_found', 'node_id node_not_found'),
	('a node of another environment than the role', NULL, jsonb_build_object('role_id', t.id('editor'), 'node_id', t.id('staging-root')), 'node_not_found', 'node_id node_not_found'),
	('a role of another environment than the call', $$environment => 'staging'$$, jsonb_build_object('role_id', t.id('editor'), 'node_id', t.id('staging-root')), 'role_not_found', 'role_id role_not_found'),
	('a field of the other tier', NULL, jsonb_build_object('application_id', t.id('crm')), 'unknown_field', 'application_id unknown_field'),
	('a role for somebody who is barred', $$on_conflict => 'update'$$,
		jsonb_build_object('email', 'barred@acme.example', 'role_id', t.id('editor'), 'node_id', t.id('crm-root')), 'membership_required', 'role_id membership_required')
) AS v (title, options, input, word, issues);

-- rows that are attached
INSERT INTO t.case (title, call, before, input, word, issues)
SELECT title, $$canopy_bulk_attach_json($1, application => 'crm', account => 'acme')$$, '[]', input, word, issues FROM (VALUES
	('an unknown identity', to_jsonb(t.id('nobody')), 'identity_not_found', 'identity_id identity_not_found'),
	('an id that is none', '"id_01HXABC"', 'uuid_invalid', 'identity_id uuid_invalid'),
	('an id that is null', 'null', 'required', 'identity_id required'),
	('a member', to_jsonb(t.id('member@acme.example')), 'membership_conflict', 'identity_id membership_conflict')
) AS v (title, input, word, issues);

-- assignments, and identities that are detached
INSERT INTO t.case (title, call, before, input, word, issues)
SELECT title, call, '[]', input, word, issues FROM (VALUES
	('a role that is held', $$canopy_bulk_assign($1, 'crm', account => 'acme')$$, jsonb_build_object('identity_id', t.id('member@acme.example'), 'role_id', t.id('editor'), 'node_id', t.id('crm-root')),
		'assignment_conflict', 'role_id assignment_conflict'),
	('an unknown assignment', $$canopy_bulk_unassign_json($1, 'crm', account => 'acme')$$, to_jsonb(t.id('nothing')), 'assignment_not_found', 'assignment_id assignment_not_found'),
	('an identity that is no member', $$canopy_bulk_detach_json($1, 'crm', 'acme')$$, to_jsonb(t.id('taken@acme.example')), 'membership_not_found', 'identity_id membership_not_found')
) AS v (title, call, input, word, issues);

-- invites: an address that waits already, and clients that lead nowhere
INSERT INTO canopy.oauth_client (account_id, application_id, environment_id, id, name, redirect_uris, is_active)
SELECT t.id(a), t.id(app), t.id(env), t.id(name), name, uris, active FROM (VALUES
	('acme', 'crm', 'production', 'idle-client', '{https://crm.example/in}'::text[], false), ('acme', 'crm', 'production', 'bare-client', '{}', true),
	('acme', 'crm', 'staging', 'other-client', '{https://crm.example/in}', true), ('globex', 'shop', 'shop-live', 'shop-client', '{https://shop.example/in}', true)
) AS v (a, app, env, name, uris, active);
SELECT canopy_bulk_invite(jsonb_build_array(t.person('waiting@acme.example')), 'acme', 'crm', 'production') \gset
INSERT INTO t.case (title, call, before, input, word, issues)
SELECT title, $$canopy_bulk_invite($1, 'acme', 'crm', 'production')$$, '[]', t.person('a@acme.example', input), word, issues FROM (VALUES
	('an invite without a name', '{"first_name":null}'::jsonb, 'required', 'first_name required'),
	('an intent that there is not', '{"intent":"join"}', 'invalid_value', 'intent invalid_value'),
	('an intent that is found out', '{"intent":"add_to_app"}', 'invalid_value', 'intent invalid_value'),
	('an intent that is a number', '{"intent":1}', 'invalid_type', 'intent invalid_type'),
	('a truth that is a word', '{"send_email":"no"}', 'invalid_type', 'send_email invalid_type'),
	('a minute less a second', '{"expires_in":59}', 'invalid_value', 'expires_in invalid_value'),
	('a year and two days', '{"expires_in":"P367D"}', 'invalid_value', 'expires_in invalid_value'),
	('a month, of whatever length', '{"expires_in":"P1M"}', 'invalid_value', 'expires_in invalid_value'),
	('a fraction of a second', '{"expires_in":100.5}', 'invalid_value', 'expires_in invalid_value'),
	('a number too large', '{"expires_in":1e400}', 'invalid_value', 'expires_in invalid_value'),
	('days behind hours', '{"expires_in":"PT1H1D"}', 'invalid_value', 'expires_in invalid_value'),
	('a duration that is a truth', '{"expires_in":true}', 'invalid_type', 'expires_in invalid_type'),
	('a language of one letter', '{"locale":"d"}', 'invalid_value', 'locale invalid_value'),
	('a language with an underscore', '{"locale":"de_CH"}', 'invalid_value', 'locale invalid_value'),
	('a language that ends in a dash', '{"locale":"de-"}', 'invalid_value', 'locale invalid_value'),
	('an invite with a role alone', jsonb_build_object('role_id', t.id('editor')), 'role_node_pair', 'node_id role_node_pair'),
	('an invite to a system role', jsonb_build_object('role_id', t.id('system-admin'), 'node_id', t.id('crm-root')), 'system_role', 'role_id system_role'),
	('an invite to a role of another environment', jsonb_build_object('role_id', t.id('tester'), 'node_id', t.id('crm-root')), 'role_not_found', 'role_id role_not_found'),
	('an invite to a node of another environment', jsonb_build_object('role_id', t.id('editor'), 'node_id', t.id('staging-root')), 'node_not_found', 'node_id node_not_found'),
	('a client that is not active', jsonb_build_object('client_id', t.id('idle-client')), 'client_misconfigured', 'client_id client_misconfigured'),
	('a client without an address', jsonb_build_object('client_id', t.id('bare-client')), 'client_misconfigured', 'client_id client_misconfigured'),
	('a client of another environment', jsonb_build_object('client_id', t.id('other-client')), 'client_not_found', 'client_id client_not_found'),
	('a client of another account', jsonb_build_object('client_id', t.id('shop-client')), 'client_not_found', 'client_id client_not_found'),
	('a client that is no id', '{"client_id":"crm"}', 'uuid_invalid', 'client_id uuid_invalid'),
	('an address that waits', '{"email":"Waiting@acme.example"}', 'invite_conflict', 'email invite_conflict'),
	('somebody who is there', '{"email":"member@acme.example"}', 'membership_conflict', 'email membership_conflict'),
	('somebody who is barred', '{"email":"barred@acme.example"}', 'membership_conflict', 'email membership_conflict'),
	('a new password for nobody', '{"intent":"password_reset"}', 'identity_not_found', 'email identity_not_found'),
	('a new password for somebody who is elsewhere', '{"email":"taken@acme.example","intent":"password_reset"}', 'identity_not_found', 'email identity_not_found'),
	('a new password with a role', jsonb_build_object('email', 'member@acme.example', 'intent', 'password_reset', 'role_id', t.id('editor'), 'node_id', t.id('crm-root')),
		'invalid_value', 'role_id invalid_value, node_id invalid_value'),
	('an application in an environment', jsonb_build_object('application_id', t.id('crm')), 'unknown_field', 'application_id unknown_field')
) AS v (title, input, word, issues);
INSERT INTO t.case (title, call, before, input, word, issues)
SELECT title, $$canopy_bulk_invite($1, 'acme')$$, '[]', input, word, issues FROM (VALUES
	('an invite to nothing new', '{"email":"taken@acme.example"}'::jsonb, 'email_conflict', 'email email_conflict'),
	('an invite to an application of another account', jsonb_build_object('email', 'a@acme.example', 'application_id', t.id('shop')), 'application_not_found', 'application_id application_not_found'),
	('an invite to the account with a role', jsonb_build_object('email', 'a@acme.example', 'role_id', t.id('editor')), 'unknown_field', 'role_id unknown_field'),
	('a new password in an application', jsonb_build_object('email', 'taken@acme.example', 'intent', 'password_reset', 'application_id', t.id('crm')), 'invalid_value', 'application_id invalid_value')
) AS v (title, input, word, issues);

-- what only HTTP asks for, one row at a time
UPDATE canopy.identity SET email_verified = true WHERE email = 'member@acme.example';
CREATE FUNCTION t.resend_verification(ids jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('results', jsonb_build_array(jsonb_build_object('code', h.status, 'error', convert_from(h.body, 'UTF8')::jsonb->'error')))
	FROM set_config('request.jwt.claims', '{"sub":"a","principal_type":"user","account":"acme"}', true),
		canopy_bulk_http('POST', format('/portal/v1/accounts/acme/identities/%s/resend-verification', ids->>0)) AS h
$$;
INSERT INTO t.case (title, call, before, input, word, issues)
VALUES ('an address that is verified', 't.resend_verification($1)', '[]', to_jsonb(t.id('member@acme.example')), 'already_verified', 'identity_id already_verified');

-- what a caller that is bound to an application may not change of its members
CREATE FUNCTION t.as_crm(rows jsonb, call text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	PERFORM set_config('request.jwt.claims', '{"principal_type": "user", "account": "acme", "application": "crm", "environment": "production"}', true);
	EXECUTE 'SELECT ' || call INTO answer USING rows;
	PERFORM set_config('request.jwt.claims', '', true);
	RETURN answer;
END $$;
SELECT t.add_identity('acme', 'both@acme.example', 'b-1'), t.add_membership('acme', 'both@acme.example', 'crm'), t.add_membership('acme', 'both@acme.example', 'wiki') \gset
INSERT INTO t.case (title, call, before, input, word, issues)
SELECT title, format('t.as_crm($1, %L)', call), '[]', input, word, issues FROM (VALUES
	('another password of a member', 'canopy_bulk_create($1, on_conflict => ''update'')', t.person('member@acme.example', '{"password":"another horse 1"}'), 'forbidden', 'password forbidden'),
	('another hash of a member', 'canopy_bulk_create($1, on_conflict => ''update'')', t.person('member@acme.example', '{"password_hash":"$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"}'), 'forbidden', 'password_hash forbidden'),
	('another external id of a member elsewhere', 'canopy_bulk_create($1, on_conflict => ''update'')', t.person('both@acme.example', '{"external_id":"b-2"}'), 'forbidden', 'external_id forbidden'),
	('a link to a new password', 'canopy_bulk_invite($1)', '{"email":"member@acme.example","intent":"password_reset","send_email":false}', 'forbidden', 'send_email forbidden'),
	('an update of no member', 'canopy_bulk_create($1, on_conflict => ''update'')', t.person('taken@acme.example'), 'email_conflict', 'email email_conflict'),
	('an attachment of no member', 'canopy_bulk_attach_json($1)', to_jsonb(t.id('taken@acme.example')), 'identity_not_found', 'identity_id identity_not_found')
) AS v (title, call, input, word, issues);

-- learners
INSERT INTO canopy.learning_item (account_id, id, kind, slug, name, seats) VALUES (t.id('acme'), t.id('full'), 'license', 'full', 'Full', 0);
INSERT INTO canopy.learner_profile (account_id, identity_id, sf_contact_id) VALUES (t.id('acme'), t.id('member@acme.example'), 'c1');
INSERT INTO t.case (title, call, before, input, word, issues) VALUES
	('another contact of a learner', $$canopy_bulk_enrol($1, account => 'acme')$$, '[]',
		'{"firstName":"A","lastName":"B","email":"member@acme.example","sfContactId":"c2"}', 'write_once', 'sfContactId write_once'),
	('a license that is full', $$canopy_bulk_enrol($1, license_ids => ARRAY[t.id('full')], account => 'acme')$$, '[]',
		'{"firstName":"A","lastName":"B","email":"seat@acme.example"}', 'license_seats_exhausted', 'license_ids license_seats_exhausted');

-- rows that are good but for the company they keep, or for the database
INSERT INTO t.case (title, call, before, input, word, issues, more)
SELECT title, call, before, input, word, issues, more FROM (VALUES
	('an address sent twice', $$canopy_bulk_create($1, account => 'acme')$$, jsonb_build_array(t.person('b@acme.example'), t.person('a@acme.example')),
		t.person('A@ACME.example'), 'email_conflict', 'email email_conflict', '{"first_index":1}'::jsonb),
	('an external id sent twice', $$canopy_bulk_create($1, account => 'acme')$$, jsonb_build_array(t.person('b@acme.example', '{"external_id":"x"}')),
		t.person('a@acme.example', '{"external_id":"x"}'), 'external_id_conflict', 'external_id external_id_conflict', '{"first_index":0}'),
	('an identity attached twice', $$canopy_bulk_attach_json($1, application => 'crm', account => 'acme')$$, jsonb_build_array(t.id('taken@acme.example')),
		to_jsonb(t.id('taken@acme.example')), 'membership_conflict', 'identity_id membership_conflict', '{"first_index":0}'),
	('an address invited twice', $$canopy_bulk_invite($1, 'acme', 'crm', 'production')$$, jsonb_build_array(t.person('a@acme.example')),
		t.person('A@acme.example'), 'invite_conflict', 'email invite_conflict', '{"first_index":0}'),
	('a row that a trigger refuses', $$canopy_bulk_create($1, account => 'acme')$$, '[]',
		t.person('refused@acme.example'), 'rejected', NULL, '{"sqlstate":"P0001"}'),
	('a good row in a batch that is rolled back', $$canopy_bulk_create($1, account => 'acme', max_failed => 0)$$, '[1]',
		t.person('a@acme.example'), 'batch_rolled_back', NULL, NULL)
) AS v (title, call, before, input, word, issues, more);

-- the last result of a case's answer; what the call wrote is undone
CREATE FUNCTION t.try(c t.case) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	EXECUTE 'SELECT ' || c.call INTO answer USING c.before || jsonb_build_array(c.input);
	RAISE EXCEPTION 'undo';
EXCEPTION WHEN raise_exception THEN
	RETURN answer->'results'->-1;
END $$;

CREATE TABLE t.tried AS SELECT c.*, t.try(c) AS result FROM t.case c ORDER BY n;

-- the code and its number, the issues with their fields, the rest of details
SELECT is(ARRAY[result#>>'{error,code}', result->>'code', t.issues(result), nullif((result#>'{error,details}') - 'issues', '{}')::text],
		ARRAY[word, http::text, issues, more::text], title || ' is ' || word)
FROM t.tried LEFT JOIN t.code USING (word) ORDER BY n;

-- a message is the one sentence of its code, at both levels, with the name of the field that is meant
SELECT is_empty($$
	SELECT title, said FROM t.tried, LATERAL (
		SELECT result#>>'{error,code}', result#>>'{error,details,issues,0,field}', result#>>'{error,message}'
		UNION ALL SELECT i->>'code', i->>'field', i->>'message' FROM jsonb_array_elements(result#>'{error,details,issues}') AS i
	) AS said (word, field, message) LEFT JOIN t.code USING (word) LEFT JOIN t.ending USING (word)
	WHERE said.message IS DISTINCT FROM coalesce(said.field || ' ' || ending, code.message)
$$, 'messages are those of the catalogue, word for word');

-- so none quotes what was sent
SELECT is_empty('SELECT word FROM t.code LEFT JOIN t.ending USING (word) WHERE concat(message, ending) ~ ''[%$"@]''', 'messages have no place for data');

-- details are always there, and issues have three keys or four
SELECT is_empty($$
	SELECT title FROM t.tried WHERE jsonb_typeof(result#>'{error,details}') IS DISTINCT FROM 'object'
	UNION ALL SELECT title FROM t.tried, jsonb_array_elements(result#>'{error,details,issues}') AS i
	WHERE NOT i ?& '{field,code,message}' OR (i - '{field,code,message,closest,bound}'::text[]) <> '{}'
$$, 'details is an object, and issues have the keys they should');

-- the table above is the library's own
\set library `sed -n 's/.*= {\("[a-z_]*", [0-9]*, "[^"]*"\)},$/[\1]/p' src/errors.c | paste -sd,`
SELECT set_eq(
	format('SELECT c->>0 AS word, (c->>1)::integer AS http, c->>2 AS message FROM jsonb_array_elements(%L) AS c WHERE c->>0 <> ''ok''', '[' || :'library' || ']'),
	'SELECT word, http, message FROM t.code', 'the catalogue is that of the library');

-- and every code has its case, but for what only a file can have (see import_preview.sql)
SELECT set_eq('SELECT DISTINCT result#>>''{error,code}'' AS word FROM t.tried',
	'SELECT word FROM t.code WHERE word NOT IN (''ragged_row'', ''cell_malformed'', ''cell_unreadable'', ''spreadsheet_error'')', 'every code has a case');

SELECT * FROM finish();
