/*-------------------------------------------------------------------------
 *
 * learner_undo.c
 *		How learners that an import wrote are undone.
 *
 * A learner who was created is deleted, and all that hangs on him goes with him.  One
 * who was updated has what each of his rows made taken away, and gets the values from
 * before the first row that replaced them.
 *
 * Licenses are locked before identities, as batches that enrol do it: so whoever
 * waits for a seat gets one that becomes free.
 *
 * A mail of welcome goes as long as nobody has claimed it.  One that may have been
 * sent stands in nobody's way, and is a reason to be named all the same.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "record/outbox.h"
#include "rows/identity_reverse.h"
#include "rows/learner.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define GET(key)	"(w.old OPERATOR(pg_catalog.->>) '" key "')"
#define TEXT(key)	" " key " = " GET(key)

/* What of an object the first row of each learner left that had replaced it. */
#define FIRST(key) \
	"SELECT DISTINCT ON (b.id) b.id, b.before OPERATOR(pg_catalog.->) '" key "' AS old" \
	" FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($4))" \
	" WITH ORDINALITY AS b (before, id, place)" \
	" WHERE pg_catalog.jsonb_typeof(b.before OPERATOR(pg_catalog.->) '" key "')" \
	" OPERATOR(pg_catalog.<>) 'null' ORDER BY b.id, b.place"
#define FIRST_PROFILE(type) \
	"WITH w AS (SELECT f.id, f.old FROM (" FIRST("profile") ") AS f" \
	" WHERE pg_catalog.jsonb_typeof(f.old)" EQ "'" type "'), d AS ("

/* Parameters: account, identities. */
static CbStatement lock_seats = {
	"SELECT l.id FROM canopy.learning_item l"
	" WHERE l.account_id" EQ "$1 AND l.seats IS NOT NULL"
	" AND l.id" EQ "ANY (SELECT e.learning_item_id FROM canopy.enrolment e"
	" WHERE e.account_id" EQ "$1 AND e.identity_id" EQ "ANY ($2))"
	" ORDER BY l.id FOR NO KEY UPDATE OF l",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = "id uuid"
};

