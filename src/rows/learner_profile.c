/*-------------------------------------------------------------------------
 *
 * learner_profile.c
 *		Rows of canopy.learner_profile: what is known of identities as learners.
 *
 * What a row does not say stays as it is.  Profiles are read with the newest
 * snapshot once their identities are locked, which is what everybody does who
 * writes them: what is written once is never written twice.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/uuid7.h"
#include "rows/learner.h"

#define EQ " OPERATOR(pg_catalog.=) "

#define NULLABLE(column)	" " column " text?"

/* In the order of the texts of a row. */
#define TEXT_COLUMNS \
	" ref1, ref2, ref3, ref4, ref5, ref6, ref7, ref8, ref9, ref10," \
	" address1, address2, city, state, zip_code, country, telephone," \
	" language, sf_contact_id, sf_account_id"

/* Parameters: account, identities. */
static CbStatement find_profiles = {
	"SELECT identity_id, portal_client_id, invited_at IS NOT NULL," TEXT_COLUMNS
	" FROM pg_catalog.unnest($2) AS u (id)"
	" JOIN canopy.learner_profile ON account_id" EQ "$1 AND identity_id" EQ "u.id",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT, true,
	.returns = "identity_id uuid, portal_client_id uuid?, was_invited bool,"
	CB_LEARNER_TEXTS(NULLABLE)
};

/*
 * Parameters: account, time, client or null; arrays of identity, whether a mail of
 * welcome goes out, and each text.
 */
static CbStatement write_profiles = {
	"WITH w AS ("
	"INSERT INTO canopy.learner_profile AS p (account_id, identity_id,"
	" portal_client_id, invited_at, created_at, updated_at," TEXT_COLUMNS ")"
	" SELECT $1, u.identity_id, $3, CASE WHEN u.is_invited THEN $2 END, $2, $2,"
	" u.ref1, u.ref2, u.ref3, u.ref4, u.ref5, u.ref6, u.ref7, u.ref8,"
	" u.ref9, u.ref10, u.address1, u.address2, u.city, u.state,"
	" u.zip_code, u.country, u.telephone, u.language, u.sf_contact_id,"
	" u.sf_account_id"
	" FROM ROWS FROM (pg_catalog.unnest($4), pg_catalog.unnest($5),"
	" pg_catalog.unnest($6), pg_catalog.unnest($7),"
	" pg_catalog.unnest($8), pg_catalog.unnest($9),"
	" pg_catalog.unnest($10), pg_catalog.unnest($11),"
	" pg_catalog.unnest($12), pg_catalog.unnest($13),"
	" pg_catalog.unnest($14), pg_catalog.unnest($15),"
	" pg_catalog.unnest($16), pg_catalog.unnest($17),"
	" pg_catalog.unnest($18), pg_catalog.unnest($19),"
	" pg_catalog.unnest($20), pg_catalog.unnest($21),"
	" pg_catalog.unnest($22), pg_catalog.unnest($23),"
	" pg_catalog.unnest($24), pg_catalog.unnest($25)"
	") AS u (identity_id, is_invited," TEXT_COLUMNS ")"
	" ORDER BY u.identity_id"
	" ON CONFLICT (account_id, identity_id) DO UPDATE SET"
	" ref1 = coalesce(EXCLUDED.ref1, p.ref1),"
	" ref2 = coalesce(EXCLUDED.ref2, p.ref2),"
	" ref3 = coalesce(EXCLUDED.ref3, p.ref3),"
	" ref4 = coalesce(EXCLUDED.ref4, p.ref4),"
	" ref5 = coalesce(EXCLUDED.ref5, p.ref5),"
	" ref6 = coalesce(EXCLUDED.ref6, p.ref6),"
	" ref7 = coalesce(EXCLUDED.ref7, p.ref7),"
	" ref8 = coalesce(EXCLUDED.ref8, p.ref8),"
	" ref9 = coalesce(EXCLUDED.ref9, p.ref9),"
	" ref10 = coalesce(EXCLUDED.ref10, p.ref10),"
	" address1 = coalesce(EXCLUDED.address1, p.address1),"
	" address2 = coalesce(EXCLUDED.address2, p.address2),"
	" city = coalesce(EXCLUDED.city, p.city),"
	" state = coalesce(EXCLUDED.state, p.state),"
	" zip_code = coalesce(EXCLUDED.zip_code, p.zip_code),"
	" country = coalesce(EXCLUDED.country, p.country),"
	" telephone = coalesce(EXCLUDED.telephone, p.telephone),"
	" language = coalesce(EXCLUDED.language, p.language),"
	" sf_contact_id = coalesce(p.sf_contact_id, EXCLUDED.sf_contact_id),"
	" sf_account_id = coalesce(p.sf_account_id, EXCLUDED.sf_account_id)"
	", portal_client_id = coalesce(EXCLUDED.portal_client_id, p.portal_client_id),"
	" invited_at = coalesce(p.invited_at, EXCLUDED.invited_at),"
	" updated_at = EXCLUDED.updated_at"
	" RETURNING p.identity_id"
	") SELECT identity_id FROM w",
	25, {UUIDOID, TIMESTAMPTZOID, UUIDOID, UUIDARRAYOID, BOOLARRAYOID,
		TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
		TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
		TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
	TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID},
	SPI_OK_SELECT,
	.returns = "identity_id uuid"
};

#define NSCALARS	3			/* parameters of a write before its arrays */
#define NARRAYS		(2 + CB_LEARNER_PROFILE_TEXTS)

typedef struct Reading
{
	MemoryContext context;
	CbLearnerRow **rows;
	int			n;
	int			nread;
} Reading;

