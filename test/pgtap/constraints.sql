-- Constraints that users add to the directory, with no trigger beside them: each refuses
-- its row, says its name, and leaves the neighbours alone.
-- strategies: all
\ir fixture.psql
SELECT no_plan();

-- columns of the user's that a row can reach, since they are computed from metadata
ALTER TABLE canopy.identity ADD COLUMN badge text COLLATE "C" GENERATED ALWAYS AS (metadata->>'badge') STORED,
	ADD COLUMN manager text COLLATE "C" GENERATED ALWAYS AS (metadata->>'manager') STORED;
CREATE TABLE t.manager (name text COLLATE "C" PRIMARY KEY);
INSERT INTO t.manager VALUES ('boss');
GRANT USAGE ON SCHEMA t TO canopy_owner;
GRANT SELECT, REFERENCES, UPDATE ON t.manager TO canopy_owner;

/* Three rows in a batch: the first good, the second at odds with the constraint, the third good. */
CREATE TABLE t.case (n serial, title text, ddl text, first jsonb, second jsonb, details jsonb);
INSERT INTO t.case (title, ddl, first, second, details) VALUES
	('a check', $$ALTER TABLE canopy.identity ADD CONSTRAINT mine CHECK (first_name <> 'Robot')$$, '{}', '{"first_name":"Robot"}', '{"sqlstate":"23514","constraint":"mine"}'),
	('a check that is not validated', $$ALTER TABLE canopy.identity ADD CONSTRAINT mine CHECK (first_name <> 'Robot') NOT VALID$$, '{}', '{"first_name":"Robot"}', '{"sqlstate":"23514","constraint":"mine"}'),
	('a unique key', 'ALTER TABLE canopy.identity ADD CONSTRAINT mine UNIQUE (account_id, badge)', '{"metadata":{"badge":"x"}}', '{"metadata":{"badge":"x"}}', '{"sqlstate":"23505","constraint":"mine"}'),
	('a deferrable unique key', 'ALTER TABLE canopy.identity ADD CONSTRAINT mine UNIQUE (account_id, badge) DEFERRABLE', '{"metadata":{"badge":"x"}}', '{"metadata":{"badge":"x"}}', '{"sqlstate":"23505","constraint":"mine"}'),
	('a deferred unique key', 'ALTER TABLE canopy.identity ADD CONSTRAINT mine UNIQUE (account_id, badge) DEFERRABLE INITIALLY DEFERRED', '{"metadata":{"badge":"x"}}', '{"metadata":{"badge":"x"}}', '{"sqlstate":"23505","constraint":"mine"}'),
	('a unique index', $$CREATE UNIQUE INDEX mine ON canopy.identity (account_id, lower(badge)) WHERE badge <> 'none'$$, '{"metadata":{"badge":"x"}}', '{"metadata":{"badge":"X"}}', '{"sqlstate":"23505","constraint":"mine"}'),
	('an exclusion constraint', 'ALTER TABLE canopy.identity ADD CONSTRAINT mine EXCLUDE (badge WITH =)', '{"metadata":{"badge":"x"}}', '{"metadata":{"badge":"x"}}', '{"sqlstate":"23P01","constraint":"mine"}'),
	('a deferred exclusion constraint', 'ALTER TABLE canopy.identity ADD CONSTRAINT mine EXCLUDE (badge WITH =) DEFERRABLE INITIALLY DEFERRED', '{"metadata":{"badge":"x"}}', '{"metadata":{"badge":"x"}}', '{"sqlstate":"23P01","constraint":"mine"}'),
	('a foreign key', 'ALTER TABLE canopy.identity ADD CONSTRAINT mine FOREIGN KEY (manager) REFERENCES t.manager', '{"metadata":{"manager":"boss"}}', '{"metadata":{"manager":"nobody"}}', '{"sqlstate":"23503","constraint":"mine"}'),
	('a deferred foreign key', 'ALTER TABLE canopy.identity ADD CONSTRAINT mine FOREIGN KEY (manager) REFERENCES t.manager DEFERRABLE INITIALLY DEFERRED', '{"metadata":{"manager":"boss"}}', '{"metadata":{"manager":"nobody"}}', '{"sqlstate":"23503","constraint":"mine"}');

-- the batch under one constraint and one mode, undone afterwards
CREATE FUNCTION t.try(c t.case, mode text, OUT verdicts text, OUT details jsonb, OUT people text) LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	EXECUTE c.ddl;
	answer := canopy_bulk_create(jsonb_build_array(t.person('b@acme.example', c.first), t.person('c@acme.example', c.second), t.person('a@acme.example')), 'acme', on_conflict => mode);
	SET CONSTRAINTS ALL IMMEDIATE;
	verdicts := t.verdicts(answer);
	details := answer#>'{results,1,error,details}';
	SELECT string_agg(left(email, 1), '' ORDER BY email) INTO people FROM canopy.identity;
	RAISE EXCEPTION 'undo';
EXCEPTION
	WHEN raise_exception THEN NULL;
	WHEN OTHERS THEN verdicts := SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT is(ARRAY[tried.verdicts, tried.details::text, tried.people], ARRAY['201, 422 rejected, 201', c.details::text, 'ab'], format('%s, on_conflict => %s', title, mode))
FROM t.case AS c, unnest('{error,skip,update}'::text[]) AS mode, LATERAL t.try(c, mode) AS tried ORDER BY n, mode;

-- an update meets the same constraints
ALTER TABLE canopy.identity ADD CONSTRAINT mine UNIQUE (account_id, badge) DEFERRABLE INITIALLY DEFERRED;
SELECT t.add_identity('acme', 'one@acme.example'), t.add_identity('acme', 'two@acme.example') \gset
SELECT is(t.verdicts(canopy_bulk_create(jsonb_build_array(t.person('one@acme.example', '{"metadata":{"badge":"x"}}'), t.person('two@acme.example', '{"metadata":{"badge":"x"}}')),
	'acme', on_conflict => 'update')), '200, 422 rejected', 'an update that breaks a deferred key is refused');

-- memberships have constraints, too
ALTER TABLE canopy.app_membership ADD CONSTRAINT one_each UNIQUE (account_id, identity_id) DEFERRABLE INITIALLY DEFERRED;
SELECT t.add_membership('acme', 'one@acme.example', 'wiki') \gset
SELECT is(t.verdicts(canopy_bulk_attach(ARRAY[t.id('one@acme.example'), t.id('two@acme.example')], 'crm', 'acme')), '422 rejected, 201', 'a deferred key of memberships refuses its row');
SELECT is(t.verdicts(canopy_bulk_create(jsonb_build_array(t.person('one@acme.example')), 'acme', 'crm', on_conflict => 'update')), '422 rejected', 'also when an identity gets its membership');

SELECT * FROM finish();