/* Parameters: account, mails, the identities of these. */
static CbStatement lock_mails = {
	"SELECT u.identity_id, o.attempt_count OPERATOR(pg_catalog.>) 0"
	" FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3))"
	" AS u (id, identity_id)"
	" JOIN canopy.outbox o ON o.account_id" EQ "$1 AND o.id" EQ "u.id"
	" ORDER BY o.id FOR UPDATE OF o",
	3, {UUIDOID, UUIDARRAYOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = "identity_id uuid, is_claimed bool"
};

/* Parameters of these: account, what rows left behind, time, the identities of these. */
#define REVERSE_TYPES \
	4, {UUIDOID, JSONBARRAYOID, TIMESTAMPTZOID, UUIDARRAYOID}, SPI_OK_SELECT, \
	.returns = CB_UNDO_RESULT

static CbStatement delete_profiles = {
	FIRST_PROFILE("boolean")
	"DELETE FROM canopy.learner_profile WHERE account_id" EQ "$1"
	" AND identity_id" EQ "ANY (SELECT w.id FROM w) RETURNING identity_id"
	")" CB_UNDO_COUNTS,
	REVERSE_TYPES
};

static CbStatement restore_profiles = {
	FIRST_PROFILE("object")
	"UPDATE canopy.learner_profile p SET"
	" portal_client_id = " GET("portal_client_id") "::pg_catalog.uuid,"
	" invited_at = " GET("invited_at") "::pg_catalog.timestamptz,"
	CB_LEARNER_TEXTS(TEXT) ", updated_at = $3 FROM w"
	" WHERE p.account_id" EQ "$1 AND p.identity_id" EQ "w.id"
	" RETURNING p.identity_id"
	")" CB_UNDO_COUNTS,
	REVERSE_TYPES
};

static CbStatement delete_enrolments = {
	"WITH w AS (SELECT DISTINCT m.id::pg_catalog.uuid AS id"
	" FROM pg_catalog.unnest($2) AS b (before) CROSS JOIN LATERAL"
	" pg_catalog.jsonb_array_elements_text(b.before OPERATOR(pg_catalog.->) 'enrolments')"
	" AS m (id)), d AS ("
	"DELETE FROM canopy.enrolment WHERE account_id" EQ "$1"
	" AND id" EQ "ANY (SELECT w.id FROM w) RETURNING id"
	")" CB_UNDO_COUNTS,
	REVERSE_TYPES
};

/* One that an earlier row made is gone by now. */
static CbStatement restore_enrolments = {
	"WITH w AS (SELECT DISTINCT ON (o.old OPERATOR(pg_catalog.->>) 'id') e.id, o.old"
	" FROM pg_catalog.unnest($2) WITH ORDINALITY AS b (before, place)"
	" CROSS JOIN LATERAL pg_catalog.jsonb_array_elements("
	"b.before OPERATOR(pg_catalog.->) 'old_enrolments') AS o (old)"
	" JOIN canopy.enrolment e ON e.account_id" EQ "$1"
	" AND e.id" EQ "(o.old OPERATOR(pg_catalog.->>) 'id')::pg_catalog.uuid"
	" ORDER BY o.old OPERATOR(pg_catalog.->>) 'id', b.place), d AS ("
	"UPDATE canopy.enrolment e SET status = " GET("status") ","
	" completed_at = " GET("completed_at") "::pg_catalog.timestamptz,"
	" updated_at = $3 FROM w"
	" WHERE e.account_id" EQ "$1 AND e.id" EQ "w.id RETURNING e.id"
	")" CB_UNDO_COUNTS,
	REVERSE_TYPES
};

static CbStatement restore_identities = {
	"WITH w AS (" FIRST("identity") "), d AS ("
	"UPDATE canopy.identity i SET" TEXT("email") "," TEXT("first_name") ","
	TEXT("last_name") "," TEXT("external_id") ","
	" email_verified = " GET("email_verified") "::pg_catalog.bool,"
	" email_verified_at = " GET("email_verified_at") "::pg_catalog.timestamptz,"
	" updated_at = $3 FROM w"
	" WHERE i.account_id" EQ "$1 AND i.id" EQ "w.id RETURNING i.id"
	")" CB_UNDO_COUNTS,
	REVERSE_TYPES
};

/* An item whose address or external id has moved. */
typedef struct Mover
{
	CbUndoItem *item;
	const char *moved;			/* when, at last */
} Mover;

static void judge(const CbScope *scope, CbUndoItem *items, int n);
static void judge_mails(const CbScope *scope, CbUndoItem *items, int n);
static Datum mails_of(CbUndoItem **items, int n, Datum *ids);
static void reverse(const CbScope *scope, TimestampTz now, CbUndoItem **items,
					int n);
static void restore_people(const CbScope *scope, TimestampTz now,
						   CbUndoItem **items, int n);
static const char *when_moved(const CbUndoItem *item);
static int	compare_movers(const void *a, const void *b);
static void fill_values(const CbScope *scope, TimestampTz now, CbUndoItem **items,
						int n, Datum *values);

static const char *const tables[] = {
	"identity", "app_membership", "role_assignment", "learner_profile",
	"enrolment", "outbox", NULL
};

const CbUndoKind cb_learner_undo = {
	.remember = cb_learner_leave,
	.judge = judge,
	.reverse = reverse,
	.tables = tables
};

static void
judge(const CbScope *scope, CbUndoItem *items, int n)
{
	Datum		values[2];

	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = cb_undo_ids(items, n);
	cb_statement_run(&lock_seats, values, NULL);
	cb_statement_free();
	cb_identity_judge(scope, items, n, CB_LEARNER_PARTS);
	judge_mails(scope, items, n);
}

/* Locks the mails against whoever would claim them. */
static void
judge_mails(const CbScope *scope, CbUndoItem *items, int n)
{
	CbUndoItem **pending = palloc(sizeof(CbUndoItem *) * (n + 1));
	Datum		values[3];
	bool		isnull;
	uint64		nmails;
	int			npending = 0;

	for (int i = 0; i < n; i++)
	{
		if (items[i].outcome == CB_UNDO_PENDING)
			pending[npending++] = &items[i];
	}
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = mails_of(pending, npending, &values[2]);
	nmails = cb_statement_run(&lock_mails, values, NULL);
	for (uint64 i = 0; i < nmails; i++)
	{
		if (DatumGetBool(cb_statement_value(i, 2, &isnull)))
			cb_undo_find(items, n, DatumGetUUIDP(cb_statement_value(i, 1, &isnull)))->reason =
				CB_UNDO_MAILED;
	}
	cb_statement_free();
}

/* The mails that rows queued as a uuid[]; with ids, also the item of each. */
static Datum
mails_of(CbUndoItem **items, int n, Datum *ids)
{
	Datum	   *mails;
	Datum	   *owners;
	int			nmails = 0;

	for (int i = 0; i < n; i++)
		nmails += items[i]->nbefore;
	mails = palloc(sizeof(Datum) * (nmails + 1));
	owners = palloc(sizeof(Datum) * (nmails + 1));
	nmails = 0;
	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j < items[i]->nbefore; j++)
		{
			const char *mail = cb_undo_text(items[i]->before[j], "mail");
			pg_uuid_t  *id = palloc(sizeof(pg_uuid_t));

			if (mail == NULL || !cb_uuid_parse(mail, strlen(mail), id))
				continue;
			owners[nmails] = UUIDPGetDatum(&items[i]->id);
			mails[nmails++] = UUIDPGetDatum(id);
		}
	}
	if (ids != NULL)
		*ids = cb_statement_array(owners, NULL, nmails, UUIDOID);
	return cb_statement_array(mails, NULL, nmails, UUIDOID);
}

