/*-------------------------------------------------------------------------
 *
 * invite_undo.c
 *		How invites that an import made are undone.
 *
 * A row leaves an image of its invite behind.  An invite whose mail may have been
 * sent is revoked, so that its link says so; one that nobody can know of goes, and
 * its mail with it.  An invite that was accepted, or resent, is kept.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/image.h"
#include "record/outbox.h"
#include "rows/invite.h"
#include "rows/undo.h"

#define EQ " OPERATOR(pg_catalog.=) "

/* Parameters of all: account, invites. */
static CbStatement read_invites = {
	"SELECT u.place, v.* FROM pg_catalog.unnest($2)"
	" WITH ORDINALITY AS u (id, place)"
	" JOIN canopy.identity_invite v ON v.account_id" EQ "$1 AND v.id" EQ "u.id",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = "place int8, ..."
};

static CbStatement lock_invites = {
	"SELECT v.id, v.status FROM canopy.identity_invite v"
	" WHERE v.account_id" EQ "$1 AND v.id" EQ "ANY ($2)"
	" ORDER BY v.email FOR UPDATE OF v",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = "id uuid, status text"
};

/* A sender that has claimed a mail may be sending it. */
static CbStatement lock_mails = {
	"SELECT o.invite_id, o.attempt_count OPERATOR(pg_catalog.>) 0"
	" FROM canopy.outbox o"
	" WHERE o.account_id" EQ "$1 AND o.invite_id" EQ "ANY ($2)"
	" ORDER BY o.id FOR UPDATE OF o",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = "invite_id uuid, is_claimed bool"
};

static CbStatement delete_invites = {
	"DELETE FROM canopy.identity_invite"
	" WHERE account_id" EQ "$1 AND id" EQ "ANY ($2) RETURNING id",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_DELETE_RETURNING,
	.returns = "id uuid"
};

/* Parameters: account, invites, time. */
static CbStatement revoke_invites = {
	"UPDATE canopy.identity_invite SET status = 'revoked', revoked_at = $3,"
	" updated_at = $3"
	" WHERE account_id" EQ "$1 AND id" EQ "ANY ($2) RETURNING id",
	3, {UUIDOID, UUIDARRAYOID, TIMESTAMPTZOID}, SPI_OK_UPDATE_RETURNING,
	.returns = "id uuid"
};

static void remember(const CbBatch *batch, Jsonb **before);
static Jsonb *describe(const CbImage *image);
static void read_images(const pg_uuid_t *account, Datum ids, CbImage *images);
static void judge(const CbScope *scope, CbUndoItem *items, int n);
static void lock(const CbScope *scope, CbUndoItem *items, int n);
static const char *reason_of(const char *status);
static void compare_images(const CbScope *scope, CbUndoItem *items, int n);
static void reverse(const CbScope *scope, TimestampTz now, CbUndoItem **items,
					int n);
static int	split_sent(const CbScope *scope, CbUndoItem **items, int n);
static int	compare_items(const void *a, const void *b);
static void revoke_sent(const CbScope *scope, TimestampTz now, CbUndoItem **items,
						int n);

const CbUndoKind cb_invite_undo = {
	.remember = remember,
	.judge = judge,
	.reverse = reverse,
	.tables = cb_invite_tables
};

static void
remember(const CbBatch *batch, Jsonb **before)
{
	Datum	   *ids = palloc(sizeof(Datum) * (batch->nrows + 1));
	CbImage    *images = palloc0(sizeof(CbImage) * (batch->nrows + 1));
	int			n = 0;

	for (int i = 0; i < batch->nrows; i++)
	{
		if (batch->rows[i]->outcome == CB_CREATED)
			ids[n++] = UUIDPGetDatum(&((const CbInviteRow *) batch->rows[i])->stored.id);
	}
	if (n == 0)
		return;
	read_images(&batch->scope.account,
				cb_statement_array(ids, NULL, n, UUIDOID), images);
	for (int i = n = 0; i < batch->nrows; i++)
	{
		if (batch->rows[i]->outcome == CB_CREATED)
			before[i] = describe(&images[n++]);
	}
}

static Jsonb *
describe(const CbImage *image)
{
	static CbJsonShape keys = {1, {"image"}};
	CbJson	   *json = cb_json_create(64);
	char text[	CB_IMAGE_TEXT_LEN + 1];

	cb_image_format(image, text);
	cb_json_shape(json, &keys);
	cb_json_cstring(json, text);
	return cb_json_finish(json);
}

static void
read_images(const pg_uuid_t *account, Datum ids, CbImage *images)
{
	Datum		values[2];
	bool		isnull;
	uint64		n;

	values[0] = UUIDPGetDatum(account);
	values[1] = ids;
	n = cb_statement_run(&read_invites, values, NULL);
	for (uint64 row = 0; row < n; row++)
		cb_image_add(&images[DatumGetInt64(cb_statement_value(row, 1, &isnull)) - 1],
					 row, 2);
	cb_statement_free();
}

