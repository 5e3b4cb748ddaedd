-- Jobs as far as no worker is needed: what may be asked for, by whom, and how it is told.
\ir fixture.psql
SELECT no_plan();
SET canopy_bulk.account = 'acme';
SET canopy_bulk.import_allowed_hosts = 'files.example.com';
SET canopy_bulk.max_queued_jobs = 3;

-- a call is answered at once, and nothing that is rolled back here ever starts
BEGIN;
SELECT canopy_bulk_import_url('https://files.example.com/people.csv', mode => 'account_create', course_ids => '{}') #> '{data,APIBulkImport}' AS job \gset
SELECT is((:'job')::jsonb - 'id' - 'importId' - 'createdAt', '{"type": "import_url", "status": "queued", "repeatable": true, "description": "Import from https://files.example.com/people.csv", "errorMessage": ""}', 'a job is queued');
SELECT (:'job')::jsonb ->> 'id' AS id, (:'job')::jsonb ->> 'importId' AS import \gset
SELECT is(canopy_bulk_job(:'id') - 'created_at', jsonb_build_object('id', :'id', 'type', 'import_url', 'status', 'queued', 'attempt', 0, 'import_id', :'import', 'parameters', '{"mode": "account_create", "dry_run": false, "options": {}, "on_conflict": "update"}'::jsonb,
	'repeatable', true, 'started_at', null, 'description', 'Import from https://files.example.com/people.csv', 'finished_at', null, 'error_message', null, 'fetched_bytes', null), 'and told with what it was asked');
SELECT is(canopy_bulk_import_info(:'import') ->> 'status', 'open', 'its import waits for the file');

-- a URL with a query says nothing of it
SELECT is(canopy_bulk_import_url('https://files.example.com/a.csv?token=secret', mode => 'account_create', dry_run => true) #> '{data,APIBulkImport}' #- '{id}' #- '{importId}' #- '{createdAt}',
	'{"type": "import_url", "status": "queued", "repeatable": false, "description": "Dry run of an import from https://files.example.com/a.csv", "errorMessage": ""}', 'a query is shown nowhere');
SELECT is(canopy_bulk_jobs() #>> '{pagination,item_count}', '2', 'both are listed');
SELECT is(canopy_bulk_jobs(status => 'failed') -> 'items', '[]', 'by status');
SELECT is(canopy_bulk_jobs(take => 1) #>> '{items,0,repeatable}', 'false', 'the newest first');
SELECT throws_ok($$SELECT canopy_bulk_jobs(status => 'done')$$, '22023', 'invalid status of a job', 'a status that there is not');

-- the queue has an end
SELECT lives_ok($$SELECT canopy_bulk_import_url('https://files.example.com/b.csv', mode => 'account_create')$$, 'a third job');
SELECT throws_ok($$SELECT canopy_bulk_import_url('https://files.example.com/c.csv', mode => 'account_create')$$, 'PT429', 'too many jobs of the account are waiting', 'is the last');
SELECT lives_ok($$SELECT canopy_bulk_import_url('https://files.example.com/d.csv', mode => 'account_create', account => 'globex')$$, 'of this account');

-- cancelling one that waits
SELECT is(canopy_bulk_job_cancel(:'id') ->> 'status', 'cancelled', 'a job that waits is cancelled');
SELECT is(canopy_bulk_import_info(:'import') ->> 'status', 'cancelled', 'with its import');
SELECT throws_ok(format('SELECT canopy_bulk_job_cancel(%L)', :'id'), 'PT409', 'the job has ended', 'once');
SELECT is(canopy_bulk_job_repeat(:'id') - 'id' - 'import_id' - 'created_at', canopy_bulk_job(:'id') - 'id' - 'import_id' - 'created_at' - 'finished_at' || '{"status": "queued", "finished_at": null}', 'what has ended can be asked for again');

-- what belongs to others is not there
SELECT throws_ok(format('SELECT canopy_bulk_job(%L, %L)', :'id', 'globex'), 'PT404', 'job does not exist', 'a job of another account');
SET LOCAL request.jwt.claims = '{"sub": "admin-1", "principal_type": "user", "account": "acme", "application": "crm"}';
SELECT throws_ok(format('SELECT canopy_bulk_job(%L)', :'id'), 'PT404', 'job does not exist', 'a job of the account, for claims that are bound to an application');
SELECT is(canopy_bulk_jobs() -> 'items', '[]', 'nor is it listed');
SELECT throws_ok($$SELECT canopy_bulk_import_url('https://files.example.com/a.csv', mode => 'account_create')$$, '42501', NULL, 'they ask for no job of the account either');
SET LOCAL request.jwt.claims = '{"sub": "admin-1", "principal_type": "user", "account": "acme"}';
SELECT throws_ok($$SELECT canopy_bulk_import_url('https://files.example.com/a.csv', account => 'globex')$$, '42501', NULL, 'nor claims for another account');
ROLLBACK;

-- what may be fetched
CREATE TABLE t.refused (url text, sqlstate text, message text);
INSERT INTO t.refused VALUES
	('', '22023', 'the URL is malformed'),
	('people.csv', '22023', 'the URL is malformed'),
	('https://user:secret@files.example.com/', '22023', 'the URL contains a user name or password'),
	('http://files.example.com/', '42501', 'the scheme of the URL is not allowed'),
	('https://files.example.com:444/', '42501', 'the port of the URL is not allowed for its host'),
	('https://files.example.org/', '42501', 'the host of the URL is not allowed'),
	('https://127.0.0.1/', '42501', 'the host of the URL is not allowed');
SELECT throws_ok(format('SELECT canopy_bulk_import_url(%L)', url), sqlstate::char(5), message, 'no fetch of ' || quote_literal(url)) FROM t.refused;
SET canopy_bulk.import_allowed_hosts = '';
SELECT throws_ok($$SELECT canopy_bulk_import_url('https://files.example.com/a.csv')$$, '42501', 'imports from a URL are switched off', 'nor of anything, where no host is named');
SELECT throws_ok($$SELECT canopy_bulk_import_url(NULL)$$, '22023', NULL, 'nor of nothing');
SELECT throws_ok($$SET canopy_bulk.import_allowed_networks = '10.0.0.0/33'$$, '22023', NULL, 'a network that is none');

-- a job is submitted once it is previewed
SELECT canopy_bulk_import_open('account_create') ->> 'id' AS id \gset
SELECT throws_ok(format('SELECT canopy_bulk_import_submit(%L)', :'id'), 'PT409', 'the import is in another state', 'an import without a file is not submitted');
SELECT throws_ok($$SELECT canopy_bulk_import_submit('00000000-0000-4000-8000-000000000000')$$, 'PT404', 'import does not exist', 'nor one that is not there');
SELECT is(canopy_bulk_resume(), 0, 'there is nothing to resume');
SELECT finish();
