-- What 100_strategies.pl runs its batches on: a directory with a past, and the
-- scenarios, each of which adds what a user may add to the tables. A scenario begins
-- with a line that says its name, which strategies must agree, and the last names that
-- mean something in it. Rows that are to misbehave carry such a name.
CREATE EXTENSION canopy_bulk;
CREATE ROLE canopy_owner NOLOGIN;
CREATE ROLE caller NOLOGIN;
SELECT canopy_bulk_setup('canopy_owner');
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO caller;
CREATE SCHEMA t;
GRANT USAGE ON SCHEMA t TO PUBLIC;

-- an id that says what it belongs to; new ids are of version 7, and these are not
CREATE FUNCTION t.id(kind text, n integer) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT AS
$$ SELECT format('%s0000000-0000-4000-8000-%s', kind, lpad(n::text, 12, '0'))::uuid $$;

INSERT INTO canopy.account (id, slug, name)
VALUES (t.id('a', 1), 'acme', 'Acme'), (t.id('a', 2), 'globex', 'Globex');
INSERT INTO canopy.application (account_id, id, slug, name)
VALUES (t.id('a', 1), t.id('b', 1), 'crm', 'CRM'), (t.id('a', 1), t.id('b', 2), 'wiki', 'Wiki'),
	   (t.id('a', 2), t.id('b', 3), 'shop', 'Shop');
INSERT INTO canopy.environment (account_id, application_id, id, slug, name)
VALUES (t.id('a', 1), t.id('b', 1), t.id('c', 1), 'production', 'P'), (t.id('a', 1), t.id('b', 1), t.id('c', 2), 'staging', 'S'),
	   (t.id('a', 1), t.id('b', 2), t.id('c', 3), 'wiki-live', 'W'), (t.id('a', 2), t.id('b', 3), t.id('c', 4), 'shop-live', 'L');
INSERT INTO canopy.role (account_id, environment_id, id, name, is_system)
VALUES (t.id('a', 1), t.id('c', 1), t.id('d', 1), 'editor', false), (t.id('a', 1), t.id('c', 1), t.id('d', 2), 'system', true),
	   (t.id('a', 1), t.id('c', 2), t.id('d', 3), 'tester', false), (t.id('a', 1), t.id('c', 3), t.id('d', 4), 'writer', false),
	   (t.id('a', 1), t.id('c', 1), t.id('d', 6), 'reader', false), (t.id('a', 1), t.id('c', 1), t.id('d', 7), 'owner', false),
	   (t.id('a', 2), t.id('c', 4), t.id('d', 5), 'clerk', false);
INSERT INTO canopy.node (account_id, application_id, environment_id, id, node_type, name, slug)
SELECT CASE WHEN n = 4 THEN t.id('a', 2) ELSE t.id('a', 1) END, t.id('b', greatest(n - 1, 1)), t.id('c', n), t.id('e', n), 'root', 'Root', 'root'
FROM generate_series(1, 4) AS n;
INSERT INTO canopy.node (account_id, application_id, environment_id, id, parent_node_id, node_type, name, slug)
VALUES (t.id('a', 1), t.id('b', 1), t.id('c', 1), t.id('e', 5), t.id('e', 1), 'unit', 'Unit', 'unit');

-- twelve people in acme, some with the last names that mean something; three of globex have addresses of theirs
INSERT INTO canopy.identity (account_id, id, email, first_name, last_name, external_id, metadata, avatar_url, created_at, updated_at)
SELECT t.id('a', 1), t.id('f', n), format('old%s@example.com', n), format('Old%s', n),
	   (ARRAY['Raise', 'Null', 'Change', 'Late', 'Old', 'Old'])[n % 6 + 1],
	   CASE WHEN n <= 8 THEN format('x%s', n) END, jsonb_build_object('badge', 1000 + n), format('https://example.com/%s', n),
	   '2020-01-01Z', '2020-01-01Z'
FROM generate_series(1, 12) AS n;
INSERT INTO canopy.identity (account_id, id, email, first_name, last_name, external_id, created_at, updated_at)
SELECT t.id('a', 2), t.id('f', 100 + n), format('old%s@example.com', n), format('Foreign%s', n), 'Name', format('x%s', n), '2020-01-01Z', '2020-01-01Z'
FROM generate_series(1, 3) AS n;

