/*-------------------------------------------------------------------------
 *
 * member_row.c
 *		Rows that are an identity's id, about its membership of the application.
 *
 * They are written in the order of addresses, as everywhere, or a batch that
 * creates memberships could deadlock with one that ends them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "rows/access.h"
#include "rows/member_row.h"

void
cb_member_row_check(const CbBatch *batch, const char *update)
{
	if (!batch->scope.has_application)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no application is named"),
				 errhint("Pass application => 'slug or id', or set canopy_bulk.application.")));
	if (batch->on_conflict == CB_ON_CONFLICT_UPDATE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s", update),
				 errhint("on_conflict is error or skip.")));
}

void
cb_member_row_decode(CbBatch *batch, CbRow *row)
{
	CbMemberRow *member = (CbMemberRow *) row;

	if (row->input.type == jbvNull)
		cb_field_issue(row, CB_REQUIRED, "identity_id");
	else
		cb_field_uuid(row, "identity_id", &row->input, &member->identity_id);
}

void
cb_member_row_lock(CbBatch *batch, CbParents *identities)
{
	pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * (batch->nrows + 1));
	CbStandings standings;
	int			n = 0;

	cb_parents_init(identities, batch->nrows);
	for (int i = 0; i < batch->nrows; i++)
	{
		if (cb_row_is_good(batch->rows[i]))
			ids[n++] = ((CbMemberRow *) batch->rows[i])->identity_id;
	}
	for (int i = 0; i < n; i++)
		cb_parents_want(identities, &ids[i]);
	cb_parents_lock_identities(identities, &batch->scope);
	cb_access_look(&standings, &batch->scope, ids, n, CB_ACCESS_LOCK_MEMBERSHIP);
	for (int i = 0; i < batch->nrows; i++)
	{
		CbMemberRow *member = (CbMemberRow *) batch->rows[i];
		const CbParent *identity;

		if (!cb_row_is_good(&member->row))
			continue;
		identity = cb_parents_find(identities, &member->identity_id);
		if (identity == NULL ||
			cb_access_check(&standings, &member->identity_id,
							CB_ACCESS_MEMBERSHIP) != CB_OK)
			cb_field_issue(&member->row, CB_IDENTITY_NOT_FOUND, "identity_id");
		else
			member->email = identity->name;
	}
}

int
cb_member_row_compare(const CbRow *a, const CbRow *b)
{
	return strcmp(((const CbMemberRow *) a)->email,
				  ((const CbMemberRow *) b)->email);
}

const char *
cb_member_row_key(const CbRow *row, int which, Size *len)
{
	*len = UUID_LEN;
	return (const char *) ((const CbMemberRow *) row)->identity_id.data;
}

void
cb_member_row_echo(const CbRow *row, CbJson *json)
{
	static CbJsonShape keys = {1, {"identity_id"}};

	cb_json_shape(json, &keys);
	cb_field_echo_id(row, json);
}

const pg_uuid_t *
cb_member_row_identity(const CbRow *row)
{
	return row->problem.code == CB_UUID_INVALID ? NULL :
		&((const CbMemberRow *) row)->identity_id;
}
