-- Opening an import: what it is fixed to, and what is refused.
\ir fixture.psql
SELECT no_plan();
SET canopy_bulk.account = 'acme';

-- an import is open, and says what it will do
SELECT is(canopy_bulk_import_open('create', application => 'crm', on_conflict => 'skip') - 'id' - 'created_at',
	'{"mode": "create", "status": "open", "columns": [], "missing": ["email", "first_name", "last_name"],
	  "encoding": {"name": null, "method": null, "confidence": 0}, "delimiter": null, "file_name": null, "file_size": 0,
	  "row_count": 0, "batch_size": 200, "on_conflict": "skip", "plan_digest": null, "error_message": null,
	  "statistics": {"error": 0, "valid": 0, "failed": 0, "skipped": 0, "warning": 0, "selected": 0, "succeeded": 0}}',
	'an import that was opened is described');

-- it belongs to whoever opened it, and to its application and environment
SELECT canopy_bulk_import_open('invite', application => 'crm', environment => 'production', missing => 'report', max_missing_percent => 3)->>'id' AS id \gset
SELECT results_eq(format('SELECT mode, account_id, application_id, environment_id, actor_id = current_user, actor_type, missing, max_missing_percent
	FROM canopy.import WHERE id = %L', :'id'),
	$$ VALUES ('invite', t.id('acme'), t.id('crm'), t.id('production'), true, 'database_role', 'report', 3) $$, 'scope, caller and options are stored');

-- nothing else happens
SELECT is((SELECT count(*)::integer FROM canopy.audit_log), 0, 'opening leaves no audit entry');

-- the account tier has no application, whatever the settings say
SET canopy_bulk.application = 'crm';
SELECT canopy_bulk_import_open('account_create')->>'id' AS id \gset
SELECT is((SELECT application_id FROM canopy.import WHERE id = :'id'), NULL, 'account_create takes no application from the settings');
RESET canopy_bulk.application;

-- what makes no sense is refused
SELECT throws_ok(format('SELECT canopy_bulk_import_open(%s)', arguments), '22023', message, arguments)
FROM (VALUES
	('NULL', 'argument "mode" cannot be null'),
	('''replace''', 'invalid mode of an import'),
	('''create''', 'no application is named'),
	('''invite'', application => ''crm''', 'no environment is named'),
	('''account_create'', application => ''crm''', 'mode and application of the import do not agree'),
	('''account_create'', on_conflict => ''maybe''', 'invalid value of on_conflict'),
	('''account_create'', missing => ''delete''', 'invalid value of missing'),
	('''learner'', missing => ''report''', 'mode of the import and missing do not agree'),
	('''account_create'', max_missing_percent => 101', 'invalid value of max_missing_percent'),
	('''account_create'', max_missing_percent => -2', 'invalid value of max_missing_percent')
) AS v (arguments, message);
SELECT throws_ok($$SELECT canopy_bulk_import_open('create', application => 'shop')$$, 'PT404', 'application does not exist',
	'an application of another account is unknown');

-- an import of another account is unknown, like one that never was
SELECT canopy_bulk_import_open('account_create', 'globex')->>'id' AS foreign_id \gset
SELECT throws_ok(format('SELECT %s', replace(call, '$1', quote_literal(:'foreign_id'))), 'PT404', 'import does not exist', call)
FROM (VALUES
	('canopy_bulk_import_info($1)'),
	('canopy_bulk_import_upload($1, ''email'')'),
	('canopy_bulk_import_upload_text($1, ''email'')'),
	('canopy_bulk_import_map($1)'),
	('canopy_bulk_import_preview($1)'),
	('canopy_bulk_import_rows($1)'),
	('canopy_bulk_import_select($1)')
) AS v (call);
SELECT is(canopy_bulk_import_info(:'foreign_id', 'globex')->>'status', 'open', 'its own account finds it');

-- claims narrow: those of one application do not reach an import of another, or of the account
SELECT canopy_bulk_import_open('create', application => 'wiki')->>'id' AS wiki_id \gset
SELECT canopy_bulk_import_open('account_create')->>'id' AS account_id \gset
SELECT canopy_bulk_import_open('create', application => 'crm')->>'id' AS crm_id \gset
SET request.jwt.claims = '{"sub": "eve", "principal_type": "user", "account": "acme", "application": "crm"}';
SELECT throws_ok(format('SELECT canopy_bulk_import_info(%L)', :'wiki_id'), 'PT404', 'import does not exist', 'an import of another application is unknown');
SELECT throws_ok(format('SELECT canopy_bulk_import_info(%L)', :'account_id'), 'PT404', 'import does not exist', 'as is one of the account');
SELECT is(canopy_bulk_import_info(:'crm_id')->>'mode', 'create', 'one of the application is');
RESET request.jwt.claims;

-- steps come in their order, and say which is missing
SELECT throws_ok(format('SELECT %s', replace(call, '$1', quote_literal(:'crm_id'))), 'PT409', 'the import is in another state', call)
FROM (VALUES
	('canopy_bulk_import_map($1)'),
	('canopy_bulk_import_preview($1)'),
	('canopy_bulk_import_select($1)')
) AS v (call);

SELECT * FROM finish();
