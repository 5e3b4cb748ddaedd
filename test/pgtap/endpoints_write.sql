-- Single identities over HTTP, written: each is a batch of one, whose verdict is unwrapped.
\ir endpoints.psql
SELECT no_plan();

CREATE FUNCTION t.of(who text, tail text DEFAULT '') RETURNS text LANGUAGE sql AS $$ SELECT 'identities/' || t.id(who) || tail $$;
CREATE FUNCTION t.in_crm(who text, tail text DEFAULT '') RETURNS text LANGUAGE sql AS $$ SELECT 'applications/crm/' || t.of(who, tail) $$;
-- the last audit entry: action, tier, outcome, who it is about, what became of the row
CREATE FUNCTION t.noted() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', action, CASE WHEN application_id IS NULL THEN 'account' ELSE 'application' END, outcome, coalesce((SELECT email FROM canopy.identity WHERE id::text = a.metadata->>'identity_id'), 'nobody'),
		(SELECT string_agg(key, ' ') FROM jsonb_each(metadata) WHERE key IN ('created', 'updated', 'skipped', 'failed') AND value = '1'), metadata->>'errors')
	FROM canopy.audit_log AS a ORDER BY id DESC LIMIT 1
$$;

-- create: 201 and the identity bare, or the error of the row
SELECT is(status || ' ' || (answer->>'email') || ' ' || jsonb_array_length(answer->'app_memberships'), '201 one@acme.example 1', 'create in the account')
FROM t.http('POST', 'identities', t.person(' One@ACME.example', jsonb_build_object('application_id', t.id('crm'), 'password', 'correct horse')));
SELECT is(t.noted(), 'identity.create account success one@acme.example created {}', 'and its audit entry');
SELECT is((SELECT answer - 'is_active' FROM t.http('GET', 'identities/' || id)), (SELECT answer - 'is_active' FROM t.http('POST', 'identities', t.person('two@acme.example', jsonb_build_object('metadata', '{"a":1}'::jsonb)))) || jsonb_build_object('id', id),
	'what is answered is what is read') FROM (SELECT id FROM canopy.identity WHERE email = 'two@acme.example') AS i;
SELECT is(status || ' ' || (answer->>'email') || ' ' || (SELECT count(*) FROM jsonb_object_keys(answer)), '201 three@acme.example 8', 'create in an application')
FROM t.http('POST', 'applications/crm/identities', t.person('three@acme.example', jsonb_build_object('role_id', t.id('editor'), 'node_id', t.id('crm-eu'))));
SELECT is(t.noted(), 'identity.create application success three@acme.example created {}', 'and its audit entry');
SELECT is((SELECT count(*) FROM canopy.role_assignment AS r JOIN canopy.identity AS i ON i.id = r.identity_id WHERE email = 'three@acme.example'), 1::bigint, 'with its role');
SELECT is(t.said('POST', tier || 'identities', document), wanted, tier || ' ' || left(document::text, 60))
FROM (VALUES ('', t.person('one@acme.example'), '409 email_conflict: email email_conflict'), ('', '{}', '400 required: email required, first_name required, last_name required'),
	('', t.person('x@acme.example', '{"emial":1,"external_id":"x-new"}'), '400 unknown_field: emial unknown_field ~email'), ('', t.person('x@acme.example', '{"external_id":"x-new"}'), '409 external_id_conflict: external_id external_id_conflict'),
	('', t.person('x@acme.example', '{"password":"short"}'), '400 password_too_short: password password_too_short'), ('', t.person('x@acme.example', jsonb_build_object('application_id', t.id('shop'))), '404 application_not_found: application_id application_not_found'),
	('applications/crm/', t.person('x@acme.example', jsonb_build_object('role_id', t.id('system-admin'), 'node_id', t.id('crm-eu'))), '400 system_role: role_id system_role'),
	('', '[]', '400 invalid_row'), ('', '[{}]', '400 invalid_row'), ('', '7', '400 invalid_row'), ('', '"x"', '400 invalid_row'), ('', 'null', '400 invalid_row'), ('', 'true', '400 invalid_row'),
	('', '{"identities":[]}', '400 required: email required, first_name required, last_name required, identities unknown_field')) AS v (tier, document, wanted);
