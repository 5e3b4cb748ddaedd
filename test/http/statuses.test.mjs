// A status for everything, and bodies that are those of the SQL call.
// roads: direct, pgbouncer
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { APPLICATION, CREATE, authorized, openDirectory, people, tokenFor, withoutChance } from './directory.mjs';
import { send } from './request.mjs';

const directory = await openDirectory();
const { call, ask, sql, pool, port } = directory;
after(directory.close);

const attach = `${APPLICATION}/app-memberships/bulk-attach`;
const event = `${APPLICATION}/identities/bulk-import-events`;
const done = { mode: 'create', total: 3, succeeded: 2, failed: 1, skipped: 0 };
const [{ key: apiKey }] = await sql(`SELECT canopy_bulk_api_key_create('test', 'crm', 'production', 'acme')->>'key' AS key`);
await ask(CREATE, people('there'));
const [{ id: thereId }] = await sql(`SELECT id FROM canopy.identity`);
const [{ id: crmId }] = await sql(`SELECT id FROM canopy.application WHERE slug = 'crm'`);
const IDENTITIES = '/portal/v1/accounts/acme/identities';
const one = (name, fields) => people(name, 1, fields).identities[0];
const assignments = `${APPLICATION}/environments/production/assignments`;
const nobody = '00000000-0000-4000-8000-000000000000';
const [{ held, place, other }] = await sql(`
	WITH i AS (INSERT INTO canopy.identity (account_id, email, first_name, last_name) SELECT id, 'member@example.com', 'Ada', 'Byron' FROM canopy.account WHERE slug = 'acme' RETURNING *),
	m AS (INSERT INTO canopy.app_membership (account_id, identity_id, application_id, status)
		SELECT i.account_id, i.id, a.id, 'active' FROM i JOIN canopy.application AS a ON a.account_id = i.account_id AND a.slug = 'crm' RETURNING *),
	n AS (INSERT INTO canopy.node (account_id, application_id, environment_id, node_type, name, slug)
		SELECT e.account_id, e.application_id, e.id, 'root', 'Root', 'root' FROM canopy.environment AS e JOIN m USING (account_id, application_id) RETURNING *),
	r AS (INSERT INTO canopy.role (account_id, environment_id, name) SELECT account_id, environment_id, word FROM n, unnest('{editor,reader}'::text[]) AS word RETURNING *),
	h AS (INSERT INTO canopy.role_assignment (account_id, identity_id, application_id, role_id, node_id)
		SELECT m.account_id, m.identity_id, m.application_id, r.id, n.id FROM m, n, r WHERE r.name = 'editor' RETURNING *)
	SELECT h.id AS held, jsonb_build_object('identity_id', h.identity_id, 'node_id', h.node_id) AS place, r.id AS other FROM h, r WHERE r.name = 'reader'`);
const bad = { identities: [{ email: 'no address', first_name: 'A', last_name: 'B', password: 'secret-canary' }] };

