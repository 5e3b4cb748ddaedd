#!/usr/bin/env node
// A thin layer between HTTP and canopy_bulk_http(): a request in, one statement, its answer out.
//
// It knows no route, no token and no rule: all that is in the database. By itself it says
// 413 for a body that is too large, 503 when a repetition may succeed and 500 for what is
// broken. TLS is for the proxy in front of it.
//
// The database is found through PGHOST, PGPORT, PGUSER ...; pgbouncer may be in between, in
// transaction mode. HOST, PORT, POOL_SIZE and TIMEOUT_MS have the defaults below.

import { createServer } from 'node:http';
import pg from 'pg';

const { HOST = '127.0.0.1', PORT = '8080', POOL_SIZE = '10', TIMEOUT_MS = '60000' } = process.env;
const MAX_BODY = 10 * 1024 * 1024; // bytes; the database takes no more either
const STATEMENT = 'SELECT status, headers, body FROM canopy_bulk_http($1, $2, $3, $4)';

// Lost connections and servers, deadlocks, serialization, lack of resources, cancels: all of them pass.
const PASSING = /^(08|40001|40P01|53|57)/;

const pool = new pg.Pool({
	max: Number(POOL_SIZE),
	connectionTimeoutMillis: 5000,
	query_timeout: Number(TIMEOUT_MS),
});
// A broken connection leaves the pool by itself, and its request hears of it by another way.
pool.on('error', () => {});
pool.on('connect', (client) => client.on('error', () => {}));

let running = 0; // requests
let stopping = false;
const server = createServer({ requestTimeout: 60000, headersTimeout: 10000 }, serve);
server.on('connect', (request, socket) => socket.end('HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'));
server.listen(Number(PORT), HOST, () => console.log(`listening on http://${HOST}:${server.address().port}`));
for (const signal of ['SIGTERM', 'SIGINT'])
	process.once(signal, stop);

async function serve(request, response) {
	running++;
	response.once('close', () => finish(--running));
	let answer;
	try {
		const body = await read(request);
		answer = body === null ? refuse(request, 413, 'content_too_large', 'request is too large') : await call(request, body);
	} catch (error) {
		if (request.destroyed && !request.complete)
			return; // nobody is there to hear it
		answer = explain(request, error);
	}
	if (stopping)
		answer.headers.Connection = 'close';
	if (answer.body !== null)
		answer.headers['Content-Length'] = Buffer.byteLength(answer.body);
	response.writeHead(answer.status, answer.headers).end(answer.body);
}

// The body, or null when it is too large; then it is read to its end, so that the client can hear the answer.
async function read(request) {
	let chunks = [];
	let size = 0;
	for await (const chunk of request) {
		size += chunk.length;
		if (size > MAX_BODY)
			chunks = [];
		else
			chunks.push(chunk);
	}
	return size > MAX_BODY ? null : Buffer.concat(chunks);
}

// One statement, which is one transaction. A connection that may still be at work is not used again.
async function call(request, body) {
	const path = request.url.replace(/^https?:\/\/[^/?]*/i, '');
	const client = await pool.connect();
	let broken = false;
	try {
		const { rows } = await client.query(STATEMENT, [request.method, path, headersOf(request), body]);
		return rows[0];
	} catch (error) {
		broken = !(error instanceof pg.DatabaseError) || error.severity === 'FATAL';
		throw error;
	} finally {
		client.release(broken);
	}
}

// As JSON: a header that was sent more than once is an array, since Node would drop or join it.
function headersOf(request) {
	const headers = new Map();
	for (let i = 0; i < request.rawHeaders.length; i += 2) {
		const name = request.rawHeaders[i].toLowerCase();
		const value = request.rawHeaders[i + 1];
		headers.set(name, headers.has(name) ? [headers.get(name), value].flat() : value);
	}
	return JSON.stringify(Object.fromEntries(headers));
}

// What went wrong stays in the server's log; the client learns whether to try again.
function explain(request, error) {
	if (error instanceof pg.DatabaseError && !PASSING.test(error.code))
		return refuse(request, 500, 'internal_server_error', 'the request could not be served');
	const answer = refuse(request, 503, 'service_unavailable', 'the database does not answer; try again');
	answer.headers['Retry-After'] = '1';
	return answer;
}

function refuse(request, statusCode, code, message) {
	const error = { statusCode, code, message, path: request.url.split('?')[0], method: request.method };
	return { status: statusCode, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ error }) };
}

// Takes no new connection, finishes what has begun, then goes.
function stop() {
	stopping = true;
	server.close(() => pool.end().then(() => process.exit(0)));
	setTimeout(() => process.exit(1), Number(TIMEOUT_MS)).unref();
	finish(running);
}

function finish(left) {
	if (stopping && left === 0)
		server.closeAllConnections();
}
