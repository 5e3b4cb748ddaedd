/*-------------------------------------------------------------------------
 *
 * learner_people.c
 *		Which identities learners are, and what a row makes of them.
 *
 * A row is the identity that has its address, or else the one that has its
 * external id, which then gets the address: that of somebody who has married, say.
 * A new address has not been verified.
 *
 * Rows that are written together are independent of each other: each is about an
 * identity of its own.  Where a row is about two, or moves an address or external
 * id that another row may want, all of these rows are written one by one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/stored.h"
#include "db/uuid7.h"
#include "rows/access.h"
#include "rows/learner.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define COLUMNS "id, email, first_name, last_name, external_id"
#define RESULT \
	"id uuid, email text, first_name text, last_name text, external_id text?"

/*
 * Parameters: account; arrays of email, external_id.  The locks are taken in the
 * order of addresses; OR instead of UNION may become a scan of the account.
 */
static CbStatement lock_people = {
	"SELECT i.id, i.email, i.first_name, i.last_name, i.external_id FROM ("
	"SELECT a.id, a.email FROM pg_catalog.unnest($2) AS u (email)"
	" JOIN canopy.identity a ON a.account_id" EQ "$1 AND a.email" EQ "u.email"
	" UNION SELECT b.id, b.email FROM pg_catalog.unnest($3) AS u (external_id)"
	" JOIN canopy.identity b ON b.account_id" EQ "$1"
	" AND b.external_id" EQ "u.external_id ORDER BY 2"
	") AS p CROSS JOIN LATERAL (SELECT * FROM canopy.identity c"
	" WHERE c.account_id" EQ "$1 AND c.id" EQ "p.id FOR NO KEY UPDATE) AS i",
	3, {UUIDOID, TEXTARRAYOID, TEXTARRAYOID}, SPI_OK_SELECT,
	.returns = RESULT
};

/*
 * Parameters of both: account, time; arrays of id, email, first_name, last_name,
 * external_id.
 */
#define WISHES \
	"ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4)," \
	" pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7))" \
	" AS u (id, email, first_name, last_name, external_id)"
#define WISH_TYPES \
	7, {UUIDOID, TIMESTAMPTZOID, UUIDARRAYOID, TEXTARRAYOID, TEXTARRAYOID, \
	TEXTARRAYOID, TEXTARRAYOID}, SPI_OK_SELECT, .returns = RESULT

static CbStatement insert_people = {
	"WITH i AS ("
	"INSERT INTO canopy.identity (account_id, id, email, first_name, last_name,"
	" external_id, created_at, updated_at)"
	" SELECT $1, u.id, u.email, u.first_name, u.last_name, u.external_id, $2, $2"
	" FROM " WISHES
	" ORDER BY u.id"
	" ON CONFLICT DO NOTHING"
	" RETURNING " COLUMNS
	") SELECT * FROM i",
	WISH_TYPES
};

static CbStatement update_people = {
	"WITH i AS ("
	"UPDATE canopy.identity i SET email = u.email, first_name = u.first_name,"
	" last_name = u.last_name,"
	" external_id = coalesce(u.external_id, i.external_id),"
	" email_verified = i.email_verified AND i.email" EQ "u.email,"
	" email_verified_at = CASE WHEN i.email" EQ "u.email"
	" THEN i.email_verified_at END, updated_at = $2"
	" FROM " WISHES
	" WHERE i.account_id" EQ "$1 AND i.id" EQ "u.id"
	" RETURNING i.id, i.email, i.first_name, i.last_name, i.external_id"
	") SELECT * FROM i",
	WISH_TYPES
};

/* Parameters: account, id, email, external_id. */
static CbStatement find_taken = {
	"SELECT"
	" (SELECT true FROM canopy.identity a"
	" WHERE a.account_id" EQ "$1 AND a.email" EQ "$3"
	" AND a.id OPERATOR(pg_catalog.<>) $2),"
	" (SELECT true FROM canopy.identity b"
	" WHERE b.account_id" EQ "$1 AND b.external_id" EQ "$4"
	" AND b.id OPERATOR(pg_catalog.<>) $2)",
	4, {UUIDOID, UUIDOID, TEXTOID, TEXTOID}, SPI_OK_SELECT, true,
	.returns = "has_email bool?, has_external_id bool?"
};

