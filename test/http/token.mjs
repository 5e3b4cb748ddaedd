#!/usr/bin/env node
// A signed token, made with Node's own crypto and so by another hand than the code under test.
//
//	node test/http/token.mjs [--alg RS256] [--claims '{"sub":"u1"}'] [--kid k1] [--header '{"typ":"at+jwt"}'] [--key FILE]
//
// The algorithms are RS256, ES256, EdDSA and HS256; without --key, the test key of the
// algorithm signs (test/data/tokens). Without exp, the token expires in an hour; a claim
// or header that is null is left out. HS256 takes its secret as base64url.

import { createHmac, createPrivateKey, sign } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const signers = {
	RS256: (input, key) => sign('sha256', input, createPrivateKey(key)),
	ES256: (input, key) => sign('sha256', input, { key: createPrivateKey(key), dsaEncoding: 'ieee-p1363' }),
	EdDSA: (input, key) => sign(null, input, createPrivateKey(key)),
	HS256: (input, key) => createHmac('sha256', Buffer.from(key.trim(), 'base64url')).update(input).digest(),
};

// The key that signs in the tests, as text; with isPublic, the one that verifies.
export function testKey(alg, isPublic = false) {
	const name = alg === 'HS256' ? 'hs256.secret.txt' : `${alg.toLowerCase()}.${isPublic ? 'public' : 'private'}.pem`;
	return readFileSync(new URL(`../data/tokens/${name}`, import.meta.url), 'utf8');
}

// The token; header may say another alg than the one that signs.
export function makeToken({ alg = 'RS256', claims = {}, kid = null, header = {}, key = testKey(alg) } = {}) {
	const now = Math.floor(Date.now() / 1000);
	const input = [
		{ alg, typ: 'JWT', kid, ...header },
		{ iat: now, exp: now + 3600, ...claims },
	].map(encode).join('.');
	return `${input}.${signers[alg](Buffer.from(input), key).toString('base64url')}`;
}

function encode(object) {
	return Buffer.from(JSON.stringify(object, (_, value) => value ?? undefined)).toString('base64url');
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
	const text = { type: 'string' };
	const { values } = parseArgs({ options: { alg: text, claims: text, kid: text, header: text, key: text } });
	console.log(makeToken({
		alg: values.alg,
		kid: values.kid,
		claims: JSON.parse(values.claims ?? '{}'),
		header: JSON.parse(values.header ?? '{}'),
		key: values.key && readFileSync(values.key, 'utf8'),
	}));
}
