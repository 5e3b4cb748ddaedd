#!/usr/bin/env node
// Sends the mail that canopy_bulk puts into canopy.outbox: claims it, sends it over SMTP, and
// says how it ended. Any number of these may run. What one that dies had claimed is another's
// when its lease ends: a mail may come twice then, and never not at all.
//
// The database is found through PGHOST, PGPORT, PGUSER ... and directly, because pgbouncer in
// transaction mode takes no LISTEN. Links that canopy_bulk.accept_url left relative begin with BASE_URL.

import { setTimeout as sleep } from 'node:timers/promises';
import nodemailer from 'nodemailer';
import pg from 'pg';

const { SMTP_URL = 'smtp://127.0.0.1:25?pool=true', MAIL_FROM = 'no-reply@localhost', BASE_URL = 'http://localhost', BATCH = '20', POLL_MS = '15000' } = process.env;
const transport = nodemailer.createTransport(SMTP_URL, { from: MAIL_FROM });
const pool = new pg.Pool({ max: 4, application_name: 'canopy_bulk mailer' }).on('error', () => {}); // its query hears of it

// A language has for each kind of mail a subject and a sentence; %s is the application.
const TEXTS = {
	en: {
		hello: 'Hello', until: 'The link is good until', ignore: 'If you did not expect this mail, ignore it.',
		invite: ['You are invited to %s', 'You have been invited to %s. To accept, open this link:'],
		password_reset: ['A new password for %s', 'To choose a new password for %s, open this link:'],
		email_verification: ['Verify your address for %s', 'To verify your address for %s, open this link:'],
	},
	de: {
		hello: 'Guten Tag', until: 'Der Link gilt bis', ignore: 'Wenn Sie diese Nachricht nicht erwartet haben, ignorieren Sie sie.',
		invite: ['Einladung zu %s', 'Sie wurden zu %s eingeladen. Um anzunehmen, öffnen Sie diesen Link:'],
		password_reset: ['Neues Passwort für %s', 'Um ein neues Passwort für %s zu wählen, öffnen Sie diesen Link:'],
		email_verification: ['Adresse für %s bestätigen', 'Um Ihre Adresse für %s zu bestätigen, öffnen Sie diesen Link:'],
	},
	fr: {
		hello: 'Bonjour', until: 'Le lien est valable jusqu’au', ignore: 'Si vous n’attendiez pas ce message, ignorez-le.',
		invite: ['Invitation à %s', 'Vous avez été invité à %s. Pour accepter, ouvrez ce lien :'],
		password_reset: ['Nouveau mot de passe pour %s', 'Pour choisir un nouveau mot de passe pour %s, ouvrez ce lien :'],
		email_verification: ['Confirmez votre adresse pour %s', 'Pour confirmer votre adresse pour %s, ouvrez ce lien :'],
	},
};

function compose({ id, kind, recipient, locale, link, payload }) {
	const language = (locale ?? 'en').split('-')[0].toLowerCase();
	const words = TEXTS[language] ?? TEXTS.en;
	const [subject, sentence] = words[kind].map((text) => text.replace('%s', () => payload.app_name ?? payload.account_name));
	const until = payload.expires_at && `${words.until} ${new Date(payload.expires_at).toUTCString()}.`;
	const greeting = payload.first_name ? `${words.hello} ${payload.first_name},` : `${words.hello},`;
	return {
		to: { name: '', address: recipient }, subject, messageId: `<${id}@canopy-bulk>`, // the same when it is sent again
		headers: { 'Content-Language': words === TEXTS.en ? 'en' : locale, 'Auto-Submitted': 'auto-generated' },
		text: [greeting, sentence, new URL(link, BASE_URL).href, until, words.ignore].filter(Boolean).join('\n\n'),
	};
}

async function deliver(mail) {
	const failure = await Promise.resolve(mail).then(compose).then((message) => transport.sendMail(message)).then(() => null, (error) => error);
	if (failure === null)
		await pool.query('SELECT canopy_bulk_outbox_done($1, $2, $3)', [mail.id, mail.attempt, mail.account_id]);
	else
		await pool.query('SELECT canopy_bulk_outbox_failed($1, $2, $3, $4, $5)', [mail.id, mail.attempt, failure.message, failure.responseCode >= 500, mail.account_id]);
}

async function work(client) {
	let heard = false, lost = false, wake = () => {};
	client.on('error', () => {}).on('end', () => { lost = true; wake(); });
	client.on('notification', () => { heard = true; wake(); });
	await client.connect();
	await client.query('LISTEN canopy_bulk_outbox');
	while (!lost) {
		heard = false;
		const { rows } = await pool.query('SELECT * FROM canopy_bulk_outbox_claim($1)', [Number(BATCH)]);
		await Promise.all(rows.map(deliver));
		if (rows.length === 0 && !heard && !lost)
			await Promise.race([new Promise((resolve) => { wake = resolve; }), sleep(Number(POLL_MS))]);
	}
	throw new Error('connection lost');
}

for (;;) {
	const client = new pg.Client({ application_name: 'canopy_bulk mailer' });
	await work(client).catch((error) => console.error(`${error.message}; trying again`)).finally(() => client.end().catch(() => {}));
	await sleep(1000);
}
