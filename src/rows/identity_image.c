/*-------------------------------------------------------------------------
 *
 * identity_image.c
 *		What identities look like, with all that an import writes of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "canopy_bulk.h"
#include "rows/identity_image.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define IMAGE_ROWS	500			/* identities at a time */

/* Parameters of all: account, identities.  The first column is the place of one. */
#define PART(table, key, order) { \
	"SELECT u.place, x.* FROM pg_catalog.unnest($2)" \
	" WITH ORDINALITY AS u (id, place)" \
	" JOIN canopy." table " x ON x.account_id" EQ "$1 AND x." key EQ "u.id" order, \
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT, .returns = "place int8, ..."}

static CbStatement read_parts[CB_LEARNER_PARTS] = {
	PART("identity", "id", ""),
	PART("app_membership", "identity_id", " ORDER BY u.place, x.id"),
	PART("role_assignment", "identity_id", " ORDER BY u.place, x.id"),
	PART("learner_profile", "identity_id", ""),
	PART("enrolment", "identity_id", " ORDER BY u.place, x.id")
};

static const char *const changed[CB_LEARNER_PARTS] = {
	"identity_changed", "memberships_changed", "roles_changed", "profile_changed",
	"enrolments_changed"
};

static bool is_written(const CbRow *row);
static void read_images(const pg_uuid_t *account, Datum ids, int nparts,
						CbIdentityImage *images);
static void compare_some(const CbScope *scope, CbUndoItem *items, int n,
						 int nparts);
static bool parse_image(const CbUndoItem *item, int nparts,
						CbIdentityImage *image);

CbIdentityImage *
cb_identity_image_left(const CbBatch *batch, int nparts)
{
	Datum	   *ids = palloc(sizeof(Datum) * (batch->nrows + 1));
	CbIdentityImage *images = palloc0(sizeof(CbIdentityImage) * (batch->nrows + 1));
	int			n = 0;

	for (int i = 0; i < batch->nrows; i++)
	{
		if (is_written(batch->rows[i]))
			ids[n++] = UUIDPGetDatum(batch->kind->resource(batch->rows[i]));
	}
	if (n == 0)
		return NULL;
	read_images(&batch->scope.account,
				cb_statement_array(ids, NULL, n, UUIDOID), nparts, images);
	for (int i = batch->nrows - 1; i >= 0; i--)
	{
		if (is_written(batch->rows[i]))
			images[i] = images[--n];
	}
	return images;
}

char *
cb_identity_image_text(const CbIdentityImage *image, int nparts)
{
	char	   *result = palloc(nparts * (CB_IMAGE_TEXT_LEN + 1));
	char	   *end = result;

	for (int i = 0; i < nparts; i++)
	{
		if (i > 0)
			*end++ = ' ';
		cb_image_format(&image->parts[i], end);
		end += strlen(end);
	}
	return result;
}

void
cb_identity_image_compare(const CbScope *scope, CbUndoItem *items, int n,
						  int nparts)
{
	for (int i = 0; i < n; i += IMAGE_ROWS)
		compare_some(scope, items + i, Min(IMAGE_ROWS, n - i), nparts);
}

static bool
is_written(const CbRow *row)
{
	return row->outcome == CB_CREATED || row->outcome == CB_UPDATED;
}

/* An image for each of the ids, in their order; empty at first. */
static void
read_images(const pg_uuid_t *account, Datum ids, int nparts,
			CbIdentityImage *images)
{
	Datum		values[2];
	bool		isnull;

	values[0] = UUIDPGetDatum(account);
	values[1] = ids;
	for (int part = 0; part < nparts; part++)
	{
		uint64		n = cb_statement_run(&read_parts[part], values, NULL);

		for (uint64 row = 0; row < n; row++)
		{
			int64		place = DatumGetInt64(cb_statement_value(row, 1, &isnull));

			cb_image_add(&images[place - 1].parts[part], row, 2);
		}
		cb_statement_free();
	}
}

static void
compare_some(const CbScope *scope, CbUndoItem *items, int n, int nparts)
{
	CbIdentityImage *then = palloc0(sizeof(CbIdentityImage) * n);
	CbIdentityImage *now = palloc0(sizeof(CbIdentityImage) * n);

	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < n; i++)
	{
		if (items[i].outcome == CB_UNDO_PENDING &&
			!parse_image(&items[i], nparts, &then[i]))
			cb_undo_settle(&items[i], CB_UNDO_KEPT, CB_UNDO_UNKNOWN);
		for (int part = 0; part < nparts; part++)
			now[i].parts[part].ncolumns = then[i].parts[part].ncolumns;
	}
	read_images(&scope->account, cb_undo_ids(items, n), nparts, now);
	for (int i = 0; i < n; i++)
	{
		for (int part = 0; part < nparts; part++)
		{
			if (items[i].outcome == CB_UNDO_PENDING &&
				now[i].parts[part].hash != then[i].parts[part].hash)
				cb_undo_settle(&items[i], CB_UNDO_KEPT, changed[part]);
		}
	}
	pfree(then);
	pfree(now);
}

/* False when one of the item's rows has left nothing. */
static bool
parse_image(const CbUndoItem *item, int nparts, CbIdentityImage *image)
{
	const char *end;

	for (int i = 0; i < item->nbefore; i++)
	{
		if (item->before[i] == NULL)
			return false;
	}
	end = cb_undo_text(item->before[item->nbefore - 1], "image");
	for (int part = 0; part < nparts; part++)
	{
		if (end == NULL || !cb_image_parse(&end, &image->parts[part]))
			return false;
	}
	return true;
}
