// Requests that nobody should send: each gets the status that is its due, none gets 500, and
// the server is still there. They are written to the socket as they stand.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { APPLICATION, CREATE, openDirectory, people } from './directory.mjs';
import { asBytes, send, sendBytes } from './request.mjs';

const directory = await openDirectory();
const { port, token } = directory;
after(directory.close);

const AUTH = `Authorization: Bearer ${token}`;
const JSON_TYPE = 'Content-Type: application/json';
const ATTACH = `${APPLICATION}/app-memberships/bulk-attach`;
const EVENT = `${APPLICATION}/identities/bulk-import-events`;
const INTO = `${APPLICATION}/identities/bulk-create`;
const LISTS = [CREATE, INTO, ATTACH];

// [title, status or statuses, request as bytes]
const cases = [];
const add = (status, title, request) => cases.push([title, [status].flat(), Buffer.isBuffer(request) ? request :
	asBytes({ path: CREATE, lines: [AUTH, JSON_TYPE], body: '[]', ...request })]);

// methods
for (const path of [...LISTS, EVENT, '/openapi.json']) {
	for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'MKCOL', 'COPY', 'LOCK', 'REPORT', 'SEARCH', 'PURGE', 'LINK', 'SUBSCRIBE']) {
		const known = path === '/openapi.json' && ['GET', 'HEAD'].includes(method);
		add(known ? 200 : 405, `${method} ${path}`, { path, method });
	}
	add(204, `OPTIONS ${path}`, { path, method: 'OPTIONS' });
}
for (const method of ['post', 'Post', 'POSTS', 'FOO', 'POST\t', ' POST', 'P\xd6ST', 'GET POST', '%50OST'])
	add(400, `method ${JSON.stringify(method)}`, { method });
add(405, 'CONNECT', { method: 'CONNECT', path: 'localhost:80' });

// other paths than those that are served
const inside = (path, from, ...names) => names.map((name) => path.replace(from, () => name));
for (const path of [
	'/', '//', '/%', '/.', '/..', '*', '/portal', '/portal/v1', '/portal/v1/accounts', '/portal/v1/accounts/acme', '/portal/v1/accounts/acme/identities/', '/portal/v1/accounts/acme/identities/summary/',
	...['x', '..', '%00', '00000000-0000-4000-8000-00000000000', '00000000-0000-4000-8000-0000000000000', '00000000-0000-4000-8000-000000000000%20', '%7B00000000-0000-4000-8000-000000000000%7D'].map((id) => `/portal/v1/accounts/acme/identities/${id}`),
	'/index.html', '/.env', '/.git/config', '/rpc/canopy_bulk_create', '/portal/v2/accounts/acme/identities/bulk-create',
	'/openapi.json/', '/openapi.json/..', '/openapi.JSON', '/OPENAPI.json', '/openapi%2Ejson', '/openapi.json%00', '/openapi.yaml',
	'/./openapi.json', '//openapi.json', '/x/../openapi.json',
	...['/', '//', '/.', '/..', '/../bulk-create', ';x=1', ';', '%20', '%00', '%0d%0aX:1', '%3Fdry_run=true', '.json', '&x'].map((end) => CREATE + end),
	...['/', '/x/..', '/.', '/%2e'].map((begin) => begin + CREATE),
	CREATE.toUpperCase(), CREATE.replace('bulk', 'BULK'), CREATE.replace('-', '%2D'),
	...inside(CREATE, '/identities/', '/identities//', '%2Fidentities/', '\\identities\\'),
	...inside(CREATE, 'acme', '', '%', '%6', '%zz', 'a%00', '%00', '%ff', '%c0%ae', '%ed%a0%80', 'acme%', 'acme/x'),
	...inside(INTO, '/crm', ''), ...inside(INTO, 'crm', '', '%00', '%fe', 'crm%00', 'crm/x'), INTO.replace('/applications/', '/apps/'),
	`${ATTACH}/x`, `${EVENT}/`, EVENT.replace('events', 'event'),
]) add(404, `POST ${path}`, { path });

// the account, written otherwise: not ours, and yet a path
for (const name of ['ACME', 'acme%20', '%20acme', 'acme%09', '..', '.', '%2e%2e', 'globex', '*', '%25', 'acme%2F', 'acme%2Fx',
	'%2E%2E%2Facme', 'a%CC%81cme', '%D0%B0cme', "acme'--", 'null', '0', '%F0%9F%98%80', 'a'.repeat(5000), '{account}', '00000000-0000-0000-0000-000000000000'])
	add(403, `account ${name.length > 30 ? 'of 5000 letters' : name}`, { path: CREATE.replace('acme', name) });