#define NCOLUMNS	5			/* of an identity, as above */

/* An identity that was found. */
typedef struct Person
{
	pg_uuid_t	id;
	char	   *email;
	CbText		first_name;
	CbText		last_name;
	CbText		external_id;
	bool		is_contested;	/* more than one row may be about it */
} Person;

typedef struct Finding
{
	MemoryContext context;
	Person	   *people;			/* sorted by address */
	Person	  **by_external_id;
	int			n;
	int			capacity;
} Finding;

/* For read_written. */
typedef struct Writing
{
	const CbBatch *batch;
	CbLearnerRow **rows;
	int			n;
	int			nread;
} Writing;

static void find_people(const CbBatch *batch, CbLearnerRow **rows, int n,
						Finding *finding);
static void read_person(void *arg, const Datum *values, const bool *nulls);
static Person *by_email(const Finding *finding, const CbLearnerRow *row);
static Person *by_external_id(const Finding *finding, const CbLearnerRow *row);
static bool moves_a_key(const CbLearnerRow *row, const Person *with_email,
						const Person *with_external_id);
static bool is_contested(const Person *person);
static void take_person(CbLearnerRow *row, const Person *person);
static int	check_access(const CbBatch *batch, CbLearnerRow **rows, int n);
static bool differs(const CbLearnerRow *row);
static bool differs_in_key(const CbLearnerRow *row);
static bool same_text(const CbText *a, const CbText *b);
static void write_people(const CbBatch *batch, CbStatement *statement,
						 bool trusted, Writing *writing);
static void read_written(void *arg, const Datum *values, const bool *nulls);
static void keep_found(const CbBatch *batch, CbLearnerRow *row);
static void keep_stored(const CbBatch *batch, CbLearnerRow *row,
						const Datum *values, const bool *nulls);
static int	compare_emails(const void *a, const void *b);
static int	compare_external_ids(const void *a, const void *b);
static int	compare_texts(const CbText *a, const CbText *b);

int
cb_learner_find(const CbBatch *batch, CbLearnerRow **rows, int n)
{
	Finding		finding = {CurrentMemoryContext};
	Person	  **with_email = palloc(sizeof(Person *) * (n + 1));
	Person	  **with_external_id = palloc(sizeof(Person *) * (n + 1));
	int			nleft = 0;

	find_people(batch, rows, n, &finding);
	for (int i = 0; i < n; i++)
	{
		with_email[i] = by_email(&finding, rows[i]);
		with_external_id[i] = by_external_id(&finding, rows[i]);
		if (n == 1 || !moves_a_key(rows[i], with_email[i], with_external_id[i]))
			continue;
		if (with_email[i] != NULL)
			with_email[i]->is_contested = true;
		if (with_external_id[i] != NULL)
			with_external_id[i]->is_contested = true;
	}
	for (int i = 0; i < n; i++)
	{
		CbLearnerRow *row = rows[i];

		if (is_contested(with_email[i]) || is_contested(with_external_id[i]))
			continue;
		if (with_email[i] != NULL && with_external_id[i] != NULL &&
			with_email[i] != with_external_id[i])
		{
			cb_field_issue(&row->row, CB_EXTERNAL_ID_CONFLICT, "externalCustomerId");
			continue;
		}
		take_person(row, with_email[i] != NULL ?
					with_email[i] : with_external_id[i]);
		rows[nleft++] = row;
	}
	return batch->scope.is_bound ? check_access(batch, rows, nleft) : nleft;
}