// title, status, path, body, headers, method: each must read the same from the gateway and from SQL
const cases = [
	['all rows are good', 200, `${CREATE}?dry_run=true`, people('new', 3, { password: 'correct horse' })],
	['some rows are bad', 207, `${CREATE}?dry_run=true`, { identities: [...people('new').identities, ...bad.identities] }],
	['all rows are bad', 207, CREATE, bad],
	['no rows', 200, CREATE, { identities: [] }],
	['a bare array', 200, CREATE, []],
	['into an application', 200, `${APPLICATION}/identities/bulk-create?dry_run=true`, people('new')],
	['attached', 200, `${attach}?dry_run=true`, { identity_ids: [thereId] }],
	['one attached, one unknown', 207, `${attach}?dry_run=true`, { identity_ids: [thereId, 'id_01HXABC...'] }],
	['an import event', 204, event, done],
	['an import event without skipped', 204, event, { ...done, skipped: undefined }],
	['assigned', 200, `${assignments}/bulk-create?dry_run=true`, { assignments: [{ ...place, role_id: other, effective_to: '2030-01-01T00:00:00Z' }] }],
	['assigned with an API key', 200, '/api/v1/assignments/bulk-create?dry_run=true', [{ ...place, role_id: other }], { Authorization: undefined, 'X-API-Key': apiKey }],
	['one assigned, one unknown', 207, `${assignments}/bulk-create?dry_run=true`, [{ ...place, role_id: other }, { ...place, role_id: nobody }]],
	['assignments removed', 204, `${assignments}/bulk-remove?dry_run=true`, { assignment_ids: [held] }],
	['assignments removed with an API key', 204, '/api/v1/assignments/bulk-remove?dry_run=true', { assignment_ids: [held] }, { Authorization: undefined, 'X-API-Key': apiKey }],
	['one removed, one malformed', 207, `${assignments}/bulk-remove?dry_run=true`, { assignment_ids: [held, 'x'] }],
	['none is to be removed', 422, `${assignments}/bulk-remove?max_failed=0`, { assignment_ids: [held, nobody] }],
	['roles changed', 200, `${assignments}/bulk-change-role?dry_run=true`, { assignment_ids: [held], role_id: other }],
	['roles changed with an API key', 200, '/api/v1/assignments/bulk-change-role?dry_run=true', { assignment_ids: [held], role_id: other }, { Authorization: undefined, 'X-API-Key': apiKey }],
	['a role that is not there', 207, `${assignments}/bulk-change-role`, { assignment_ids: [held], role_id: nobody }],
	['a role that is no id', 207, `${assignments}/bulk-change-role`, { assignment_ids: [held], role_id: 'reader' }],
	['a change without a role', 400, `${assignments}/bulk-change-role`, { assignment_ids: [held] }],
	['a change to a role that is a number', 400, `${assignments}/bulk-change-role`, { assignment_ids: [held], role_id: 7 }],
	['a change with more in it', 400, `${assignments}/bulk-change-role`, { assignment_ids: [held], role_id: other, node_id: nobody }],
	['ids with an option they do not have', 400, `${assignments}/bulk-remove?on_conflict=skip`, { assignment_ids: [held] }],
	['no such environment in the path', 404, `${assignments.replace('production', 'nowhere')}/bulk-create`, []],
	['an API key beyond its environment', 403, `${assignments.replace('crm', 'wiki')}/bulk-create`, [], { Authorization: undefined, 'X-API-Key': apiKey }],
	['a token where a key would name the environment', 400, '/api/v1/assignments/bulk-create', []],
	['skipped on conflict', 200, `${CREATE}?on_conflict=skip`, people('there')],
	['a conflict', 207, CREATE, people('there')],
	['with an API key', 200, `${APPLICATION}/identities/bulk-create?dry_run=true`, people('new'), { Authorization: undefined, 'X-API-Key': apiKey }],
	['charset=utf-8', 200, CREATE, [], { 'Content-Type': 'Application/JSON; charset=UTF-8' }],
	['not JSON', 400, CREATE, '{"identities": [', {}],
	['not a list of rows', 400, CREATE, '"identities"'],
	['an unknown option', 400, `${CREATE}?dryrun=true`, []],
	['an idempotency key that is too long', 400, CREATE, [], { 'Idempotency-Key': 'k'.repeat(256) }],
	['an unknown mode of import', 400, event, { ...done, mode: 'delete' }],
	['counts that do not add up', 400, event, { ...done, total: 4 }],
	['two credentials', 400, CREATE, [], { 'X-API-Key': apiKey }],
	['no credential', 401, CREATE, [], { Authorization: undefined }],
	['a token of words', 401, CREATE, [], { Authorization: 'Bearer let-me-in' }],
	['another scheme', 401, CREATE, [], { Authorization: 'Basic YTpi' }],
	['an expired token', 401, CREATE, [], { Authorization: `Bearer ${tokenFor({ exp: 1 })}` }],
	['an API key that is none', 401, CREATE, [], { Authorization: undefined, 'X-API-Key': `cnpy_${'x'.repeat(64)}` }],
	['the wrong principal', 403, CREATE, [], { Authorization: `Bearer ${tokenFor({ principal_type: 'identity' })}` }],
	['an API key beyond its application', 403, CREATE, [], { Authorization: undefined, 'X-API-Key': apiKey }],
	['another account', 403, CREATE.replace('acme', 'globex'), []],
	['no such path', 404, '/portal/v1/accounts/acme/people', []],
	['an id that is none', 404, `${IDENTITIES}/id_01HXABC`, undefined, {}, 'GET'],
	['no such application', 404, attach.replace('crm', 'nowhere'), { identity_ids: [] }],
	['another account\'s application', 404, attach.replace('crm', 'shop'), { identity_ids: [] }],
	['no such environment', 404, `${APPLICATION}/identities/bulk-create?environment=nowhere`, []],
	['GET of what takes POST', 405, CREATE, undefined, {}, 'GET'],
	['POST of what takes GET', 405, '/openapi.json', []],
	['201 rows', 413, CREATE, people('many', 201)],
	['no type', 415, CREATE, '[]', { 'Content-Type': undefined }],
	['a form', 415, CREATE, 'a=b', { 'Content-Type': 'application/x-www-form-urlencoded' }],
	['all or nothing', 422, `${CREATE}?max_failed=0`, { identities: [...people('new').identities, ...bad.identities] }],
	['one created', 201, `${IDENTITIES}?dry_run=true`, one('single', { password: 'correct horse' })],
	['one created in an application', 201, `${APPLICATION}/identities?dry_run=true`, one('single')],
	['one that is bad', 400, IDENTITIES, bad.identities[0]],
	['one that is no object', 400, IDENTITIES, '7'],
	['one that is there', 409, IDENTITIES, one('there')],
	['one with a role that is not', 404, `${APPLICATION}/identities`, one('single', { role_id: thereId, node_id: thereId })],
	['a list', 200, `${IDENTITIES}?q=there&take=1`, undefined, {}, 'GET'],
	['HEAD of a list', 200, IDENTITIES, undefined, {}, 'HEAD'],
	['a page that is none', 400, `${IDENTITIES}?page=0`, undefined, {}, 'GET'],
	['counts', 200, `${IDENTITIES}/summary`, undefined, {}, 'GET'],
	['one read', 200, `${IDENTITIES}/${thereId}`, undefined, {}, 'GET'],
	['one that is not in an application', 404, `${APPLICATION}/identities/${thereId}`, undefined, {}, 'GET'],
	['one changed', 200, `${IDENTITIES}/${thereId}?dry_run=true`, { metadata: { a: 1 } }, {}, 'PATCH'],
	['one changed to what it cannot be', 400, `${IDENTITIES}/${thereId}`, { first_name: '' }, {}, 'PATCH'],
	['PUT of what takes PATCH', 405, `${IDENTITIES}/${thereId}`, {}, {}, 'PUT'],
	['a membership', 201, `${IDENTITIES}/${thereId}/app-memberships?dry_run=true`, { application_id: crmId }],
	['a membership removed that is none', 404, `${IDENTITIES}/${thereId}/app-memberships/${crmId}`, undefined, {}, 'DELETE'],
	['one removed by whom it is not of', 404, `${APPLICATION}/identities/${thereId}`, undefined, {}, 'DELETE'],
	['a token that is none', 404, '/v1/identity/auth/verify-email', { token: 'secret-canary' }, { Authorization: undefined }],
	['OPTIONS', 204, CREATE, undefined, {}, 'OPTIONS'],
	['the document', 200, '/openapi.json', undefined, { Authorization: undefined, 'Content-Type': undefined }, 'GET'],
	['HEAD of the document', 200, '/openapi.json', undefined, {}, 'HEAD'],
];