for (const name of ['nowhere', 'CRM', 'crm%20', 'shop', "crm'--", 'c'.repeat(5000), '..', '{application}', '00000000-0000-0000-0000-000000000000'])
	add(404, `application ${name.length > 30 ? 'of 5000 letters' : name}`, { path: INTO.replace('crm', name) });
add(200, 'an account with a percent sign too many', { path: CREATE.replace('acme', '%61cm%65') });
add(200, 'a path with its host', { path: `http://localhost${CREATE}` });
add(404, 'another path with its host', { path: `http://localhost${CREATE}/` });

// queries
for (const query of [
	'x=1', 'account=globex', 'environment=', '&', '=', '=x', '?', '%', '%00', 'a'.repeat(5000),
	'dry_run', 'dry_run=', 'dry_run=1', 'dry_run=TRUE', 'dry_run=true&dry_run=true', 'DRY_RUN=true', 'dry%5Frun=true', 'dry_run=true;', 'dry_run==true',
	'max_failed=', 'max_failed=-1', 'max_failed=1.5', 'max_failed=1e3', 'max_failed=99999999999999999999', 'max_failed=0x10', 'max_failed=+1',
	'on_conflict=', 'on_conflict=replace', 'on_conflict=error&on_conflict=skip', 'on_conflict=error%00',
])
	add(400, `query ${query.slice(0, 40)}`, { path: `${CREATE}?${query}` });
for (const query of ['', 'dry_run=true', 'dry_run=tru%65', 'dry_run=false&max_failed=0&on_conflict=update'])
	add(200, `query "${query}"`, { path: `${CREATE}?${query}` });

// headers
for (const type of ['text/json', 'application/jsonx', 'application/json-patch+json', 'application/ld+json', 'application/x-ndjson',
	'text/plain', 'text/csv', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', 'application/octet-stream',
	'application', '/', '*/*', 'json', 'application/ json', 'application/json; charset=utf-16', 'application/json; charset=iso-8859-1',
	'application/json, application/json', 'application/json/x', '"application/json"', 'application/jso\xf1'])
	add(415, `Content-Type: ${type}`, { lines: [AUTH, `Content-Type: ${type}`] });
add(415, 'no Content-Type', { lines: [AUTH] });
add(415, 'an empty Content-Type', { lines: [AUTH, 'Content-Type:'] });
for (const line of ['content-type:application/json', 'CONTENT-TYPE: APPLICATION/JSON', 'Content-Type:   application/json  ', 'Content-Type: application/json;charset=UTF-8',
	'Content-Type: application/json; charset="utf-8"'])
	add(200, line, { lines: [AUTH, line] });
add(400, 'Content-Type twice', { lines: [AUTH, JSON_TYPE, JSON_TYPE] });
add(400, 'Content-Type twice, in other cases', { lines: [AUTH, JSON_TYPE, 'cONTENT-tYPE: text/plain'] });
add(400, 'Authorization twice', { lines: [AUTH, AUTH, JSON_TYPE] });
add(400, 'Authorization twice, in other cases', { lines: [AUTH.toLowerCase(), AUTH, JSON_TYPE] });
add(400, 'X-API-Key twice', { lines: ['X-API-Key: a', 'x-api-key: b', JSON_TYPE] });
add(400, 'a token and a key', { lines: [AUTH, 'X-API-Key: cnpy_x', JSON_TYPE] });
add(400, 'Idempotency-Key twice', { lines: [AUTH, JSON_TYPE, 'Idempotency-Key: a', 'Idempotency-Key: a'] });
for (const [title, key] of Object.entries({ empty: '', 'of 256 characters': 'k'.repeat(256), 'with a tab in it': 'a\tb', 'with bytes past ASCII': '\xe9', 'with DEL': 'a\x7fb' }))
	add(400, `Idempotency-Key ${title}`, { lines: [AUTH, JSON_TYPE, `Idempotency-Key: ${key}`] });
