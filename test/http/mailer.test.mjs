// The example that sends mail, against an SMTP server that reads it: what a mail says, where its
// link leads, what becomes of one that is refused, and that each is sent once, whoever sends.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, test } from 'node:test';
import pg from 'pg';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { openDirectory, startExample, until } from './directory.mjs';

const LONG = Boolean(process.env.CANOPY_LONG);
const directory = await openDirectory();
const { sql, call } = directory;
await sql(`DO $$ BEGIN CREATE ROLE mailer LOGIN PASSWORD 'mailer'; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`);
await sql('GRANT EXECUTE ON FUNCTION canopy_bulk_outbox_claim, canopy_bulk_outbox_done, canopy_bulk_outbox_failed TO mailer');

// what came in, by recipient, and what the server says to some of them
const mailbox = new Map();
const refusals = new Map();
const smtp = new SMTPServer({
	authOptional: true,
	disabledCommands: ['STARTTLS', 'AUTH'],
	onData: (stream, { envelope }, callback) => {
		const chunks = [];
		stream.on('data', (chunk) => chunks.push(chunk));
		stream.on('end', () => {
			const source = Buffer.concat(chunks);
			const to = envelope.rcptTo[0].address;
			const refuse = refusals.get(to);
			if (refuse !== undefined)
				return callback(refuse(source.toString()));
			mailbox.set(to, [...(mailbox.get(to) ?? []), source]);
			return callback();
		});
	},
});
smtp.listen(0, '127.0.0.1');
await once(smtp.server, 'listening');

const mailers = new Set();
function startMailer(environment = {}) {
	const child = startExample('mailer.mjs', ['inherit', 'pipe'], {
		PGUSER: 'mailer', PGPASSWORD: 'mailer', SMTP_URL: `smtp://127.0.0.1:${smtp.server.address().port}?pool=true`,
		MAIL_FROM: 'Acme <no-reply@acme.example>', BASE_URL: 'https://id.acme.example', POLL_MS: '300', ...environment,
	});
	child.said = '';
	child.stderr.on('data', (text) => { child.said += text; });
	mailers.add(child);
	return child;
}
async function stopMailers() {
	for (const child of mailers) {
		child.kill('SIGTERM');
		if (child.exitCode === null && child.signalCode === null)
			await once(child, 'exit');
	}
	mailers.clear();
}
afterEach(stopMailers);
after(async () => {
	await directory.close();
	await new Promise((resolve) => { smtp.close(resolve); });
});

const invite = async (rows, options = '') => (await sql(`SELECT canopy_bulk_invite($1, 'acme', 'crm', 'production'${options}) AS answer`, [JSON.stringify(rows)]))[0].answer;
const person = (email, more) => ({ email, first_name: 'Ada', last_name: 'Byron', ...more });
const outbox = (recipient) => sql('SELECT status, attempt_count AS attempts, link, last_error FROM canopy.outbox WHERE recipient = $1 ORDER BY id', [recipient]);
const read = async (to) => PostalMime.parse(mailbox.get(to)[0]);