int
cb_learner_insert(const CbBatch *batch, CbLearnerRow **rows, int n)
{
	Writing		writing = {batch, palloc(sizeof(CbLearnerRow *) * (n + 1))};
	int			nleft = 0;

	for (int i = 0; i < n; i++)
	{
		rows[i]->returned = rows[i]->exists;
		if (rows[i]->exists)
			continue;
		cb_uuid7_make(&rows[i]->id);
		writing.rows[writing.n++] = rows[i];
	}
	write_people(batch, &insert_people, batch->trusted, &writing);
	for (int i = 0; i < n; i++)
	{
		if (rows[i]->returned)
			rows[nleft++] = rows[i];
	}
	return nleft;
}

bool
cb_learner_update(const CbBatch *batch, CbLearnerRow **rows, int n)
{
	Writing		writing = {batch, palloc(sizeof(CbLearnerRow *) * (n + 1))};

	for (int i = 0; i < n; i++)
	{
		CbLearnerRow *row = rows[i];

		row->moves_key = row->exists && differs_in_key(row);
		row->changes_identity = row->exists && differs(row);
		if (row->changes_identity)
			writing.rows[writing.n++] = row;
		else if (row->exists)
			keep_found(batch, row);
	}
	write_people(batch, &update_people, false, &writing);
	return writing.nread == writing.n;
}

void
cb_learner_blame(const CbBatch *batch, CbLearnerRow *row)
{
	Datum		values[4];
	char		nulls[4] = {' ', ' ', ' ', 'n'};
	bool		email_is_free;
	bool		external_id_is_free;

	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = UUIDPGetDatum(&row->id);
	values[2] = CStringGetTextDatum(row->email);
	if (row->external_id.val != NULL)
	{
		values[3] = cb_text_datum(&row->external_id);
		nulls[3] = ' ';
	}
	cb_statement_run(&find_taken, values, nulls);
	cb_statement_value(0, 1, &email_is_free);
	cb_statement_value(0, 2, &external_id_is_free);
	cb_statement_free();
	if (!email_is_free)
		cb_field_issue(&row->row, CB_EMAIL_CONFLICT, "email");
	if (!external_id_is_free)
		cb_field_issue(&row->row, CB_EXTERNAL_ID_CONFLICT, "externalCustomerId");
}

static void
find_people(const CbBatch *batch, CbLearnerRow **rows, int n, Finding *finding)
{
	Datum	   *emails = palloc(sizeof(Datum) * n);
	Datum	   *external_ids = palloc(sizeof(Datum) * n);
	Datum		values[3];
	int			nexternal = 0;

	for (int i = 0; i < n; i++)
	{
		emails[i] = CStringGetTextDatum(rows[i]->email);
		if (rows[i]->external_id.val != NULL)
			external_ids[nexternal++] = cb_text_datum(&rows[i]->external_id);
	}
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = cb_statement_array(emails, NULL, n, TEXTOID);
	values[2] = cb_statement_array(external_ids, NULL, nexternal, TEXTOID);
	finding->capacity = 2 * n;
	finding->people = palloc0(sizeof(Person) * finding->capacity);
	finding->by_external_id = palloc(sizeof(Person *) * finding->capacity);
	cb_statement_stream(&lock_people, values, NULL, false, read_person, finding);
	qsort(finding->people, finding->n, sizeof(Person), compare_emails);
	for (int i = 0; i < finding->n; i++)
		finding->by_external_id[i] = &finding->people[i];
	qsort(finding->by_external_id, finding->n, sizeof(Person *),
		  compare_external_ids);
}

static void
read_person(void *arg, const Datum *values, const bool *nulls)
{
	Finding    *finding = arg;
	MemoryContext old = MemoryContextSwitchTo(finding->context);
	Person	   *person;

	if (finding->n == finding->capacity)
		cb_stored_refuse("identity.id");
	person = &finding->people[finding->n++];
	person->id = *DatumGetUUIDP(values[0]);
	person->email = TextDatumGetCString(values[1]);
	person->first_name = cb_text_copy(values[2], nulls[2]);
	person->last_name = cb_text_copy(values[3], nulls[3]);
	person->external_id = cb_text_copy(values[4], nulls[4]);
	MemoryContextSwitchTo(old);
}

