-- Accepting an invite: who comes to be, or joins, or gets a new password, and who is refused.
\ir fixture.psql
SELECT no_plan();

-- an invite whose link is in the answer, or in the mail, and its token
CREATE FUNCTION t.token(link text) RETURNS text LANGUAGE sql AS $$ SELECT substring(link FROM '[?&]token=([A-Za-z0-9_-]{64})') $$;
CREATE FUNCTION t.invite(email text, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
$$ SELECT t.token(canopy_bulk_invite(jsonb_build_array(t.person(email, '{"send_email":false}' || more)), 'acme', 'crm', 'production')#>>'{results,0,data,accept_url}') $$;
CREATE FUNCTION t.invite_to_account(email text, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
$$ SELECT t.token(canopy_bulk_invite(jsonb_build_array(jsonb_build_object('email', email, 'send_email', false) || more), 'acme', '')#>>'{results,0,data,accept_url}') $$;
CREATE FUNCTION t.mail(email text, more jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM canopy_bulk_invite(jsonb_build_array(t.person(email, more)), 'acme', 'crm', 'production');
	RETURN (SELECT t.token(link) FROM canopy.outbox WHERE recipient = email AND link IS NOT NULL ORDER BY id DESC LIMIT 1);
END $$;
CREATE FUNCTION t.verified(email text, password text) RETURNS boolean LANGUAGE sql AS
$$ SELECT (canopy_bulk_verify_password(email, password, 'acme')->>'verified')::boolean $$;

-- an identity, its membership and its role, all at once
CREATE TABLE t.ada AS SELECT t.invite('ada@acme.example', jsonb_build_object('role_id', t.id('editor'), 'node_id', t.id('crm-eu'))) AS token;
SELECT is(canopy_bulk_invite_info(token), '{"email":"ada@acme.example","intent":"activate","app_name":"CRM","last_name":"Byron","first_name":"Ada","inviter_email":null}', 'whoever has a token may know what it is for') FROM t.ada;
CREATE TABLE t.answer AS SELECT canopy_bulk_invite_accept(token, 'correct horse') AS answer FROM t.ada;
SELECT is(answer - 'identity_id', '{"message":"Invite accepted.","accepted":true}', 'an invite is accepted') FROM t.answer;
SELECT results_eq($$SELECT id, first_name, last_name, is_active, email_verified, email_verified_at IS NOT NULL, password_changed_at IS NOT NULL, left(password_hash, 10) FROM canopy.identity WHERE email = 'ada@acme.example'$$,
	$$SELECT (answer->>'identity_id')::uuid, 'Ada', 'Byron', true, true, true, true, '$argon2id$' FROM t.answer$$, 'the identity is there, its address verified');
SELECT results_eq($$SELECT m.status, m.invited_at = v.created_at, m.activated_at = v.accepted_at, v.status FROM canopy.app_membership m, canopy.identity_invite v WHERE m.application_id = t.id('crm')$$,
	$$VALUES ('active', true, true, 'accepted')$$, 'it is a member, and the invite is accepted');
SELECT results_eq($$SELECT role_id, node_id FROM canopy.role_assignment$$, $$VALUES (t.id('editor'), t.id('crm-eu'))$$, 'with its role');
SELECT ok(t.verified('ada@acme.example', 'correct horse'), 'and its password opens');
SELECT throws_ok(format('SELECT canopy_bulk_invite_accept(%L, ''correct horse'')', token), 'PT409', 'invite was accepted before', 'a token is used once') FROM t.ada;
SELECT throws_ok(format('SELECT canopy_bulk_invite_info(%L)', token), 'PT409', 'invite was accepted before', 'and says so to who has it') FROM t.ada;
SELECT throws_ok(format('SELECT canopy_bulk_invite_revoke(%L, ''acme'')', id), '22023', 'invite is no longer pending', 'what was accepted cannot be revoked') FROM canopy.identity_invite;
SELECT results_eq($$SELECT actor_type, actor_id, resource_id, application_id, environment_id, metadata FROM canopy.audit_log WHERE action = 'identity_invite.accept'$$,
	$$SELECT 'identity', answer->>'identity_id', v.id::text, t.id('crm'), t.id('production'), '{"intent":"activate","created":true}'::jsonb FROM t.answer, canopy.identity_invite v$$, 'the audit log has one entry for it');

-- whoever accepts may say another name
SELECT canopy_bulk_invite_accept(t.invite('bob@acme.example'), 'correct horse', 'Robert', 'Tables') \gset
SELECT results_eq($$SELECT first_name, last_name FROM canopy.identity WHERE email = 'bob@acme.example'$$, $$VALUES ('Robert', 'Tables')$$, 'he knows his name');

-- to the account: no membership, unless an application is named, and a name from somewhere
CREATE TABLE t.account AS SELECT t.invite_to_account('solo@acme.example') AS token;
SELECT throws_ok(format('SELECT canopy_bulk_invite_accept(%L, ''correct horse'')', token), '22023', 'first name or last name is missing, too long or not a name', 'a name has to come from somewhere') FROM t.account;
SELECT throws_ok(format('SELECT canopy_bulk_invite_accept(%L, ''correct horse'', %L, ''x'')', token, n), '22023', 'first name or last name is missing, too long or not a name', 'and be one') FROM t.account, unnest(ARRAY['', ' ', E'A\nB', repeat('x', 256)]) AS n;
SELECT is(canopy_bulk_invite_accept(token, 'correct horse', 'Han', 'Solo')->'accepted', 'true', 'then it is accepted') FROM t.account;
SELECT canopy_bulk_invite_accept(t.invite_to_account('duo@acme.example', jsonb_build_object('application_id', t.id('wiki'))), 'correct horse', 'Duo', 'Duo') \gset
SELECT results_eq($$SELECT i.email, m.application_id FROM canopy.identity i LEFT JOIN canopy.app_membership m ON m.identity_id = i.id WHERE email ~ '^(solo|duo)' ORDER BY 1$$,
	$$VALUES ('duo@acme.example' COLLATE "C", t.id('wiki')), ('solo@acme.example', NULL)$$, 'a membership only where an application was named');

-- somebody who exists shows the password he has; it is not changed
SELECT canopy_bulk_create(jsonb_build_array(t.person('eve@acme.example', '{"password":"eve''s password"}')), 'acme', '') \gset
CREATE TABLE t.eve AS SELECT t.invite('eve@acme.example', jsonb_build_object('role_id', t.id('editor'), 'node_id', t.id('crm-root'))) AS token, (SELECT password_hash FROM canopy.identity WHERE email = 'eve@acme.example') AS hash;
SELECT is(canopy_bulk_invite_accept(token, 'not eve''s password'), '{"reason":"invalid_credentials","message":"the password does not open the identity that exists","accepted":false}', 'a wrong password is refused') FROM t.eve;
SELECT is(failed_login_count, 1, 'and counted') FROM canopy.identity WHERE email = 'eve@acme.example';
SELECT is_empty($$SELECT 1 FROM canopy.app_membership m JOIN canopy.identity i ON i.id = m.identity_id WHERE email = 'eve@acme.example'$$, 'and opens nothing');
SELECT is(canopy_bulk_invite_accept(token, 'eve''s password', 'Other', 'Name')->'accepted', 'true', 'the right one is taken') FROM t.eve;
SELECT results_eq($$SELECT first_name, password_hash, failed_login_count FROM canopy.identity WHERE email = 'eve@acme.example'$$, $$SELECT 'Ada', hash, 0 FROM t.eve$$, 'name and password stay');
SELECT is(count(*), 1::bigint, 'the role is there') FROM canopy.role_assignment r JOIN canopy.identity i ON i.id = r.identity_id WHERE email = 'eve@acme.example';

-- guesses end in a lock-out, which looks like a wrong password
CREATE TABLE t.locked AS SELECT t.invite_to_account('eve@acme.example', jsonb_build_object('application_id', t.id('wiki'))) AS token;
SET canopy_bulk.login_max_failures = 2;
SELECT is(canopy_bulk_invite_accept(token, guess)->>'reason', 'invalid_credentials', 'guess ' || guess) FROM t.locked, unnest('{12345678,12345679,eve''s password}'::text[]) AS guess;
RESET canopy_bulk.login_max_failures;

-- a new password, which ends the lock-out; the old one is dead
CREATE TABLE t.reset AS SELECT t.mail('eve@acme.example', '{"intent":"password_reset"}') AS token;
SELECT is(canopy_bulk_invite_info(token)->>'intent', 'password_reset', 'a member gets a new password') FROM t.reset;
SELECT is(canopy_bulk_invite_accept(token, 'a new password')->'accepted', 'true', 'which she chooses') FROM t.reset;
SELECT is(ARRAY[t.verified('eve@acme.example', 'eve''s password'), t.verified('eve@acme.example', 'a new password')], '{f,t}', 'only the new one opens');
SELECT results_eq($$SELECT email_verified, locked_until, failed_login_count FROM canopy.identity WHERE email = 'eve@acme.example'$$, $$VALUES (true, NULL::timestamptz, 0)$$, 'who got the mail has the address, and is not locked out');
SELECT is(canopy_bulk_invite_accept(token, 'a new password')->'accepted', 'true', 'the other invite still works') FROM t.locked;

-- somebody without a password chooses one, if the token was mailed to him
SELECT t.add_identity('acme', 'sso@acme.example') \gset
SELECT is(canopy_bulk_invite_accept(t.invite('sso@acme.example'), 'any password')->>'reason', 'invalid_credentials', 'a link from somebody''s hand sets no password');
SELECT canopy_bulk_invite_revoke(id, 'acme') FROM canopy.identity_invite WHERE email = 'sso@acme.example' \gset
SELECT is(canopy_bulk_invite_accept(t.mail('sso@acme.example'), 'any password')->'accepted', 'true', 'one from a mail does');
SELECT ok(t.verified('sso@acme.example', 'any password'), 'and it opens');

-- an identity that came to be meanwhile is asked for its password, like any other
CREATE TABLE t.late AS SELECT t.invite('late@acme.example') AS token;
SELECT canopy_bulk_create(jsonb_build_array(t.person('late@acme.example', '{"password":"late password"}')), 'acme', '') \gset
SELECT is(canopy_bulk_invite_accept(token, 'another password')->>'reason', 'invalid_credentials', 'who is there by now is not replaced') FROM t.late;
SELECT is(canopy_bulk_invite_accept(token, 'late password')->'accepted', 'true', 'and joins with the password he has') FROM t.late;

-- memberships: one that was ended or offered becomes active, one that is suspended does not
SELECT t.add_identity('acme', s || '@acme.example') AS id, t.add_membership('acme', s || '@acme.example', 'crm', s) AS m INTO TABLE t.members FROM unnest('{deactivated,invited}'::text[]) AS s;
SELECT is(canopy_bulk_invite_accept(t.mail(s || '@acme.example'), 'any password')->'accepted', 'true', s || ' becomes a member') FROM unnest('{deactivated,invited}'::text[]) AS s;
SELECT results_eq($$SELECT DISTINCT status, deactivated_at FROM canopy.app_membership WHERE id IN (SELECT m FROM t.members)$$, $$VALUES ('active', NULL::timestamptz)$$, 'in the row he had');
CREATE TABLE t.suspended AS SELECT t.mail('suspended@acme.example') AS token;
SELECT t.add_identity('acme', 'suspended@acme.example'), t.add_membership('acme', 'suspended@acme.example', 'crm', 'suspended') \gset
SELECT throws_ok(format('SELECT canopy_bulk_invite_accept(%L, ''any password'')', token), 'PT409', 'membership of the application is suspended', 'what somebody has suspended stays so') FROM t.suspended;

-- what has gone, or may not be given any more
CREATE TABLE t.gone AS SELECT t.invite('gone@acme.example', jsonb_build_object('role_id', t.id('editor'), 'node_id', t.id('crm-eu'))) AS token;
UPDATE canopy.role SET is_system = true WHERE id = t.id('editor');
SELECT throws_ok(format('SELECT canopy_bulk_invite_accept(%L, ''any password'')', token), 'PT409', 'role of the invite can no longer be given', 'a role that became a system''s') FROM t.gone;
UPDATE canopy.role SET is_system = false WHERE id = t.id('editor');
DELETE FROM canopy.node WHERE id = t.id('crm-eu');
SELECT throws_ok(format('SELECT canopy_bulk_invite_accept(%L, ''any password'')', token), 'PT409', 'role of the invite can no longer be given', 'a node that is gone') FROM t.gone;
SELECT is_empty($$SELECT 1 FROM canopy.identity WHERE email = 'gone@acme.example'$$, 'then nobody comes to be');

-- a password is one, or nothing happens
SELECT throws_ok(format('SELECT canopy_bulk_invite_accept(%L, %L)', t.invite(format('pw%s@acme.example', n)), p), '22023', 'password cannot be used', format('password %s', n))
FROM unnest(ARRAY['1234567', '', repeat('x', 65)]) WITH ORDINALITY AS u (p, n);
CREATE FUNCTION t.is_breached(password text) RETURNS boolean LANGUAGE sql AS $$ SELECT password = 'password1' $$;
GRANT USAGE ON SCHEMA t TO canopy_owner;
SET canopy_bulk.breach_check = 't.is_breached';
SELECT throws_ok(format('SELECT canopy_bulk_invite_accept(%L, ''password1'')', t.invite('pw9@acme.example')), '22023', 'password cannot be used', 'a password that everybody knows');
RESET canopy_bulk.breach_check;
SELECT is((SELECT count(*) FROM canopy.identity_invite WHERE email LIKE 'pw%' AND status = 'pending'), 4::bigint, 'they can try again');

-- expired, revoked, replaced, malformed, of nobody: only the first is told apart
CREATE TABLE t.over AS SELECT t.invite('over@acme.example') AS token;
UPDATE canopy.identity_invite SET expires_at = now() WHERE email = 'over@acme.example';
SELECT throws_ok(format('SELECT %s', format(f, token)), 'PT410', 'invite has expired', 'too late: ' || f) FROM t.over, unnest(ARRAY['canopy_bulk_invite_info(%L)', 'canopy_bulk_invite_accept(%L, ''any password'')']) AS f;
CREATE TABLE t.nothing AS
SELECT 'revoked' AS title, t.invite('revoked@acme.example') AS token
UNION ALL SELECT 'replaced', t.invite('replaced@acme.example')
UNION ALL SELECT 'unknown', 'A' || substr(t.invite('other@acme.example'), 2)
UNION ALL SELECT 'one letter off', overlay(t.invite('other2@acme.example') PLACING 'AAAA' FROM 61)
UNION ALL SELECT 'empty', '' UNION ALL SELECT 'a word', 'token' UNION ALL SELECT 'long', repeat('A', 100000) UNION ALL SELECT 'not ASCII', repeat('ä', 32);
SELECT canopy_bulk_invite_revoke(id, 'acme') AS v FROM canopy.identity_invite WHERE email = 'revoked@acme.example' \gset
SELECT canopy_bulk_invite_resend(id, 'acme') AS v FROM canopy.identity_invite WHERE email = 'replaced@acme.example' \gset
SELECT throws_ok(format('SELECT %s', format(f, token)), 'PT404', 'invite does not exist', format('%s: %s', title, f)) FROM t.nothing, unnest(ARRAY['canopy_bulk_invite_info(%L)', 'canopy_bulk_invite_accept(%L, ''any password'')']) AS f;
SELECT throws_ok(format('SELECT %s', f), '22023', NULL, 'null: ' || f) FROM unnest('{canopy_bulk_invite_info(NULL),"canopy_bulk_invite_accept(NULL, ''x'')","canopy_bulk_invite_accept(''x'', NULL)"}'::text[]) AS f;

-- a token is all it takes: claims of whoever clicked are not looked at
SET request.jwt.claims = '{"role":"anonymous"}';
SET canopy_bulk.require_claims = on;
SELECT is(canopy_bulk_invite_info(token)->>'email', 'gone@acme.example', 'anybody may ask') FROM t.gone;
RESET request.jwt.claims;
RESET canopy_bulk.require_claims;

-- in a request the status says that the password was wrong
SET request.method = 'POST';
CREATE TABLE t.status AS SELECT t.invite('stat@acme.example') AS token;
SELECT canopy_bulk_create(jsonb_build_array(t.person('stat@acme.example', '{"password":"stat password"}')), 'acme', '') \gset
BEGIN;
SELECT canopy_bulk_invite_accept(token, 'wrong password')->>'reason' AS reason FROM t.status \gset
SELECT is(current_setting('response.status'), '401', 'a wrong password is 401');
UPDATE canopy.identity SET is_active = false WHERE email = 'stat@acme.example';
SELECT is(canopy_bulk_invite_accept(token, 'stat password')->>'reason', 'identity_inactive', 'who is barred from all is barred from this') FROM t.status;
SELECT is(current_setting('response.status'), '403', 'which is 403');
COMMIT;
RESET request.method;

-- mail that is still unsent is of no use to who has joined
CREATE TABLE t.early AS SELECT t.mail('early@acme.example') AS token;
SELECT is(canopy_bulk_invite_accept(token, 'any password')->'accepted', 'true', 'a link may be quicker than its mail') FROM t.early;
SELECT results_eq($$SELECT status, link FROM canopy.outbox WHERE recipient = 'early@acme.example'$$, $$VALUES ('withdrawn', NULL::text)$$, 'which is withdrawn');

-- neither token nor password is anywhere
SELECT is_empty($$
	SELECT x FROM (SELECT to_jsonb(l)::text FROM canopy.audit_log l UNION ALL SELECT to_jsonb(i)::text FROM canopy.identity i UNION ALL SELECT to_jsonb(v)::text FROM canopy.identity_invite v
	UNION ALL SELECT to_jsonb(o)::text FROM canopy.outbox o WHERE next_attempt_at IS NULL) AS a (x),
	(SELECT token FROM t.ada UNION ALL SELECT token FROM t.early UNION ALL SELECT 'correct horse' UNION ALL SELECT 'a new password') AS s (secret) WHERE position(secret IN x) > 0
$$, 'no table has a token that was used, or a password');

SELECT * FROM finish();
