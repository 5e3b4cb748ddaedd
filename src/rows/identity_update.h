/*-------------------------------------------------------------------------
 *
 * identity_update.h
 *		The kinds of row that change an identity.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IDENTITY_UPDATE_H
#define CB_IDENTITY_UPDATE_H

#include "rows/identity.h"

/* Of a row that is an object, what names the identity. */
#define CB_IDENTITY_UPDATE_ID	"id"

typedef struct CbIdentityUpdate
{
	CbRow		row;

	/* as sent, checked */
	CbUuid		id;
	CbText		first_name;
	CbText		last_name;
	CbText		external_id;
	bool		sets_external_id;
	JsonbValue	metadata;		/* jbvNull: not sent */
	CbWanted	is_active;

	/* as found, then as written */
	const char *email;
	const char *old_status;		/* of the membership, in an application */
	const char *status;
	CbIdentity	stored;
	CbIdentityMembership *memberships;
	int			nmemberships;
} CbIdentityUpdate;

/* Changes what is sent of a profile. */
extern const CbRowKind cb_identity_update_kind;

/* Changes is_active, and nothing else. */
extern const CbRowKind cb_identity_status_kind;

/* identity_update_fields.c: the kinds' fields, and their decode. */
extern const CbField *cb_identity_update_fields(const CbBatch *batch);
extern const CbField *cb_identity_status_fields(const CbBatch *batch);
extern void cb_identity_decode_update(CbBatch *batch, CbRow *row);
extern void cb_identity_decode_status(CbBatch *batch, CbRow *row);

#endif							/* CB_IDENTITY_UPDATE_H */
