// GET /openapi.json is a valid document, and describes what the gateway does: no less, no more.
// What a good request is, by operation, is in operations.mjs.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { openDirectory, people } from './directory.mjs';
import { operationsOf } from './operations.mjs';
import { send } from './request.mjs';

const directory = await openDirectory();
const [{ key }] = await directory.sql(`SELECT canopy_bulk_api_key_create('test', 'crm', 'production', 'acme')->>'key' AS key`);
const expected = await operationsOf(directory);
after(directory.close);

const { json: document } = await send(directory.port, { method: 'GET', path: '/openapi.json' });
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
	Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })));
const resolve = (value) => (value.$ref ? value.$ref.slice(2).split('/').reduce((at, name) => at[name], document) : value);
const parametersOf = (operation) => operation.parameters.map(resolve);

const names = { account: 'acme', application: 'crm', environment: 'production' };
const fill = (path, values = {}) => path.replace(/\{(\w+)\}/g, (_, name) => names[name] ?? values[name] ?? '00000000-0000-4000-8000-000000000000');
const isServed = (path) => Object.keys(document.paths).some((pattern) =>
	new RegExp(`^${pattern.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`).test(path));

// a path that names no account takes it from the credential
const call = (path, body, headers, method) => directory.call(path, body,
	path.startsWith('/api/') ? { Authorization: undefined, 'X-API-Key': key, ...headers } : headers, method);

