// A good request for each operation of the REST surface, by its operationId.
//
//	at        the method and path that the product has for it
//	status    of the answer to a good request; 200 when it is left out
//	request   makes one that has not been made before: {path, body, headers}, where path has
//	          what stands for the placeholders other than account, application and environment
//	other     another request that is good in the same place, for a key that was used
//	query     good values of parameters whose schemas do not tell any
//
// The directory is that of directory.mjs; what more a request needs, it makes for itself.

import { people } from './directory.mjs';

const ACCOUNT = '/portal/v1/accounts/{account}';
const APPLICATION = `${ACCOUNT}/applications/{application}`;
const ENVIRONMENT = `${APPLICATION}/environments/{environment}`;
const API = '/api/v1';
const PUBLIC = '/v1/identity/auth';

let used = 0;
const fresh = (name) => `${name}-${used++}-`;
const csv = (name) => `E-mail;Given name;Surname\n${name}@example.com;Ada;Byron\nno address;Ada;Byron\n`;

export async function operationsOf({ sql, ask }) {
	// the id of an identity of acme that is new, and a member of crm if it shall be
	const identity = async (member = false) => {
		const [{ id }] = await sql(`SELECT canopy_bulk_create($1, account => 'acme', application => $2) #>> '{results,0,data,id}' AS id`,
			[JSON.stringify(people(fresh('given'))), member ? 'crm' : '']);
		return id;
	};
	const member = () => identity(true);
	const [{ id: crm }] = await sql(`SELECT id FROM canopy.application WHERE slug = 'crm'`);
	const one = (name, fields) => () => ({ body: people(fresh(name), 1, fields).identities[0] });
	const at = (make, body, path) => async () => ({ path: { id: await make(), ...path }, body });
	const lists = { environment: 'production', not_in_app: 'wiki', q: 'ada' };

	// the application's tier, and the same for a key; name is the end of the operationIds
	const ofApplication = (path, name) => Object.fromEntries(Object.entries({
		listIdentities: { at: `GET ${path}`, request: () => ({}), query: lists },
		createIdentity: {
			at: `POST ${path}`,
			status: 201,
			request: one('single', { password: 'correct horse', metadata: { a: [1] }, external_id: undefined }),
			query: lists,
		},
		countIdentities: { at: `GET ${path}/summary`, request: () => ({}) },
		getIdentity: { at: `GET ${path}/{id}`, request: at(member) },
		updateIdentity: { at: `PATCH ${path}/{id}`, request: at(member, { first_name: 'Grace', metadata: null, external_id: null, is_active: false }) },
		removeIdentity: { at: `DELETE ${path}/{id}`, status: 204, request: at(member) },
		getIdentityDetail: { at: `GET ${path}/{id}/detail`, request: at(member), query: lists },
		listIdentityAssignments: { at: `GET ${path}/{id}/assignments`, request: at(member), query: lists },
		activateIdentity: { at: `POST ${path}/{id}/activate`, request: at(member) },
		deactivateIdentity: { at: `POST ${path}/{id}/deactivate`, request: at(member) },
	}).map(([operation, entry]) => [operation + name, entry]));
	// a place for a role in production, and another role
	const [{ root, editor, reader }] = await sql(`
		WITH e AS (SELECT e.* FROM canopy.environment AS e JOIN canopy.application AS a ON a.id = e.application_id WHERE a.slug = 'crm' AND e.slug = 'production'),
		n AS (INSERT INTO canopy.node (account_id, application_id, environment_id, node_type, name, slug) SELECT account_id, application_id, id, 'root', 'Root', 'operations-root' FROM e RETURNING id),
		r AS (INSERT INTO canopy.role (account_id, environment_id, name) SELECT account_id, id, word FROM e, unnest('{operations-editor,operations-reader}'::text[]) AS word RETURNING id)
		SELECT n.id AS root, min(r.id::text) AS editor, max(r.id::text) AS reader FROM n, r GROUP BY 1`);
	const wish = async () => ({ identity_id: await member(), role_id: editor, node_id: root });
	const assignment = async () => {
		const [{ id }] = await sql(`SELECT canopy_bulk_assign($1, application => 'crm', environment => 'production', account => 'acme') #>> '{results,0,data,id}' AS id`,
			[JSON.stringify([await wish()])]);
		return id;
	};

	// the environment's tier, and the same for a key
	const ofEnvironment = (path, name) => Object.fromEntries(Object.entries({
		bulkCreateAssignments: { at: `POST ${path}/bulk-create`, request: async () => ({ body: { assignments: [{ ...await wish(), effective_from: '2026-04-20T12:00:00Z' }] } }) },
		bulkRemoveAssignments: { at: `POST ${path}/bulk-remove`, status: 204, request: async () => ({ body: { assignment_ids: [await assignment()] } }) },
		bulkChangeRole: { at: `POST ${path}/bulk-change-role`, request: async () => ({ body: { assignment_ids: [await assignment()], role_id: reader } }) },
	}).map(([operation, entry]) => [operation + name, entry]));

	// invites: of an environment, or at the account's tier; the name is the end of the operationIds
	const address = () => ({ email: `${fresh('guest')}@example.com` });
	const guest = () => ({ ...address(), first_name: 'Ada', last_name: 'Byron' });
	const invite = async (environment, fields = {}) => {
		const [{ data }] = await sql(`SELECT canopy_bulk_invite($1, 'acme', $2, $3) #> '{results,0,data}' AS data`,
			[JSON.stringify([{ ...guest(), ...fields }]), environment ? 'crm' : '', environment]);
		return data;
	};
	const inviteId = (environment) => async () => ({ path: { id: (await invite(environment)).id } });
	const tokenOf = async () => new URL((await invite('production', { send_email: false })).accept_url, 'http://x').searchParams.get('token');
	const ofInvites = (path, name, environment) => ({
		[`listInvites${name}`]: { at: `GET ${path}`, request: () => ({}) },
		[`createInvite${name}`]: { at: `POST ${path}`, status: 201, request: () => ({ body: environment ? guest() : address() }) },
		[`countInvites${name}`]: { at: `GET ${path}/summary`, request: () => ({}) },
		[`resendInvite${name}`]: { at: `POST ${path}/{id}/resend`, request: inviteId(environment) },
		[`revokeInvite${name}`]: { at: `DELETE ${path}/{id}`, status: 204, request: inviteId(environment) },
		...(environment && { [`bulkCreateInvites${name}`]: { at: `POST ${path}/bulk-create`, request: () => ({ body: { invites: [guest(), guest()] } }) } }),
	});
	// the id of an import at a step: its file is there, and what comes after it is done
	const imported = async (scope, step) => {
		const [{ id }] = await sql(`SELECT canopy_bulk_import_open($1, account => 'acme', application => $2, environment => $3)->>'id' AS id`,
			[scope.mode, scope.application ?? '', scope.environment ?? '']);
		if (step > 0)
			await sql(`SELECT canopy_bulk_import_upload_text($1, $2, account => 'acme')`, [id, csv(fresh('imported'))]);
		if (step > 1)
			await sql(`SELECT canopy_bulk_import_preview($1, account => 'acme')`, [id]);
		if (step > 2)
			await sql(`CALL canopy_bulk_import_run('${id}', account => 'acme')`);
		return id;
	};
	const ofImports = (path, name, scope) => {
		const importAt = (step, body, headers) => async () => ({ path: { id: await imported(scope, step) }, body, headers });
		const query = { ...lists, file_name: 'new.csv', encoding: 'UTF-8', secret_columns: 'Surname' };
		return Object.fromEntries(Object.entries({
			listImports: { at: `GET ${path}`, request: () => ({}), query },
			openImport: {
				at: `POST ${path}`,
				status: 201,
				request: () => ({ body: { mode: scope.mode, on_conflict: 'skip' } }),
				other: () => ({ body: { mode: scope.mode, missing: 'ignore', max_missing_percent: 5 } }),
				query,
			},
			getImportSample: { at: `GET ${path}/sample.csv`, request: () => ({}) },
			getImport: { at: `GET ${path}/{id}`, request: importAt(1) },
			uploadImportFile: { at: `PUT ${path}/{id}/file`, request: importAt(0, Buffer.from(csv('r\xe9mi'), 'latin1'), { 'Content-Type': 'text/csv' }), query },
			mapImport: { at: `PUT ${path}/{id}/mapping`, request: importAt(1, { 'Given name': 'first_name', 3: 'last_name' }) },
			previewImport: { at: `POST ${path}/{id}/preview`, request: importAt(1) },
			listImportRows: { at: `GET ${path}/{id}/rows`, request: importAt(2), query },
			selectImportRows: { at: `PUT ${path}/{id}/selection`, request: importAt(2, { row_numbers: [1], selected: false }) },
			undoImport: { at: `POST ${path}/{id}/undo`, request: importAt(3), query: { dry_run: 'true' } },
			listImportMissing: { at: `GET ${path}/{id}/missing`, request: importAt(2), query },
			submitImport: { at: `POST ${path}/{id}/submit`, status: 202, request: importAt(2) },
			cancelImport: { at: `POST ${path}/{id}/cancel`, request: importAt(2) },
			listImportResults: { at: `GET ${path}/{id}/results`, request: importAt(3), query },
			downloadImportResults: { at: `GET ${path}/{id}/results.csv`, request: importAt(3) },
		}).map(([operation, entry]) => [operation + name, entry]));
	};
	// the id of a job that a worker seems to be at, or that has failed
	const jobAt = (status) => async () => {
		const [{ id }] = await sql(`INSERT INTO canopy.job (account_id, application_id, environment_id, kind, status, parameters, repeatable, role_name, caller_role,
			source_url, source_label, lease_until) SELECT account_id, application_id, id, 'import_url', $1, '{"mode": "learner", "dry_run": true, "options": {}, "on_conflict": "update"}',
			true, current_user, current_user, $2, $2, now() + interval '1 day' FROM canopy.environment WHERE application_id = $3 RETURNING id`, [status, 'https://localhost:9/people.csv', crm]);
		return { path: { id } };
	};
	const ofJobs = (path, name, created) => ({
		[`get${name}`]: { at: `GET ${path}/{id}`, request: jobAt('failed') },
		[`cancel${name}`]: { at: `POST ${path}/{id}/cancel`, request: jobAt('fetching') },
		[`repeat${name}`]: { at: `POST ${path}/{id}/repeat`, status: created, request: jobAt('failed') },
	});
	const several = (name, fields) => () => ({ body: people(fresh(name), 2, fields) });

	return {
		listAccountIdentities: { at: `GET ${ACCOUNT}/identities`, request: () => ({}), query: lists },
		createAccountIdentity: { at: `POST ${ACCOUNT}/identities`, status: 201, request: one('single', { application_id: crm }) },
		countAccountIdentities: { at: `GET ${ACCOUNT}/identities/summary`, request: () => ({}) },
		getAccountIdentity: { at: `GET ${ACCOUNT}/identities/{id}`, request: at(member) },
		updateAccountIdentity: { at: `PATCH ${ACCOUNT}/identities/{id}`, request: at(identity, { first_name: 'Grace', last_name: 'Hopper', metadata: { b: null } }) },
		setAccountIdentityStatus: { at: `PATCH ${ACCOUNT}/identities/{id}/status`, request: at(identity, { is_active: false }) },
		resetAccountIdentityPassword: { at: `POST ${ACCOUNT}/identities/{id}/reset-password`, request: at(identity) },
		resendAccountIdentityVerification: { at: `POST ${ACCOUNT}/identities/{id}/resend-verification`, request: at(identity) },
		listAccountIdentityAudit: { at: `GET ${ACCOUNT}/identities/{id}/audit`, request: at(identity), query: lists },
		addAppMembership: { at: `POST ${ACCOUNT}/identities/{id}/app-memberships`, status: 201, request: at(identity, { application_id: crm }) },
		removeAppMembership: {
			at: `DELETE ${ACCOUNT}/identities/{id}/app-memberships/{application_id}`,
			status: 204,
			request: at(member, undefined, { application_id: crm }),
		},
		...ofApplication(`${APPLICATION}/identities`, ''),
		...ofApplication(`${API}/identities`, 'WithKey'),
		...ofEnvironment(`${APPLICATION}/environments/{environment}/assignments`, ''),
		...ofEnvironment(`${API}/assignments`, 'WithKey'),
		bulkCreateAccountIdentities: {
			at: `POST ${ACCOUNT}/identities/bulk-create`,
			request: several('account', { password: 'correct horse', metadata: {} }),
			other: several('other'),
		},
		bulkCreateIdentities: {
			at: `POST ${APPLICATION}/identities/bulk-create`,
			request: several('application'),
			other: several('other'),
			query: { environment: 'production' },
		},
		bulkCreateIdentitiesWithKey: {
			at: `POST ${API}/identities/bulk-create`,
			request: several('key'),
			other: several('other'),
			query: { environment: 'production' },
		},
		bulkAttachAppMemberships: {
			at: `POST ${APPLICATION}/app-memberships/bulk-attach`,
			request: async () => ({ body: { identity_ids: [await identity()] } }),
			other: async () => ({ body: { identity_ids: [await identity()] } }),
			query: { environment: 'production' },
		},
		recordBulkImportEvent: {
			at: `POST ${APPLICATION}/identities/bulk-import-events`,
			status: 204,
			request: () => ({ body: { mode: 'create', total: 1, succeeded: 1, failed: 0, skipped: 0 } }),
			other: () => ({ body: { mode: 'invite', total: 0, succeeded: 0, failed: 0 } }),
		},
		...ofInvites(`${ACCOUNT}/identity-invites`, 'ToAccount', null),
		...ofInvites(`${ENVIRONMENT}/identity-invites`, '', 'production'),
		...ofInvites(`${API}/identity-invites`, 'WithKey', 'production'),
		getInviteInfo: { at: `POST ${PUBLIC}/invite-info`, request: async () => ({ body: { token: await tokenOf() } }) },
		acceptInvite: { at: `POST ${PUBLIC}/accept-invite`, request: async () => ({ body: { token: await tokenOf(), password: 'correct horse' } }) },
		verifyEmail: {
			at: 'POST /v1/identity/auth/verify-email',
			request: async () => {
				const id = await identity();
				await ask(`/portal/v1/accounts/acme/identities/${id}/resend-verification`);
				const [{ link }] = await sql('SELECT link FROM canopy.outbox WHERE identity_id = $1', [id]);
				return { body: { token: new URL(link, 'http://localhost').searchParams.get('token') } };
			},
		},
		...ofImports(`${ACCOUNT}/imports`, 'OfAccount', { mode: 'account_create' }),
		...ofImports(`${APPLICATION}/imports`, '', { mode: 'create', application: 'crm', environment: 'production' }),
		...ofImports(`${API}/imports`, 'WithKey', { mode: 'create', application: 'crm', environment: 'production' }),
		listJobs: { at: `GET ${ACCOUNT}/jobs`, request: () => ({}) },
		...ofJobs(`${ACCOUNT}/jobs`, 'Job', 202),
		listJobsWithKey: { at: `GET ${API}/jobs`, request: () => ({}) },
		...ofJobs(`${API}/jobs`, 'JobWithKey', 202),
		createBulkImport: {
			at: 'POST /incoming/v2/users/bulkImport',
			status: 201,
			request: () => ({ body: { url: `https://localhost:9/${fresh('people')}.csv`, courseIds: [], dryRun: true } }),
			other: () => ({ body: { url: 'https://localhost:9/others.csv' } }),
		},
		...ofJobs('/incoming/v2/jobs', 'BackgroundJob', 201),
		getOpenApi: {
			at: 'GET /openapi.json',
			request: () => ({}),
		},
	};
}