test('a mail says what it is for, in its language, and its link leads to an account', async () => {
	const languages = { en: 'You are invited to CRM', 'de-CH': 'Einladung zu CRM', fr: 'Invitation à CRM', 'xx-YY': 'You are invited to CRM' };
	await invite(Object.keys(languages).map((locale) => person(`${locale.toLowerCase()}@mail.example`, { locale })).concat(person('none@mail.example', { first_name: 'Zoë' })));
	startMailer();
	await until('five mails come', () => mailbox.size === 5);
	for (const [locale, subject] of Object.entries(languages)) {
		const mail = await read(`${locale.toLowerCase()}@mail.example`);
		assert.equal(mail.subject, subject);
		assert.equal(mail.headers.find(({ key }) => key === 'content-language').value, locale === 'xx-YY' ? 'en' : locale);
		assert.deepEqual([mail.from.address, mail.to[0].address], ['no-reply@acme.example', `${locale.toLowerCase()}@mail.example`]);
	}
	const mail = await read('none@mail.example');
	assert.match(mail.text, /^Hello Zoë,\n/);
	assert.match(mail.text, /good until \w{3}, \d\d \w{3} \d{4}/);
	const [link] = /https:\S+/.exec(mail.text);
	assert.match(link, /^https:\/\/id\.acme\.example\/app\/identity\/accept-invite\?token=[\w-]{64}$/);
	await until('the outbox forgets the links', async () => (await sql('SELECT 1 FROM canopy.outbox WHERE link IS NOT NULL')).length === 0);
	assert.deepEqual(await outbox('none@mail.example'), [{ status: 'sent', attempts: 1, link: null, last_error: null }]);

	// the token goes all the way to an identity, without a credential
	const token = new URL(link).searchParams.get('token');
	const ask = (path, body) => call(`/v1/identity/auth/${path}`, body, { Authorization: undefined });
	assert.deepEqual((await ask('invite-info', { token })).json, { email: 'none@mail.example', intent: 'activate', app_name: 'CRM', last_name: 'Byron', first_name: 'Zoë', inviter_email: null });
	assert.equal((await ask('accept-invite', { token, password: 'short' })).status, 400);
	assert.equal((await ask('accept-invite', { token, password: 'correct horse' })).json.accepted, true);
	assert.equal((await ask('accept-invite', { token, password: 'correct horse' })).status, 409);
	assert.equal((await ask('invite-info', { token: `${token[0] === 'A' ? 'B' : 'A'}${token.slice(1)}` })).status, 404);
	for (const body of [{}, { token: 7 }, { token: null }, []])
		assert.equal((await ask('invite-info', body)).status, 400);
	assert.equal((await sql(`SELECT 1 FROM canopy.identity WHERE email = 'none@mail.example' AND email_verified`)).length, 1);
});

test('a wrong password is told in the status, and counted', async () => {
	await sql(`SELECT canopy_bulk_create($1, 'acme', '')`, [JSON.stringify([person('known@mail.example', { password: 'correct horse' })])]);
	const { results: [{ data }] } = await invite([person('known@mail.example', { send_email: false })]);
	const token = new URL(data.accept_url, 'http://x').searchParams.get('token');
	const wrong = await call('/v1/identity/auth/accept-invite', { token, password: 'wrong horse' }, { Authorization: undefined });
	assert.equal(wrong.status, 401);
	assert.equal(wrong.json.error.code, 'invalid_credentials');
	assert.equal((await sql(`SELECT failed_login_count AS n FROM canopy.identity WHERE email = 'known@mail.example'`))[0].n, 1);
	await sql(`UPDATE canopy.identity_invite SET expires_at = now() WHERE email = 'known@mail.example'`);
	const late = await call('/v1/identity/auth/accept-invite', { token, password: 'correct horse' }, { Authorization: undefined });
	assert.equal(late.status, 410);
	assert.equal(late.json.error.code, 'gone');
});

test('a batch wakes the senders once', async () => {
	const listener = new pg.Client();
	await listener.connect();
	let heard = 0;
	let isOver = false;
	listener.on('notification', ({ channel, payload }) => {
		if (channel === 'over') {
			isOver = true;
			return;
		}
		assert.equal(channel, 'canopy_bulk_outbox');
		assert.match(payload, /^[0-9a-f-]{36}$/);
		heard++;
	});
	await listener.query('LISTEN canopy_bulk_outbox');
	await listener.query('LISTEN over');
	await invite(Array.from({ length: 50 }, (_, i) => person(`wake${i}@mail.example`)));
	await invite([person('wake@mail.example')], ', dry_run => true');
	await invite([person('wake@mail.example', { send_email: false })]);
	await sql('NOTIFY over');
	await until('all is heard', () => isOver);
	assert.equal(heard, 1);
	await listener.end();
	await sql(`SELECT canopy_bulk_invite_revoke(id, 'acme') FROM canopy.identity_invite WHERE email LIKE 'wake%'`);
});

test('what is revoked is not sent', async () => {
	mailbox.clear();
	startMailer();
	await invite([person('after@mail.example')]);
	await until('a later mail comes', async () => (await outbox('after@mail.example'))[0].status === 'sent');
	assert.deepEqual([...mailbox.keys()], ['after@mail.example']);
});

