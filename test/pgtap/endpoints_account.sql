-- What an administrator asks of an identity's own account over HTTP: a new password, and that it verifies its address.
\ir endpoints.psql
SELECT no_plan();
UPDATE canopy.identity SET email = email || '@acme.example';

CREATE FUNCTION t.of(who text, tail text DEFAULT '') RETURNS text LANGUAGE sql AS $$ SELECT 'identities/' || t.id(who) || tail $$;
CREATE FUNCTION t.last_token(kind text) RETURNS text LANGUAGE sql AS $$ SELECT substring(link FROM 'token=([-_0-9A-Za-z]*)') FROM canopy.outbox AS o WHERE o.kind = $1 ORDER BY created_at DESC, id DESC LIMIT 1 $$;
CREATE FUNCTION t.verify(token text) RETURNS text LANGUAGE sql AS $$ SELECT t.said('POST', '/v1/identity/auth/verify-email', jsonb_build_object('token', token)) $$;

-- a new password: an invite and its mail, of which the administrator sees nothing
SELECT is(concat_ws(' ', status, answer), '200 {"message": "a mail to choose a new password is on its way"}', 'a password is reset') FROM t.http('POST', t.of('active', '/reset-password'));
SELECT results_eq('SELECT v.intent, v.status, v.environment_id, v.identity_id, o.kind, o.status, o.recipient FROM canopy.identity_invite AS v JOIN canopy.outbox AS o ON o.invite_id = v.id',
	$$ VALUES ('password_reset', 'pending', NULL::uuid, t.id('active'), 'password_reset', 'queued', 'active@acme.example') $$, 'by an invite and a mail');
SELECT is((SELECT concat_ws(' ', action, resource_type, metadata->>'identity_id' = t.id('active')::text) FROM canopy.audit_log), 'identity.reset_password identity_invite t', 'and one audit entry');
SELECT t.last_token('password_reset') AS first \gset
SELECT is(canopy_bulk_invite_info(:'first')->>'intent', 'password_reset', 'the token is good');
SELECT is(t.said('POST', t.of('active', '/reset-password')), '200', 'asked for again');
SELECT throws_ok(format('SELECT canopy_bulk_invite_info(%L)', :'first'), 'PT404', NULL, 'the token before is not');
SELECT is((SELECT string_agg(status, ' ' ORDER BY id) FROM canopy.outbox), 'withdrawn queued', 'nor is its mail');
SELECT is(canopy_bulk_invite_accept(t.last_token('password_reset'), 'battery staple')->>'accepted', 'true', 'a password is chosen');
SELECT is(canopy_bulk_verify_password('active@acme.example', 'battery staple', 'acme')->>'verified', 'true', 'and good from now on');
SELECT is(t.said('POST', t.of(who, '/reset-password')), '404 identity_not_found', who || ' has no password to reset') FROM unnest('{nobody,foreign}'::text[]) AS who;
SELECT is(t.said('POST', t.of('new', '/reset-password'), NULL, '{"Idempotency-Key":"reset"}'), '200', 'with a key');
SELECT t.last_token('password_reset') AS first \gset
SELECT is(headers->>'Idempotency-Replayed' || ' ' || answer, 'true {"message": "a mail to choose a new password is on its way"}', 'and again') FROM t.http('POST', t.of('new', '/reset-password'), NULL, '{"Idempotency-Key":"reset"}');
SELECT is(t.last_token('password_reset'), :'first', 'the mail is the first');
CREATE TABLE t.before AS SELECT t.state() AS state;
SELECT is(t.said('POST', t.of(who, tail || '?dry_run=true')), '200', format('dry run: %s of %s', tail, who)) FROM unnest('{new,invited}'::text[]) AS who, unnest('{/reset-password,/resend-verification}'::text[]) AS tail;
SELECT is(t.state(), (SELECT state FROM t.before), 'a dry run sends nothing');

