// PostGraphile over the wrappers of examples/api_schema.sql: a mutation that creates identities
// and one that attaches them, under claims.
// roads: direct, pgbouncer
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { after, test } from 'node:test';
import pg from 'pg';
import postgraphile from 'postgraphile';
import { openDirectory, people } from './directory.mjs';
import { send } from './request.mjs';

const directory = await openDirectory();
const { sql } = directory;
await sql(readFileSync(new URL('../../examples/api_schema.sql', import.meta.url), 'utf8'));
await sql(`GRANT USAGE ON SCHEMA api TO gateway;
	GRANT EXECUTE ON FUNCTION api.bulk_create, canopy_bulk_create TO gateway;
	GRANT EXECUTE ON FUNCTION api.bulk_attach, canopy_bulk_attach_json TO gateway`);

// who calls is for PostGraphile to find out; here a header says which account
const pool = new pg.Pool({ user: 'gateway', password: 'gateway', port: Number(process.env.CANOPY_POOLER_PORT ?? process.env.PGPORT) });
pool.on('error', () => {});
const server = http.createServer(postgraphile.postgraphile(pool, 'api', {
	dynamicJson: true,
	disableQueryLog: true,
	retryOnInitFail: false,
	extendedErrors: ['errcode', 'hint'],
	ignoreRBAC: false,
	pgSettings: async (request) => ({
		'request.jwt.claims': JSON.stringify({ sub: 'graph-1', principal_type: 'user', account: request.headers['x-account'] }),
	}),
}));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
after(async () => {
	server.closeAllConnections();
	server.close();
	await pool.end();
	await directory.close();
});

async function ask(query, variables, account = 'acme') {
	const answer = await send(server.address().port, { path: '/graphql', headers: { 'Content-Type': 'application/json', 'X-Account': account }, body: { query, variables } });
	assert.ok(answer.json, answer.body.toString());
	return answer.json;
}

const CREATE = `mutation ($identities: JSON!, $key: String) {
	bulkCreate(input: { identities: $identities, idempotencyKey: $key }) { json }
}`;
const ATTACH = `mutation ($ids: JSON!, $application: String) {
	bulkAttach(input: { identityIds: $ids, application: $application }) { json }
}`;
let ids;

test('the wrappers are mutations, and there is nothing else', async () => {
	const { data } = await ask('{ __schema { mutationType { fields { name } } } }');
	assert.deepEqual(data.__schema.mutationType.fields.map(({ name }) => name).sort(), ['bulkAttach', 'bulkCreate']);
});

test('a mutation creates identities, and tells of every row', async () => {
	const { data, errors } = await ask(CREATE, { identities: [...people('graph', 2).identities, { email: 'none' }] });
	assert.equal(errors, undefined, JSON.stringify(errors));
	const { summary, results } = data.bulkCreate.json;
	assert.deepEqual(summary, { total: 3, succeeded: 2, failed: 1 });
	assert.deepEqual(results.map(({ code }) => code), [201, 201, 400]);
	ids = results.slice(0, 2).map((result) => result.data.id);
	const [{ actor_id: actor }] = await sql('SELECT actor_id FROM canopy.audit_log');
	assert.equal(actor, 'graph-1');
});

test('a mutation attaches them to an application', async () => {
	const { data, errors } = await ask(ATTACH, { ids: [...ids, 'id_01HXABC...'], application: 'crm' });
	assert.equal(errors, undefined, JSON.stringify(errors));
	assert.deepEqual(data.bulkAttach.json.results.map(({ code }) => code), [201, 201, 400]);
});

test('one mutation does both, each in its own way', async () => {
	const { data, errors } = await ask(`mutation ($identities: JSON!, $ids: JSON!) {
		created: bulkCreate(input: { identities: $identities, application: "crm", maxFailed: 0 }) { json }
		attached: bulkAttach(input: { identityIds: $ids, application: "wiki", onConflict: "skip" }) { json }
	}`, { identities: people('both', 2).identities, ids });
	assert.equal(errors, undefined, JSON.stringify(errors));
	assert.deepEqual([data.created, data.attached].map(({ json }) => json.summary.succeeded), [2, 2]);
	const [{ count }] = await sql('SELECT count(*)::integer FROM canopy.app_membership');
	assert.equal(count, 6);
});

test('twice with one key: the second time nothing happens', async () => {
	const variables = { identities: people('once').identities, key: 'once' };
	const [first, again] = [await ask(CREATE, variables), await ask(CREATE, variables)];
	assert.deepEqual(again, first);
	assert.equal(first.data.bulkCreate.json.summary.succeeded, 1);
});

test('claims bind: another account is refused, with the SQLSTATE', async () => {
	const { errors } = await ask(`mutation ($identities: JSON!) {
		bulkCreate(input: { identities: $identities, account: "acme" }) { json }
	}`, { identities: people('other').identities }, 'globex');
	assert.equal(errors[0].errcode, '42501');
	const [{ count }] = await sql(`SELECT count(*)::integer FROM canopy.identity WHERE email LIKE 'other%'`);
	assert.equal(count, 0);
});