-- in crm the first are active, then deactivated, suspended, invited; in wiki every other one is active
INSERT INTO canopy.app_membership (account_id, id, identity_id, application_id, status, activated_at, deactivated_at, created_at, updated_at)
SELECT t.id('a', 1), t.id('9', n), t.id('f', n), t.id('b', 1),
	   (ARRAY['active', 'active', 'active', 'deactivated', 'deactivated', 'deactivated', 'suspended', 'invited'])[n],
	   '2020-01-01Z', CASE WHEN n IN (4, 5, 6) THEN '2021-01-01Z'::timestamptz END, '2020-01-01Z', '2020-01-01Z'
FROM generate_series(1, 8) AS n;
INSERT INTO canopy.app_membership (account_id, id, identity_id, application_id, status, activated_at, created_at, updated_at)
SELECT t.id('a', 1), t.id('9', 20 + n), t.id('f', n), t.id('b', 2), 'active', '2020-01-01Z', '2020-01-01Z', '2020-01-01Z'
FROM generate_series(1, 12, 2) AS n;
INSERT INTO canopy.role_assignment (account_id, id, identity_id, application_id, role_id, node_id, created_at, updated_at)
SELECT t.id('a', 1), t.id('8', n), t.id('f', n), t.id('b', 1), t.id('d', 1), t.id('e', 1), '2020-01-01Z', '2020-01-01Z'
FROM generate_series(1, 4, 2) AS n;

-- more of them: two roles at one node, one at two, some in staging, in wiki and in globex
INSERT INTO canopy.role_assignment (account_id, id, identity_id, application_id, role_id, node_id, effective_from, created_at, updated_at)
SELECT t.id('a', 1), t.id('8', n), t.id('f', identity), t.id('b', application), t.id('d', role), t.id('e', node), '2020-02-02Z', '2020-01-01Z', '2020-01-01Z'
FROM (VALUES (4, 1, 1, 6, 1), (5, 1, 1, 7, 1), (6, 1, 1, 1, 5), (7, 2, 1, 6, 1), (8, 2, 1, 7, 1), (9, 2, 1, 7, 5), (10, 3, 1, 6, 5), (11, 2, 1, 3, 2),
	(12, 7, 1, 1, 1), (13, 7, 1, 6, 1), (14, 1, 2, 4, 3), (15, 3, 2, 4, 3), (16, 5, 2, 4, 3)) AS v (n, identity, application, role, node);
INSERT INTO canopy.app_membership (account_id, id, identity_id, application_id, status)
VALUES (t.id('a', 2), t.id('9', 100), t.id('f', 101), t.id('b', 3), 'active');
INSERT INTO canopy.role_assignment (account_id, id, identity_id, application_id, role_id, node_id, created_at)
VALUES (t.id('a', 2), t.id('8', 101), t.id('f', 101), t.id('b', 3), t.id('d', 5), t.id('e', 4), '2020-01-01Z');

-- clients of acme's environments, of which two lead nowhere; invites that wait or are over, some with mail that is unsent
INSERT INTO canopy.oauth_client (account_id, application_id, environment_id, id, name, redirect_uris, invite_redirect_url, is_active)
SELECT t.id('a', 1), t.id('b', 1), t.id('c', environment), t.id('6', n), 'Client', uris, url, active
FROM (VALUES (1, 1, '{}'::text[], 'https://crm.example/join', true), (2, 1, '{https://crm.example/in}', NULL, true),
	(3, 1, '{https://crm.example/in}', NULL, false), (4, 1, '{}', NULL, true), (5, 2, '{https://crm.example/in}', NULL, true)) AS v (n, environment, uris, url, active);
INSERT INTO canopy.identity_invite (account_id, id, application_id, environment_id, email, intent, identity_id, first_name, last_name, token_hash, issued_at, expires_at, created_at, updated_at)
SELECT t.id('a', account), t.id('7', n), t.id('b', application), t.id('c', environment), email || '@example.com', intent, t.id('f', identity), 'Old', 'Invited', sha256(n::text::bytea), '2020-01-01Z',
	CASE WHEN over THEN '2021-01-01Z'::timestamptz ELSE '2100-01-01Z' END, '2020-01-01Z', '2020-01-01Z'