for (const [title, status, path, body, headers = {}, method = 'POST'] of cases) {
	test(`${status} ${title}`, async () => {
		const sent = Object.fromEntries(Object.entries({ ...authorized(directory.token), ...headers }).filter(([, value]) => value !== undefined));
		const answer = await send(port, { method, path, body, headers: sent });
		assert.equal(answer.status, status, answer.body.toString());

		// the answer is the database's, to the byte but for ids and times
		const { rows: [same] } = await pool.query('SELECT * FROM canopy_bulk_http($1, $2, $3, $4)', [method, path, JSON.stringify(sent),
			body === undefined ? null : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))]);
		assert.equal(same.status, status);
		assert.equal(withoutChance(answer.body), withoutChance(same.body ?? ''));
		for (const [name, value] of Object.entries(same.headers))
			assert.equal(answer.headers[name.toLowerCase()], value);

		assert.ok(!answer.body.includes('secret-canary'), 'no secret comes back');
		if (answer.body.length > 0)
			assert.equal(answer.headers['content-type'], 'application/json');
		if (status >= 400 && answer.body.length > 0 && !answer.json.results)
			assertError(answer, status, path, method);
		if (status === 401)
			assert.match(answer.headers['www-authenticate'], /^Bearer /);
		if (status === 405 || method === 'OPTIONS')
			assert.equal(answer.headers.allow, method === 'PUT' ? 'GET, HEAD, PATCH, OPTIONS' : path === '/openapi.json' ? 'GET, HEAD, OPTIONS' : 'POST, OPTIONS');
	});
}

