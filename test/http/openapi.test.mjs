// GET /openapi.json is a valid document, and describes what the gateway does: no less, no more.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { openDirectory, people } from './directory.mjs';
import { send } from './request.mjs';

const directory = await openDirectory();
const [{ key }] = await directory.sql(`SELECT canopy_bulk_api_key_create('test', 'crm', 'production', 'acme')->>'key' AS key`);

// a path that names no account takes it from the credential
const call = (path, body, headers, method) => directory.call(path, body,
	path.startsWith('/api/') ? { Authorization: undefined, 'X-API-Key': key, ...headers } : headers, method);
after(directory.close);

const { json: document } = await send(directory.port, { method: 'GET', path: '/openapi.json' });
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
	Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })));
const fill = (path) => path.replace('{account}', 'acme').replace('{application}', 'crm').replace('{environment}', 'production');
const resolve = (value) => (value.$ref ? value.$ref.slice(2).split('/').reduce((at, name) => at[name], document) : value);

const ajv = new Ajv2020({ strict: false });
addFormats(ajv);
ajv.addSchema({ $id: 'document', ...document });
const pointer = (...names) => `document#/${names.map((name) => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;

const NOBODY = '00000000-0000-4000-8000-000000000000';

// a request that is good, and what it needs of others; by operation
const good = {
	bulkCreateAccountIdentities: people('doc', 2, { password: 'correct horse', metadata: {}, external_id: undefined }),
	bulkCreateIdentities: people('app'),
	bulkCreateIdentitiesWithKey: people('key'),
	bulkAttachAppMemberships: { identity_ids: [NOBODY] },
	bulkCreateAssignments: { assignments: [{ identity_id: NOBODY, role_id: NOBODY, node_id: NOBODY, effective_from: '2026-04-20T12:00:00Z' }] },
	bulkCreateAssignmentsWithKey: { assignments: [{ identity_id: NOBODY, role_id: NOBODY, node_id: NOBODY }] },
	bulkRemoveAssignments: { assignment_ids: [NOBODY] },
	bulkRemoveAssignmentsWithKey: { assignment_ids: [NOBODY] },
	bulkChangeRole: { assignment_ids: [NOBODY], role_id: NOBODY },
	bulkChangeRoleWithKey: { assignment_ids: [NOBODY], role_id: NOBODY },
	recordBulkImportEvent: { mode: 'create', total: 1, succeeded: 1, failed: 0, skipped: 0 },
	getOpenApi: undefined,
};

test('it is OpenAPI 3.1, and valid', async () => {
	const result = await new Validator().validate(document);
	assert.ok(result.valid, JSON.stringify(result.errors));
	assert.match(document.openapi, /^3\.1\./);
	const [{ version }] = await directory.sql(`SELECT extversion AS version FROM pg_extension WHERE extname = 'canopy_bulk'`);
	assert.equal(document.info.version, version);
});

test('operations have names of their own, and every reference leads somewhere', () => {
	assert.deepEqual(operations.map(({ operation }) => operation.operationId).sort(), Object.keys(good).sort());
	const text = JSON.stringify(document);
	for (const [, ref] of text.matchAll(/"\$ref": ?"([^"]+)"/g))
		assert.ok(resolve({ $ref: ref }), ref);
	for (const { path, operation } of operations) {
		const inPath = operation.parameters.map(resolve).filter((one) => one.in === 'path').map(({ name }) => name);
		assert.deepEqual(inPath, [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
	}
});

test('the paths are those of the product', () => {
	const application = '/portal/v1/accounts/{account}/applications/{application}';
	const assignments = ['bulk-create', 'bulk-remove', 'bulk-change-role'].flatMap((verb) =>
		['/api/v1', `${application}/environments/{environment}`].map((tier) => `${tier}/assignments/${verb}`));
	assert.deepEqual(Object.keys(document.paths).sort(), ['/api/v1/identities/bulk-create', '/openapi.json', `${application}/app-memberships/bulk-attach`,
		`${application}/identities/bulk-create`, `${application}/identities/bulk-import-events`, '/portal/v1/accounts/{account}/identities/bulk-create', ...assignments].sort());
});

for (const { path, method, operation } of operations) {
	const name = `${method} ${path}`;
	const body = good[operation.operationId];
	const assertDescribed = (answer, schema) => {
		const described = operation.responses[answer.status];
		assert.ok(described, `${answer.status} is described: ${answer.body}`);
		const content = resolve(described).content;
		if (answer.body.length === 0)
			return assert.equal(content, undefined);
		assert.ok(content, `a body for ${answer.status} is described`);
		const validate = ajv.getSchema(pointer('paths', path, method.toLowerCase(), 'responses', String(answer.status), 'content', 'application/json', 'schema'));
		assert.ok(validate(answer.json), JSON.stringify(validate.errors));
	};

	test(`${name} is served, and takes and answers what the document says`, async () => {
		if (body !== undefined) {
			const validate = ajv.getSchema(pointer('paths', path, method.toLowerCase(), 'requestBody', 'content', 'application/json', 'schema'));
			assert.ok(validate(JSON.parse(JSON.stringify(body))), JSON.stringify(validate.errors));
		}
		const answer = await call(fill(path), body, {}, method);
		assert.ok(answer.status < 300, answer.body.toString());
		assertDescribed(answer);
	});

	test(`${name} has no method that is not described`, async () => {
		const methods = Object.keys(document.paths[path]).map((one) => one.toUpperCase());
		const served = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
		const options = await call(fill(path), undefined, {}, 'OPTIONS');
		assert.deepEqual(options.headers.allow.split(', ').sort(), [...served, 'OPTIONS'].sort());
		for (const other of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((one) => !served.includes(one)))
			assert.equal((await call(fill(path), undefined, {}, other)).status, 405);
	});

	test(`${name} has no neighbours`, async () => {
		const filled = fill(path);
		for (const other of [`${filled}/`, `${filled}/x`, filled.slice(0, -1), filled.replace(/\/[^/]*$/, ''), `/v1${filled}`])
			assert.equal((await call(other, body, {}, method)).status, 404, other);
	});

	if (operation.security?.length === 0) {
		test(`${name} needs no credential`, async () => assert.equal((await send(directory.port, { method, path: fill(path) })).status, 200));
		continue;
	}

	test(`${name} fails as the document says`, async () => {
		const failures = [
			[400, '{', {}], [401, body, { Authorization: 'Bearer x', 'X-API-Key': undefined }], [415, body, { 'Content-Type': 'text/plain' }],
			[400, body, { 'Idempotency-Key': '' }],
		];
		for (const [status, sent, headers] of failures) {
			const answer = await call(fill(path), sent, headers);
			assert.equal(answer.status, status);
			assertDescribed(answer);
		}
		if (path.includes('{account}')) {
			const forbidden = await call(fill(path).replace('acme', 'globex'), body);
			assert.equal(forbidden.status, 403);
			assertDescribed(forbidden);
		}
		if (path.includes('{application}')) {
			const unknown = await call(fill(path).replace('crm', 'nowhere'), body);
			assert.equal(unknown.status, 404);
			assertDescribed(unknown);
		}
		await call(fill(path), body, { 'Idempotency-Key': operation.operationId });
		const mismatch = await call(fill(path), JSON.stringify(body).replace(/1@|total":1,"succeeded":1|0000"/g, (text) =>
			({ '1@': '9@', '0000"': '0001"' })[text] ?? 'total":2,"succeeded":2'), { 'Idempotency-Key': operation.operationId });
		assert.equal(mismatch.status, 422);
		assert.ok(operation.responses[422]);
	});

	test(`${name} takes the parameters of the document, and no others`, async () => {
		const values = { environment: 'production', dry_run: 'true', max_failed: '3', on_conflict: 'skip' };
		const described = operation.parameters.map(resolve).filter((one) => one.in === 'query').map((one) => one.name);
		for (const [parameter, value] of Object.entries(values)) {
			// an environment is one of an application
			const tier = parameter === 'environment' && path.includes('{account}') && !path.includes('{application}');
			const answer = await call(`${fill(path)}?${parameter}=${value}`, body);
			assert.equal(answer.status < 300, described.includes(parameter) && !tier, `${parameter}: ${answer.status} ${answer.body}`);
		}
		const conflict = operation.parameters.map(resolve).find((one) => one.name === 'on_conflict');
		for (const value of ['error', 'skip', 'update']) {
			const answer = await call(`${fill(path)}?dry_run=true&on_conflict=${value}`, body);
			assert.equal(answer.status < 300, conflict?.schema.enum.includes(value) ?? false, `on_conflict=${value}: ${answer.status}`);
		}
	});
}

test('the schemas of rows name the fields that the product takes', async () => {
	const [row] = people('field').identities;
	const fields = (name) => Object.keys(document.components.schemas[name].properties).sort();
	for (const [schema, path] of [['AccountIdentity', operations[0]], ['Identity', operations[1]]].map(([one]) =>
		[one, fill(operations.find(({ operation }) => operation.operationId === (one === 'Identity' ? 'bulkCreateIdentities' : 'bulkCreateAccountIdentities')).path)])) {
		const all = ['email', 'first_name', 'last_name', 'password', 'password_hash', 'external_id', 'metadata', 'application_id', 'role_id', 'node_id', 'id', 'is_active', 'status'];
		const refused = [];
		for (const field of all) {
			const answer = await call(`${path}?dry_run=true`, { identities: [{ ...row, [field]: row[field] ?? 7 }] });
			const issues = answer.json.results[0].error?.details.issues ?? [];
			if (issues.some((issue) => issue.code === 'unknown_field'))
				refused.push(field);
		}
		assert.deepEqual(fields(schema), all.filter((field) => !refused.includes(field)).sort());
	}
});