-- an address is verified with what was mailed to it, once
SELECT is(concat_ws(' ', status, answer), '200 {"message": "a mail to verify the address is on its way"}', 'a verification is sent') FROM t.http('POST', t.of('new', '/resend-verification'));
SELECT results_eq($$ SELECT recipient, status, link LIKE '/app/identity/verify-email?token=%', payload - 'expires_at' FROM canopy.outbox WHERE kind = 'email_verification' $$,
	$$ VALUES ('new@acme.example', 'queued', true, '{"last_name":"N110","first_name":"Old","account_name":"Acme"}'::jsonb) $$, 'by mail');
SELECT t.last_token('email_verification') AS first \gset
SELECT is((SELECT count(*) FROM canopy.email_verification WHERE position(:'first' IN email_verification::text) > 0), 0::bigint, 'the token is only there');
SELECT is(t.said('POST', t.of('new', '/resend-verification')), '200', 'asked for again');
SELECT is((SELECT string_agg(status, ' ' ORDER BY id) FROM canopy.outbox WHERE kind = 'email_verification'), 'withdrawn queued', 'the mail before is withdrawn');
SET request.jwt.claims = '';
SELECT is(t.verify(:'first'), '404 not_found', 'and its token is none');
SELECT t.last_token('email_verification') AS second \gset
BEGIN;
UPDATE canopy.email_verification SET expires_at = now() - interval '1 second';
SELECT is(t.verify(:'second'), '410 gone', 'one that has expired');
ROLLBACK;
BEGIN;
UPDATE canopy.identity SET email = 'newer@acme.example' WHERE email = 'new@acme.example';
SELECT is(t.verify(:'second'), '404 not_found', 'one that went to another address');
ROLLBACK;
SELECT is(concat_ws(' ', status, answer), '200 {"message": "the address is verified"}', 'the token is used') FROM t.http('POST', '/v1/identity/auth/verify-email', jsonb_build_object('token', :'second'));
SELECT results_eq($$ SELECT email_verified, email_verified_at IS NOT NULL, updated_at > '2020-01-01Z' FROM canopy.identity WHERE email = 'new@acme.example' $$, $$ VALUES (true, true, true) $$, 'the address is verified');
SELECT is(t.verify(:'second'), '404 not_found', 'once');
SELECT results_eq($$ SELECT action, actor_id, actor_type, resource_id FROM canopy.audit_log ORDER BY id DESC LIMIT 1 $$, $$ VALUES ('identity.verify_email', t.id('new')::text, 'identity', t.id('new')::text) $$, 'who did it is in the audit log');
SELECT is_empty(format('SELECT id FROM canopy.audit_log WHERE audit_log::text LIKE %L OR audit_log::text LIKE %L', '%' || :'first' || '%', '%' || :'second' || '%'), 'which has no token');
SELECT is(t.said('POST', '/v1/identity/auth/verify-email', document::jsonb), wanted, document)
FROM (VALUES ('{"token":"x"}', '404 not_found'), ('{"token":""}', '404 not_found'), ('{"token":7}', '400 bad_request'), ('{}', '400 bad_request'), ('[]', '400 bad_request'), ('{"token":"x","email":"y"}', '400 bad_request')) AS v (document, wanted);
SET request.jwt.claims = '{"sub": "admin-1", "principal_type": "user", "account": "acme"}';
SELECT is(t.said('POST', t.of(who, '/resend-verification')), wanted, 'a verification for ' || who)
FROM (VALUES ('new', '409 already_verified: identity_id already_verified'), ('nobody', '404 identity_not_found'), ('foreign', '404 identity_not_found')) AS v (who, wanted);
SELECT is((SELECT answer #>> '{items,0,action}' FROM t.http('GET', t.of('new', '/audit'))), 'identity.resend_verification', 'the audit entries of the identity have it');

-- a mail that a trigger swallows is the row's problem, and takes the token with it
CREATE FUNCTION t.swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER swallow BEFORE INSERT ON canopy.outbox FOR EACH ROW EXECUTE FUNCTION t.swallow();
SELECT is(t.said('POST', t.of('invited', '/resend-verification')), '422 rejected', 'no token without its mail');
SELECT is((SELECT count(*) FROM canopy.email_verification), 0::bigint, 'nothing of it is left');
SELECT finish();