SELECT is(t.noted(), 'identity.create account failure nobody failed {"required": 1}', 'a failure is in the audit log');
SELECT is(answer->'error', jsonb_build_object('statusCode', 409, 'code', 'email_conflict', 'message', 'The email address is already in use.', 'path', '/portal/v1/accounts/acme/identities', 'method', 'POST',
	'details', '{"issues":[{"code":"email_conflict","field":"email","message":"The email address is already in use."}]}'::jsonb), 'an error as HTTP says it')
FROM t.http('POST', 'identities', t.person('one@acme.example'));
SELECT is((SELECT count(*) FROM canopy.identity WHERE email = 'x@acme.example'), 0::bigint, 'nothing is left of what failed');
SELECT is(t.said('POST', 'identities'), '400 bad_request', 'no body');
SELECT is(h.status || ' ' || (convert_from(h.body, 'UTF8')::jsonb #>> '{error,details}'), '400 {"issues": [{"code": "password_too_short", "field": "password", "message": "The password has fewer than 8 characters."}]}', 'no secret comes back')
FROM canopy_bulk_http('POST', '/portal/v1/accounts/acme/identities', '{"content-type":"application/json"}', convert_to(t.person('x@acme.example', '{"password":"canary"}')::text, 'UTF8')) AS h;

-- a key: once, and for one request of one kind
SELECT is(string_agg(concat_ws(' ', status, headers->>'Idempotency-Replayed', answer->>'email'), ', '), '201 keyed@acme.example, 201 true keyed@acme.example', 'create twice with a key')
FROM (SELECT h.* FROM generate_series(1, 2) AS n, LATERAL t.http('POST', 'identities', t.person('keyed@acme.example', jsonb_build_object('x', n) - 'x'), '{"Idempotency-Key":"k"}') AS h) AS h;
SELECT is(t.said('POST', 'identities', t.person('other@acme.example'), '{"Idempotency-Key":"k"}'), '422 unprocessable_content', 'another request with the key');
SELECT is(string_agg(concat_ws(' ', status, headers->>'Idempotency-Replayed', answer #>> '{error,code}'), ', '), '409 email_conflict, 409 true email_conflict', 'an error is replayed too')
FROM (SELECT h.* FROM generate_series(1, 2) AS n, LATERAL t.http('POST', 'identities', t.person('keyed@acme.example', jsonb_build_object('x', n) - 'x'), '{"Idempotency-Key":"again"}') AS h) AS h;
SELECT is((SELECT count(*) FROM canopy.identity WHERE email = 'keyed@acme.example'), 1::bigint, 'and it is there once');

-- a dry run answers and leaves nothing
SELECT t.reset();
CREATE TABLE t.before AS SELECT t.state() AS state;
SELECT is(t.said(method, path || '?dry_run=true', document::jsonb), wanted, format('dry run: %s %s', method, path))
FROM (VALUES ('POST', 'identities', t.person('dry@acme.example')::text, '201'), ('POST', 'applications/crm/identities', t.person('dry@acme.example')::text, '201'), ('PATCH', t.of('new'), '{"first_name":"X"}', '200'),
	('PATCH', t.of('new', '/status'), '{"is_active":false}', '200'), ('PATCH', t.in_crm('active'), '{"is_active":false,"external_id":"y"}', '200'), ('POST', t.in_crm('active', '/deactivate'), NULL, '200'),
	('POST', t.of('new', '/app-memberships'), format('{"application_id":"%s"}', t.id('crm')), '201'), ('DELETE', t.of('active', '/app-memberships/' || t.id('crm')), NULL, '204'), ('DELETE', t.in_crm('active'), NULL, '204'),
	('PATCH', t.in_crm('active'), '{"external_id":"x-new"}', '409 external_id_conflict: external_id external_id_conflict')) AS v (method, path, document, wanted);
SELECT is(t.state(), (SELECT state FROM t.before), 'and nothing has changed');

-- the profile: what is sent changes, metadata as a whole; null clears it
SELECT is(concat_ws(' ', status, answer->>'first_name', answer->>'last_name', answer->>'metadata', answer->>'external_id'), wanted, document)
FROM (VALUES ('{"first_name":"Grace"}', '200 Grace N110 {"of": "new"} x-new'), ('{"last_name":"Hopper","metadata":{"b":2}}', '200 Grace Hopper {"b": 2} x-new'), ('{}', '200 Grace Hopper {"b": 2} x-new'),
	('{"metadata":null}', '200 Grace Hopper {} x-new'), ('{"first_name":null}', '200 Grace Hopper {} x-new')) AS v (document, wanted), LATERAL t.http('PATCH', t.of('new'), document::jsonb);
SELECT is(t.noted(), 'identity.update account success new skipped {}', 'what changes nothing is skipped');
SELECT isnt(updated_at, '2020-01-01Z', 'the row knows when it was changed') FROM canopy.identity WHERE email = 'new';
SELECT is(t.said('PATCH', t.of('new'), document::jsonb), wanted, document)
FROM (VALUES ('{"first_name":""}', '400 required: first_name required'), ('{"first_name":7}', '400 invalid_type: first_name invalid_type'), ('{"metadata":[]}', '400 metadata_invalid: metadata metadata_invalid'),
	('{"email":"x@acme.example"}', '400 unknown_field: email unknown_field'), ('{"external_id":"x"}', '400 unknown_field: external_id unknown_field'), ('{"is_active":true}', '400 unknown_field: is_active unknown_field'),
	('{"id":"x"}', '400 bad_request'), ('{"password":"correct horse"}', '400 unknown_field: password unknown_field'), ('[]', '400 invalid_row'), ('7', '400 invalid_row'),
	(jsonb_build_object('first_name', repeat('x', 256))::text, '400 too_long: first_name too_long'), ('{"last_name":"a\u0007"}', '400 invalid_value: last_name invalid_value')) AS v (document, wanted);

-- in an application also the external id, and whether it may sign in there
SELECT is(concat_ws(' ', status, answer->>'first_name', answer->>'external_id', answer->>'is_active', (SELECT m.status FROM canopy.app_membership AS m WHERE id = t.id(who || 'crm')), (SELECT is_active FROM canopy.identity WHERE id = t.id(who))), wanted, who || ' ' || document)
FROM (VALUES (1, 'active', '{"external_id":"y"}', '200 Old y true active t'), (2, 'active', '{"external_id":null,"first_name":"Ada"}', '200 Ada true active t')) AS v (n, who, document, wanted), LATERAL t.http('PATCH', t.in_crm(who), document::jsonb);
SELECT is(t.said('PATCH', t.in_crm('active'), document::jsonb), wanted, document)
FROM (VALUES ('{"external_id":"x-new"}', '409 external_id_conflict: external_id external_id_conflict'), ('{"external_id":" "}', '400 external_id_invalid: external_id external_id_invalid'), ('{"is_active":"no"}', '400 invalid_type: is_active invalid_type')) AS v (document, wanted);
SELECT is((SELECT external_id FROM canopy.identity WHERE email = 'active'), NULL, 'null has cleared the external id');
SELECT is(t.said('PATCH', t.in_crm('active'), '{"is_active":false,"last_name":"Z"}'), '200', 'suspended by PATCH');
SELECT is((SELECT concat_ws(' ', m.status, i.is_active, last_name) FROM canopy.app_membership AS m JOIN canopy.identity AS i ON i.id = identity_id WHERE m.id = t.id('activecrm')), 'suspended t Z', 'the membership is, the identity is not');

-- activate and deactivate: a message, and the membership alone
SELECT t.reset();
CREATE FUNCTION t.of_crm(who text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', m.status, i.is_active, (SELECT count(*) FROM canopy.role_assignment AS r WHERE r.identity_id = i.id)) FROM canopy.app_membership AS m JOIN canopy.identity AS i ON i.id = m.identity_id
	WHERE m.application_id = t.id('crm') AND i.id = t.id(who)
$$;
SELECT is(concat_ws(' ', status, answer), '200 {"message": "the identity may not sign in to the application"}', 'deactivate') FROM t.http('POST', t.in_crm('active', '/deactivate'));
SELECT is(t.of_crm('active'), 'suspended t 3', 'its roles stay');
SELECT is(t.noted(), 'identity.deactivate application success active updated {}', 'and the audit log has it');
SELECT is(answer->>'is_active', 'false', 'and it is read so') FROM t.http('GET', t.in_crm('active'));
SELECT is(t.said('POST', t.in_crm('active', '/deactivate')), '200', 'again');
SELECT is(t.noted(), 'identity.deactivate application success active skipped {}', 'changes nothing');
SELECT is(concat_ws(' ', status, answer), '200 {"message": "the identity may sign in to the application"}', 'activate') FROM t.http('POST', t.in_crm('active', '/activate'));
SELECT is(t.of_crm('active'), 'active t 3', 'it is a member as before');
SELECT is(t.said('POST', t.in_crm('invited', '/activate')), '200', 'one who was invited');
SELECT is(t.of_crm('invited'), 'active t 0', 'is activated');

-- the account's flag bars from everything, and gives nothing back
SELECT is(concat_ws(' ', status, answer->>'is_active', answer #>> '{app_memberships,0,status}'), '200 false active', 'barred') FROM t.http('PATCH', t.of('active', '/status'), '{"is_active":false}');
SELECT is(t.noted(), 'identity.deactivate account success active updated {}', 'in the account''s audit log');
SELECT is(answer->>'is_active', 'false', 'in every application') FROM t.http('GET', t.in_crm('active'));
SELECT is(t.said('POST', t.in_crm('active', '/activate')), '200', 'an application cannot lift it');
SELECT is(answer->>'is_active', 'false', 'it stays barred') FROM t.http('GET', t.in_crm('active'));
SELECT is(concat_ws(' ', status, answer->>'is_active'), '200 true', 'no longer barred') FROM t.http('PATCH', t.of('active', '/status'), '{"is_active":true}');
SELECT is(t.said('PATCH', t.of('active', '/status'), document::jsonb), wanted, document)
FROM (VALUES ('{}', '400 required: is_active required'), ('{"is_active":null}', '400 required: is_active required'), ('{"is_active":1}', '400 invalid_type: is_active invalid_type'), ('{"is_active":true,"first_name":"X"}', '400 unknown_field: first_name unknown_field')) AS v (document, wanted);

-- memberships: made, made again, taken away
SELECT is(concat_ws(' ', status, answer->>'status', answer->>'identity_id' = t.id('new')::text, answer->>'application_id' = t.id('crm')::text), '201 active t t', 'add a membership')
FROM t.http('POST', t.of('new', '/app-memberships'), jsonb_build_object('application_id', t.id('crm')));
SELECT is(t.noted(), 'app_membership.attach application success new created {}', 'in the application''s audit log');
SELECT is(t.said('POST', t.of('new', '/app-memberships'), jsonb_build_object('application_id', t.id('crm'))), '409 membership_conflict: identity_id membership_conflict', 'who is a member is one');
SELECT is(concat_ws(' ', status, answer->>'id' = t.id('deactivatedcrm')::text), '201 t', 'one that was deactivated is a membership again') FROM t.http('POST', t.of('deactivated', '/app-memberships'), jsonb_build_object('application_id', t.id('crm')));
SELECT is(t.said('POST', t.of('new', '/app-memberships'), document::jsonb), wanted, document)
FROM (VALUES (jsonb_build_object('application_id', t.id('nothing'))::text, '404 not_found'), (jsonb_build_object('application_id', t.id('shop'))::text, '404 not_found'), ('{"application_id":"crm"}', '400 bad_request'), ('{}', '400 bad_request'),
	('{"application_id":null}', '400 bad_request'), ('[]', '400 bad_request'), ('7', '400 bad_request'), (jsonb_build_object('application_id', t.id('crm'), 'status', 'active')::text, '400 bad_request')) AS v (document, wanted);
SELECT is(concat_ws(' ', status, answer IS NULL, headers), '204 t {}', 'remove a membership') FROM t.http('DELETE', t.of('active', '/app-memberships/' || t.id('crm')));
SELECT is(t.of_crm('active'), 'deactivated t 0', 'it is deactivated, and the roles are gone');
SELECT is(t.noted(), 'app_membership.detach application success active updated {}', 'in the application''s audit log');
SELECT is(t.said('DELETE', t.of(who, '/app-memberships/' || t.id(application))), wanted, format('remove %s from %s', who, application))
FROM (VALUES ('active', 'crm', '404 membership_not_found: identity_id membership_not_found'), ('wiki-only', 'crm', '404 membership_not_found: identity_id membership_not_found'), ('nobody', 'crm', '404 identity_not_found'),
	('new', 'nothing', '404 not_found'), ('new', 'shop', '404 not_found')) AS v (who, application, wanted);

-- whoever is removed from an application is there no longer, but still in the account
SELECT t.reset();
SELECT is(concat_ws(' ', status, answer IS NULL), '204 t', 'remove from an application') FROM t.http('DELETE', t.in_crm('active'));
SELECT is(t.of_crm('active'), 'deactivated t 0', 'as a membership is removed');
SELECT is(t.said('GET', t.in_crm('active')), '404 identity_not_found', 'not in the application');
SELECT is(t.said('GET', t.of('active')), '200', 'in the account');
SELECT is(t.said('DELETE', t.in_crm('active')), '404 identity_not_found', 'not twice');

-- a key binds to its application; the same routes without names
SET request.jwt.claims = '';
SELECT canopy_bulk_api_key_create('writer', 'crm', 'production', 'acme')->>'key' AS key \gset
SELECT t.reset();
SELECT is(concat_ws(' ', n, h.status, convert_from(h.body, 'UTF8')::jsonb #>> '{error,code}'), concat_ws(' ', n, wanted), method || ' ' || path)
FROM (VALUES (1, 'POST', '', t.person('key@acme.example')::text, '201'), (2, 'GET', '', NULL, '200'), (3, 'PATCH', '/' || t.id('active'), '{"first_name":"X"}', '200'), (4, 'POST', '/' || t.id('active') || '/deactivate', NULL, '200'),
	(5, 'PATCH', '/' || t.id('wiki-only'), '{"first_name":"X"}', '404 identity_not_found'), (6, 'DELETE', '/' || t.id('active'), NULL, '204'), (7, 'GET', '/' || t.id('active'), NULL, '404 identity_not_found'),
	(8, 'POST', '/bulk-create', jsonb_build_object('identities', t.people(2))::text, '200'), (9, 'POST', '/bulk-create', jsonb_build_object('identities', t.people(3))::text, '207'),
	(10, 'POST', '/bulk-create', t.people(201)::text, '413 content_too_large'), (11, 'POST', '/bulk-create?environment=staging', '[]', '403 forbidden')) AS v (n, method, path, document, wanted),
	LATERAL canopy_bulk_http(method, '/api/v1/identities' || path, jsonb_build_object('X-API-Key', :'key', 'content-type', 'application/json'), convert_to(document, 'UTF8')) AS h;
SELECT is(h.status, 403, 'the account is not a key''s: ' || method || ' ' || path)
FROM (VALUES ('POST', '', '{}'), ('PATCH', '/' || t.id('active'), '{}'), ('PATCH', '/' || t.id('active') || '/status', '{"is_active":false}'), ('POST', '/' || t.id('active') || '/app-memberships', format('{"application_id":"%s"}', t.id('wiki'))),
	('DELETE', '/' || t.id('wiki-only') || '/app-memberships/' || t.id('wiki'), NULL)) AS v (method, path, document),
	LATERAL canopy_bulk_http(method, '/portal/v1/accounts/acme/identities' || path, jsonb_build_object('X-API-Key', :'key', 'content-type', 'application/json'), convert_to(document, 'UTF8')) AS h;

-- what a trigger refuses, or swallows, is the row's problem, and nothing of it stays
SET request.jwt.claims = '{"sub": "admin-1", "principal_type": "user", "account": "acme"}';
SELECT t.reset();
CREATE FUNCTION t.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_ARGV[0] = 'raise' THEN RAISE 'no'; END IF; RETURN NULL; END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON canopy.app_membership FOR EACH ROW EXECUTE FUNCTION t.refuse('swallow');
SELECT is(t.said('PATCH', t.in_crm('active'), '{"first_name":"Half","is_active":false}'), '422 rejected', 'a swallowed membership');
DROP TRIGGER refuse ON canopy.app_membership;
CREATE TRIGGER refuse BEFORE UPDATE ON canopy.app_membership FOR EACH ROW EXECUTE FUNCTION t.refuse('raise');
SELECT is(t.said('PATCH', t.in_crm('active'), '{"first_name":"Half","is_active":false}'), '422 rejected', 'a refused membership');
DROP TRIGGER refuse ON canopy.app_membership;
SELECT is((SELECT first_name || ' ' || t.of_crm('active') FROM canopy.identity WHERE email = 'active'), 'Old active t 3', 'nothing of the row is left');
SELECT is(t.said('PATCH', t.in_crm('active'), '{"is_active":false}'), '200', 'and then it goes');
SELECT finish();
