// A client that retries doubles nothing, whatever became of its connection.
// roads: direct, pgbouncer
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { after, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CREATE, authorized, openDirectory, people, until } from './directory.mjs';
import { asBytes, send } from './request.mjs';

const CALLS = process.env.CANOPY_LONG ? 1000 : 150;
const directory = await openDirectory({ settings: {} });
const { call, sql, token, port } = directory;
after(directory.close);

const one = async (text, values) => Object.values((await sql(text, values))[0])[0];
const identities = (name) => one(`SELECT count(*)::integer FROM canopy.identity WHERE email LIKE $1`, [`${name}%`]);
const entries = () => one(`SELECT count(*)::integer FROM canopy.audit_log`);

// Sends a request and cuts its connection when so many bytes of the answer are there; these bytes.
function cut(key, body, bytes) {
	const lines = Object.entries({ ...authorized(token), 'Idempotency-Key': key }).map(([name, value]) => `${name}: ${value}`);
	return new Promise((resolve, reject) => {
		let heard = Buffer.alloc(0);
		const socket = net.connect(port, '127.0.0.1', () => {
			socket.write(asBytes({ path: CREATE, lines, body: JSON.stringify(body) }), () => {
				if (bytes === 0)
					setTimeout(() => socket.destroy(), 5);
			});
		});
		socket.on('data', (chunk) => {
			heard = Buffer.concat([heard, chunk]);
			if (heard.length >= bytes)
				socket.destroy();
		});
		socket.on('error', reject);
		socket.on('close', () => resolve(heard.subarray(0, bytes)));
	});
}

for (const bytes of [0, 1, 20, 500, 5000, 40000]) {
	test(`an answer that is cut after ${bytes} bytes is had again, the same to the byte`, async () => {
		const name = `cut${bytes}x`;
		const body = people(name, 200);
		const before = await entries();
		const heard = await cut(name, body, bytes);
		const answers = [];
		for (let i = 0; i < 3; i++)
			answers.push(await call(CREATE, body, { 'Idempotency-Key': name }));
		for (const answer of answers) {
			assert.equal(answer.status, 200);
			assert.deepEqual(answer.body, answers[0].body);
		}
		for (const answer of bytes === 0 ? answers.slice(1) : answers)
			assert.equal(answer.headers['idempotency-replayed'], 'true');
		const start = heard.indexOf('\r\n\r\n') + 4;
		if (start > 3) {
			const begun = heard.subarray(start);
			assert.deepEqual(begun, answers[0].body.subarray(0, begun.length), 'what was heard before is the same as well');
		}
		assert.equal(await identities(name), 200);
		assert.equal(await entries(), before + 1);
	});
}

test('an answer of failures is had again too', async () => {
	const body = { identities: [{ email: 'none' }, ...people('mixed').identities] };
	const [first, again] = [await call(CREATE, body, { 'Idempotency-Key': 'mixed' }), await call(CREATE, body, { 'Idempotency-Key': 'mixed' })];
	assert.equal(first.status, 207);
	assert.equal(first.headers['idempotency-replayed'], undefined);
	assert.equal(again.status, 207);
	assert.equal(again.headers['idempotency-replayed'], 'true');
	assert.deepEqual(again.body, first.body);
});

test('a request over the gateway and one over SQL with the same key are one call', async () => {
	const body = people('roads');
	const direct = await directory.ask(CREATE, body, { 'Idempotency-Key': 'roads' });
	const answer = await call(CREATE, body, { 'Idempotency-Key': 'roads' });
	assert.deepEqual(answer.body, direct.body);
	assert.equal(answer.headers['idempotency-replayed'], 'true');
});

test('100 duplicates at once: one effect, one audit entry, one answer', async () => {
	const before = await entries();
	const answers = await Promise.all(Array.from({ length: 100 }, () => call(CREATE, people('crowd', 10), { 'Idempotency-Key': 'crowd' })));
	assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
	assert.equal(new Set(answers.map(({ body }) => body.toString())).size, 1);
	assert.equal(answers.filter(({ headers }) => headers['idempotency-replayed'] === undefined).length, 1, 'one was the first');
	assert.equal(await identities('crowd'), 10);
	assert.equal(await entries(), before + 1);
});

test(`${CALLS} calls, each sent one to three times by 8 clients while connections are killed`, async () => {
	const before = await entries();
	const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
	const answers = Array.from({ length: CALLS }, () => []);
	const random = generator(20260420);
	let next = 0;
	let answered = 0;
	let killed = 0;
	let failed = 0;
	let over = false;

	// a call until it is answered; 503 and a lost connection are no answers
	const insist = async (i) => {
		await until(`call ${i} is answered`, async () => {
			const answer = await send(port, { path: CREATE, agent, body: people(`k${i}n`, 3),
				headers: { ...authorized(token), 'Idempotency-Key': `key-${i}` } }).catch(() => null);
			if (answer !== null && answer.status !== 503) {
				answers[i].push(answer);
				answered++;
				return true;
			}
			// the gateway closed a connection that was kept alive, or lost one
			failed++;
			return false;
		});
	};
	const client = async () => {
		while (next < CALLS) {
			const i = next++;
			const times = 1 + Math.floor(random() * 3);
			await (random() < 0.5 ? Promise.all(Array.from({ length: times }, () => insist(i))) :
				Array.from({ length: times }).reduce((done) => done.then(() => insist(i)), Promise.resolve()));
		}
	};
	// one connection after each answer or two, so that a slow machine gets on as well
	const killer = async () => {
		for (let next = 1; !over; await sleep(1)) {
			if (answered < next)
				continue;
			next = answered + 1 + Math.floor(random() * 2);
			killed += await one(`SELECT count(pg_terminate_backend(pid))::integer FROM (
				SELECT pid FROM pg_stat_activity WHERE usename = 'gateway' AND datname = current_database()
				ORDER BY (state = 'active') DESC, random() LIMIT 1) AS a`);
		}
	};

	const killing = killer();
	await Promise.all(Array.from({ length: 8 }, client)).finally(() => { over = true; });
	await killing;
	agent.destroy();

	for (const heard of answers) {
		assert.ok(heard.length > 0);
		for (const answer of heard) {
			assert.equal(answer.status, 200, answer.body.toString());
			assert.deepEqual(answer.body, heard[0].body);
		}
	}
	assert.equal(await identities('k%n'), CALLS * 3);
	assert.equal(await entries(), before + CALLS);
	assert.ok(killed > 0 && failed > 0, `killed ${killed} connections, ${failed} requests failed`);
});

test('a replay hashes nothing: it takes a twentieth of the processor time at most', async () => {
	const body = people('quick', 200, { password: 'correct horse battery' });
	// of the processes of the database, in hundredths of a second
	const used = async () => (await sql(`SELECT pid FROM pg_stat_activity WHERE usename = 'gateway' AND datname = current_database()`))
		.map(({ pid }) => readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/.*\) /s, '').split(' ')).reduce((sum, fields) => sum + Number(fields[11]) + Number(fields[12]), 0);
	const time = async () => {
		const before = await used();
		assert.equal((await call(CREATE, body, { 'Idempotency-Key': 'quick' })).status, 200);
		return await used() - before;
	};
	// a connection for each, whatever was cut before
	await until('there is a connection', async () => (await call(CREATE, [])).status === 200);
	const first = await time();
	const replays = [await time(), await time(), await time()];
	assert.ok(first >= 20 * Math.min(...replays), `${first}, then ${replays} hundredths of a second`);
});

// Numbers from 0 to 1, the same in every run.
function generator(seed) {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return state / 2 ** 32;
	};
}