static void read_profile(void *arg, const Datum *values, const bool *nulls);
static bool differs(const CbBatch *batch, const CbLearnerRow *row);
static bool says_another(const CbLearnerRow *row, int i);
static void fill_arrays(CbLearnerRow **rows, int n, Datum *arrays);
static void count_written(void *arg, const Datum *values, const bool *nulls);

void
cb_learner_read_profiles(const CbBatch *batch, CbLearnerRow **rows, int n)
{
	Reading		reading = {CurrentMemoryContext, rows, n};
	Datum	   *ids = palloc(sizeof(Datum) * (n + 1));
	Datum		values[2];
	int			nids = 0;

	for (int i = 0; i < n; i++)
	{
		rows[i]->has_profile = false;
		rows[i]->was_invited = false;
		rows[i]->old_client.given = false;
		memset(rows[i]->old_texts, 0, sizeof(rows[i]->old_texts));
		if (rows[i]->exists)
			ids[nids++] = UUIDPGetDatum(&rows[i]->id);
	}
	if (nids == 0)
		return;
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = cb_statement_array(ids, NULL, nids, UUIDOID);
	cb_statement_stream(&find_profiles, values, NULL, false, read_profile, &reading);
}

bool
cb_learner_write_profiles(const CbBatch *batch, CbLearnerRow **rows, int n)
{
	const CbLearnerBatch *own = batch->of_kind;
	CbLearnerRow **changed = palloc(sizeof(CbLearnerRow *) * (n + 1));
	Datum		values[NSCALARS + NARRAYS];
	char		nulls[NSCALARS + NARRAYS];
	Reading		reading = {CurrentMemoryContext, changed};

	for (int i = 0; i < n; i++)
	{
		rows[i]->changes_profile = differs(batch, rows[i]);
		if (rows[i]->changes_profile)
			changed[reading.n++] = rows[i];
	}
	if (reading.n == 0)
		return true;
	memset(nulls, ' ', sizeof(nulls));
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = TimestampTzGetDatum(batch->now);
	values[2] = UUIDPGetDatum(&own->options->client.id);
	nulls[2] = own->options->client.given ? ' ' : 'n';
	fill_arrays(changed, reading.n, values + NSCALARS);
	cb_statement_stream(&write_profiles, values, nulls, batch->trusted,
						count_written, &reading);
	return reading.nread == reading.n;
}

void
cb_learner_check_texts(CbLearnerRow *row)
{
	for (int i = CB_LEARNER_WRITTEN_ONCE; i < CB_LEARNER_PROFILE_TEXTS; i++)
	{
		if (row->old_texts[i].val != NULL && says_another(row, i))
			cb_field_issue(&row->row, CB_WRITE_ONCE, cb_learner_text_name(i));
	}
}

static void
read_profile(void *arg, const Datum *values, const bool *nulls)
{
	Reading    *reading = arg;
	MemoryContext old = MemoryContextSwitchTo(reading->context);
	const pg_uuid_t *id = DatumGetUUIDP(values[0]);

	for (int i = 0; i < reading->n; i++)
	{
		CbLearnerRow *row = reading->rows[i];

		if (!row->exists || cb_uuid_compare(&row->id, id) != 0)
			continue;
		row->has_profile = true;
		row->old_client.given = !nulls[1];
		if (!nulls[1])
			row->old_client.id = *DatumGetUUIDP(values[1]);
		row->was_invited = DatumGetBool(values[2]);
		for (int j = 0; j < CB_LEARNER_PROFILE_TEXTS; j++)
			row->old_texts[j] = cb_text_copy(values[3 + j], nulls[3 + j]);
	}
	MemoryContextSwitchTo(old);
}

static bool
differs(const CbBatch *batch, const CbLearnerRow *row)
{
	const CbUuid *client = &((const CbLearnerBatch *) batch->of_kind)->options->client;

	if (!row->has_profile || row->mails)
		return true;
	if (client->given && (!row->old_client.given ||
						  cb_uuid_compare(&client->id, &row->old_client.id) != 0))
		return true;
	for (int i = 0; i < CB_LEARNER_PROFILE_TEXTS; i++)
	{
		if (says_another(row, i))
			return true;
	}
	return false;
}

static bool
says_another(const CbLearnerRow *row, int i)
{
	const CbText *sent = &row->texts[i];
	const CbText *found = &row->old_texts[i];

	return sent->val != NULL &&
		(found->val == NULL || sent->len != found->len ||
		 memcmp(sent->val, found->val, sent->len) != 0);
}

static void
fill_arrays(CbLearnerRow **rows, int n, Datum *arrays)
{
	Datum	   *column = palloc0(sizeof(Datum) * n);
	bool	   *nulls = palloc0(sizeof(bool) * n);

	for (int i = 0; i < n; i++)
		column[i] = UUIDPGetDatum(&rows[i]->id);
	arrays[0] = cb_statement_array(column, NULL, n, UUIDOID);
	for (int i = 0; i < n; i++)
		column[i] = BoolGetDatum(rows[i]->mails);
	arrays[1] = cb_statement_array(column, NULL, n, BOOLOID);
	for (int j = 0; j < CB_LEARNER_PROFILE_TEXTS; j++)
	{
		for (int i = 0; i < n; i++)
		{
			nulls[i] = rows[i]->texts[j].val == NULL;
			if (!nulls[i])
				column[i] = cb_text_datum(&rows[i]->texts[j]);
		}
		arrays[2 + j] = cb_statement_array(column, nulls, n, TEXTOID);
	}
}

static void
count_written(void *arg, const Datum *values, const bool *nulls)
{
	((Reading *) arg)->nread++;
}