test('a mail that is refused for good is given up, and the reason has no token', async () => {
	refusals.set('bounce@mail.example', (source) => Object.assign(new Error(`no such mailbox; you wrote: ${source.replaceAll('=\r\n', '').replaceAll(/\s+/g, ' ')}`), { responseCode: 550 }));
	await invite([person('bounce@mail.example')]);
	startMailer();
	await until('it is given up', async () => (await outbox('bounce@mail.example'))[0].status === 'failed');
	const [{ attempts, link, last_error: reason }] = await outbox('bounce@mail.example');
	assert.deepEqual([attempts, link], [1, null]);
	assert.match(reason, /550 no such mailbox/);
	assert.doesNotMatch(reason, /[\w-]{24}/);
	assert.ok(reason.length <= 500);
});

test('a mail that is refused for now is sent again', async () => {
	refusals.set('later@mail.example', () => Object.assign(new Error('try later'), { responseCode: 450 }));
	await invite([person('later@mail.example')]);
	startMailer();
	await until('it is queued again', async () => (await outbox('later@mail.example'))[0].attempts === 1 && (await outbox('later@mail.example'))[0].status === 'queued');
	assert.match((await outbox('later@mail.example'))[0].last_error, /450 try later/);
	refusals.clear();
	await sql(`UPDATE canopy.outbox SET next_attempt_at = now() WHERE recipient = 'later@mail.example'`);
	await until('it comes', async () => (await outbox('later@mail.example'))[0].status === 'sent');
	assert.equal(mailbox.get('later@mail.example').length, 1);
});

test('a sender survives a lost connection', async () => {
	const mailer = startMailer();
	await until('it is there', async () => (await sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'canopy_bulk mailer' AND datname = current_database()`)).length > 0);
	await until('it says so', () => mailer.said.includes('trying again'));
	await invite([person('survivor@mail.example')]);
	await until('it goes on', async () => (await outbox('survivor@mail.example'))[0].status === 'sent');
	assert.doesNotMatch(mailer.said, /[\w-]{64}|Warning/);
});

const TOTAL = LONG ? 10000 : 600;
test(`${TOTAL} invites with bad rows among them, four senders at once: each mail is sent once`, async () => {
	mailbox.clear();
	const before = Number((await sql('SELECT count(*) FROM canopy.outbox'))[0].count);
	for (let i = 0; i < 4; i++)
		startMailer({ BATCH: '25' });

	// every hundredth is no address, has no name, or was there before
	let succeeded = 0;
	for (let first = 0; first < TOTAL; first += 200) {
		const rows = Array.from({ length: 200 }, (_, i) => {
			const email = `many${first + i}@mail.example`;
			return [{ email: 'many', first_name: 'A', last_name: 'B' }, { email }, person(`many${first}@mail.example`)][i % 100 - 50] ?? person(email);
		});
		await invite(rows.map((row) => ({ ...row, email: `rolled-${row.email}` })), ', max_failed => 0');
		await invite(rows.map((row) => ({ ...row, email: `dry-${row.email}` })), ', dry_run => true');
		const { summary } = await invite(rows);
		assert.deepEqual(summary, { total: 200, failed: 6, succeeded: 194 });
		succeeded += summary.succeeded;
	}
	const count = async (where = 'true') => Number((await sql(`SELECT count(*) FROM canopy.outbox WHERE ${where}`))[0].count);
	assert.equal(await count() - before, succeeded);
	assert.equal(await count(`recipient ~ '^(rolled|dry)-'`), 0);
	await until('all are sent', async () => await count('next_attempt_at IS NOT NULL') === 0);
	assert.equal(mailbox.size, succeeded);
	assert.ok([...mailbox.values()].every((mails) => mails.length === 1), 'each mail once');
	assert.equal(await count(`recipient LIKE 'many%' AND (status <> 'sent' OR attempt_count <> 1 OR link IS NOT NULL)`), 0);
	const senders = [...mailers].filter((child) => child.exitCode === null);
	assert.equal(senders.length, 4);
});
