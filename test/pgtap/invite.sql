-- Inviting: what becomes of a row, what is stored, what is mailed, and the life of an invite
-- until somebody accepts it.
-- strategies: all
\ir fixture.psql
SELECT no_plan();

INSERT INTO canopy.oauth_client (account_id, application_id, environment_id, id, name, redirect_uris, invite_redirect_url)
SELECT t.id('acme'), t.id('crm'), t.id('production'), t.id(name), name, uris, url FROM (VALUES
	('landing', '{}'::text[], 'https://crm.example/join?from=mail#top'),
	('plain', '{https://crm.example/in}', NULL)) AS v (name, uris, url);
SELECT count(t.add_identity('acme', e || '@acme.example')) FROM unnest('{free,active,invited,deactivated,suspended}'::text[]) AS e \gset
SELECT count(t.add_membership('acme', e || '@acme.example', 'crm', e)) FROM unnest('{active,invited,deactivated,suspended}'::text[]) AS e \gset
SELECT t.add_identity('globex', 'foreign@acme.example') \gset

-- an invite to production, and to the account, in a line each
CREATE FUNCTION t.invite(email text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS
$$ SELECT canopy_bulk_invite(jsonb_build_array(t.person(email, more)), 'acme', 'crm', 'production')#>'{results,0}' $$;
CREATE FUNCTION t.invite_to_account(email text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS
$$ SELECT canopy_bulk_invite(jsonb_build_array(jsonb_build_object('email', email) || more), 'acme', '')#>'{results,0}' $$;
CREATE FUNCTION t.token(link text) RETURNS text LANGUAGE sql AS $$ SELECT substring(link FROM '[?&]token=([A-Za-z0-9_-]{64})(?:[&#]|$)') $$;

-- whom an address belongs to decides what it is invited for
SELECT is(concat_ws(' ', r->>'code', r#>>'{data,intent}', r#>>'{error,code}'), wanted, email || ' is invited to ' || place)
FROM (VALUES
	('new@acme.example', 'environment', '201 activate'), ('free@acme.example', 'environment', '201 add_to_app'),
	('active@acme.example', 'environment', '409 membership_conflict'), ('invited@acme.example', 'environment', '201 add_to_app'),
	('deactivated@acme.example', 'environment', '201 add_to_app'), ('suspended@acme.example', 'environment', '409 membership_conflict'),
	('foreign@acme.example', 'environment', '201 activate'),
	('new@acme.example', 'account', '201 activate'), ('free@acme.example', 'account', '409 email_conflict'),
	('new2@acme.example', 'application', '201 activate'), ('free@acme.example', 'application', '201 add_to_app'),
	('active@acme.example', 'application', '409 membership_conflict')) AS v (email, place, wanted),
LATERAL (SELECT CASE place WHEN 'environment' THEN t.invite(email) WHEN 'account' THEN t.invite_to_account(email)
	ELSE t.invite_to_account(email, jsonb_build_object('application_id', t.id('crm'))) END) AS i (r);

-- an alias of the product's, and an intent that is sent
SELECT is(t.invite('alias@acme.example', '{"intent":"onboard"}')#>>'{data,intent}', 'activate', 'onboard is activate');
SELECT is(t.invite('plain@acme.example', '{"intent":"activate"}')#>>'{data,intent}', 'activate', 'activate is activate');
SELECT is(t.invite('active@acme.example', '{"intent":"password_reset"}')#>>'{data,intent}', 'password_reset', 'a member may get a new password');
SELECT is(t.invite_to_account('free@acme.example', '{"intent":"password_reset"}')#>>'{data,intent}', 'password_reset', 'and the account gives one to anybody in it');
SELECT is(t.invite_to_account('free@acme.example', '{"intent":"password_reset"}')#>>'{error,code}', 'invite_conflict', 'a password is of the account, so one is asked for once');
SELECT is(t.invite_to_account('foreign@acme.example', '{"intent":"password_reset"}')#>>'{error,code}', 'identity_not_found', 'an identity of another account is nobody');

-- nobody exists because he was invited
SELECT is((SELECT count(*) FROM canopy.identity WHERE account_id = t.id('acme')), 5::bigint, 'no identity is made by inviting');

-- the names of somebody who exists are his own
SELECT is(t.invite('deactivated@acme.example')#>>'{error,code}', 'invite_conflict', 'an address waits once in an environment');
SELECT results_eq($$SELECT first_name, last_name FROM canopy.identity_invite WHERE email = 'deactivated@acme.example'$$, $$VALUES ('Old', 'Name')$$, 'his names win');
SELECT is(canopy_bulk_invite(jsonb_build_array(t.person('new@acme.example')), 'acme', 'crm', 'staging')#>>'{results,0,code}', '201', 'another environment is another invite');

-- what is answered is what is stored
CREATE TABLE t.full AS SELECT t.invite(' Full@ACME.example ', jsonb_build_object('role_id', t.id('editor'), 'node_id', t.id('crm-eu'),
	'client_id', t.id('landing'), 'expires_in', 'P2DT1H', 'locale', 'pt-BR', 'first_name', 'Grace', 'last_name', 'Hopper'))->'data' AS data;
SELECT is(data - '{id,created_at,expires_at}'::text[], jsonb_build_object('name', 'Grace Hopper', 'email', 'full@acme.example', 'intent', 'activate', 'locale', 'pt-BR',
	'status', 'pending', 'node_id', t.id('crm-eu'), 'role_id', t.id('editor'), 'client_id', t.id('landing'), 'last_name', 'Hopper', 'accept_url', NULL,
	'first_name', 'Grace', 'invited_by', current_user, 'application_id', t.id('crm'), 'has_initial_assignment', true), 'data has every field') FROM t.full;
SELECT is_empty($$
	SELECT d.key FROM t.full, LATERAL jsonb_each(data) AS d, canopy.identity_invite AS v
	WHERE v.id = (data->>'id')::uuid AND to_jsonb(v) ? d.key AND d.value IS DISTINCT FROM CASE
		WHEN d.key ~ '_at$' THEN to_jsonb(to_char((to_jsonb(v)->>d.key)::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
		ELSE to_jsonb(v)->d.key END
$$, 'and is the row that is stored');
SELECT is((data->>'expires_at')::timestamptz - (data->>'created_at')::timestamptz, '2 days 1 hour', 'it lasts as long as the row says') FROM t.full;
SELECT is(v.expires_at - v.issued_at, '7 days', 'or as the setting does') FROM canopy.identity_invite v WHERE email = 'alias@acme.example';
SELECT is((t.invite_to_account('nobody@acme.example')->'data') - '{id,created_at,expires_at}'::text[], jsonb_build_object('name', NULL, 'email', 'nobody@acme.example',
	'intent', 'activate', 'locale', NULL, 'status', 'pending', 'node_id', NULL, 'role_id', NULL, 'client_id', NULL, 'last_name', NULL, 'accept_url', NULL,
	'first_name', NULL, 'invited_by', current_user, 'application_id', NULL, 'has_initial_assignment', false), 'at the account''s tier names may be missing');

-- seconds will do as well, and the bounds are in
SELECT is(t.invite(format('in%s@acme.example', n), jsonb_build_object('expires_in', v))->>'code', '201', format('expires_in may be %s', v))
FROM jsonb_array_elements('[60,31622400,"PT1M","P366D","P1W","P1DT1H1M1S"]') WITH ORDINALITY AS u (v, n);
SELECT is(t.invite(format('lang%s@acme.example', n), jsonb_build_object('locale', v))->>'code', '201', format('locale may be %s', v))
FROM unnest('{de,de-CH,zh-Hant-TW,es-419,sr-Latn-RS,gsw}'::text[]) WITH ORDINALITY AS u (v, n);

-- every invite that is mailed has one mail, to its address, with a link in it
SELECT is_empty($$
	SELECT v.email FROM canopy.identity_invite AS v LEFT JOIN canopy.outbox AS o ON o.account_id = v.account_id AND o.invite_id = v.id
	GROUP BY v.account_id, v.id HAVING count(o.id) <> 1 OR min(o.recipient) <> v.email OR min(o.status) <> 'queued'
		OR min(o.locale) IS DISTINCT FROM v.locale OR min(o.kind) <> CASE v.intent WHEN 'password_reset' THEN 'password_reset' ELSE 'invite' END
		OR v.token_hash <> sha256(convert_to(t.token(min(o.link)), 'UTF8'))
$$, 'each has its mail, and the mail its token');
SELECT is((SELECT count(DISTINCT token_hash) FROM canopy.identity_invite), (SELECT count(*) FROM canopy.identity_invite), 'no two tokens are the same');

-- a link leads where the client says, else to the page of the setting
SELECT is(regexp_replace(link, t.token(link), 'TOKEN'), 'https://crm.example/join?from=mail&token=TOKEN#top', 'a client''s own page') FROM canopy.outbox WHERE recipient = 'full@acme.example';
SELECT t.invite('plainly@acme.example', jsonb_build_object('client_id', t.id('plain')))->>'code' AS code \gset
SELECT is(regexp_replace(link, t.token(link), 'TOKEN'), '/app/identity/accept-invite?token=TOKEN&client_id=' || t.id('plain'), 'the page we have, which is told the client') FROM canopy.outbox WHERE recipient = 'plainly@acme.example';
SELECT is(regexp_replace(link, t.token(link), 'TOKEN'), '/app/identity/accept-invite?token=TOKEN', 'the page we have') FROM canopy.outbox WHERE recipient = 'alias@acme.example';
SET canopy_bulk.accept_url = 'https://id.example/welcome';
SELECT t.invite('elsewhere@acme.example') \gset
SELECT is(regexp_replace(link, t.token(link), 'TOKEN'), 'https://id.example/welcome?token=TOKEN', 'which a superuser may change') FROM canopy.outbox WHERE recipient = 'elsewhere@acme.example';
SELECT throws_ok(format('SET canopy_bulk.accept_url = %L', u), '22023', NULL, format('but not to %s', u)) FROM unnest('{javascript:alert(1),"https://a b","",data:x}'::text[]) AS u;
RESET canopy_bulk.accept_url;

-- what the text of a mail is made of, and no more
SELECT is(payload - 'expires_at', '{"intent":"activate","app_name":"CRM","last_name":"Hopper","first_name":"Grace","account_name":"Acme","inviter_email":null}', 'the payload names who and where') FROM canopy.outbox WHERE recipient = 'full@acme.example';
SELECT is_empty($$SELECT id FROM canopy.outbox WHERE payload::text LIKE '%' || t.token(link) || '%'$$, 'the payload has no token');

-- with send_email false the link is in the answer, and there is no mail
CREATE TABLE t.kept AS SELECT t.invite('kept@acme.example', '{"send_email":false}')->'data' AS data;
SELECT is(sha256(convert_to(t.token(data->>'accept_url'), 'UTF8')), token_hash, 'who sends it himself gets the link') FROM t.kept, canopy.identity_invite WHERE id = (data->>'id')::uuid;
SELECT is_empty($$SELECT 1 FROM canopy.outbox WHERE recipient = 'kept@acme.example'$$, 'and there is no mail');
SELECT is(canopy_bulk_invite(jsonb_build_array(t.person('dry@acme.example', '{"send_email":false}')), 'acme', 'crm', 'production', dry_run => true)#>'{results,0,data,accept_url}', 'null', 'a link that will not work is not given');

-- a dry run leaves nothing, and neither does a batch that is rolled back
CREATE TABLE t.before AS SELECT t.state() AS state;
SELECT is(t.verdicts(canopy_bulk_invite('[{"email":"dry@acme.example","first_name":"A","last_name":"B"},{"email":"x"}]', 'acme', 'crm', 'production', dry_run => true)),
	'201, 400 email_invalid', 'a dry run has its verdicts');
SELECT is((SELECT state FROM t.before), t.state(), 'and no trace');
SELECT is(t.verdicts(canopy_bulk_invite('[{"email":"dry@acme.example","first_name":"A","last_name":"B"},{"email":"x"}]', 'acme', 'crm', 'production', max_failed => 0)),
	'424 batch_rolled_back, 400 email_invalid', 'all or nothing');
SELECT is((SELECT state FROM t.before) - 'audit_log', t.state() - 'audit_log', 'leaves no invite and no mail');

-- a mail that a trigger swallows, or refuses, takes its invite along
CREATE FUNCTION t.swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER swallow BEFORE INSERT ON canopy.outbox FOR EACH ROW WHEN (NEW.recipient = 'lost@acme.example') EXECUTE FUNCTION t.swallow();
CREATE FUNCTION t.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON canopy.outbox FOR EACH ROW WHEN (NEW.recipient = 'refused@acme.example') EXECUTE FUNCTION t.refuse();
GRANT USAGE ON SCHEMA t TO canopy_owner;
SELECT is(t.verdicts(canopy_bulk_invite(jsonb_build_array(t.person('lost@acme.example'), t.person('refused@acme.example'), t.person('fine@acme.example')), 'acme', 'crm', 'production')),
	'422 rejected, 422 rejected, 201', 'no invite without its mail');
SELECT results_eq($$SELECT email FROM canopy.identity_invite WHERE email IN ('lost@acme.example', 'refused@acme.example', 'fine@acme.example')$$, $$VALUES ('fine@acme.example' COLLATE "C")$$, 'which is gone with it');
DROP TRIGGER swallow ON canopy.outbox;
DROP TRIGGER refuse ON canopy.outbox;

-- a conflict may be passed over: the answer is the invite that waits, without its link
SELECT is((canopy_bulk_invite(jsonb_build_array(t.person('kept@acme.example')), 'acme', 'crm', 'production', on_conflict => 'skip')#>'{results,0}') - 'index',
	jsonb_build_object('code', 200, 'status', 'success', 'data', data || '{"accept_url":null}'), 'skip answers with the invite that is there') FROM t.kept;
SELECT throws_ok($$SELECT canopy_bulk_invite('[]', 'acme', 'crm', 'production', on_conflict => 'update')$$, '22023', 'an invite cannot be updated by inviting again', 'an invite is not updated');
SELECT throws_ok($$SELECT canopy_bulk_invite('[]', 'acme', 'crm')$$, '22023', 'no environment is named', 'an application alone is not enough');

-- a call that is made twice gives its links once
CREATE TABLE t.twice AS SELECT n, canopy_bulk_invite(jsonb_build_array(t.person('once@acme.example', '{"send_email":false}')), 'acme', 'crm', 'production', idempotency_key => 'k1') AS answer
FROM generate_series(1, 2) AS n;
SELECT isnt(a.answer#>>'{results,0,data,accept_url}', NULL, 'the first answer has the link') FROM t.twice a WHERE n = 1;
SELECT is(jsonb_set(a.answer, '{results,0,data,accept_url}', 'null'), b.answer, 'the second is the same without it') FROM t.twice a, t.twice b WHERE a.n = 1 AND b.n = 2;
SELECT is_empty($$SELECT key FROM canopy.idempotency_key WHERE answer::text LIKE '%token%'$$, 'no stored answer has a token');

-- a pending invite that is over is over everywhere, and the next one takes its place
UPDATE canopy.identity_invite SET expires_at = now() - interval '1 second' WHERE email = 'alias@acme.example';
SELECT is(i->>'status', 'expired', 'it is listed as expired') FROM jsonb_array_elements(canopy_bulk_invites('acme', 'crm', 'production', take => 100)->'items') AS i WHERE i->>'email' = 'alias@acme.example';
SELECT is(jsonb_path_query_array(canopy_bulk_invites('acme', 'crm', 'production', 'expired'), '$.items[*].email'), '["alias@acme.example"]', 'and found as expired');
SELECT is((SELECT count(*) FROM jsonb_array_elements(canopy_bulk_invites('acme', 'crm', 'production', 'pending', take => 100)->'items') AS i WHERE i->>'email' = 'alias@acme.example'), 0::bigint, 'and not as pending');
SELECT is(canopy_bulk_invite_summary('acme', 'crm', 'production')->'expired_count', '1', 'and counted as expired');
SELECT throws_ok(format('SELECT canopy_bulk_invite_resend(%L, ''acme'')', id), '22023', 'invite is no longer pending', 'it cannot be resent') FROM canopy.identity_invite WHERE email = 'alias@acme.example';
SELECT throws_ok(format('SELECT canopy_bulk_invite_revoke(%L, ''acme'')', id), '22023', 'invite is no longer pending', 'or revoked') FROM canopy.identity_invite WHERE email = 'alias@acme.example';
SELECT is(t.invite('alias@acme.example')->>'code', '201', 'the address can be invited again');
SELECT results_eq($$SELECT v.status, o.status, link IS NULL FROM canopy.identity_invite v JOIN canopy.outbox o ON o.invite_id = v.id WHERE email = 'alias@acme.example' ORDER BY v.id$$,
	$$VALUES ('expired', 'withdrawn', true), ('pending', 'queued', false)$$, 'then the row says so, and its mail is withdrawn');

-- resent: another token, the old one and its mail are dead, and it lasts as long again
UPDATE canopy.identity_invite SET issued_at = issued_at - interval '1 day', expires_at = expires_at - interval '1 day' WHERE email = 'full@acme.example';
CREATE TABLE t.old AS SELECT v.id, token_hash, link FROM canopy.identity_invite v JOIN canopy.outbox o ON o.invite_id = v.id WHERE email = 'full@acme.example';
SELECT is(canopy_bulk_invite_resend(id, 'acme'), '{"message":"Invite resent.","accept_url":null}', 'an invite that is mailed is mailed again') FROM t.old;
SELECT isnt(v.token_hash, o.token_hash, 'with another token') FROM canopy.identity_invite v JOIN t.old o USING (id);
SELECT ok(v.expires_at BETWEEN now() + interval '2 days 1 hour' - interval '1 minute' AND now() + interval '2 days 2 hours', 'for as long as before') FROM canopy.identity_invite v JOIN t.old o USING (id);
SELECT results_eq($$SELECT o.status, o.link LIKE 'https://crm.example/join?from=mail&token=%#top' FROM canopy.outbox o JOIN t.old v ON v.id = o.invite_id ORDER BY o.id$$,
	$$VALUES ('withdrawn', NULL), ('queued', true)$$, 'the old mail is withdrawn, the new one queued');
SELECT throws_ok(format('SELECT canopy_bulk_invite_info(%L)', t.token(link)), 'PT404', 'invite does not exist', 'the old token is dead') FROM t.old;
SELECT is(canopy_bulk_invite_info(t.token(o.link))->>'email', 'full@acme.example', 'the new one is not') FROM canopy.outbox o JOIN t.old v ON v.id = o.invite_id WHERE o.link IS NOT NULL;
SELECT is(sha256(convert_to(t.token(canopy_bulk_invite_resend((data->>'id')::uuid, 'acme')->>'accept_url'), 'UTF8')) IS NOT NULL, true, 'who sends it himself gets the link again') FROM t.kept;
UPDATE canopy.oauth_client SET is_active = false WHERE name = 'landing';
SELECT throws_ok(format('SELECT canopy_bulk_invite_resend(%L, ''acme'')', id), 'PT422', 'OAuth client of the invite is gone, inactive or leads nowhere', 'it is not resent to nowhere') FROM t.old;

-- revoked, once
SELECT lives_ok(format('SELECT canopy_bulk_invite_revoke(%L, ''acme'', ''crm'', ''production'')', id), 'an invite is revoked') FROM t.old;
SELECT throws_ok(format('SELECT canopy_bulk_invite_revoke(%L, ''acme'')', id), '22023', 'invite is no longer pending', 'and not again') FROM t.old;
SELECT results_eq($$SELECT v.status, revoked_at IS NOT NULL, count(*) FILTER (WHERE o.next_attempt_at IS NOT NULL) FROM canopy.identity_invite v JOIN canopy.outbox o ON o.invite_id = v.id WHERE email = 'full@acme.example' GROUP BY 1, 2$$,
	$$VALUES ('revoked', true, 0::bigint)$$, 'nothing of it will be sent');
SELECT is(t.invite('full@acme.example')->>'code', '201', 'the address can be invited again');

-- an invite of another account, of another environment or of nobody is the same
SELECT throws_ok(format('SELECT %s(%L, %s)', f, id, place), 'PT404', 'invite does not exist', format('%s: not in %s', f, place))
FROM unnest('{canopy_bulk_invite_resend,canopy_bulk_invite_revoke}'::text[]) AS f,
	(SELECT id, place FROM canopy.identity_invite, unnest(ARRAY[$$'globex'$$, $$'acme', 'crm', 'staging'$$, $$'acme', 'wiki'$$]) AS place WHERE email = 'elsewhere@acme.example'
	 UNION ALL SELECT t.id('nothing'), $$'acme'$$) AS i;

-- unknown and foreign look the same, for each id that a row may have
SELECT is((t.invite('probe@acme.example', a)->'error')::text, (t.invite('probe@acme.example', b)->'error')::text, field || ': a foreign id looks unknown')
FROM (VALUES ('client_id', 'shop-client', '{}'::jsonb), ('role_id', 'clerk', jsonb_build_object('node_id', t.id('crm-root'))), ('node_id', 'shop-root', jsonb_build_object('role_id', t.id('editor')))) AS v (field, name, more),
LATERAL (SELECT more || jsonb_build_object(field, t.id(name)), more || jsonb_build_object(field, t.id('nothing'))) AS l (a, b);
SELECT is(t.invite_to_account('probe@acme.example', jsonb_build_object('application_id', t.id('shop')))->'error',
	t.invite_to_account('probe@acme.example', jsonb_build_object('application_id', t.id('nothing')))->'error', 'application_id: a foreign id looks unknown');

-- pages, the newest first, and no token in any
SELECT is(canopy_bulk_invites('acme', 'crm', 'production', page => 2, take => 3)->'pagination',
	jsonb_build_object('page', 2, 'take', 3, 'item_count', n, 'page_count', ceil(n / 3.0), 'has_next_page', true, 'has_previous_page', true), 'a page says where it is')
FROM (SELECT count(*) FROM canopy.identity_invite WHERE environment_id = t.id('production')) AS c (n);
SELECT is((SELECT jsonb_agg(i) FROM generate_series(1, 20) AS p, jsonb_array_elements(canopy_bulk_invites('acme', 'crm', 'production', page => p, take => 3)->'items') AS i),
	canopy_bulk_invites('acme', 'crm', 'production', take => 100)->'items', 'pages together are the list');
SELECT is(jsonb_path_query_array(canopy_bulk_invites('acme', 'crm', 'production', take => 100), '$.items[*].id'),
	(SELECT jsonb_agg(id ORDER BY created_at DESC, id DESC) FROM canopy.identity_invite WHERE environment_id = t.id('production')), 'the newest come first');
SELECT is(canopy_bulk_invites('acme', '', take => 100)#>>'{pagination,item_count}', (SELECT count(*)::text FROM canopy.identity_invite WHERE account_id = t.id('acme') AND environment_id IS NULL), 'the account lists its own');
SELECT is(canopy_bulk_invites('globex')->'items', '[]', 'another account has none');
SELECT throws_ok(format('SELECT canopy_bulk_invites(''acme'', %s)', a), '22023', m, m || ': ' || a) FROM (VALUES
	('page => 0', 'page must be positive'), ('take => 0', 'take is out of bounds'), ('take => 101', 'take is out of bounds'),
	('status => ''open''', 'invalid status of an invite'), ('application => ''crm''', 'no environment is named')) AS v (a, m);
SELECT is(canopy_bulk_invite_summary('acme', 'crm', 'production'), (SELECT jsonb_build_object('total_invites', count(*), 'pending_count', count(*) FILTER (WHERE status = 'pending'),
	'pending_with_role_count', 0, 'accepted_count', 0, 'expired_count', 1, 'revoked_count', 1) FROM canopy.identity_invite WHERE environment_id = t.id('production')), 'the summary counts them');
SELECT is(canopy_bulk_invite_summary('globex'), '{"total_invites":0,"pending_count":0,"pending_with_role_count":0,"accepted_count":0,"expired_count":0,"revoked_count":0}', 'and counts none');

-- an entry of the audit log for each call, which names no address and no token
SELECT results_eq($$SELECT DISTINCT action, category, resource_type FROM canopy.audit_log ORDER BY 1$$, $$VALUES
	('identity_invite.bulk_create', 'invites', 'identity_invite'), ('identity_invite.resend', 'invites', 'identity_invite'), ('identity_invite.revoke', 'invites', 'identity_invite')$$, 'each call is in the audit log');
SELECT is_empty($$SELECT metadata FROM canopy.audit_log WHERE metadata::text ~ '@|token'$$, 'without addresses and tokens');
SELECT is((SELECT count(DISTINCT environment_id) FROM canopy.audit_log WHERE action = 'identity_invite.resend'), 1::bigint, 'a resent one stands where the invite does');

-- claims: who invites is known, and stays where he belongs
SET request.jwt.claims = '{"sub":"admin-7","principal_type":"user","account":"acme","email":"Boss@Acme.example"}';
SELECT t.invite('claimed@acme.example') \gset
SELECT results_eq($$SELECT invited_by, inviter_email FROM canopy.identity_invite WHERE email = 'claimed@acme.example'$$, $$VALUES ('admin-7', 'boss@acme.example')$$, 'the claims say who invites');
SET request.jwt.claims = '{"sub":"k","principal_type":"api_key","account":"acme","application":"crm","environment":"staging","email":"no address"}';
SELECT throws_ok($$SELECT canopy_bulk_invite('[]', 'acme', 'crm', 'production')$$, '42501', NULL, 'not into another environment');
SELECT throws_ok($$SELECT canopy_bulk_invites('acme', '')$$, '42501', NULL, 'not to the account');
SELECT throws_ok(format('SELECT canopy_bulk_invite_revoke(%L)', id), 'PT404', 'invite does not exist', 'an invite of another environment is nobody''s') FROM canopy.identity_invite WHERE email = 'claimed@acme.example';
SELECT canopy_bulk_invite(jsonb_build_array(t.person('keyed@acme.example'))) \gset
SELECT results_eq($$SELECT environment_id, inviter_email FROM canopy.identity_invite WHERE email = 'keyed@acme.example'$$, $$SELECT t.id('staging'), NULL::text$$, 'the claims say where; what is no address is none');
RESET request.jwt.claims;

SELECT * FROM finish();