static Person *
by_email(const Finding *finding, const CbLearnerRow *row)
{
	Person		wanted = {.email = unconstify(char *, (const char *) row->email)};

	return bsearch(&wanted, finding->people, finding->n, sizeof(Person),
				   compare_emails);
}

static Person *
by_external_id(const Finding *finding, const CbLearnerRow *row)
{
	Person		wanted = {.external_id = row->external_id};
	Person	   *key = &wanted;
	Person	  **found;

	if (row->external_id.val == NULL)
		return NULL;
	found = bsearch(&key, finding->by_external_id, finding->n, sizeof(Person *),
					compare_external_ids);
	return found == NULL ? NULL : *found;
}

/* Is an address or external id free, or taken, only once the row is written? */
static bool
moves_a_key(const CbLearnerRow *row, const Person *with_email,
			const Person *with_external_id)
{
	if (with_external_id != NULL && with_external_id != with_email)
		return true;
	return with_email != NULL && row->external_id.val != NULL &&
		with_email->external_id.val != NULL &&
		!same_text(&row->external_id, &with_email->external_id);
}

static bool
is_contested(const Person *person)
{
	return person != NULL && person->is_contested;
}

static void
take_person(CbLearnerRow *row, const Person *person)
{
	row->exists = person != NULL;
	if (person == NULL)
		return;
	row->id = person->id;
	row->old_email = person->email;
	row->old_first_name = person->first_name;
	row->old_last_name = person->last_name;
	row->old_external_id = person->external_id;
}

/*
 * For a caller who is bound: moves the rows that it may write to the front and returns
 * how many they are; the others get their issues.
 */
static int
check_access(const CbBatch *batch, CbLearnerRow **rows, int n)
{
	pg_uuid_t  *ids = palloc(sizeof(pg_uuid_t) * (n + 1));
	CbAccessLock lock = CB_ACCESS_LOCK_MEMBERSHIP;
	CbStandings standings;
	int			nids = 0;
	int			nleft = 0;

	for (int i = 0; i < n; i++)
	{
		if (!rows[i]->exists)
			continue;
		ids[nids++] = rows[i]->id;
		if (differs_in_key(rows[i]))
			lock = CB_ACCESS_LOCK_KEYS;
	}
	cb_access_look(&standings, &batch->scope, ids, nids, lock);
	for (int i = 0; i < n; i++)
	{
		CbLearnerRow *row = rows[i];
		bool		moves = row->exists && strcmp(row->email, row->old_email) != 0;

		if (row->exists &&
			cb_access_check(&standings, &row->id, CB_ACCESS_MEMBER) != CB_OK)
			cb_field_issue(&row->row,
						   moves ? CB_EXTERNAL_ID_CONFLICT : CB_EMAIL_CONFLICT,
						   moves ? "externalCustomerId" : "email");
		else if (moves &&
				 cb_access_check(&standings, &row->id, CB_ACCESS_CREDENTIAL) != CB_OK)
			cb_field_issue(&row->row, CB_FORBIDDEN, "email");
		else if (row->exists && row->external_id.val != NULL &&
				 cb_access_check_external_id(&standings, &row->id,
											 &row->external_id) != CB_OK)
			cb_field_issue(&row->row, CB_FORBIDDEN, "externalCustomerId");
		if (cb_row_is_good(&row->row))
			rows[nleft++] = row;
	}
	return nleft;
}

static bool
differs(const CbLearnerRow *row)
{
	return differs_in_key(row) ||
		!same_text(&row->first_name, &row->old_first_name) ||
		!same_text(&row->last_name, &row->old_last_name);
}

static bool
differs_in_key(const CbLearnerRow *row)
{
	return strcmp(row->email, row->old_email) != 0 ||
		(row->external_id.val != NULL &&
		 !same_text(&row->external_id, &row->old_external_id));
}

