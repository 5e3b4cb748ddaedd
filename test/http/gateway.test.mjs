// What the gateway decides by itself: what to do when the database does not answer.
// roads: direct, pgbouncer
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CREATE, authorized, openDirectory, people, startGateway, until } from './directory.mjs';
import { send } from './request.mjs';

const directory = await openDirectory();
const { call, sql, token } = directory;
after(directory.close);

// what a row asks of the trigger: to raise an SQLSTATE, to take its time, or to wait for a lock
await sql(`
	CREATE FUNCTION public.act() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF NEW.first_name = 'raise' THEN
			RAISE EXCEPTION 'told to nobody' USING ERRCODE = NEW.last_name;
		ELSIF NEW.first_name = 'sleep' THEN
			PERFORM pg_sleep(NEW.last_name::float8);
		ELSIF NEW.first_name = 'lock' THEN
			PERFORM pg_advisory_xact_lock_shared(NEW.last_name::bigint);
		END IF;
		RETURN NEW;
	END $$;
	CREATE TRIGGER act BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION public.act()`);
const WORKING = `FROM pg_stat_activity WHERE usename = 'gateway' AND datname = current_database() AND state = 'active'`;
const isWorking = async () => (await sql(`SELECT ${WORKING}`)).length > 0;
const asking = (first_name, last_name) => people('ask', 1, { first_name, last_name });

function assertUnavailable(answer) {
	assert.equal(answer.status, 503, answer.body.toString());
	assert.match(answer.headers['retry-after'], /^\d+$/);
	assert.equal(answer.json.error.code, 'service_unavailable');
	assert.deepEqual(Object.keys(answer.json.error), ['statusCode', 'code', 'message', 'path', 'method']);
}

for (const sqlstate of ['40001', '40P01', '53100', '53200', '53300', '57014', '57P01', '57P03']) {
	test(`503 for SQLSTATE ${sqlstate}`, async () => {
		const answer = await call(CREATE, asking('raise', sqlstate));
		assertUnavailable(answer);
		assert.ok(!answer.body.includes('told to nobody'));
	});
}

for (const sqlstate of ['XX000', '42P01', '58030', '0A000']) {
	test(`500 for SQLSTATE ${sqlstate}`, async () => {
		const answer = await call(CREATE, asking('raise', sqlstate));
		assert.equal(answer.status, 500);
		assert.equal(answer.json.error.code, 'internal_server_error');
		assert.ok(!answer.body.includes('told to nobody'));
	});
}

test('an error leaves the connection in use', async () => {
	assert.equal((await call(CREATE, [])).status, 200);
});

test('503 when the connection is cut, and the next request is served', async () => {
	const pending = call(CREATE, asking('sleep', '3600'));
	let killed = [];
	await until('it is at work', async () => {
		killed = await sql(`SELECT pg_terminate_backend(pid) ${WORKING}`);
		return killed.length > 0;
	});
	assertUnavailable(await pending);
	assert.equal(killed.length, 1);
	assert.equal((await call(CREATE, [])).status, 200);
});

test('503 when idle connections were cut, at worst once each; then all is well', async () => {
	await Promise.all(Array.from({ length: 10 }, () => call(CREATE, [])));
	const cut = await sql(`SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gateway' AND datname = current_database()`);
	await until('they are cut', async () => (await sql('SELECT FROM pg_stat_activity WHERE pid = ANY ($1)', [cut.map(({ pid }) => pid)])).length === 0);
	const statuses = [];
	for (let i = 0; i < 20; i++)
		statuses.push((await call(CREATE, [])).status);
	assert.ok(statuses.every((status) => status === 200 || status === 503), statuses.join());
	assert.deepEqual(statuses.slice(10), Array(10).fill(200));
});

test('503 when the database is not there', async () => {
	const unused = net.createServer().listen(0, '127.0.0.1');
	await new Promise((resolve) => unused.once('listening', resolve));
	const { port } = unused.address();
	await new Promise((resolve) => unused.close(resolve));
	const gateway = await startGateway({ PGPORT: String(port) });
	assertUnavailable(await send(gateway.port, { path: CREATE, headers: authorized(token), body: [] }));
	await gateway.stop();
});

test('503 when the database takes too long', async () => {
	const gateway = await startGateway({ TIMEOUT_MS: '300' });
	assertUnavailable(await send(gateway.port, { path: CREATE, headers: authorized(token), body: asking('sleep', '3600') }));
	await until('another connection serves the next', async () => (await send(gateway.port, { path: CREATE, headers: authorized(token), body: [] })).status === 200);
	await gateway.stop();
	await sql(`SELECT pg_terminate_backend(pid) ${WORKING}`);
});

test('SIGTERM: what has begun is finished, what comes later is refused', async () => {
	const gateway = await startGateway();
	const idle = net.connect(gateway.port, '127.0.0.1');
	const holder = await directory.pool.connect();
	await holder.query('SELECT pg_advisory_lock(7)');
	const pending = send(gateway.port, { path: CREATE, headers: { ...authorized(token), Connection: 'keep-alive' }, body: asking('lock', '7') });
	await until('it is at work', isWorking);
	gateway.child.kill('SIGTERM');
	await until('it takes no more', () => send(gateway.port, { path: CREATE, headers: authorized(token), body: [] }).then(() => false, (error) => /ECONNREFUSED|ECONNRESET/.test(error.code)));
	await holder.query('SELECT pg_advisory_unlock(7)');
	holder.release();
	const answer = await pending;
	assert.equal(answer.status, 200);
	assert.equal(answer.headers.connection, 'close');
	assert.deepEqual(await gateway.exited, [0, null]);
	idle.destroy();
});

test('a client that goes away in the middle of its body does no harm', async () => {
	for (let i = 0; i < 20; i++) {
		const socket = net.connect(directory.port, '127.0.0.1');
		socket.on('error', () => {});
		socket.write(`POST ${CREATE} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"identities"`);
		await sleep(10);
		socket.destroy();
	}
	assert.equal((await call(CREATE, [])).status, 200);
});

test('the packages of the gateway are those that are tested, and it is short', () => {
	const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');
	assert.equal(JSON.parse(read('../../examples/package.json')).dependencies.pg, JSON.parse(read('package.json')).dependencies.pg);
	assert.ok(read('../../examples/gateway.mjs').split('\n').length <= 130);
});
