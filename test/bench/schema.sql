/*
 * What the benchmark adds to a directory: an account with an application, seeds,
 * and the naive way.  The ids are those of bench.h.
 */
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;

CREATE EXTENSION canopy_bulk;
SELECT canopy_bulk_setup() \g /dev/null

INSERT INTO canopy.account (id, slug, name)
VALUES ('01900000-0000-7000-8000-000000000001', 'bench', 'Bench Ltd');
INSERT INTO canopy.application (account_id, id, slug, name)
VALUES ('01900000-0000-7000-8000-000000000001',
		'01900000-0000-7000-8000-000000000002', 'portal', 'Portal');

CREATE SCHEMA bench;

/* Where INSERT ... SELECT takes its rows from. */
CREATE UNLOGGED TABLE bench.stage (
	batch integer NOT NULL,
	id uuid NOT NULL,
	email text COLLATE "C" NOT NULL,
	first_name text NOT NULL,
	last_name text NOT NULL,
	external_id text COLLATE "C",
	metadata jsonb NOT NULL,
	membership_id uuid NOT NULL,
	application_id uuid
);
CREATE INDEX ON bench.stage (batch);

/* Ids grow with n, as version 7 ids would have. */
CREATE FUNCTION bench.ordered_id(n bigint, salt text)
RETURNS uuid
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN (lpad(to_hex(1700000000000 + n), 12, '0') || '7' || substr(md5(salt || n), 1, 3)
		|| '8' || substr(md5(salt || n), 4, 15))::uuid;

/*
 * Empties the directory and puts n identities into it, half of them members. The
 * even ones have an external id and an address that grows with n, the odd ones an
 * address that is scattered.
 */
CREATE FUNCTION bench.reset(n bigint)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
	TRUNCATE canopy.identity, canopy.app_membership, canopy.role_assignment,
		canopy.audit_log, canopy.idempotency_key, canopy.import CASCADE;
	IF n >= 100000 THEN
		SET LOCAL session_replication_role = replica;
	END IF;

	INSERT INTO canopy.identity (account_id, id, email, first_name, last_name,
								 external_id, metadata)
	SELECT '01900000-0000-7000-8000-000000000001', bench.ordered_id(i, 'identity'),
		CASE WHEN i % 2 = 0 THEN format('user%s@bench.example', lpad(i::text, 9, '0'))
			 ELSE format('p%s.user%s@bench.example', substr(md5(i::text), 1, 8), i) END,
		'First' || i, 'Last' || i,
		CASE WHEN i % 2 = 0 THEN 'HR-' || lpad(i::text, 9, '0') END,
		jsonb_build_object('department', 'Engineering', 'location', 'Berlin',
						   'cost_centre', 1000 + i % 1000)
	FROM generate_series(1, n) AS i;

	INSERT INTO canopy.app_membership (account_id, id, identity_id, application_id,
									   status, activated_at)
	SELECT '01900000-0000-7000-8000-000000000001', bench.ordered_id(i, 'membership'),
		bench.ordered_id(i, 'identity'), '01900000-0000-7000-8000-000000000002',
		'active', now()
	FROM generate_series(1, n, 2) AS i;
END
$$;

/* One entry for a batch, as ours writes it. */
CREATE FUNCTION bench.audit(succeeded integer, failed integer)
RETURNS void
LANGUAGE sql
VOLATILE
BEGIN ATOMIC
	INSERT INTO canopy.audit_log (account_id, actor_type, action, resource_type,
								  metadata, outcome, category, severity,
								  customer_visible, identity_visible)
	VALUES ('01900000-0000-7000-8000-000000000001', 'system', 'identity.bulk_create',
			'identity', jsonb_build_object('total', succeeded + failed,
										   'succeeded', succeeded, 'failed', failed),
			CASE WHEN succeeded > 0 THEN 'success' ELSE 'failure' END,
			'identity', 'info', true, false);
END;

/*
 * The naive way, written as well as it can be: what can be checked is checked
 * before the block, results are collected in an array, which grows in place, and
 * nothing is looked up twice.
 */
CREATE FUNCTION bench.naive_create(batch jsonb, account_slug text)
RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
	account uuid;
	item jsonb;
	address text;
	wanted uuid;
	app canopy.application;
	stored canopy.identity;
	membership canopy.app_membership;
	memberships jsonb;
	problem text;
	message text;
	results jsonb[] := '{}';
	n integer := 0;
	succeeded integer := 0;
