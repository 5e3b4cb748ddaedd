-- Mail: claimed by senders, one attempt at a time, until it is sent, given up or withdrawn.
\ir fixture.psql
SELECT no_plan();
SET canopy_bulk.outbox_lease = 60;
SET canopy_bulk.outbox_attempts = 3;
SET canopy_bulk.outbox_backoff = 100;

CREATE FUNCTION t.invite(email text, account text DEFAULT 'acme', more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
$$ SELECT canopy_bulk_invite(jsonb_build_array(jsonb_build_object('email', email) || more), account, '')#>>'{results,0,data,id}' $$;
-- what time does to a mail: it is due, or its lease has ended
CREATE FUNCTION t.pass() RETURNS void LANGUAGE sql AS $$ UPDATE canopy.outbox SET next_attempt_at = now() - interval '1 hour' WHERE next_attempt_at IS NOT NULL $$;
CREATE FUNCTION t.status(mail uuid) RETURNS text LANGUAGE sql AS
$$ SELECT concat_ws(' ', status, attempt_count, CASE WHEN link IS NULL THEN 'unlinked' END, CASE WHEN next_attempt_at IS NULL THEN 'over' END) FROM canopy.outbox WHERE id = mail $$;

-- one mail, and what a sender gets to see of it
SELECT t.invite('one@acme.example', more => '{"locale":"fr","first_name":"Un"}') AS invite \gset
CREATE TABLE t.one AS SELECT * FROM canopy_bulk_outbox_claim(10);
SELECT results_eq('SELECT account_id, attempt, kind, recipient, locale, link FROM t.one', $$SELECT t.id('acme'), 1, 'invite', 'one@acme.example', 'fr', link FROM canopy.outbox$$, 'a sender gets the mail, and its link');
SELECT is(payload - 'expires_at', '{"intent":"activate","app_name":null,"last_name":null,"first_name":"Un","account_name":"Acme","inviter_email":null}', 'and what to write') FROM t.one;
SELECT ok(link ~ 'token=[\w-]{64}$', 'the link has a token') FROM t.one;
SELECT is_empty('SELECT * FROM canopy_bulk_outbox_claim(10)', 'it is his alone');
SELECT is(t.status(id), 'claimed 1', 'for a while') FROM t.one;
SELECT ok(next_attempt_at BETWEEN now() + interval '50 s' AND now() + interval '61 s', 'as long as canopy_bulk.outbox_lease says') FROM canopy.outbox;

-- sent: the link is forgotten
SELECT is(canopy_bulk_outbox_done(id, attempt, account_id::text), true, 'he says that it was sent') FROM t.one;
SELECT is(t.status(id), 'sent 1 unlinked over', 'and its link is forgotten') FROM t.one;
SELECT ok(sent_at IS NOT NULL, 'the time is noted') FROM canopy.outbox;
SELECT is(canopy_bulk_outbox_done(id, attempt, 'acme'), false, 'that counts once') FROM t.one;
SELECT is(canopy_bulk_outbox_failed(id, attempt, 'no', account => 'acme'), false, 'and is not taken back') FROM t.one;
SELECT t.pass() \gset
SELECT is_empty('SELECT * FROM canopy_bulk_outbox_claim(10)', 'nobody gets it again');

-- failed: again later, twice as much later each time, until it is given up
SELECT t.invite('two@acme.example') AS invite \gset
SELECT id AS mail, 'https://x.example/?token=' || substring(link FROM 'token=(.*)') AS url, substring(link FROM 'token=(.*)') AS token FROM canopy.outbox WHERE recipient = 'two@acme.example' \gset
SELECT is((SELECT attempt FROM canopy_bulk_outbox_claim(10)), 1, 'a first attempt');
SELECT is(canopy_bulk_outbox_failed(:'mail', 1, '450 try ' || :'url' || E'\nlater', account => 'acme'), true, 'fails');
SELECT is(t.status(:'mail'), 'queued 1', 'it is queued again');
SELECT is(last_error, '450 try https://x.example/?token=* later', 'with the reason, but without its token') FROM canopy.outbox WHERE id = :'mail';
SELECT ok(next_attempt_at - now() BETWEEN interval '49 s' AND interval '151 s', 'after about the backoff') FROM canopy.outbox WHERE id = :'mail';
SELECT is_empty('SELECT * FROM canopy_bulk_outbox_claim(10)', 'not before');
SELECT t.pass() \gset
SELECT is((SELECT attempt FROM canopy_bulk_outbox_claim(10)), 2, 'a second attempt');
SELECT is(ARRAY[canopy_bulk_outbox_failed(:'mail', 1, 'late', account => 'acme'), canopy_bulk_outbox_done(:'mail', 1, 'acme')], '{f,f}', 'who had the first has no say any more');
SELECT is(canopy_bulk_outbox_failed(:'mail', 2, repeat('é', 400), account => 'acme'), true, 'fails');
SELECT is(last_error, repeat('é', 250), 'a long reason is shortened, between two characters') FROM canopy.outbox WHERE id = :'mail';
SELECT ok(next_attempt_at - now() BETWEEN interval '99 s' AND interval '301 s', 'after twice the backoff') FROM canopy.outbox WHERE id = :'mail';
SELECT t.pass() \gset
SELECT is((SELECT attempt FROM canopy_bulk_outbox_claim(10)), 3, 'a third attempt');
SELECT is(canopy_bulk_outbox_failed(:'mail', 3, 'no', account => 'acme'), true, 'fails');
SELECT is(t.status(:'mail'), 'failed 3 unlinked over', 'then it is given up, and its link forgotten');

-- a reason that ends it at once
SELECT t.invite('three@acme.example') AS invite \gset
CREATE TABLE t.three AS SELECT * FROM canopy_bulk_outbox_claim(10);
SELECT is(canopy_bulk_outbox_failed(id, attempt, '550 no such mailbox', permanent => true, account => 'acme'), true, 'no such mailbox') FROM t.three;
SELECT is(t.status(id), 'failed 1 unlinked over', 'is not tried again') FROM t.three;

-- a sender that dies: the lease ends, the next gets it, and the dead one's word counts no more
SELECT t.invite('four@acme.example') AS invite \gset
CREATE TABLE t.four AS SELECT * FROM canopy_bulk_outbox_claim(10);
SELECT t.pass() \gset
SELECT is((SELECT attempt FROM canopy_bulk_outbox_claim(10)), 2, 'when the lease has ended another gets it');
SELECT is(canopy_bulk_outbox_done(id, 1, 'acme'), false, 'the first is too late') FROM t.four;
SELECT t.pass() \gset
SELECT is((SELECT attempt FROM canopy_bulk_outbox_claim(10)), 3, 'and once more');
SELECT t.pass() \gset
SELECT is_empty('SELECT * FROM canopy_bulk_outbox_claim(10)', 'but not for ever');
SELECT is(t.status(id), 'failed 3 unlinked over', 'it is given up') FROM t.four;
SELECT is(last_error, 'its senders never said how it ended', 'and says why') FROM canopy.outbox, t.four WHERE outbox.id = four.id;

-- withdrawn while it was being sent: that it was sent is true all the same, that it failed is no matter
SELECT t.invite('five@acme.example') AS invite5, t.invite('six@acme.example') AS invite6 \gset
CREATE TABLE t.claimed AS SELECT * FROM canopy_bulk_outbox_claim(10);
SELECT canopy_bulk_invite_revoke(:'invite5', 'acme'), canopy_bulk_invite_revoke(:'invite6', 'acme') \gset
SELECT is(t.status(id), 'withdrawn 1 unlinked over', 'revoking withdraws ' || recipient) FROM t.claimed;
SELECT is(canopy_bulk_outbox_done(id, attempt, 'acme'), true, 'but it was sent') FROM t.claimed WHERE recipient = 'five@acme.example';
SELECT is(canopy_bulk_outbox_failed(id, attempt, 'x', account => 'acme'), false, 'a failure changes nothing') FROM t.claimed WHERE recipient = 'six@acme.example';
SELECT results_eq($$SELECT recipient, t.status(id) FROM t.claimed ORDER BY 1$$, $$VALUES ('five@acme.example', 'sent 1 unlinked over'), ('six@acme.example', 'withdrawn 1 unlinked over')$$, 'and each says how it ended');

-- as many as are asked for, the oldest first
SELECT canopy_bulk_invite((SELECT jsonb_agg(jsonb_build_object('email', format('n%s@acme.example', i))) FROM generate_series(1, 5) AS i), 'acme', '')->'summary' AS s \gset
UPDATE canopy.outbox SET next_attempt_at = now() - (10 - substring(recipient FROM '\d')::integer) * interval '1 minute' WHERE recipient ~ '^n\d';
SELECT set_eq('SELECT recipient FROM canopy_bulk_outbox_claim(2)', '{n1@acme.example,n2@acme.example}'::text[], 'two of them, the oldest');
SELECT set_eq('SELECT recipient FROM canopy_bulk_outbox_claim(2)', '{n3@acme.example,n4@acme.example}'::text[], 'the next two');
SELECT set_eq('SELECT recipient FROM canopy_bulk_outbox_claim()', '{n5@acme.example}'::text[], 'the rest');
SELECT throws_ok(format('SELECT * FROM canopy_bulk_outbox_claim(%s)', n), '22023', NULL, 'n is ' || n) FROM unnest('{0,-1,NULL::integer}'::text[]) AS n;

-- accounts: one, all, or those of the claims
SELECT t.invite('a@acme.example'), t.invite('g@globex.example', 'globex') \gset
SELECT set_eq($$SELECT recipient FROM canopy_bulk_outbox_claim(10, 'globex')$$, '{g@globex.example}'::text[], 'of the account that is named');
SELECT t.invite('g2@globex.example', 'globex') AS i \gset
SELECT set_eq('SELECT recipient FROM canopy_bulk_outbox_claim(10)', '{a@acme.example,g2@globex.example}'::text[], 'of all accounts');
SELECT t.invite('a3@acme.example') AS a, t.invite('g3@globex.example', 'globex') AS g \gset
SET canopy_bulk.account = 'globex';
SELECT set_eq('SELECT recipient FROM canopy_bulk_outbox_claim(10)', '{g3@globex.example}'::text[], 'of the setting''s account');
RESET canopy_bulk.account;
SELECT id AS mail FROM canopy.outbox WHERE recipient = 'g3@globex.example' \gset
SELECT is(canopy_bulk_outbox_done(:'mail', 1, 'acme'), false, 'a mail of another account is not there');
SET request.jwt.claims = '{"sub":"m","principal_type":"user","account":"globex"}';
SELECT throws_ok($$SELECT * FROM canopy_bulk_outbox_claim(10, 'acme')$$, '42501', NULL, 'claims allow no other account');
SELECT is_empty('SELECT * FROM canopy_bulk_outbox_claim(10)', 'nor give its mail');
SELECT is(canopy_bulk_outbox_done(:'mail', 1), true, 'they name the account');
SET request.jwt.claims = '{"sub":"m","principal_type":"user","account":["acme","globex"]}';
SELECT set_eq('SELECT recipient FROM canopy_bulk_outbox_claim(10)', '{a3@acme.example}'::text[], 'of every account that they name');
SET request.jwt.claims = '{"sub":"m","principal_type":"api_key","account":"acme","application":"crm","environment":"production"}';
SELECT throws_ok('SELECT * FROM canopy_bulk_outbox_claim(10)', '42501', NULL, 'who is bound to an environment does not get the mail of all');
RESET request.jwt.claims;

-- an unsent mail has a status that fits
SELECT throws_ok(format($$INSERT INTO canopy.outbox (account_id, kind, recipient, status, link, next_attempt_at) VALUES (t.id('acme'), 'invite', 'x@acme.example', %L, %L, %L)$$, s, l, n), '23514', NULL, format('%s, %s, %s', s, l, n))
FROM (VALUES ('sent', 'x', NULL), ('queued', NULL, NULL), ('failed', NULL, now()), ('withdrawn', 'x', NULL), ('lost', NULL, NULL)) AS v (s, l, n);

SELECT * FROM finish();