function assertError(answer, status, path, method) {
	assert.deepEqual(Object.keys(answer.json), ['error']);
	const { error } = answer.json;
	// details are of a row that was alone
	assert.deepEqual(Object.keys(error).filter((key) => key !== 'details').sort(), ['code', 'message', 'method', 'path', 'statusCode']);
	assert.equal(error.statusCode, status);
	assert.equal(error.path, path.split('?')[0]);
	assert.equal(error.method, method);
	assert.match(error.code, /^[a-z_]+$/);
	assert.equal(typeof error.message, 'string');
}

test('HEAD has the headers of GET and no body', async () => {
	const [get, head] = [await call('/openapi.json', undefined, {}, 'GET'), await call('/openapi.json', undefined, {}, 'HEAD')];
	assert.equal(head.body.length, 0);
	assert.equal(head.headers['content-type'], get.headers['content-type']);
});

test('an account that is not there and one that is not yours are told alike', async () => {
	for (const path of [CREATE, attach, event, `${APPLICATION}/identities/bulk-create`]) {
		for (const token of [tokenFor(), tokenFor({ account: ['acme', 'initech'] })]) {
			const [other, nowhere] = await Promise.all(['globex', 'umbrella'].map((account) =>
				call(path.replace('acme', account), path === event ? done : [], { Authorization: `Bearer ${token}` })));
			assert.equal(other.status, 403);
			assert.equal(nowhere.status, 403);
			assert.equal(nowhere.body.toString().replace('umbrella', 'globex'), other.body.toString());
			assert.deepEqual(Object.keys(nowhere.headers).sort(), Object.keys(other.headers).sort());
		}
	}
});

test('an application that is not there and one of another account are told alike', async () => {
	const [other, nowhere] = await Promise.all(['shop', 'nowhere'].map((name) => call(attach.replace('crm', name), { identity_ids: [] })));
	assert.equal(nowhere.body.toString().replace('nowhere', 'shop'), other.body.toString());
});

test('the body is the very jsonb of the SQL function', async () => {
	const rows = { identities: [...people('sql', 5, { metadata: { b: 1, a: ['ü', null] } }).identities, ...bad.identities, 7] };
	const answer = await call(`${CREATE}?dry_run=true`, rows);
	const [{ body }] = await sql(`SELECT canopy_bulk_create($1, account => 'acme', application => '', dry_run => true)::text AS body`, [JSON.stringify(rows)]);
	assert.equal(withoutChance(answer.body), withoutChance(body));
});

test('422 a key that was used for another request', async () => {
	assert.equal((await call(CREATE, people('mismatch'), { 'Idempotency-Key': 'mismatch' })).status, 200);
	const answer = await call(CREATE, people('other'), { 'Idempotency-Key': 'mismatch' });
	assert.equal(answer.status, 422);
	assertError(answer, 422, CREATE, 'POST');
});

test('429 when the first call with a key takes too long', async () => {
	await sql(`ALTER ROLE gateway IN DATABASE ${process.env.PGDATABASE} SET lock_timeout = '200ms'`);
	await sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gateway' AND datname = current_database()`);
	const first = await pool.connect();
	try {
		await first.query('BEGIN');
		await first.query('SELECT canopy_bulk_http($1, $2, $3, $4)', ['POST', CREATE,
			JSON.stringify({ ...authorized(directory.token), 'Idempotency-Key': 'slow' }), Buffer.from(JSON.stringify(people('slow')))]);
		let answer;
		do
			answer = await call(CREATE, people('slow'), { 'Idempotency-Key': 'slow' });
		while (answer.status === 503); // connections of the pool that we have just ended
		assert.equal(answer.status, 429, answer.body.toString());
		assertError(answer, 429, CREATE, 'POST');
		assert.match(answer.headers['retry-after'], /^\d+$/);
	} finally {
		await first.query('ROLLBACK');
		first.release();
		await sql(`ALTER ROLE gateway IN DATABASE ${process.env.PGDATABASE} RESET lock_timeout`);
	}
});

test('413 more than 10 MB, whether the length is said or not', async () => {
	const body = Buffer.alloc(10 * 1024 * 1024 + 1, ' ');
	for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }]) {
		const answer = await call(CREATE, body, headers);
		assert.equal(answer.status, 413);
		assertError(answer, 413, CREATE, 'POST');
	}
	body[body.length - 3] = 0x5b;
	body[body.length - 2] = 0x5d;
	assert.equal((await call(CREATE, body.subarray(0, -1))).status, 200, '10 MB are not too much');
});
