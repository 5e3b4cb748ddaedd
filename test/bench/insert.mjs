// The naive way to import a file with Node: csv-parse, and one INSERT for each row, all in
// one transaction. Prints the CPU of the script and of its backend in seconds.
//	node insert.mjs FILE DATABASE ACCOUNT APPLICATION

import { createReadStream, readFileSync } from 'node:fs';
import { parse } from 'csv-parse';
import pg from 'pg';

const [, , file, database, account, application] = process.argv;
const client = new pg.Client({ database });
await client.connect();
const [{ pid }] = (await client.query('SELECT pg_backend_pid() AS pid')).rows;
const backend = () => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e9;
const before = backend();
const start = process.cpuUsage();
let failed = 0;

await client.query('BEGIN');
for await (const row of createReadStream(file).pipe(parse({ columns: true, delimiter: ';' }))) {
	if (!/^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$/.test(row['E-Mail'])) {
		failed++;
		continue;
	}
	await client.query('SAVEPOINT row');
	try {
		const { rows: [{ id }] } = await client.query({
			name: 'identity',
			text: `INSERT INTO canopy.identity (account_id, email, first_name, last_name, external_id, metadata)
				VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
			values: [account, row['E-Mail'].toLowerCase(), row.Vorname, row.Nachname, row.Personalnummer, { department: row['metadata.department'] }],
		});
		await client.query({
			name: 'membership',
			text: `INSERT INTO canopy.app_membership (account_id, identity_id, application_id, status, activated_at) VALUES ($1, $2, $3, 'active', now())`,
			values: [account, id, application],
		});
		await client.query('RELEASE row');
	} catch {
		failed++;
		await client.query('ROLLBACK TO row');
	}
}
await client.query('COMMIT');
const { user, system } = process.cpuUsage(start);
console.log((user + system) / 1e6, backend() - before, failed);
await client.end();