/* Those that were created go first: one may have a key that another had. */
static void
reverse(const CbScope *scope, TimestampTz now, CbUndoItem **items, int n)
{
	CbStatement *const steps[] = {
		&delete_profiles, &restore_profiles, &delete_enrolments, &restore_enrolments
	};
	CbUndoItem **updated = palloc(sizeof(CbUndoItem *) * n);
	Datum		values[4];

	n = cb_identity_delete_created(scope, items, n, updated);
	if (n == 0)
		return;
	fill_values(scope, now, updated, n, values);
	cb_outbox_take_back(&scope->account, mails_of(updated, n, NULL));
	cb_identity_restore_memberships(scope, now, values[1]);
	for (size_t i = 0; i < lengthof(steps); i++)
		cb_undo_run_all(steps[i], values);
	restore_people(scope, now, updated, n);
}

/*
 * What has moved last moves back first, and by itself: a unique key is asked row by
 * row, and the place that somebody returns to may be another's until then.
 */
static void
restore_people(const CbScope *scope, TimestampTz now, CbUndoItem **items, int n)
{
	CbUndoItem **others = palloc(sizeof(CbUndoItem *) * n);
	Mover	   *movers = palloc(sizeof(Mover) * n);
	Datum		values[4];
	int			nothers = 0;
	int			nmovers = 0;

	for (int i = 0; i < n; i++)
	{
		movers[nmovers].item = items[i];
		movers[nmovers].moved = when_moved(items[i]);
		if (movers[nmovers].moved == NULL)
			others[nothers++] = items[i];
		else
			nmovers++;
	}
	qsort(movers, nmovers, sizeof(Mover), compare_movers);
	for (int i = 0; i < nmovers; i++)
	{
		fill_values(scope, now, &movers[i].item, 1, values);
		cb_undo_run_all(&restore_identities, values);
	}
	if (nothers == 0)
		return;
	fill_values(scope, now, others, nothers, values);
	cb_undo_run_all(&restore_identities, values);
}

static const char *
when_moved(const CbUndoItem *item)
{
	const char *last = NULL;

	for (int i = 0; i < item->nbefore; i++)
	{
		const char *moved = cb_undo_text(item->before[i], "moved");

		if (moved != NULL && (last == NULL || strcmp(moved, last) > 0))
			last = moved;
	}
	return last;
}

static int
compare_movers(const void *a, const void *b)
{
	return strcmp(((const Mover *) b)->moved, ((const Mover *) a)->moved);
}

static void
fill_values(const CbScope *scope, TimestampTz now, CbUndoItem **items, int n,
			Datum *values)
{
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = cb_undo_before(items, n, &values[3]);
	values[2] = TimestampTzGetDatum(now);
}
