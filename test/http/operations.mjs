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
const API = '/api/v1';

let used = 0;
const fresh = (name) => `${name}-${used++}-`;

export function operationsOf({ sql }) {
	// the id of an identity of acme that is new, and a member of crm if it shall be
	const identity = async (member = false) => {
		const [{ id }] = await sql(`SELECT canopy_bulk_create($1, account => 'acme', application => $2) #>> '{results,0,data,id}' AS id`,
			[JSON.stringify(people(fresh('given'))), member ? 'crm' : '']);
		return id;
	};
	const several = (name, fields) => () => ({ body: people(fresh(name), 2, fields) });

	return {
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
		getOpenApi: {
			at: 'GET /openapi.json',
			request: () => ({}),
		},
	};
}