add(200, 'Idempotency-Key of 255 characters', { lines: [AUTH, JSON_TYPE, `Idempotency-Key: ${'k'.repeat(255)}`] });
for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'X-\'; DROP TABLE x--', 'role', 'request.jwt.claims',
	'X-HTTP-Method-Override', 'X-Forwarded-For', 'X-Original-URL', 'Prefer', 'Upgrade', 'Range', 'If-None-Match'])
	add(/[ ;']/.test(name) && / |;/.test(name) ? 400 : 200, `header ${name}`, { lines: [AUTH, JSON_TYPE, `${name}: x`, ...(name === '__proto__' ? ['__proto__: y'] : [])] });
add(200, 'a header with bytes past ASCII', { lines: [AUTH, JSON_TYPE, 'X-Name: \xff\xfe\x80'] });
add(200, 'a hundred cookies', { lines: [AUTH, JSON_TYPE, ...Array(100).fill('Cookie: a=b')] });
add(401, 'claims as a header', { lines: [JSON_TYPE, `request.jwt.claims: {"sub":"x","principal_type":"user","account":"acme"}`] });

// bodies
const utf16 = Buffer.from('[]', 'utf16le');
for (const [title, body] of Object.entries({
	'of nothing': '',
	'of blanks': '   ',
	'of a NUL': '\0',
	null: 'null',
	true: 'true',
	'a number': '42',
	'a huge number': '1e999999',
	'a string': '"[]"',
	'an empty object': '{}',
	'another key': '{"identites":[]}',
	'one key too many': '{"identities":[],"x":1}',
	'rows that are an object': '{"identities":{}}',
	'rows that are null': '{"identities":null}',
	'rows that are a string': '{"identities":"[]"}',
	'cut short': '[{"email":',
	'with a comma too many': '[1,]',
	'with single quotes': "['a']",
	'with NaN': '[NaN]',
	'with a comment': '[/* */]',
	'two documents': '[][]',
	'JSON lines': '{}\n{}',
	XML: '<identities/>',
	CSV: 'email,first_name\na@b.example,A',
	'a form': 'identities=[]',
	gzip: Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]),
	'after a BOM': '\ufeff[]',
	'in UTF-16': utf16,
	'in UTF-16 after a BOM': Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]),
	'in UTF-32': Buffer.from([0x5b, 0, 0, 0, 0x5d, 0, 0, 0]),
	'not UTF-8': Buffer.from('["\xff"]', 'latin1'),
	'cut inside a letter': Buffer.from('["\xc3"]', 'latin1'),
	'an overlong dot': Buffer.from('["\xc0\xae"]', 'latin1'),
	'a surrogate in UTF-8': Buffer.from('["\xed\xa0\x80"]', 'latin1'),
	'half a surrogate': '["\\ud800"]',
	'a NUL in a string': '["a\\u0000b"]',
	'a raw NUL in a string': '["a\0b"]',
	'a raw line feed in a string': '["a\nb"]',
	'an unknown escape': '["\\x41"]',
})) add(400, `a body ${title}`, { body });
add([400, 413], 'a body nested 1,000,000 deep', { body: '['.repeat(1000000) });
add([400, 413], 'a body nested and closed', { body: `${'['.repeat(20000)}${']'.repeat(20000)}` });
for (const [title, body] of Object.entries({ 'a key twice': '{"identities":[{}],"identities":[]}', 'blanks around': ' \r\n\t[]\n ',
	'an escaped key': '{"\\u0069dentities":[]}' }))
	add(200, `a body with ${title}`, { body });
for (const path of LISTS) {
	const list = path === ATTACH ? 'identity_ids' : 'identities';
	add(413, `201 rows for ${path}`, { path, body: JSON.stringify({ [list]: Array(201).fill(null) }) });
	add(413, `100,000 rows for ${path}`, { path, body: JSON.stringify(Array(100000).fill(1)) });
	add(413, `10 MB and a byte for ${path}`, { path, body: `[${' '.repeat(10 * 1024 * 1024 - 1)}]` });
	for (const row of [null, 1, 'x', true, [], {}, { email: {} }, { email: 'x'.repeat(100000) }, { ['k'.repeat(70000)]: 1 }, { __proto__x: 1, constructor: 2 }])
		add(207, `a row ${JSON.stringify(row).slice(0, 30)} for ${path}`,
			{ path, body: JSON.stringify({ [list]: [row] }) });
}
for (const [title, more] of Object.entries({
	'a mode that is none': { mode: 'x' },
	'a mode that is null': { mode: null },
	'a mode with a NUL': { mode: 'create\0' },
	'a count below zero': { total: -1, failed: -1 },
	'a count of a half': { total: 0.5, succeeded: 0.5 },
	'a count that is text': { total: '0' },
	'a count that is true': { total: true },
	'a count of 1e400': { total: '#1e400' },
	'a count past 32 bits': { total: 4294967296 },
	'counts whose sum overflows': { total: -2, succeeded: 2147483647, failed: 2147483647 },
	'no counts': { total: undefined, succeeded: undefined, failed: undefined },
})) {
	const body = JSON.stringify({ mode: 'create', total: 0, succeeded: 0, failed: 0, ...more }).replace(/"#([^"]*)"/, '$1');
	add(400, `an event with ${title}`, { path: EVENT, body });
}
for (const body of ['[]', '{}', '"create"', 'null'])
	add(400, `an event that is ${body}`, { path: EVENT, body });