FROM (VALUES (1, 1, 1, 1, 'q3', 'activate', NULL::integer, false), (2, 1, 1, 1, 'q5', 'activate', NULL, false), (3, 1, 1, 1, 'q7', 'activate', NULL, true), (4, 1, 1, 1, 'p1', 'activate', NULL, true),
	(5, 1, 1, 1, 'old9', 'add_to_app', 9, false), (6, 1, 1, 1, 'old10', 'add_to_app', 10, true), (7, 1, NULL, NULL, 'q4', 'activate', NULL, false), (8, 1, NULL, NULL, 'q8', 'activate', NULL, true),
	(9, 1, NULL, NULL, 'old1', 'password_reset', 1, false), (10, 1, NULL, NULL, 'old2', 'password_reset', 2, true), (11, 1, 1, 2, 'q7', 'activate', NULL, false), (12, 2, 3, 4, 'q3', 'activate', NULL, false))
	AS v (n, account, application, environment, email, intent, identity, over);
INSERT INTO canopy.outbox (account_id, id, kind, invite_id, recipient, link, status, next_attempt_at, created_at)
SELECT account_id, t.id('5', n), 'invite', t.id('7', n), email, 'old', 'queued', '2020-01-01Z', '2020-01-01Z'
FROM canopy.identity_invite, unnest('{1,3,6,8,10}'::integer[]) AS n WHERE id = t.id('7', n);

-- where triggers leave a trace
CREATE TABLE t.witness (note text);
GRANT SELECT, INSERT, DELETE ON t.witness TO PUBLIC;

-- all that is there, in an order that does not depend on new ids
CREATE FUNCTION t.state() RETURNS jsonb LANGUAGE sql AS $$
SELECT jsonb_build_array(
	(SELECT jsonb_agg(to_jsonb(i) ORDER BY i.account_id, i.email) FROM canopy.identity AS i),
	(SELECT jsonb_agg(to_jsonb(m) ORDER BY i.email, m.application_id) FROM canopy.app_membership AS m
	 JOIN canopy.identity AS i ON i.account_id = m.account_id AND i.id = m.identity_id),
	(SELECT jsonb_agg(to_jsonb(r) ORDER BY i.email, r.role_id, r.node_id) FROM canopy.role_assignment AS r
	 JOIN canopy.identity AS i ON i.account_id = r.account_id AND i.id = r.identity_id),
	(SELECT jsonb_agg(to_jsonb(l) ORDER BY l.action, l.id) FROM canopy.audit_log AS l),
	(SELECT jsonb_agg(to_jsonb(v) - 'token_hash' ORDER BY v.account_id, v.environment_id, v.email, v.intent, v.status, v.created_at) FROM canopy.identity_invite AS v),
	(SELECT jsonb_agg(to_jsonb(o) ORDER BY o.recipient, v.environment_id, o.kind, v.status, o.created_at) FROM canopy.outbox AS o
	 JOIN canopy.identity_invite AS v ON v.account_id = o.account_id AND v.id = o.invite_id),
	(SELECT count(*) FROM canopy.outbox AS o JOIN canopy.identity_invite AS v ON v.id = o.invite_id
	 WHERE o.link LIKE '%token=%' AND v.token_hash <> sha256(substring(o.link FROM 'token=([A-Za-z0-9_-]+)')::bytea)),
	(SELECT jsonb_agg(note ORDER BY note) FROM t.witness),
	(SELECT count(*) FROM canopy.app_membership), (SELECT count(*) FROM canopy.role_assignment)) $$;

-- the answer of a call with a strategy, and what is there afterwards; then all is undone
CREATE FUNCTION t.try(strategy text, call text) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
	state jsonb;
	step text := 'call';
	failure text;
BEGIN
	-- a whole second and a time right behind it would look alike
	IF extract(milliseconds FROM clock_timestamp()) % 1000 NOT BETWEEN 2 AND 980 THEN
		PERFORM pg_sleep(0.03);
	END IF;
	PERFORM set_config('canopy_bulk.strategy', strategy, true);
	BEGIN
		SET LOCAL ROLE caller;
		EXECUTE 'SELECT ' || call INTO answer;
		RESET ROLE;
		-- what COMMIT would check
		step := 'commit';
		SET CONSTRAINTS ALL IMMEDIATE;
		state := t.state();
		RAISE EXCEPTION USING ERRCODE = 'UNDO0';
	EXCEPTION WHEN SQLSTATE 'UNDO0' THEN NULL;
		WHEN OTHERS THEN
			failure := concat_ws(' ', step, SQLSTATE);
			RETURN json_build_object('failure', failure, 'message', SQLERRM);
	END;
	RETURN json_build_object('answer', answer, 'state', state);
