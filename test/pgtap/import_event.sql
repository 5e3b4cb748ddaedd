-- The completion event of an import that a client ran: checked, and one audit entry.
\ir fixture.psql
SELECT no_plan();

-- the documented body in each mode, and what is written of it
CREATE TABLE t.event AS SELECT * FROM (VALUES
	('create', 10, 8, 2, 3, 'crm', 'success'),
	('invite', 5, 5, 0, 0, 'crm', 'success'),
	('account_create', 4, 1, 3, 0, NULL, 'success'),
	('create', 3, 0, 3, 0, 'crm', 'failure'),
	('create', 0, 0, 0, 0, 'crm', 'success'),
	('create', 0, 0, 0, 7, 'crm', 'success'),
	('invite', 2147483647, 2147483647, 0, 2147483647, 'crm', 'success')
) AS v (mode, total, succeeded, failed, skipped, application, outcome);
CREATE FUNCTION t.try(e t.event) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	entry canopy.audit_log;
BEGIN
	DELETE FROM canopy.audit_log;
	PERFORM canopy_bulk_import_event(e.mode, e.total, e.succeeded, e.failed, e.skipped, e.application, 'acme');
	SELECT * INTO STRICT entry FROM canopy.audit_log;
	RETURN to_jsonb(entry) - '{id,created_at,correlation_id,actor_id,actor_label}'::text[];
END $$;
SELECT is(t.try(e), jsonb_build_object('account_id', t.id('acme'), 'application_id', t.id(application), 'environment_id', NULL, 'actor_type', 'database_role',
	'action', 'identity.bulk_import', 'resource_type', 'identity', 'resource_id', NULL, 'resource_label', NULL, 'outcome', outcome, 'category', 'identity', 'severity', 'info',
	'customer_visible', true, 'identity_visible', false, 'metadata', jsonb_build_object('mode', mode, 'total', total, 'succeeded', succeeded, 'failed', failed, 'skipped', skipped, 'reported_by', 'client')),
	format('%s of %s: one entry, reported by the client', mode, total)) FROM t.event AS e;

-- it answers nothing
SELECT is(canopy_bulk_import_event('create', 0, 0, 0, application => 'crm', account => 'acme')::text, '', 'the answer is void');

-- skipped can be left out, or null
SELECT canopy_bulk_import_event('create', 1, 1, 0, NULL, 'crm', 'acme') \gset
SELECT is_empty('SELECT 1 FROM canopy.audit_log WHERE metadata->>''succeeded'' IN (''0'', ''1'') AND metadata->''skipped'' <> ''0''', 'skipped is zero unless it is said');

-- what makes no sense is refused, and nothing is written
CREATE TABLE t.before AS SELECT t.state() AS state;
SELECT throws_ok(format('SELECT canopy_bulk_import_event(%s, %s)', arguments, names), state, message, arguments || ', ' || names)
FROM (VALUES
	('''import'', 1, 1, 0', 'application => ''crm'', account => ''acme''', '22023', 'invalid mode of an import'),
	('''Create'', 1, 1, 0', 'application => ''crm'', account => ''acme''', '22023', 'invalid mode of an import'),
	(''''', 1, 1, 0', 'application => ''crm'', account => ''acme''', '22023', 'invalid mode of an import'),
	('''create'', 2, 1, 0', 'application => ''crm'', account => ''acme''', '22023', 'counts of the import do not add up'),
	('''create'', 1, 1, 1', 'application => ''crm'', account => ''acme''', '22023', 'counts of the import do not add up'),
	('''create'', 2, 1, 0, 1', 'application => ''crm'', account => ''acme''', '22023', 'counts of the import do not add up'),
	('''create'', 0, 2147483647, 2147483647', 'application => ''crm'', account => ''acme''', '22023', 'counts of the import do not add up'),
	('''create'', -2, 2147483647, 2147483647', 'application => ''crm'', account => ''acme''', '22023', 'counts of an import cannot be negative'),
	('''create'', 0, 1, -1', 'application => ''crm'', account => ''acme''', '22023', 'counts of an import cannot be negative'),
	('''create'', 0, -1, 1', 'application => ''crm'', account => ''acme''', '22023', 'counts of an import cannot be negative'),
	('''create'', 0, 0, 0, -1', 'application => ''crm'', account => ''acme''', '22023', 'counts of an import cannot be negative'),
	('NULL, 0, 0, 0', 'application => ''crm'', account => ''acme''', '22023', 'argument "mode" cannot be null'),
	('''create'', NULL, 0, 0', 'application => ''crm'', account => ''acme''', '22023', 'argument "total" cannot be null'),
	('''create'', 0, NULL, 0', 'application => ''crm'', account => ''acme''', '22023', 'argument "succeeded" cannot be null'),
	('''create'', 0, 0, NULL', 'application => ''crm'', account => ''acme''', '22023', 'argument "failed" cannot be null'),
	('''create'', 0, 0, 0', 'account => ''acme''', '22023', 'mode and application of the import do not agree'),
	('''invite'', 0, 0, 0', 'application => '''', account => ''acme''', '22023', 'mode and application of the import do not agree'),
	('''account_create'', 0, 0, 0', 'application => ''crm'', account => ''acme''', '22023', 'mode and application of the import do not agree'),
	('''create'', 0, 0, 0', 'application => ''crm''', '22023', 'no account is named'),
	('''create'', 0, 0, 0', 'application => ''shop'', account => ''acme''', 'PT404', 'application does not exist'),
	('''create'', 0, 0, 0', 'application => ''crm'', account => ''nowhere''', 'PT404', 'account does not exist')
) AS v (arguments, names, state, message);
SELECT is(t.state(), state, 'an event that is refused writes nothing') FROM t.before;

SELECT * FROM finish();