// the wire
const raw = (...lines) => Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
const first = `POST ${CREATE} HTTP/1.1`;
for (const [title, lines] of Object.entries({
	'two lengths': [first, 'Host: x', 'Content-Length: 0', 'Content-Length: 2'],
	'a length below zero': [first, 'Host: x', 'Content-Length: -1'],
	'a length of letters': [first, 'Host: x', 'Content-Length: x'],
	'a length beyond all': [first, 'Host: x', 'Content-Length: 99999999999999999999'],
	'a length and chunks': [first, 'Host: x', 'Content-Length: 2', 'Transfer-Encoding: chunked'],
	'chunks twice': [first, 'Host: x', 'Transfer-Encoding: chunked, identity'],
	'a chunk of no size': [first, 'Host: x', 'Transfer-Encoding: chunked', '', 'zz'],
	'a header without a colon': [first, 'Host: x', 'Header'],
	'a NUL in a header': [first, 'Host: x', 'X: a\0b'],
	'a line feed in a header': [first, 'Host: x', 'X: a\rb'],
	'another version': [`POST ${CREATE} HTTP/3.7`, 'Host: x'],
	'a version of letters': [`POST ${CREATE} HTTP/a.b`, 'Host: x'],
	'HTTP/2': ['PRI * HTTP/2.0', '', 'SM'],
	'a blank in the path': [`POST ${CREATE} x HTTP/1.1`, 'Host: x'],
	'a NUL in the path': [`POST ${CREATE}\0 HTTP/1.1`, 'Host: x'],
	TLS: ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
	nothing: ['', 'x'],
})) add(400, `the wire: ${title}`, raw(...lines));
// Node's parser, or that of an older Node, lets these pass; there is no credential in them
for (const [title, lines] of Object.entries({
	'no version': [`POST ${CREATE}`, 'Host: x'], 'another protocol': [`POST ${CREATE} RTSP/1.0`, 'Host: x'],
	'no Host': [first, 'Connection: close', 'Content-Length: 0'], 'a header without a name': [first, 'Host: x', 'Connection: close', ': y'],
	'a blank before the colon': [first, 'Host: x', 'Connection: close', 'Content-Type : application/json'],
}))
	add([400, 401], `the wire: ${title}`, raw(...lines));
add(431, 'the wire: headers of 20 kB', { lines: [AUTH, JSON_TYPE, `X: ${'x'.repeat(20000)}`] });
add(431, 'the wire: a path of 20 kB', { path: `/${'x'.repeat(20000)}` });
add(200, 'the wire: HTTP/1.0', Buffer.concat([raw(`POST ${CREATE} HTTP/1.0`, AUTH, JSON_TYPE, 'Content-Length: 2'), Buffer.from('[]')]));
add(200, 'the wire: chunks', { lines: [AUTH, JSON_TYPE, 'Transfer-Encoding: chunked'], length: null, body: '1\r\n[\r\n1\r\n]\r\n0\r\n\r\n' });
add(200, 'the wire: chunks of a byte with extensions and trailers', { lines: [AUTH, JSON_TYPE, 'Transfer-Encoding: chunked', 'Trailer: Authorization'],
	length: null, body: '1;x=y\r\n[\r\n1\r\n]\r\n0\r\nAuthorization: Bearer x\r\n\r\n' });
add(200, 'the wire: Expect', { lines: [AUTH, JSON_TYPE, 'Expect: 100-continue'] });
add(417, 'the wire: another expectation', { lines: [AUTH, JSON_TYPE, 'Expect: miracles'] });

test('there are 300 cases and more', () => assert.ok(cases.length >= 300, `${cases.length}`));

for (const [title, statuses, request] of cases) {
	test(`${statuses.join(' or ')} ${title}`, async () => {
		const { status, head, text } = await sendBytes(port, request);
		assert.ok(statuses.includes(status), `${status}: ${head}\n${text.slice(0, 500)}`);
		if (status === 405 && !title.startsWith('CONNECT'))
			assert.match(head, /^allow: [A-Z, ]+$/im);
		if (text.startsWith('{"error"') && !/^transfer-encoding/im.test(head))
			assert.equal(JSON.parse(Buffer.from(text, 'latin1')).error.statusCode, status);
	});
}

test('the server is still there, and has written nothing', async () => {
	const [{ identities }] = await directory.sql('SELECT count(*)::integer AS identities FROM canopy.identity');
	assert.equal(identities, 0);
	const answer = await directory.call(`${CREATE}?dry_run=true`, people('last'));
	assert.equal(answer.status, 200);
	assert.equal((await send(port, { method: 'GET', path: '/openapi.json' })).status, 200);
});
