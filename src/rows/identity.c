/*-------------------------------------------------------------------------
 *
 * identity.c
 *		The kind of row that creates identities.
 *
 * Without an application the batch writes directory rows, each with an active
 * membership of its own application_id if it names one.  With an application
 * every row becomes a member of it and may carry a role at a node.  A row's
 * identity, membership and assignment are one: all are kept, or none.
 *
 * A row whose address is taken is an error, is skipped, or updates the identity
 * that has the address, as on_conflict says, and as far as the caller may do that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "rows/access.h"
#include "rows/assignment.h"
#include "rows/identity.h"

/* An address that comes and goes between two statements is given up on. */
#define ATTEMPTS	3

static void begin(CbBatch *batch);
static void hash_passwords(CbBatch *batch);
static void lock_parents(CbBatch *batch);
static void want_parents(CbIdentityBatch *own, const CbIdentityRow *row);
static void check_parents(const CbBatch *batch, CbIdentityRow *row);
static int	compare(const CbRow *a, const CbRow *b);
static const char *key(const CbRow *row, int which, Size *len);
static void write_one(CbBatch *batch, CbRow *row);
static CbOutcome write_identity(CbBatch *batch, CbIdentityRow *row);
static bool may_change(const CbBatch *batch, CbIdentityRow *row);
static bool write_membership(CbBatch *batch, CbIdentityRow *row);
static void read_memberships(const CbBatch *batch, CbIdentityRow *row);
static void blame(CbBatch *batch, CbRow *row, const ErrorData *fault);
static const pg_uuid_t *resource(const CbRow *row);
static void encode(const CbBatch *batch, const CbRow *row, CbJson *json);
static bool may_sign_in(const CbIdentityRow *row);
static const pg_uuid_t *identity_of(const CbRow *row);

static const char *const tables[] = {
	"identity", "app_membership", "role_assignment", NULL
};

const CbRowKind cb_identity_kind = {
	.action = "identity.bulk_create",
	.resource_type = "identity",
	.category = "identity",
	.list_key = "identities",
	.row_size = sizeof(CbIdentityRow),
	.nkeys = 2,
	.key_codes = {CB_EMAIL_CONFLICT, CB_EXTERNAL_ID_CONFLICT},
	.key_fields = {"email", "external_id"},
	.begin = begin,
	.decode = cb_identity_decode,
	.prepare = hash_passwords,
	.lock_parents = lock_parents,
	.compare = compare,
	.key = key,
	.write_set = cb_identity_write_set,
	.write_one = write_one,
	.blame = blame,
	.resource = resource,
	.encode = encode,
	.fields = cb_identity_fields,
	.identity = identity_of,
	.tables = tables
};

static void
begin(CbBatch *batch)
{
	CbIdentityBatch *own = palloc0(sizeof(CbIdentityBatch));

	own->passwords = cb_passwords_create(batch->context, batch->nrows);
	cb_parents_init(&own->applications, batch->nrows);
	cb_places_init(&own->places, batch->nrows);
	batch->of_kind = own;
}

static void
hash_passwords(CbBatch *batch)
{
	CbIdentityBatch *own = batch->of_kind;

	for (int i = 0; i < batch->nrows; i++)
	{
		CbIdentityRow *row = (CbIdentityRow *) batch->rows[i];

		if (!cb_row_is_good(&row->row) || row->password.val == NULL)
			continue;
		row->password_slot = cb_passwords_add(own->passwords, row->password.val,
											  row->password.len);
		if (cb_passwords_breached(own->passwords, row->password_slot))
		{
			cb_passwords_drop(own->passwords, row->password_slot);
			cb_field_issue(&row->row, CB_PASSWORD_BREACHED, "password");
		}
	}
	cb_passwords_hash(own->passwords, &batch->scope.account);
}

static void
lock_parents(CbBatch *batch)
{
	CbIdentityBatch *own = batch->of_kind;

	for (int i = 0; i < batch->nrows; i++)
	{
		if (cb_row_is_good(batch->rows[i]))
			want_parents(own, (CbIdentityRow *) batch->rows[i]);
	}
	cb_parents_lock_applications(&own->applications, &batch->scope);
	cb_places_lock(&own->places, &batch->scope);
	for (int i = 0; i < batch->nrows; i++)
	{
		if (cb_row_is_good(batch->rows[i]))
			check_parents(batch, (CbIdentityRow *) batch->rows[i]);
	}
}

