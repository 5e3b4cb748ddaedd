// Tokens and keys that prove nothing, or too little: the same 401 for whatever is wrong with
// a credential, 403 for a good one of somebody else. Each goes over the wire.
import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { after, test } from 'node:test';
import { APPLICATION, CREATE, openDirectory, tokenFor } from './directory.mjs';
import { send } from './request.mjs';
import { testKey } from './token.mjs';

const FAR = 4102444800;
const KIDS = { RS256: 'rs', ES256: 'es', EdDSA: 'ed', HS256: 'hs' };
const ALGS = Object.keys(KIDS);

const directory = await openDirectory();
after(directory.close);

const b64 = (value) => Buffer.from(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value)).toString('base64url');
const good = (alg = 'RS256', claims = {}, options = {}) => tokenFor(claims, { alg, kid: KIDS[alg], ...options });

// Signs any header and any claims, given as text, bytes or something for JSON.
function signed(alg, header, claims) {
	const input = `${b64(header)}.${b64(claims)}`;
	const key = testKey(alg);
	const signature = {
		RS256: () => sign('sha256', input, createPrivateKey(key)),
		ES256: () => sign('sha256', input, { key: createPrivateKey(key), dsaEncoding: 'ieee-p1363' }),
		EdDSA: () => sign(null, Buffer.from(input), createPrivateKey(key)),
		HS256: () => createHmac('sha256', Buffer.from(key.trim(), 'base64url')).update(input).digest(),
	}[alg]();
	return `${input}.${signature.toString('base64url')}`;
}

// [title, Authorization header, status]
const cases = [];
const add = (status, title, token) => cases.push([title, `Bearer ${token}`, status]);
const refused = (title, token) => add(401, title, token);
const claims = { sub: 'u1', principal_type: 'user', account: 'acme', exp: FAR };

for (const alg of ALGS) {
	const kid = KIDS[alg];
	const [header, body, signature] = good(alg).split('.');
	const bytes = Buffer.from(signature, 'base64url');

	// the algorithm that the token asks for
	for (const name of ['none', 'None', 'NONE', 'nOnE', '', alg.toLowerCase() === alg ? alg.toUpperCase() : alg.toLowerCase(),
		` ${alg}`, `${alg} `, `${alg}\u0000`, 'RS384', 'RS512', 'PS256', 'ES384', 'ES256K', 'HS512', 'EdDSA448', null, true, 256, [alg], { alg }]) {
		refused(`${alg}: alg ${JSON.stringify(name)}`, `${b64({ alg: name, typ: 'JWT', kid })}.${body}.${signature}`);
	}
	refused(`${alg}: alg none and no signature`, `${b64({ alg: 'none', typ: 'JWT', kid })}.${body}.`);
	refused(`${alg}: no alg`, `${b64({ typ: 'JWT', kid })}.${body}.${signature}`);
	for (const other of ALGS.filter((one) => one !== alg)) {
		refused(`${alg}: says ${other} and is signed with ${alg}`, good(alg, {}, { header: { alg: other } }));
		refused(`${alg}: names the key of ${other}`, good(alg, {}, { kid: KIDS[other] }));
		refused(`${alg}: the signature of ${other}`, `${header}.${body}.${good(other).split('.')[2]}`);
	}

	// the signature
	const flipped = Buffer.from(bytes);
	flipped[0] ^= 1;
	const last = Buffer.from(bytes);
	last[last.length - 1] ^= 0x80;
	for (const [title, changed] of Object.entries({
		'with a flipped bit': b64(flipped), 'with another flipped bit': b64(last), 'of zeros': b64(Buffer.alloc(bytes.length)),
		'of ones': b64(Buffer.alloc(bytes.length, 255)), 'cut short': b64(bytes.subarray(0, -1)), 'a byte too long': b64(Buffer.concat([bytes, Buffer.alloc(1)])),
		'of one byte': 'AA', 'with padding': `${signature}==`, 'with a line feed in it': `${signature.slice(0, 9)}%0A${signature.slice(9)}`,
		'in base64 of the other alphabet': `+/${signature.slice(2)}`, 'twice': signature + signature, 'in hex': bytes.toString('hex'),
	}))
		refused(`${alg}: a signature ${title}`, `${header}.${body}.${changed}`);

	// what is signed
	refused(`${alg}: other claims under the same signature`, `${header}.${b64({ ...claims, account: 'globex' })}.${signature}`);
	refused(`${alg}: another header under the same signature`, `${b64({ kid, alg, typ: 'JWT' })}.${body}.${signature}`);
	for (const [title, value] of Object.entries({
		'an array': [claims], 'a string': '"acme"', 'a number': '7', null: 'null', 'no JSON': 'acme', nothing: '', 'cut short': '{"sub":"u1"',
		'followed by more': `${JSON.stringify(claims)}{}`, 'with a NUL': JSON.stringify({ ...claims, sub: 'a\u0000b' }), 'not UTF-8': Buffer.from('{"sub":"\xff"}', 'latin1'),
		'after a BOM': `\ufeff${JSON.stringify(claims)}`, 'in UTF-16': Buffer.from(JSON.stringify(claims), 'utf16le'), nested: '['.repeat(4000),
	}))
		refused(`${alg}: claims ${title}`, signed(alg, { alg, typ: 'JWT', kid }, value));
	for (const [title, value] of Object.entries({
		'an array': [{ alg, kid }], 'no JSON': alg, nothing: '', null: 'null',
		'not UTF-8': Buffer.from(`{"alg":"${alg}","kid":"${kid}","x":"\xff"}`, 'latin1'),
	}))
		refused(`${alg}: a header ${title}`, signed(alg, value, claims));

	// when it holds
	for (const [title, more] of Object.entries({
		'exp long past': { exp: 1 }, 'exp zero': { exp: 0 }, 'exp below zero': { exp: -1 }, 'exp a moment ago': { exp: Math.floor(Date.now() / 1000) - 1 },
		'exp a string': { exp: String(FAR) }, 'exp true': { exp: true }, 'exp a list': { exp: [FAR] }, 'exp an object': { exp: {} },
		'nbf to come': { nbf: FAR }, 'nbf a string': { nbf: '0' }, 'nbf false': { nbf: false },
		'sub a number': { sub: 7 }, 'sub empty': { sub: '' }, 'principal_type a list': { principal_type: ['user'] }, 'principal_type empty': { principal_type: '' },
			'application a list': { application: ['crm'] },
	}))
		refused(`${alg}: ${title}`, signed(alg, { alg, typ: 'JWT', kid }, { ...claims, ...more }));
}