static void
judge(const CbScope *scope, CbUndoItem *items, int n)
{
	for (int i = 0; i < n; i++)
		cb_undo_settle(&items[i], CB_UNDO_KEPT, CB_UNDO_GONE);
	lock(scope, items, n);
	compare_images(scope, items, n);
}

static void
lock(const CbScope *scope, CbUndoItem *items, int n)
{
	Datum		values[2];
	bool		isnull;
	uint64		nlocked;

	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = cb_undo_ids(items, n);
	nlocked = cb_statement_run(&lock_invites, values, NULL);
	for (uint64 i = 0; i < nlocked; i++)
	{
		CbUndoItem *item = cb_undo_find(items, n,
										DatumGetUUIDP(cb_statement_value(i, 1, &isnull)));
		char	   *status = TextDatumGetCString(cb_statement_value(i, 2, &isnull));

		item->reason = reason_of(status);
		if (item->reason == NULL)
			item->outcome = CB_UNDO_PENDING;
	}
	cb_statement_free();
}

/* Why an invite of that status is kept; NULL for one that is pending. */
static const char *
reason_of(const char *status)
{
	static const char *const reasons[] = {"accepted", "revoked", "expired"};

	for (size_t i = 0; i < lengthof(reasons); i++)
	{
		if (strcmp(status, reasons[i]) == 0)
			return reasons[i];
	}
	return NULL;
}

static void
compare_images(const CbScope *scope, CbUndoItem *items, int n)
{
	CbImage    *then = palloc0(sizeof(CbImage) * n);
	CbImage    *now = palloc0(sizeof(CbImage) * n);

	for (int i = 0; i < n; i++)
	{
		const Jsonb *before = items[i].before[items[i].nbefore - 1];
		const char *text = before == NULL ? NULL : cb_undo_text(before, "image");

		if (items[i].outcome == CB_UNDO_PENDING &&
			(text == NULL || !cb_image_parse(&text, &then[i])))
			cb_undo_settle(&items[i], CB_UNDO_KEPT, CB_UNDO_UNKNOWN);
		now[i].ncolumns = then[i].ncolumns;
	}
	read_images(&scope->account, cb_undo_ids(items, n), now);
	for (int i = 0; i < n; i++)
	{
		if (items[i].outcome == CB_UNDO_PENDING && now[i].hash != then[i].hash)
			cb_undo_settle(&items[i], CB_UNDO_KEPT, "invite_changed");
	}
}

static void
reverse(const CbScope *scope, TimestampTz now, CbUndoItem **items, int n)
{
	CbUndoItem **sorted = palloc(sizeof(CbUndoItem *) * n);
	Datum		values[2];
	int			nsent;

	memcpy(sorted, items, sizeof(CbUndoItem *) * n);
	qsort(sorted, n, sizeof(CbUndoItem *), compare_items);
	nsent = split_sent(scope, sorted, n);
	if (nsent > 0)
		revoke_sent(scope, now, sorted, nsent);
	if (nsent == n)
		return;
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = cb_undo_chosen_ids(sorted + nsent, n - nsent);
	cb_undo_run(&delete_invites, values, n - nsent);
}

/*
 * Moves the invites whose mail may have been sent to the front, and returns how
 * many they are; the items are sorted by id.
 */
static int
split_sent(const CbScope *scope, CbUndoItem **items, int n)
{
	bool	   *sent = palloc0(sizeof(bool) * n);
	CbUndoItem **rest = palloc(sizeof(CbUndoItem *) * n);
	Datum		values[2];
	bool		isnull;
	uint64		nmails;
	int			nsent = 0;
	int			nrest = 0;

	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = cb_undo_chosen_ids(items, n);
	nmails = cb_statement_run(&lock_mails, values, NULL);
	for (uint64 i = 0; i < nmails; i++)
	{
		CbUndoItem	wanted = {*DatumGetUUIDP(cb_statement_value(i, 1, &isnull))};
		CbUndoItem *key = &wanted;
		CbUndoItem **place = bsearch(&key, items, n, sizeof(CbUndoItem *),
									 compare_items);

		if (DatumGetBool(cb_statement_value(i, 2, &isnull)))
			sent[place - items] = true;
	}
	cb_statement_free();
	for (int i = 0; i < n; i++)
	{
		if (sent[i])
			items[nsent++] = items[i];
		else
			rest[nrest++] = items[i];
	}
	memcpy(items + nsent, rest, sizeof(CbUndoItem *) * nrest);
	return nsent;
}

static int
compare_items(const void *a, const void *b)
{
	return memcmp(&(*(CbUndoItem *const *) a)->id,
				  &(*(CbUndoItem *const *) b)->id, UUID_LEN);
}

static void
revoke_sent(const CbScope *scope, TimestampTz now, CbUndoItem **items, int n)
{
	pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * n);
	Datum		values[3];

	for (int i = 0; i < n; i++)
		ids[i] = items[i]->id;
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = cb_undo_chosen_ids(items, n);
	values[2] = TimestampTzGetDatum(now);
	cb_undo_run(&revoke_invites, values, n);
	cb_outbox_withdraw(&scope->account, ids, n);
}