END $$;

-- the last name of the person a row is about
CREATE FUNCTION t.word(r jsonb) RETURNS text LANGUAGE sql AS $$
SELECT coalesce(r->>'last_name', r#>>'{payload,last_name}', (SELECT last_name FROM canopy.identity AS i
	WHERE i.account_id = (r->>'account_id')::uuid AND i.id = (r->>'identity_id')::uuid)) $$;

-- a row trigger that does what the row's last name says, and looks at nothing else
CREATE FUNCTION t.obey() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	CASE t.word(to_jsonb(coalesce(NEW, OLD)))
		WHEN 'Raise' THEN RAISE EXCEPTION 'refused';
		WHEN 'Divide' THEN PERFORM 1 / (length((to_jsonb(coalesce(NEW, OLD))->>'id')) - 36);
		WHEN 'Abort' THEN RAISE EXCEPTION 'abort' USING ERRCODE = '40001';
		WHEN 'Null' THEN RETURN NULL;
		WHEN 'Change' THEN
			IF TG_TABLE_NAME = 'identity' THEN
				NEW.first_name := upper(NEW.first_name);
				NEW.metadata := NEW.metadata || '{"changed": [1, null]}';
				NEW.avatar_url := 'https://example.com/changed';
			ELSIF TG_TABLE_NAME = 'app_membership' THEN
				NEW.status := 'invited';
				NEW.invited_at := '2022-02-02Z';
			ELSIF TG_TABLE_NAME = 'identity_invite' THEN
				NEW.first_name := upper(NEW.first_name);
				NEW.send_email := false;
			ELSIF TG_TABLE_NAME = 'outbox' THEN
				NEW.kind := 'changed';
			END IF;
		ELSE NULL;
	END CASE;
	RETURN coalesce(NEW, OLD);
END $$;

-- triggers that look further than their row
CREATE FUNCTION t.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO t.witness VALUES (concat_ws(' ', TG_TABLE_NAME, TG_WHEN, TG_OP, t.word(to_jsonb(NEW)), to_jsonb(NEW)->>'email'));
	RETURN NEW;
END $$;
CREATE FUNCTION t.quota() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF (SELECT count(*) FROM canopy.identity) > 22 THEN RAISE EXCEPTION 'enough'; END IF;
	RETURN NEW;
END $$;
CREATE FUNCTION t.count_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO t.witness SELECT format('%s rows', count(*)) FROM fresh;
	RETURN NULL;
END $$;

-- scenario: nothing of the user's | row set auto |
-- scenario: nothing, REPEATABLE READ | row set auto |
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
-- scenario: nothing, SERIALIZABLE | row set auto |
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
-- scenario: CHECKs on identity | row set auto | Check
ALTER TABLE canopy.identity ADD CHECK (last_name <> 'Check'), ADD CHECK (metadata->>'badge' <> '3');
-- scenario: CHECK on memberships | row set auto |
ALTER TABLE canopy.app_membership ADD CHECK (application_id <> t.id('b', 2) OR created_at < '2021-01-01Z');
-- scenario: CHECK on assignments | row set auto |
ALTER TABLE canopy.role_assignment ADD CHECK (created_at < '2021-01-01Z');
-- scenario: a column that must be filled | row set auto |
UPDATE canopy.identity SET external_id = 'x' || substring(email FROM '\d+');
ALTER TABLE canopy.identity ALTER external_id SET NOT NULL;
-- scenario: a column that nobody fills | row set auto |
ALTER TABLE canopy.identity ALTER avatar_url SET DEFAULT '-', ADD badge text;
UPDATE canopy.identity SET badge = email;
ALTER TABLE canopy.identity ALTER badge SET NOT NULL;
-- scenario: columns with other defaults, domains and generated ones | row set auto | Check
CREATE DOMAIN t.name AS text CHECK (VALUE <> 'Check');
ALTER TABLE canopy.identity ALTER is_active SET DEFAULT false, ALTER avatar_url SET DEFAULT 'https://example.com/new',
	ALTER email_verified SET DEFAULT true, ALTER email_verified_at SET DEFAULT '2022-01-01Z', ALTER locked_until SET DEFAULT '2023-01-01Z',
	ALTER last_name TYPE t.name, ADD full_name text GENERATED ALWAYS AS (first_name || ' ' || last_name) STORED;