// keys that nobody gave us
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const strange = (header) => good('RS256', {}, { key: stranger.privateKey.export({ type: 'pkcs8', format: 'pem' }), header });
refused('another key', strange({}));
for (const [name, value] of Object.entries({
	jwk: stranger.publicKey.export({ format: 'jwk' }), jku: 'http://127.0.0.1/keys', x5u: 'http://127.0.0.1/cert',
	x5c: [stranger.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')],
}))
	refused(`another key, in the header as ${name}`, strange({ [name]: value }));
for (const alg of ['RS256', 'ES256', 'EdDSA']) {
	for (const [title, secret] of Object.entries({ 'in PEM': testKey(alg, true), 'in PEM, trimmed': testKey(alg, true).trim(), empty: '' })) {
		for (const kid of [KIDS[alg], 'hs', undefined]) {
			const input = `${b64({ alg: 'HS256', typ: 'JWT', kid })}.${b64(claims)}`;
			refused(`the public key of ${alg}, ${title}, as the secret of HS256 for ${kid}`, `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`);
		}
	}
}
for (const kid of ['nobody', 'RS', '', 'rs ', "rs' OR true --", '../rs', 'rs\u0000', 'ｒｓ', 7, true, ['rs'], { kid: 'rs' }, 'k'.repeat(3000)])
	refused(`kid ${JSON.stringify(kid).slice(0, 40)}`, good('RS256', {}, { kid }));
for (const header of [{ crit: ['exp'] }, { crit: [] }, { b64: false, crit: ['b64'] }, { typ: 'logout+jwt' }, { typ: 'dpop+jwt' },
	{ typ: 'secevent+jwt' }, { typ: '' }, { typ: 7 }, { typ: ['JWT'] }])
	refused(`header ${JSON.stringify(header)}`, good('RS256', {}, { header }));

// no token at all
const [h, c, s] = good().split('.');
for (const text of ['', '.', '..', '...', 'a.b.c', 'null', 'undefined', 'acme', `${h}`, `${h}.${c}`, `${h}.${c}.`, `.${c}.${s}`,
	`${h}..${s}`, `${h}.${c}.${s}.`, `${h}.${c}.${s}.${s}`, `.${h}.${c}.${s}`,
	`${h} .${c}.${s}`, `${h}.${c}. ${s}`, `"${h}.${c}.${s}"`, `${h}.${c}.${s},`, `${h}.${c}.${s} x`, `${h},${c},${s}`, `${h}=.${c}.${s}`,
		JSON.stringify(claims), b64(claims), '\xe9\xe9\xe9', `${h}.${c}.${s}\t`.trim() + '\xa0',
	good('RS256', { pad: 'x'.repeat(7000) })])
	refused(`Bearer ${text.length > 60 ? `${text.slice(0, 20)}… of ${text.length}` : text}`, text);
for (const [title, header] of Object.entries({
	'no scheme': good(), 'Basic': `Basic ${Buffer.from('admin:admin').toString('base64')}`, 'Basic with a token': `Basic ${good()}`,
		Digest: 'Digest username="admin"', Negotiate: 'Negotiate YII=',
	'Bearer without a blank': `Bearer${good()}`, 'Bearer and a colon': `Bearer: ${good()}`, 'Token': `Token ${good()}`, 'JWT': `JWT ${good()}`,
		'Bearer twice': `Bearer Bearer ${good()}`, 'Bearers': `Bearers ${good()}`,
}))
	cases.push([`scheme: ${title}`, header, 401]);

// good tokens that prove too little
for (const [title, more] of Object.entries({
	'an end user': { principal_type: 'identity' }, 'no principal': { principal_type: null }, 'a principal in capitals': { principal_type: 'USER' },
	'two principals in one word': { principal_type: 'user,api_key' }, 'part of a principal': { principal_type: 'use' }, 'no account': { account: null }, 'an empty account': { account: '' },
	'no accounts': { account: [] }, 'an account that is an object': { account: { slug: 'acme' } }, 'another account': { account: 'globex' },
		'other accounts': { account: ['globex', 'initech'] },
	'an account in capitals': { account: 'ACME' }, 'an account by its name': { account: 'Acme Ltd' }, 'an account and a blank': { account: 'acme ' },
		'a star': { account: '*' }, 'a pattern': { account: 'a%' },
	'an account inside a list of lists': { account: [['acme']] }, 'an application only': { application: 'crm' },
	'an environment only': { environment: 'production', application: 'crm' },
}))
	add(403, title, good('ES256', more));

const API_KEY = `cnpy_${'A'.repeat(64)}`;
const apiKeys = { 'a key that is none': API_KEY, 'too short': API_KEY.slice(0, -1), 'too long': `${API_KEY}A`, 'the prefix alone': 'cnpy_',
	'another prefix': `canopy_${'A'.repeat(62)}`,
	'the prefix in capitals': API_KEY.replace('cnpy', 'CNPY'), empty: '', 'with SQL in it': `cnpy_' OR true --`, 'with a star': `cnpy_${'*'.repeat(64)}`,
		'of other characters': `cnpy_${'\xe9'.repeat(64)}` };

const post = (headers, path = CREATE) => send(directory.port, { path, headers: { 'Content-Type': 'application/json', ...headers }, body: '[]' });

test('good credentials are let in, so that what follows means something', async () => {
	for (const alg of ALGS) {
		assert.equal((await post({ Authorization: `Bearer ${good(alg)}` })).status, 200);
		assert.equal((await post({ authorization: `bearer  ${signed(alg, { alg, typ: 'JWT', kid: KIDS[alg] }, claims)}` })).status, 200);
		assert.equal((await post({ AUTHORIZATION: `BEARER ${good(alg, {}, { kid: null })}` })).status, 200);
	}
});

test('there are 300 cases and more', () => assert.ok(cases.length >= 300, `${cases.length}`));

const seen = new Map();
for (const [title, authorization, status] of cases) {
	test(`${status} ${title}`, async () => {
		const answer = await post({ Authorization: Buffer.from(authorization, 'latin1').toString('latin1') });
		assertRefused(answer, status);
	});
}
for (const [title, key] of Object.entries(apiKeys))
	test(`401 API key ${title}`, async () => assertRefused(await post({ 'X-API-Key': key }), 401));

function assertRefused(answer, status) {
	assert.equal(answer.status, status, answer.body.toString());
	assert.equal(answer.json.error.statusCode, status);
	if (status === 401) {
		assert.match(answer.headers['www-authenticate'], /^Bearer /);
		seen.set(answer.body.toString(), true);
		assert.equal(seen.size, 1, 'every refusal reads the same');
	}
}

test('a revoked key, an expired one, and one for something else', async () => {
	const make = async (more) => (await directory.sql(`SELECT canopy_bulk_api_key_create('k', 'crm', 'production', 'acme' ${more}) AS k`))[0].k;
	const path = `${APPLICATION}/identities/bulk-create`;
	const [full, expired, scoped, other] = [await make(''), await make(`, expires_at => now() + interval '1 second'`),
		await make(`, access_mode => 'scoped', scopes => '{identity.manage}'`), await make(`, access_mode => 'scoped', scopes => '{identity.read}'`)];
	assert.equal(full.key.length, 69);
	const status = async (key) => (await post({ 'X-API-Key': key }, path)).status;
	assert.deepEqual([await status(full.key), await status(scoped.key), await status(other.key)], [200, 200, 403]);
	await directory.sql(`SELECT canopy_bulk_api_key_revoke($1, 'acme')`, [full.id]);
	await directory.sql(`UPDATE canopy.api_key SET expires_at = now() - interval '1 second' WHERE id = $1`, [expired.id]);
	assert.deepEqual([await status(full.key), await status(expired.key)], [401, 401]);
});

test('a key is withdrawn at once', async () => {
	await directory.sql(`UPDATE canopy.token_key SET is_active = false WHERE kid = 'ed'`);
	assert.equal((await post({ Authorization: `Bearer ${good('EdDSA')}` })).status, 401);
});

test('nothing was written, and the server is still there', async () => {
	const [{ count }] = await directory.sql('SELECT (SELECT count(*) FROM canopy.identity) + (SELECT count(*) FROM canopy.audit_log) AS count');
	assert.equal(Number(count), 0);
	assert.equal((await post({ Authorization: `Bearer ${good()}` })).status, 200);
});
