// The samples that the API's own pages show, with only host, slugs and token changed, print
// what those pages show. What they send and hear is read on the way by a forwarder.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { after, test } from 'node:test';
import { openDirectory, people } from './directory.mjs';
import { send } from './request.mjs';

const PROGRAMS = { sh: ['bash', ['-c']], mjs: [process.execPath, ['--input-type=module', '-e']], py: ['/usr/bin/python3', ['-c']] };
const RESULT_KEYS = { success: ['code', 'data', 'index', 'status'], error: ['code', 'error', 'index', 'input', 'status'] };
const IDENTITY_KEYS = ['app_membership_count', 'app_memberships', 'avatar_url', 'created_at', 'email', 'email_verified',
	'email_verified_at', 'external_id', 'first_name', 'id', 'is_active', 'last_name', 'locked_until', 'metadata',
	'password_changed_at', 'total_assignments'];
const MEMBERSHIP_KEYS = ['application_id', 'application_name', 'application_slug', 'assignment_count', 'created_at', 'id', 'status'];
const ATTACHED_KEYS = ['activated_at', 'application_id', 'created_at', 'deactivated_at', 'id', 'identity_id', 'invited_at', 'status'];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const directory = await openDirectory();
const heard = [];
const forwarder = http.createServer(async (request, response) => {
	const chunks = [];
	for await (const chunk of request)
		chunks.push(chunk);
	const answer = await send(directory.port, { method: request.method, path: request.url, headers: request.headers, body: Buffer.concat(chunks) });
	heard.push(answer);
	response.writeHead(answer.status, answer.headers).end(answer.body);
});
await new Promise((resolve) => forwarder.listen(0, '127.0.0.1', resolve));
after(async () => {
	forwarder.close();
	await directory.close();
});

// Runs a sample, other words put in; its answer, what it printed and how it ended.
async function run(name, words = {}) {
	let text = readFileSync(new URL(`samples/${name}`, import.meta.url), 'utf8');
	const changes = { 'https://api.canopy.dev': `http://127.0.0.1:${forwarder.address().port}`, '{accountSlug}': 'acme', ...words };
	if (name !== '001.sh')
		changes['{appSlug}'] = 'crm';
	if (!name.endsWith('.sh')) // the shell finds its token by itself
		changes.$CANOPY_TOKEN = directory.token;
	for (const [from, to] of Object.entries(changes)) {
		assert.ok(text.includes(from), `the sample has ${from}`);
		text = text.replace(from, () => to);
	}
	const [program, options] = PROGRAMS[name.split('.')[1]];
	heard.length = 0;
	const ended = await new Promise((resolve) => {
		execFile(program, [...options, text], { env: { ...process.env, CANOPY_TOKEN: directory.token } }, (error, stdout, stderr) =>
			resolve({ code: error ? error.code : 0, stdout, stderr }));
	});
	assert.equal(heard.length, 1, ended.stderr);
	return { ...ended, ...heard[0] };
}

function assertEnvelope({ status, json, stdout }, expected) {
	assert.deepEqual(JSON.parse(stdout), json, 'the sample printed the answer');
	assert.deepEqual(Object.keys(json).sort(), ['results', 'summary']);
	assert.deepEqual(json.summary, expected.summary);
	assert.equal(status, expected.summary.failed > 0 ? 207 : 200);
	json.results.forEach((result, i) => {
		assert.equal(result.index, i);
		assert.deepEqual(Object.keys(result).sort(), RESULT_KEYS[result.status]);
		if (result.status === 'success')
			return assert.deepEqual(Object.keys(result.data).sort(), expected.keys);
		assert.deepEqual(Object.keys(result.error).sort(), ['code', 'details', 'message']);
	});
}

async function assertEvent(ended) {
	assert.equal(ended.status, 204);
	assert.equal(ended.body.length, 0);
	const entries = await directory.sql(`SELECT metadata FROM canopy.audit_log WHERE action LIKE '%import%'`);
	assert.equal(entries.length, 1);
	await directory.sql(`DELETE FROM canopy.audit_log`);
}

test('an import event, with curl', async () => {
	const ended = await run('000.sh');
	assert.equal(ended.code, 0);
	assert.equal(ended.stdout, '');
	await assertEvent(ended);
});

// The page promises 204, which has no body, and its samples then read one: their last line cannot succeed.
for (const [name, error] of [['000.mjs', /SyntaxError: Unexpected end of JSON input/], ['000.py', /JSONDecodeError: Expecting value/]]) {
	test(`an import event, with ${name.endsWith('py') ? 'requests' : 'fetch'}`, async () => {
		const ended = await run(name);
		assert.match(ended.stderr, error);
		await assertEvent(ended);
	});
}

test('identities, with curl: the sample as it stands is an address that is none', async () => {
	const ended = await run('001.sh');
	assertEnvelope(ended, { summary: { total: 1, succeeded: 0, failed: 1 } });
	const [{ error, input }] = ended.json.results;
	assert.equal(error.code, 'email_invalid');
	assert.deepEqual(error.details.issues.map(({ field }) => field).sort(), ['application_id', 'email', 'password']);
	assert.deepEqual(Object.keys(input).sort(), ['application_id', 'email', 'external_id', 'first_name', 'last_name', 'metadata']);
});

test('identities, with curl: with an address, a password and an id in it', async () => {
	const [{ id }] = await directory.sql(`SELECT id FROM canopy.application WHERE slug = 'crm'`);
	const ended = await run('001.sh', {
		'"email": "string"': '"email": "ada@example.com"',
		'"password": "string"': '"password": "analytical engine"',
		'"application_id": "string"': `"application_id": "${id}"`,
	});
	assertEnvelope(ended, { summary: { total: 1, succeeded: 1, failed: 0 }, keys: IDENTITY_KEYS });
	const [{ code, data }] = ended.json.results;
	assert.equal(code, 201);
	assert.match(data.created_at, TIME);
	assert.deepEqual(data.app_memberships.map((one) => Object.keys(one).sort()), [MEMBERSHIP_KEYS]);
	assert.equal(data.app_memberships[0].status, 'active');
});

test('memberships, with curl: the sample as it stands has ids that are none', async () => {
	const ended = await run('002.sh');
	assertEnvelope(ended, { summary: { total: 2, succeeded: 0, failed: 2 } });
	assert.deepEqual(ended.json.results.map(({ input }) => input), [{ identity_id: 'id_01HXABC...' }, { identity_id: 'id_01HXDEF...' }]);
});

test('memberships, with curl: with ids in it', async () => {
	const made = await directory.ask('/portal/v1/accounts/acme/identities/bulk-create', people('member', 2));
	const ids = JSON.parse(made.body).results.map(({ data }) => data.id);
	const ended = await run('002.sh', { 'id_01HXABC...': ids[0], 'id_01HXDEF...': ids[1] });
	assertEnvelope(ended, { summary: { total: 2, succeeded: 2, failed: 0 }, keys: ATTACHED_KEYS });
	assert.deepEqual(ended.json.results.map(({ data }) => data.identity_id), ids);
	assert.match(ended.json.results[0].data.activated_at, TIME);
});