static bool
same_text(const CbText *a, const CbText *b)
{
	return (a->val == NULL) == (b->val == NULL) &&
		(a->val == NULL || compare_texts(a, b) == 0);
}

static void
write_people(const CbBatch *batch, CbStatement *statement, bool trusted,
			 Writing *writing)
{
	static const Oid types[NCOLUMNS] = {UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	Datum	   *columns[NCOLUMNS];
	bool	   *nulls = palloc0(sizeof(bool) * (writing->n + 1));
	Datum		values[2 + NCOLUMNS];

	if (writing->n == 0)
		return;
	for (int i = 0; i < NCOLUMNS; i++)
		columns[i] = palloc0(sizeof(Datum) * writing->n);
	for (int i = 0; i < writing->n; i++)
	{
		CbLearnerRow *row = writing->rows[i];

		columns[0][i] = UUIDPGetDatum(&row->id);
		columns[1][i] = CStringGetTextDatum(row->email);
		columns[2][i] = cb_text_datum(&row->first_name);
		columns[3][i] = cb_text_datum(&row->last_name);
		nulls[i] = row->external_id.val == NULL;
		if (!nulls[i])
			columns[4][i] = cb_text_datum(&row->external_id);
	}
	values[0] = UUIDPGetDatum(&batch->scope.account);
	values[1] = TimestampTzGetDatum(batch->now);
	for (int i = 0; i < NCOLUMNS; i++)
		values[2 + i] = cb_statement_array(columns[i], i == NCOLUMNS - 1 ? nulls : NULL,
										   writing->n, types[i]);
	cb_statement_stream(statement, values, NULL, trusted, read_written, writing);
}

static void
read_written(void *arg, const Datum *values, const bool *nulls)
{
	Writing    *writing = arg;
	const pg_uuid_t *id = DatumGetUUIDP(values[0]);

	for (int i = 0; i < writing->n; i++)
	{
		CbLearnerRow *row = writing->rows[(writing->nread + i) % writing->n];

		if (cb_uuid_compare(&row->id, id) != 0)
			continue;
		row->returned = true;
		writing->nread++;
		keep_stored(writing->batch, row, values, nulls);
		return;
	}
}

/* What was found is what was sent, and perhaps an external id. */
static void
keep_found(const CbBatch *batch, CbLearnerRow *row)
{
	const CbText *found = &row->old_external_id;

	row->stored_email.val = row->email;
	row->stored_email.len = (int) strlen(row->email);
	row->stored_first_name = row->first_name;
	row->stored_last_name = row->last_name;
	row->stored_external_id = *found;
	if (found->val != NULL)
	{
		char	   *copy = MemoryContextAlloc(batch->context, found->len + 1);

		memcpy(copy, found->val, found->len);
		row->stored_external_id.val = copy;
	}
}

static void
keep_stored(const CbBatch *batch, CbLearnerRow *row, const Datum *values,
			const bool *nulls)
{
	MemoryContext old = MemoryContextSwitchTo(batch->context);

	row->stored_email = cb_text_copy(values[1], nulls[1]);
	row->stored_first_name = cb_text_copy(values[2], nulls[2]);
	row->stored_last_name = cb_text_copy(values[3], nulls[3]);
	row->stored_external_id = cb_text_copy(values[4], nulls[4]);
	MemoryContextSwitchTo(old);
}

static int
compare_emails(const void *a, const void *b)
{
	return strcmp(((const Person *) a)->email, ((const Person *) b)->email);
}

/* Who has none comes last. */
static int
compare_external_ids(const void *a, const void *b)
{
	const CbText *left = &(*(Person *const *) a)->external_id;
	const CbText *right = &(*(Person *const *) b)->external_id;

	if (left->val == NULL || right->val == NULL)
		return (left->val == NULL) - (right->val == NULL);
	return compare_texts(left, right);
}

static int
compare_texts(const CbText *a, const CbText *b)
{
	int			order = memcmp(a->val, b->val, Min(a->len, b->len));

	return order != 0 ? order : a->len - b->len;
}