static void
want_parents(CbIdentityBatch *own, const CbIdentityRow *row)
{
	if (row->application_id.given)
		cb_parents_want(&own->applications, &row->application_id.id);
	if (row->role_id.given)
		cb_places_want(&own->places, &row->role_id.id, &row->node_id.id);
}

static void
check_parents(const CbBatch *batch, CbIdentityRow *row)
{
	const CbIdentityBatch *own = batch->of_kind;

	if (row->application_id.given &&
		cb_parents_find(&own->applications, &row->application_id.id) == NULL)
		cb_field_issue(&row->row, CB_APPLICATION_NOT_FOUND, "application_id");
	if (row->role_id.given)
		cb_places_check(&own->places, &batch->scope, &row->row,
						&row->role_id.id, &row->node_id.id);
}

static int
compare(const CbRow *a, const CbRow *b)
{
	return strcmp(((const CbIdentityRow *) a)->email,
				  ((const CbIdentityRow *) b)->email);
}

static const char *
key(const CbRow *row, int which, Size *len)
{
	const CbIdentityRow *identity = (const CbIdentityRow *) row;

	if (which == 0)
	{
		*len = strlen(identity->email);
		return identity->email;
	}
	*len = identity->external_id.len;
	return identity->external_id.val;
}

static void
write_one(CbBatch *batch, CbRow *row)
{
	CbIdentityRow *identity = (CbIdentityRow *) row;
	CbOutcome	outcome;

	identity->nmemberships = 0;
	identity->replaced = NULL;
	outcome = write_identity(batch, identity);
	if (outcome == CB_FAILED ||
		(outcome != CB_SKIPPED && !write_membership(batch, identity)))
	{
		if (cb_row_is_good(row))
			row->problem.code = CB_REJECTED;
		return;
	}
	if (outcome != CB_CREATED && !batch->scope.has_application)
		read_memberships(batch, identity);
	row->outcome = outcome;
}

void
cb_identity_set_membership(const CbBatch *batch, CbIdentityRow *row,
						   const CbMembership *membership)
{
	const CbIdentityBatch *own = batch->of_kind;
	const CbParent *application;

	row->memberships = MemoryContextAllocZero(batch->context,
											  sizeof(CbIdentityMembership));
	row->memberships[0].membership = *membership;
	row->nmemberships = 1;
	if (batch->scope.has_application)
		return;
	application = cb_parents_find(&own->applications,
								  &membership->application_id);
	row->memberships[0].application_slug = application->slug;
	row->memberships[0].application_name = application->name;
}

static CbOutcome
write_identity(CbBatch *batch, CbIdentityRow *row)
{
	for (int i = 0; i < ATTEMPTS; i++)
	{
		if (cb_identity_insert(batch, row))
			return CB_CREATED;
		if (batch->on_conflict == CB_ON_CONFLICT_ERROR)
			return CB_FAILED;
		if (batch->scope.is_bound && !may_change(batch, row))
		{
			if (cb_row_is_good(&row->row))
				continue;
			return CB_FAILED;
		}
		if (batch->on_conflict == CB_ON_CONFLICT_SKIP &&
			cb_identity_find(batch, row))
			return CB_SKIPPED;
		if (batch->on_conflict == CB_ON_CONFLICT_UPDATE &&
			cb_identity_update(batch, row))
			return CB_UPDATED;
	}
	return CB_FAILED;
}

/*
 * May a caller who is bound skip or update the identity that has the address?  Else
 * the row gets an issue, unless the address has just moved.  The identity is locked
 * as the update needs it, and is the one with the address until the batch ends.
 */
