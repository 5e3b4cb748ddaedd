/*-------------------------------------------------------------------------
 *
 * identity.h
 *		Identities: the row of a create batch, and what its files share.
 *
 * identity.c is the kind; identity_fields.c reads a row from JSON,
 * identity_store.c has the statements, and identity_answer.c writes what an
 * answer says of an identity.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IDENTITY_H
#define CB_IDENTITY_H

#include "input/email.h"
#include "rows/fields.h"
#include "rows/membership.h"
#include "rows/place.h"
#include "secret/password.h"

/* A row of canopy.identity as the database has it; val is NULL when null. */
typedef struct CbIdentity
{
	pg_uuid_t	id;
	CbText		email;
	CbText		first_name;
	CbText		last_name;
	CbText		avatar_url;
	CbText		external_id;
	JsonbValue	metadata;		/* a container */
	bool		is_active;
	bool		email_verified;
	CbTime		email_verified_at;
	CbTime		locked_until;
	CbTime		password_changed_at;
	TimestampTz created_at;
} CbIdentity;

/* An entry of app_memberships. */
typedef struct CbIdentityMembership
{
	CbMembership membership;
	const char *application_slug;
	const char *application_name;
	int64		assignment_count;
} CbIdentityMembership;

typedef struct CbIdentityRow
{
	CbRow		row;

	/* as sent, checked */
	char		email[CB_EMAIL_MAX + 1];	/* canonical */
	CbText		first_name;
	CbText		last_name;
	CbText		external_id;
	JsonbValue	metadata;		/* jbvNull: not sent */
	CbText		password;		/* plaintext, in the request; see secret/ */
	CbText		password_hash;
	CbUuid		application_id;
	CbUuid		role_id;
	CbUuid		node_id;

	int			password_slot;	/* in the batch's passwords; -1: none */

	/* as written */
	CbIdentity	stored;
	CbIdentityMembership *memberships;
	int			nmemberships;

	/* of an identity that was updated, in a batch that remembers */
	Jsonb	   *replaced;		/* values that an update may replace; NULL:
								 * this was not one */
	Jsonb	   *old_membership; /* that was made active again; or NULL */
	CbUuid		membership;		/* that was made */
	CbUuid		assignment;		/* that was made */
} CbIdentityRow;

/* What an identity batch keeps for itself. */
typedef struct CbIdentityBatch
{
	CbPasswordBatch *passwords;
	CbParents	applications;
	CbPlaces	places;
} CbIdentityBatch;

extern const CbRowKind cb_identity_kind;

/* identity.c: the row has this one membership. */
extern void cb_identity_set_membership(const CbBatch *batch, CbIdentityRow *row,
									   const CbMembership *membership);

/* identity_fields.c: the kind's fields, and its decode. */
extern const CbField *cb_identity_fields(const CbBatch *batch);
extern void cb_identity_decode(CbBatch *batch, CbRow *row);

/* Readers of fields: a CbText, and a JsonbValue. */
extern void cb_identity_read_external_id(CbRow *row, const CbField *field,
										 const JsonbValue *value, void *target);
extern void cb_identity_read_metadata(CbRow *row, const CbField *field,
									  const JsonbValue *value, void *target);

/*
 * identity_store.c: each returns whether a row came back, and then has filled
 * stored.  Insert gives none when the address is taken and on_conflict allows
 * that; all give none when a trigger swallowed the row.
 */
extern bool cb_identity_insert(const CbBatch *batch, CbIdentityRow *row);
extern bool cb_identity_update(const CbBatch *batch, CbIdentityRow *row);
extern bool cb_identity_find(const CbBatch *batch, CbIdentityRow *row);

/* The hash to store: of the row's password, or the one it brought, or NULL. */
extern const char *cb_identity_hash(const CbBatch *batch,
									const CbIdentityRow *row);

/* Reads a row of CB_IDENTITY_COLUMNS into the context. */
#define CB_IDENTITY_COLUMNS \
	"id, email, first_name, last_name, avatar_url, external_id, metadata," \
	" is_active, email_verified, email_verified_at, locked_until," \
	" password_changed_at, created_at"
#define CB_IDENTITY_RESULT \
	"id uuid, email text, first_name text, last_name text, avatar_url text?," \
	" external_id text?, metadata jsonb, is_active bool," \
	" email_verified bool, email_verified_at timestamptz?," \
	" locked_until timestamptz?, password_changed_at timestamptz?," \
	" created_at timestamptz"
#define CB_IDENTITY_NCOLUMNS	13

extern void cb_identity_read(MemoryContext context, CbIdentity *stored,
							 const Datum *values, const bool *nulls);

/*
 * identity_set.c: writes many rows at once; the kind's write_set.
 */
extern bool cb_identity_write_set(CbBatch *batch, CbRow **rows, int n);

/*
 * The memberships of an identity, from the oldest on; returns how many.  They are
 * made in the current memory context.
 */
extern int	cb_identity_memberships(const pg_uuid_t *account,
									const pg_uuid_t *identity,
									CbIdentityMembership **memberships);

/* Does another identity have the row's address, or its external id? */
extern bool cb_identity_email_taken(const CbBatch *batch,
									const CbIdentityRow *row);
extern bool cb_identity_external_id_taken(const CbBatch *batch,
										  const CbIdentityRow *row);

/*
 * identity_answer.c: what the account's tier and the application's say of an
 * identity.  In an application is_active is whether it may sign in there.
 */
extern void cb_identity_encode_for_account(const CbIdentity *identity,
										   const CbIdentityMembership *memberships,
										   int nmemberships, CbJson *json);
extern void cb_identity_encode_for_application(const CbIdentity *identity,
											   bool is_active, CbJson *json);

#endif							/* CB_IDENTITY_H */