ALTER TABLE canopy.app_membership ALTER invited_at SET DEFAULT '2022-01-01Z', ALTER deactivated_at SET DEFAULT '2022-01-02Z';
-- scenario: times in whole seconds | row set auto |
ALTER TABLE canopy.identity ALTER created_at TYPE timestamptz(0), ALTER password_changed_at TYPE timestamptz(0);
ALTER TABLE canopy.app_membership ALTER created_at TYPE timestamptz(0);
-- scenario: names of fixed width | row set auto |
ALTER TABLE canopy.identity ALTER first_name TYPE char(12), ALTER last_name TYPE varchar(6);
-- scenario: a unique index | row set auto |
CREATE UNIQUE INDEX badge ON canopy.identity (account_id, (metadata->>'badge'));
-- scenario: an exclusion constraint | row set auto |
ALTER TABLE canopy.identity ADD CONSTRAINT badge EXCLUDE USING btree ((metadata->>'badge') WITH =);
-- scenario: a deferrable unique constraint | row set auto |
ALTER TABLE canopy.identity ADD CONSTRAINT first UNIQUE (account_id, first_name) DEFERRABLE INITIALLY DEFERRED;
-- scenario: BEFORE trigger on identity | row set auto | Raise Divide Null Change
CREATE TRIGGER obey BEFORE INSERT OR UPDATE ON canopy.identity FOR EACH ROW EXECUTE FUNCTION t.obey();
-- scenario: BEFORE trigger on identity that ends the call | row set auto | Abort Raise
CREATE TRIGGER obey BEFORE INSERT OR UPDATE ON canopy.identity FOR EACH ROW EXECUTE FUNCTION t.obey();
-- scenario: BEFORE trigger on identity that changes ids | row set auto |
CREATE FUNCTION t.rename() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := md5(NEW.email)::uuid; RETURN NEW; END $$;
CREATE TRIGGER rename BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION t.rename();
-- scenario: BEFORE trigger on identity that changes addresses | row set auto |
CREATE FUNCTION t.shorten() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN NEW.email := regexp_replace(NEW.email, '[13579]@', '@'); RETURN NEW; END $$;
CREATE TRIGGER shorten BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION t.shorten();
-- scenario: BEFORE trigger on memberships | row set auto | Raise Null Change
CREATE TRIGGER obey BEFORE INSERT OR UPDATE ON canopy.app_membership FOR EACH ROW EXECUTE FUNCTION t.obey();
-- scenario: BEFORE trigger on assignments | row set auto | Raise Null
CREATE TRIGGER obey BEFORE INSERT ON canopy.role_assignment FOR EACH ROW EXECUTE FUNCTION t.obey();
-- scenario: BEFORE triggers on changed assignments and memberships | row set auto | Raise Null
CREATE TRIGGER obey BEFORE UPDATE OR DELETE ON canopy.role_assignment FOR EACH ROW EXECUTE FUNCTION t.obey();
CREATE TRIGGER obey BEFORE UPDATE ON canopy.app_membership FOR EACH ROW EXECUTE FUNCTION t.obey();
-- scenario: AFTER trigger on assignments that are removed | row set auto | Raise
CREATE TRIGGER obey AFTER UPDATE OR DELETE ON canopy.role_assignment FOR EACH ROW EXECUTE FUNCTION t.obey();
-- scenario: a key of the user's on assignments | row set auto |
DELETE FROM canopy.role_assignment WHERE id IN (t.id('8', 4), t.id('8', 5), t.id('8', 8), t.id('8', 13));
ALTER TABLE canopy.role_assignment ADD UNIQUE (account_id, identity_id, node_id);
-- scenario: a deferred key of the user's on assignments | row set auto |
DELETE FROM canopy.role_assignment WHERE id IN (SELECT t.id('8', n) FROM unnest('{3,7,8,12,13,15,16}'::integer[]) AS n);
ALTER TABLE canopy.role_assignment ADD UNIQUE (account_id, role_id, node_id) DEFERRABLE INITIALLY DEFERRED;
-- scenario: a table that refers to assignments | row set auto |
CREATE TABLE t.badge (account_id uuid, assignment_id uuid, FOREIGN KEY (account_id, assignment_id) REFERENCES canopy.role_assignment);
INSERT INTO t.badge SELECT account_id, id FROM canopy.role_assignment WHERE id < t.id('8', 8);
-- scenario: BEFORE trigger on invites | row set auto | Raise Divide Null Change
CREATE TRIGGER obey BEFORE INSERT OR UPDATE ON canopy.identity_invite FOR EACH ROW EXECUTE FUNCTION t.obey();
-- scenario: BEFORE trigger on mail | row set auto | Raise Null Change
CREATE TRIGGER obey BEFORE INSERT ON canopy.outbox FOR EACH ROW EXECUTE FUNCTION t.obey();
-- scenario: AFTER triggers on invites and mail | row set auto | Raise Divide
CREATE TRIGGER obey AFTER INSERT OR UPDATE ON canopy.identity_invite FOR EACH ROW EXECUTE FUNCTION t.obey();
CREATE TRIGGER obey AFTER INSERT ON canopy.outbox FOR EACH ROW EXECUTE FUNCTION t.obey();
-- scenario: deferred constraint trigger on mail | row set auto | Raise
CREATE CONSTRAINT TRIGGER obey AFTER INSERT ON canopy.outbox DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION t.obey();
-- scenario: CHECKs on invites and mail | row set auto | Check Change
ALTER TABLE canopy.identity_invite ADD CHECK (last_name <> 'Check');
ALTER TABLE canopy.outbox ADD CHECK (payload->>'last_name' <> 'Change');
-- scenario: a key of the user's on invites | row set auto |
ALTER TABLE canopy.identity_invite ADD seat text GENERATED ALWAYS AS (CASE WHEN status = 'pending' AND last_name <> 'Invited' THEN first_name END) STORED, ADD UNIQUE (account_id, seat);
-- scenario: AFTER trigger on identity | row set auto | Raise Divide
CREATE TRIGGER obey AFTER INSERT OR UPDATE ON canopy.identity FOR EACH ROW EXECUTE FUNCTION t.obey();
-- scenario: AFTER trigger on memberships | row set auto | Raise
CREATE TRIGGER obey AFTER INSERT OR UPDATE ON canopy.app_membership FOR EACH ROW EXECUTE FUNCTION t.obey();
-- scenario: AFTER trigger on assignments | row set auto | Raise
CREATE TRIGGER obey AFTER INSERT ON canopy.role_assignment FOR EACH ROW EXECUTE FUNCTION t.obey();
-- scenario: deferred constraint trigger on identity | row set auto | Raise
CREATE CONSTRAINT TRIGGER obey AFTER INSERT OR UPDATE ON canopy.identity DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION t.obey();
-- scenario: deferred constraint trigger on memberships | row set auto | Raise
CREATE CONSTRAINT TRIGGER obey AFTER INSERT OR UPDATE ON canopy.app_membership DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION t.obey();
-- scenario: a foreign key of the user's | row set auto | Byron Check Raise
CREATE TABLE t.family (name text PRIMARY KEY);
INSERT INTO t.family SELECT DISTINCT last_name FROM canopy.identity UNION VALUES ('Byron');
GRANT SELECT, REFERENCES, UPDATE ON t.family TO canopy_owner;
ALTER TABLE canopy.identity ADD FOREIGN KEY (last_name) REFERENCES t.family;
-- scenario: a deferred foreign key of the user's | row set auto | Byron Check Null
CREATE TABLE t.family (name text PRIMARY KEY);
INSERT INTO t.family SELECT DISTINCT last_name FROM canopy.identity UNION VALUES ('Byron');
GRANT SELECT, REFERENCES, UPDATE ON t.family TO canopy_owner;
ALTER TABLE canopy.identity ADD FOREIGN KEY (last_name) REFERENCES t.family DEFERRABLE INITIALLY DEFERRED;
-- scenario: a foreign key of the user's on memberships | row set auto |
CREATE TABLE t.open_application (account_id uuid, id uuid, PRIMARY KEY (account_id, id));
INSERT INTO t.open_application VALUES (t.id('a', 1), t.id('b', 1));
GRANT SELECT, REFERENCES, UPDATE ON t.open_application TO canopy_owner;
DELETE FROM canopy.app_membership WHERE application_id <> t.id('b', 1);
ALTER TABLE canopy.app_membership ADD FOREIGN KEY (account_id, application_id) REFERENCES t.open_application;
-- scenario: a foreign key of our columns to another of our tables | row set auto |
DELETE FROM canopy.role_assignment;
ALTER TABLE canopy.role_assignment ADD FOREIGN KEY (account_id, role_id) REFERENCES canopy.node;
-- scenario: a table that refers to ours | row set auto |
CREATE TABLE t.desk (account_id uuid, identity_id uuid, FOREIGN KEY (account_id, identity_id) REFERENCES canopy.identity DEFERRABLE INITIALLY DEFERRED);
INSERT INTO t.desk SELECT account_id, id FROM canopy.identity;
-- scenario: row security that binds the owner | row auto | Check
ALTER TABLE canopy.identity ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY names ON canopy.identity USING (true) WITH CHECK (last_name <> 'Check');
-- scenario: row security that hides rows | row auto | Check
ALTER TABLE canopy.identity ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY names ON canopy.identity USING (last_name <> 'Raise') WITH CHECK (last_name <> 'Check');
ALTER TABLE canopy.app_membership ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY places ON canopy.app_membership USING (true) WITH CHECK (application_id <> t.id('b', 2));
-- scenario: partitioned tables | row set auto | Check
ALTER TABLE canopy.role_assignment RENAME TO whole_assignment;
CREATE TABLE canopy.role_assignment (LIKE canopy.whole_assignment INCLUDING ALL) PARTITION BY HASH (account_id);
CREATE TABLE canopy.role_assignment_0 PARTITION OF canopy.role_assignment FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE canopy.role_assignment_1 PARTITION OF canopy.role_assignment FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO canopy.role_assignment SELECT * FROM canopy.whole_assignment;
DROP TABLE canopy.whole_assignment;
ALTER TABLE canopy.app_membership RENAME TO whole_membership;
CREATE TABLE canopy.app_membership (LIKE canopy.whole_membership INCLUDING ALL) PARTITION BY HASH (account_id);
CREATE TABLE canopy.app_membership_0 PARTITION OF canopy.app_membership FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE canopy.app_membership_1 PARTITION OF canopy.app_membership FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO canopy.app_membership SELECT * FROM canopy.whole_membership;
DROP TABLE canopy.whole_membership;
ALTER TABLE canopy.identity RENAME TO whole_identity;
CREATE TABLE canopy.identity (LIKE canopy.whole_identity INCLUDING ALL) PARTITION BY HASH (account_id);
CREATE TABLE canopy.identity_0 PARTITION OF canopy.identity FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE canopy.identity_1 PARTITION OF canopy.identity FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO canopy.identity SELECT * FROM canopy.whole_identity;
DROP TABLE canopy.whole_identity CASCADE;
ALTER TABLE canopy.identity ADD CHECK (last_name <> 'Check'), ADD FOREIGN KEY (account_id) REFERENCES canopy.account;
ALTER TABLE canopy.app_membership ADD FOREIGN KEY (account_id, identity_id) REFERENCES canopy.identity,
	ADD FOREIGN KEY (account_id, application_id) REFERENCES canopy.application;
ALTER TABLE canopy.role_assignment ADD FOREIGN KEY (account_id, identity_id, application_id)
	REFERENCES canopy.app_membership (account_id, identity_id, application_id);
ALTER TABLE canopy.identity OWNER TO canopy_owner;
ALTER TABLE canopy.app_membership OWNER TO canopy_owner;
ALTER TABLE canopy.role_assignment OWNER TO canopy_owner;
-- scenario: a trigger that notes every row | row auto | Raise
CREATE TRIGGER note BEFORE INSERT OR UPDATE ON canopy.identity FOR EACH ROW EXECUTE FUNCTION t.note();
CREATE TRIGGER note AFTER INSERT OR UPDATE ON canopy.app_membership FOR EACH ROW EXECUTE FUNCTION t.note();
CREATE TRIGGER obey AFTER INSERT OR UPDATE ON canopy.identity FOR EACH ROW EXECUTE FUNCTION t.obey();
-- scenario: a trigger that counts the rows that are there | row auto |
CREATE TRIGGER quota BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION t.quota();
-- scenario: a statement trigger | row auto |
CREATE TRIGGER count_rows AFTER INSERT ON canopy.identity REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION t.count_rows();