const ajv = new Ajv2020({ strict: false });
addFormats(ajv);
ajv.addSchema({ $id: 'document', ...document });
const pointer = (...path) => `document#/${path.map((name) => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;

test('it is OpenAPI 3.1, and valid', async () => {
	const result = await new Validator().validate(document);
	assert.ok(result.valid, JSON.stringify(result.errors));
	assert.match(document.openapi, /^3\.1\./);
	const [{ version }] = await directory.sql(`SELECT extversion AS version FROM pg_extension WHERE extname = 'canopy_bulk'`);
	assert.equal(document.info.version, version);
});

test('the operations are those of the product', () => {
	const described = operations.map(({ path, method, operation }) => [operation.operationId, `${method} ${path}`]);
	assert.deepEqual(Object.fromEntries(described), Object.fromEntries(Object.entries(expected).map(([name, { at }]) => [name, at])));
	assert.equal(new Set(described.map(([name]) => name)).size, described.length);
});

test('every reference leads somewhere, and every placeholder is described', () => {
	for (const [, ref] of JSON.stringify(document).matchAll(/"\$ref": ?"([^"]+)"/g))
		assert.ok(resolve({ $ref: ref }), ref);
	for (const { path, operation } of operations) {
		const inPath = parametersOf(operation).filter((one) => one.in === 'path').map(({ name }) => name);
		assert.deepEqual(inPath, [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
	}
});

const inQuery = (operation) => Object.fromEntries(parametersOf(operation).filter((one) => one.in === 'query').map((one) => [one.name, one]));
const everyParameter = [...new Set(operations.flatMap(({ operation }) => Object.keys(inQuery(operation))))];

// good and bad values of a parameter, as its schema says
function valuesOf({ name, schema }, good) {
	if (schema.enum)
		return { good: schema.enum, bad: ['nonsense', ''] };
	if (schema.type === 'boolean')
		return { good: ['true', 'false'], bad: ['maybe', ''] };
	if (schema.type === 'integer')
		return { good: [schema.minimum, schema.maximum ?? 7], bad: [schema.minimum - 1, 'x', '', ...(schema.maximum === undefined ? [] : [schema.maximum + 1])] };
	assert.ok(good?.[name] !== undefined, `a good value of ${name} is known`);
	return { good: [good[name]], bad: [] };
}

for (const { path, method, operation } of operations) {
	const title = `${method} ${path}`;
	const { status = 200, request, other, query } = expected[operation.operationId] ?? {};
	const takesJson = operation.requestBody?.content['application/json'] !== undefined;
	const isPublic = operation.security?.length === 0;
	const isWriting = parametersOf(operation).some((one) => one.name === 'Idempotency-Key');

	// makes the request and sends it, changed as a test wants it
	const ask = async (make = request, { search = '', body, headers = {}, at = path } = {}) => {
		const good = await make();
		return call(fill(at, good.path) + search, body ?? good.body, { ...good.headers, ...headers }, method);
	};
	const assertDescribed = (answer) => {
		const described = operation.responses[answer.status];
		assert.ok(described, `${answer.status} is described: ${answer.body}`);
		const content = resolve(described).content;
		if (answer.body.length === 0)
			return assert.equal(content, undefined);
		const type = answer.headers['content-type'].split(';')[0];
		assert.ok(content?.[type], `a body of ${type} for ${answer.status} is described`);
		if (type !== 'application/json')
			return undefined;
		const validate = ajv.getSchema(pointer('paths', path, method.toLowerCase(), 'responses', String(answer.status), 'content', type, 'schema'));
		return assert.ok(validate(answer.json), JSON.stringify([validate.errors, answer.json]));
	};

	test(`${title} is served, and takes and answers what the document says`, async () => {
		const good = await request();
		if (takesJson && good.body !== undefined) {
			const validate = ajv.getSchema(pointer('paths', path, method.toLowerCase(), 'requestBody', 'content', 'application/json', 'schema'));
			assert.ok(validate(JSON.parse(JSON.stringify(good.body))), JSON.stringify(validate.errors));
		}
		const answer = await call(fill(path, good.path), good.body, good.headers, method);
		assert.equal(answer.status, status, answer.body.toString());
		assertDescribed(answer);
	});

	test(`${title} has no method that is not described`, async () => {
		const methods = Object.keys(document.paths[path]).map((one) => one.toUpperCase());
		const served = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
		const options = await call(fill(path), undefined, {}, 'OPTIONS');
		assert.deepEqual(options.headers.allow.split(', ').sort(), [...served, 'OPTIONS'].sort());
		for (const one of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((each) => !served.includes(each)))
			assert.equal((await call(fill(path), undefined, {}, one)).status, 405);
	});

	test(`${title} has no neighbours`, async () => {
		const filled = fill(path);
		for (const one of [`${filled}/`, `${filled}/x`, filled.slice(0, -1), filled.replace(/\/[^/]*$/, ''), `/v1${filled}`].filter((each) => !isServed(each)))
			assert.equal((await call(one, undefined, {}, method)).status, 404, one);
	});

	test(`${title} takes the parameters of the document, and no others`, async () => {
		const described = inQuery(operation);
		for (const name of everyParameter.filter((one) => !described[one]))
			assert.equal((await ask(request, { search: `?${name}=true` })).status, 400, name);
		for (const one of Object.values(described)) {
			const { good, bad } = valuesOf(one, query);
			for (const value of good)
				assert.ok((await ask(request, { search: `?${one.name}=${encodeURIComponent(value)}` })).status < 300, `${one.name}=${value}`);
			for (const value of bad)
				assert.equal((await ask(request, { search: `?${one.name}=${value}` })).status, 400, `${one.name}=${value}`);
			if (good.length > 0)
				assert.equal((await ask(request, { search: `?${one.name}=${good[0]}&${one.name}=${good[0]}` })).status, 400, `${one.name} twice`);
		}
	});

	if (isPublic) {
		test(`${title} needs no credential`, async () => {
			const answer = await ask(request, { headers: { Authorization: undefined } });
			assert.equal(answer.status, status, answer.body.toString());
		});
		continue;
	}

	test(`${title} fails as the document says`, async () => {
		const failures = [[401, { headers: { Authorization: 'Bearer x', 'X-API-Key': undefined } }]];
		if (takesJson)
			failures.push([400, { body: '{' }], [415, { body: '{}', headers: { 'Content-Type': 'text/plain' } }]);
		if (isWriting)
			failures.push([400, { headers: { 'Idempotency-Key': '' } }]);
		if (path.includes('{account}'))
			failures.push([403, { at: path.replace('{account}', 'globex') }]);
		if (path.includes('{application}'))
			failures.push([404, { at: path.replace('{application}', 'nowhere') }]);
		if (path.includes('{environment}'))
			failures.push([404, { at: path.replace('{environment}', 'nowhere') }]);
		if (path.includes('{id}'))
			failures.push([404, { at: path.replace('{id}', '00000000-0000-4000-8000-000000000000') }], [404, { at: path.replace('{id}', 'id_01HXABC') }]);
		for (const [wanted, change] of failures) {
			const answer = await ask(request, change);
			assert.equal(answer.status, wanted, JSON.stringify([change, answer.json]));
			assertDescribed(answer);
		}
	});

	if (isWriting) {
		test(`${title} happens once with a key, and the key is for one request`, async () => {
			const good = await request();
			const headers = { ...good.headers, 'Idempotency-Key': operation.operationId };
			const [first, second] = [await call(fill(path, good.path), good.body, headers, method), await call(fill(path, good.path), good.body, headers, method)];
			assert.equal(first.headers['idempotency-replayed'], undefined);
			assert.equal(second.headers['idempotency-replayed'], 'true');
			assert.equal(second.status, status);
			assert.equal(second.body.toString(), first.body.toString());
			assert.equal((await ask(other ?? request, { headers })).status, 422);
			assert.ok(operation.responses[422]);
		});
	}
}

test('the schemas of rows name the fields that the product takes', async () => {
	const [row] = people('field').identities;
	const fields = (name) => Object.keys(document.components.schemas[name].properties).sort();
	for (const [schema, name] of [['AccountIdentity', 'bulkCreateAccountIdentities'], ['Identity', 'bulkCreateIdentities']]) {
		const path = fill(operations.find(({ operation }) => operation.operationId === name).path);
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
