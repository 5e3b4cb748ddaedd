/*-------------------------------------------------------------------------
 *
 * invite.c
 *		The kind of row that invites people.
 *
 * With an application and environment an invite is to them, and may carry a role
 * at a node; without, it is to the account, and may name an application.  A row's
 * invite and its mail are one: both are kept, or none.  What the row was invited
 * to exists only when the invite is accepted.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "rows/invite.h"

static void begin(CbBatch *batch);
static int	compare(const CbRow *a, const CbRow *b);
static const char *key(const CbRow *row, int which, Size *len);
static void write_one(CbBatch *batch, CbRow *row);
static bool write_set(CbBatch *batch, CbRow **rows, int n);
static bool settle(CbBatch *batch, CbInviteRow *row, const CbInviteWish *wish);
static bool is_of_others(const CbBatch *batch, const CbInvite *invite);
static bool put_mails(CbBatch *batch, CbRow **rows, int n);
static const pg_uuid_t *resource(const CbRow *row);
static void encode(const CbBatch *batch, const CbRow *row, CbJson *json);
static const pg_uuid_t *identity_of(const CbRow *row);

const CbRowKind cb_invite_kind = {
	.action = "identity_invite.bulk_create",
	.resource_type = "identity_invite",
	.category = "invites",
	.list_key = "invites",
	.answers_once = true,
	.row_size = sizeof(CbInviteRow),
	.nkeys = 2,
	.key_codes = {CB_INVITE_CONFLICT, CB_INVITE_CONFLICT},
	.key_fields = {"email", "email"},
	.begin = begin,
	.decode = cb_invite_decode,
	.lock_parents = cb_invite_lock_parents,
	.compare = compare,
	.key = key,
	.write_set = write_set,
	.write_one = write_one,
	.resource = resource,
	.encode = encode,
	.fields = cb_invite_fields,
	.identity = identity_of,
	.tables = cb_invite_tables
};

static void
begin(CbBatch *batch)
{
	if (batch->scope.has_application && !batch->scope.has_environment)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no environment is named"),
				 errhint("An invite to an application is to one of its environments: pass environment => 'slug or id'.")));
	if (batch->on_conflict == CB_ON_CONFLICT_UPDATE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an invite cannot be updated by inviting again"),
				 errhint("on_conflict is error or skip; canopy_bulk_invite_resend gives a new token.")));
}

static int
compare(const CbRow *a, const CbRow *b)
{
	const CbInviteRow *left = (const CbInviteRow *) a;
	const CbInviteRow *right = (const CbInviteRow *) b;
	int			order = strcmp(left->email, right->email);

	return order != 0 ? order : left->is_reset - right->is_reset;
}

/* An address may be asked to join and to choose a password, each once. */
static const char *
key(const CbRow *row, int which, Size *len)
{
	const CbInviteRow *invite = (const CbInviteRow *) row;

	if (invite->is_reset != (which == 1))
		return NULL;
	*len = strlen(invite->email);
	return invite->email;
}

static void
write_one(CbBatch *batch, CbRow *row)
{
	if (!write_set(batch, &row, 1) && cb_row_is_good(row))
		row->problem.code = CB_REJECTED;
}

static bool
write_set(CbBatch *batch, CbRow **rows, int n)
{
	CbInviteWish *wishes = palloc0(sizeof(CbInviteWish) * n);

	for (int i = 0; i < n; i++)
	{
		wishes[i].invite = &((CbInviteRow *) rows[i])->invite;
		wishes[i].token = ((CbInviteRow *) rows[i])->token;
	}
	cb_invite_ensure(batch, wishes, n);
	for (int i = 0; i < n; i++)
	{
		if (!settle(batch, (CbInviteRow *) rows[i], &wishes[i]))
			return false;
	}
	return put_mails(batch, rows, n);
}

/* False when nobody knows why it was not written. */
static bool
settle(CbBatch *batch, CbInviteRow *row, const CbInviteWish *wish)
{
	row->stored = wish->stored;
	if (wish->outcome == CB_PENDING)
		return false;
	if (wish->outcome == CB_SKIPPED &&
		(batch->on_conflict == CB_ON_CONFLICT_ERROR ||
		 is_of_others(batch, &wish->stored)))
		cb_field_issue(&row->row, CB_INVITE_CONFLICT, "email");
	else
		row->row.outcome = wish->outcome;
	return true;
}

/* What is pending, to choose a new password, may be of another application. */
static bool
is_of_others(const CbBatch *batch, const CbInvite *invite)
{
	return batch->scope.is_bound &&
		(!invite->application_id.given ||
		 cb_uuid_compare(&invite->application_id.id, &batch->scope.application) != 0);
}

/* No invite without its mail, and no mail without its invite. */
static bool
put_mails(CbBatch *batch, CbRow **rows, int n)
{
	CbMail	   *mails = palloc(sizeof(CbMail) * n);
	int			nmails = 0;

	for (int i = 0; i < n; i++)
	{
		CbInviteRow *row = (CbInviteRow *) rows[i];

		if (row->row.outcome == CB_CREATED && row->stored.send_email)
			mails[nmails++] = cb_invite_mail(&row->stored,
											 batch->scope.account_name,
											 row->application_name, row->link);
	}
	return cb_outbox_put(&batch->scope.account, batch->now, mails, nmails);
}

/* The link is for who shall hand it on, once. */
static const pg_uuid_t *
resource(const CbRow *row)
{
	return &((const CbInviteRow *) row)->stored.id;
}

static void
encode(const CbBatch *batch, const CbRow *row, CbJson *json)
{
	const CbInviteRow *invite = (const CbInviteRow *) row;
	bool		shows_link = row->outcome == CB_CREATED &&
	!invite->stored.send_email && !batch->for_record && !batch->dry_run;

	cb_invite_encode(&invite->stored, &batch->scope,
					 shows_link ? invite->link : NULL, batch->now, json);
}

/* Nobody yet where the invite is to make the identity. */
static const pg_uuid_t *
identity_of(const CbRow *row)
{
	const CbInvite *invite = &((const CbInviteRow *) row)->invite;

	return invite->identity_id.given ? &invite->identity_id.id : NULL;
}