BEGIN
	SELECT id INTO STRICT account FROM canopy.account WHERE slug = account_slug;

	FOR item IN SELECT value FROM jsonb_array_elements(batch)
	LOOP
		n := n + 1;
		problem := NULL;
		memberships := '[]';
		address := lower(btrim(item ->> 'email'));
		wanted := item ->> 'application_id';
		IF address IS NULL OR address !~ '^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$' THEN
			problem := 'email_invalid';
			message := 'The email address is not valid.';
		ELSIF wanted IS NOT NULL THEN
			SELECT * INTO app FROM canopy.application
			WHERE account_id = account AND id = wanted;
			IF NOT FOUND THEN
				problem := 'application_not_found';
				message := 'The application does not exist.';
			END IF;
		END IF;

		IF problem IS NULL THEN
			BEGIN
				INSERT INTO canopy.identity (account_id, email, first_name, last_name,
											 external_id, metadata)
				VALUES (account, address, item ->> 'first_name', item ->> 'last_name',
						item ->> 'external_id', coalesce(item -> 'metadata', '{}'))
				RETURNING * INTO stored;

				IF wanted IS NOT NULL THEN
					INSERT INTO canopy.app_membership (account_id, identity_id,
													   application_id, status, activated_at)
					VALUES (account, stored.id, wanted, 'active', now())
					RETURNING * INTO membership;
					memberships := jsonb_build_array(jsonb_build_object(
						'id', membership.id, 'status', membership.status,
						'created_at', membership.created_at,
						'application_id', membership.application_id,
						'application_name', app.name, 'application_slug', app.slug,
						'assignment_count', 0));
				END IF;
			EXCEPTION
				WHEN unique_violation THEN
					GET STACKED DIAGNOSTICS problem = CONSTRAINT_NAME;
					IF problem = 'identity_account_id_external_id_key' THEN
						problem := 'external_id_conflict';
						message := 'The external id is already in use.';
					ELSE
						problem := 'email_conflict';
						message := 'The email address is already in use.';
					END IF;
				WHEN integrity_constraint_violation OR data_exception OR raise_exception THEN
					problem := 'rejected';
					message := 'A constraint or trigger of the database refused the row.';
			END;
		END IF;

		IF problem IS NULL THEN
			succeeded := succeeded + 1;
			results[n] := jsonb_build_object(
				'index', n - 1, 'status', 'success', 'code', 201,
				'data', jsonb_build_object(
					'id', stored.id, 'email', stored.email, 'metadata', stored.metadata,
					'is_active', stored.is_active, 'last_name', stored.last_name,
					'avatar_url', stored.avatar_url, 'created_at', stored.created_at,
					'first_name', stored.first_name, 'external_id', stored.external_id,
					'locked_until', stored.locked_until,
					'email_verified', stored.email_verified,
					'app_memberships', memberships,
					'email_verified_at', stored.email_verified_at,
					'total_assignments', 0,
					'password_changed_at', stored.password_changed_at,
					'app_membership_count', jsonb_array_length(memberships)));
		ELSE
			results[n] := jsonb_build_object(
				'index', n - 1, 'status', 'error',
				'code', CASE problem WHEN 'email_invalid' THEN 400
									 WHEN 'application_not_found' THEN 404
									 WHEN 'rejected' THEN 422 ELSE 409 END,
				'error', jsonb_build_object('code', problem, 'message', message,
											'details', '{}'::jsonb),
				'input', item);
		END IF;
	END LOOP;

	PERFORM bench.audit(succeeded, n - succeeded);
	RETURN jsonb_build_object(
		'summary', jsonb_build_object('total', n, 'succeeded', succeeded,
									  'failed', n - succeeded),
		'results', to_jsonb(results));
END
$$;

/* What an answer says about each row, to compare the answers of two ways. */
CREATE FUNCTION bench.verdicts(answer jsonb)
RETURNS text
LANGUAGE sql
IMMUTABLE
RETURN (SELECT md5(string_agg(concat_ws(' ', r ->> 'status', r ->> 'code',
										r #>> '{error,code}', r #>> '{data,email}'),
							  ',' ORDER BY (r ->> 'index')::integer))
		FROM jsonb_array_elements(answer -> 'results') AS r);

/* The trigger of the database "raising", not there in the others. */
CREATE FUNCTION bench.refuse()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
	IF NEW.last_name = 'Refused' THEN
		RAISE EXCEPTION 'no such people here';
	END IF;
	RETURN NEW;
END
$$;

/* Where the naive import takes its rows from, filled by COPY. */
CREATE TABLE bench.import_stage (
	email text,
	first_name text,
	last_name text,
	external_id text,
	department text,
	number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	identity_id uuid,
	problem text
);

/* The naive import: a block for each row, and what became of it beside it when told to. */
CREATE PROCEDURE bench.naive_import(told boolean)
LANGUAGE plpgsql
AS $$
DECLARE
	item bench.import_stage;
	created uuid;
	trouble text;
	succeeded integer := 0;
	failed integer := 0;
BEGIN
	FOR item IN SELECT * FROM bench.import_stage ORDER BY number
	LOOP
		trouble := NULL;
		created := NULL;
		IF item.email IS NULL OR item.email !~ '^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$' THEN
			trouble := 'email_invalid';
		ELSE
			BEGIN
				INSERT INTO canopy.identity (account_id, email, first_name, last_name, external_id, metadata)
				VALUES ('01900000-0000-7000-8000-000000000001', lower(btrim(item.email)), item.first_name,
						item.last_name, item.external_id, jsonb_build_object('department', item.department))
				RETURNING id INTO created;
				INSERT INTO canopy.app_membership (account_id, identity_id, application_id, status, activated_at)
				VALUES ('01900000-0000-7000-8000-000000000001', created,
						'01900000-0000-7000-8000-000000000002', 'active', now());
			EXCEPTION
				WHEN unique_violation THEN
					trouble := 'conflict';
				WHEN integrity_constraint_violation OR data_exception OR raise_exception THEN
					trouble := 'rejected';
			END;
		END IF;
		IF told THEN
			UPDATE bench.import_stage SET identity_id = created, problem = trouble WHERE number = item.number;
		END IF;
		IF trouble IS NULL THEN
			succeeded := succeeded + 1;
		ELSE
			failed := failed + 1;
		END IF;
	END LOOP;
	PERFORM bench.audit(succeeded, failed);
END
$$;
