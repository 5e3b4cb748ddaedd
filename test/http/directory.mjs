// The directory that a file of tests starts from, in the database that PGDATABASE names, and
// the gateway in front of it.
//
//	acme    crm   production       globex  shop
//	        wiki                   (a token for acme is none for globex)
//
// With CANOPY_POOLER_PORT, the gateway reaches the database through what listens there.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { send } from './request.mjs';
import { makeToken, testKey } from './token.mjs';

const PATIENCE = 600000; // ms
export const CREATE = '/portal/v1/accounts/acme/identities/bulk-create';
export const APPLICATION = '/portal/v1/accounts/acme/applications/crm';

const FIXTURE = `
	SELECT canopy_bulk_setup();
	GRANT EXECUTE ON FUNCTION canopy_bulk_http TO gateway;
	INSERT INTO canopy.account (slug, name) VALUES ('acme', 'Acme'), ('globex', 'Globex');
	INSERT INTO canopy.application (account_id, slug, name)
	SELECT id, app, upper(app) FROM canopy.account
	JOIN (VALUES ('acme', 'crm'), ('acme', 'wiki'), ('globex', 'shop')) AS v (account, app) ON slug = account;
	INSERT INTO canopy.environment (account_id, application_id, slug, name)
	SELECT account_id, id, 'production', 'Production' FROM canopy.application`;

// hashing as cheap as it may be, and as many jobs as are asked for, which find nobody at their host
const SETTINGS = {
	'canopy_bulk.argon2_memory': '7168',
	'canopy_bulk.max_open_imports': '1000',
	'canopy_bulk.max_running_jobs': '1000',
	'canopy_bulk.max_queued_jobs': '1000',
	'canopy_bulk.import_allowed_hosts': 'localhost:9',
};

// kids rs, es, ed and hs, as the tests of tokens name them
const KEYS = { rs: 'RS256', es: 'ES256', ed: 'EdDSA', hs: 'HS256' };

// Fills the database and starts the gateway; ends with close().
export async function openDirectory({ settings = SETTINGS, ...environment } = {}) {
	// settings are for connections to come
	const first = new pg.Client();
	await first.connect();
	await first.query(FIXTURE);
	for (const [kid, alg] of Object.entries(KEYS))
		await first.query('INSERT INTO canopy.token_key (kid, algorithm, key) VALUES ($1, $2, $3)', [kid, alg, testKey(alg, alg !== 'HS256')]);
	for (const [name, value] of Object.entries(settings))
		await first.query(`ALTER DATABASE ${process.env.PGDATABASE} SET ${name} = '${value}'`);
	await first.end();
	const pool = new pg.Pool({ max: 4 });
	pool.on('error', () => {});
	const sql = async (text, values) => (await pool.query(text, values)).rows;

	const gateway = await startGateway(environment);
	const token = tokenFor();
	return {
		pool,
		sql,
		token,
		port: gateway.port,
		// a request to the gateway; a body that is not text or bytes is sent as JSON
		call: (path, body, headers = {}, method = 'POST') => send(gateway.port, { method, path, body, headers: headersOf({ ...authorized(token), ...headers }) }),
		// the same request, handed to the function without a gateway, in a transaction of its own
		ask: (path, body, headers = {}, method = 'POST') => askFunction(pool, { method, path, body, headers: headersOf({ ...authorized(token), ...headers }) }),
		close: async () => {
			await gateway.stop();
			await pool.end();
		},
	};
}

// Runs a program of examples/, which ends with this process, even when that is killed.
export function startExample(name, stdio, environment) {
	const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
	return spawn(process.execPath, ['--import', path('orphan.mjs'), path(`../../examples/${name}`)], { stdio: ['pipe', ...stdio], env: { ...process.env, ...environment } });
}

// Waits until a condition holds, for minutes, because the machine may be busy.
export async function until(what, condition) {
	for (const end = Date.now() + PATIENCE; !(await condition()); await sleep(20))
		assert.ok(Date.now() < end, what);
}

// A gateway on a port of its own: its port, its process, and how it is stopped.
export async function startGateway(environment = {}) {
	const child = startExample('gateway.mjs', ['pipe', 'inherit'], {
		PORT: '0', PGUSER: 'gateway', PGPASSWORD: 'gateway', PGPORT: process.env.CANOPY_POOLER_PORT ?? process.env.PGPORT, ...environment,
	});
	const exited = once(child, 'exit');
	const [line] = await Promise.race([once(child.stdout, 'data'), exited.then(() => { throw new Error('the gateway did not start'); })]);
	return {
		child,
		exited,
		port: Number(/:(\d+)\s/.exec(line)[1]),
		stop: () => {
			child.kill('SIGTERM');
			return exited;
		},
	};
}

export function tokenFor(claims = {}, options = {}) {
	return makeToken({ alg: 'RS256', kid: 'rs', ...options, claims: { sub: 'admin-1', principal_type: 'user', account: 'acme', ...claims } });
}

export function authorized(token) {
	return { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
}

// n good rows, NAME1@example.com and so on
export function people(name, n = 1, fields = {}) {
	return { identities: Array.from({ length: n }, (_, i) => ({ email: `${name}${i + 1}@example.com`, first_name: 'Ada', last_name: 'Byron', ...fields })) };
}

// What differs between two calls by its nature: ids and times.
export function withoutChance(body) {
	return body.toString().replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME');
}

async function askFunction(pool, { method, path, headers, body }) {
	const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
	const { rows } = await pool.query('SELECT * FROM canopy_bulk_http($1, $2, $3, $4)', [method, path, JSON.stringify(headers), bytes]);
	return rows[0];
}

// what is undefined is not sent
const headersOf = (headers) => Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