static bool
may_change(const CbBatch *batch, CbIdentityRow *row)
{
	bool		updates = batch->on_conflict == CB_ON_CONFLICT_UPDATE;
	bool		sets_external_id = updates && row->external_id.val != NULL;
	CbStandings standings;
	pg_uuid_t	id;

	if (!cb_identity_find(batch, row))
		return false;
	id = row->stored.id;
	cb_access_look(&standings, &batch->scope, &id, 1,
				   sets_external_id ? CB_ACCESS_LOCK_KEYS : CB_ACCESS_LOCK_IDENTITY);
	if (!cb_identity_find(batch, row) || cb_uuid_compare(&row->stored.id, &id) != 0)
		return false;
	if (cb_access_check(&standings, &id, CB_ACCESS_MEMBER) != CB_OK)
	{
		cb_field_issue(&row->row, CB_EMAIL_CONFLICT, "email");
		return false;
	}
	if (updates && (row->password.val != NULL || row->password_hash.val != NULL) &&
		cb_access_check(&standings, &id, CB_ACCESS_CREDENTIAL) != CB_OK)
		cb_field_issue(&row->row, CB_FORBIDDEN, row->password.val != NULL ?
					   "password" : "password_hash");
	if (sets_external_id &&
		cb_access_check_external_id(&standings, &id, &row->external_id) != CB_OK)
		cb_field_issue(&row->row, CB_FORBIDDEN, "external_id");
	return cb_row_is_good(&row->row);
}

/* False when the row cannot have what it asks for; it may have a problem then. */
static bool
write_membership(CbBatch *batch, CbIdentityRow *row)
{
	CbMembershipWish wish;
	CbAssignmentWish assignment;

	row->membership.given = row->assignment.given = false;
	row->old_membership = NULL;
	if (!batch->scope.has_application && !row->application_id.given)
		return true;

	wish.identity = row->stored.id;
	wish.application = batch->scope.has_application ?
		batch->scope.application : row->application_id.id;
	if (row->replaced != NULL)
		cb_membership_remember(batch, &wish, 1);
	cb_membership_ensure(batch, &wish, 1);
	if (wish.outcome == CB_FAILED)
		return false;
	row->membership.given = wish.outcome == CB_CREATED;
	row->membership.id = wish.membership.id;
	if (row->replaced != NULL && wish.outcome == CB_UPDATED)
		row->old_membership = wish.old;
	cb_identity_set_membership(batch, row, &wish.membership);
	if (!row->role_id.given)
		return true;
	if (strcmp(wish.membership.status, "active") != 0)
	{
		cb_field_issue(&row->row, CB_MEMBERSHIP_REQUIRED, "role_id");
		return false;
	}
	assignment.identity = row->stored.id;
	assignment.application = wish.application;
	assignment.role = row->role_id.id;
	assignment.node = row->node_id.id;
	cb_assignment_ensure(batch, &assignment, 1);
	row->assignment.given = assignment.outcome == CB_CREATED;
	row->assignment.id = assignment.new_id;
	return assignment.outcome != CB_FAILED;
}

static void
read_memberships(const CbBatch *batch, CbIdentityRow *row)
{
	MemoryContext old = MemoryContextSwitchTo(batch->context);

	row->nmemberships = cb_identity_memberships(&batch->scope.account,
												&row->stored.id,
												&row->memberships);
	MemoryContextSwitchTo(old);
}

/* A unique key that is broken is one of ours when somebody else has its value. */
static void
blame(CbBatch *batch, CbRow *row, const ErrorData *fault)
{
	const CbIdentityRow *identity = (const CbIdentityRow *) row;

	if (fault->sqlerrcode != ERRCODE_UNIQUE_VIOLATION)
		return;
	if (batch->on_conflict == CB_ON_CONFLICT_ERROR &&
		cb_identity_email_taken(batch, identity))
		cb_field_issue(row, CB_EMAIL_CONFLICT, "email");
	if (cb_identity_external_id_taken(batch, identity))
		cb_field_issue(row, CB_EXTERNAL_ID_CONFLICT, "external_id");
}

static const pg_uuid_t *
resource(const CbRow *row)
{
	return &((const CbIdentityRow *) row)->stored.id;
}

static void
encode(const CbBatch *batch, const CbRow *row, CbJson *json)
{
	const CbIdentityRow *identity = (const CbIdentityRow *) row;

	if (batch->scope.has_application)
		cb_identity_encode_for_application(&identity->stored,
										   may_sign_in(identity), json);
	else
		cb_identity_encode_for_account(&identity->stored, identity->memberships,
									   identity->nmemberships, json);
}

static bool
may_sign_in(const CbIdentityRow *row)
{
	return row->stored.is_active &&
		(row->nmemberships == 0 ||
		 strcmp(row->memberships[0].membership.status, "active") == 0);
}

static const pg_uuid_t *
identity_of(const CbRow *row)
{
	return row->outcome == CB_FAILED ? NULL : &((const CbIdentityRow *) row)->stored.id;
}
