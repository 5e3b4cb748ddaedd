/*-------------------------------------------------------------------------
 *
 * import_mapping.c
 *		What an account chose for the headers of its files.
 *
 * What is chosen in an import that is bound to an application is remembered for that
 * application alone; and where it has not chosen, what the account chose counts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "input/mapping.h"
#include "record/import_mapping.h"

#define EQ " OPERATOR(pg_catalog.=) "

/*
 * Parameters: account, mode, headers, application, no application.  What the
 * application chose comes last.
 */
static CbStatement find_choices = {
	"SELECT u.n, m.field"
	" FROM pg_catalog.unnest($3) WITH ORDINALITY AS u (header, n)"
	" JOIN canopy.import_mapping m ON m.account_id" EQ "$1 AND m.mode" EQ "$2"
	" AND m.header" EQ "u.header"
	" WHERE m.application_id" EQ "$4 OR m.application_id" EQ "$5"
	" ORDER BY m.application_id" EQ "$4",
	5, {UUIDOID, TEXTOID, TEXTARRAYOID, UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = "place int8, field text?"
};

/* Parameters: account, mode, headers, fields, time, application. */
static CbStatement save_choices = {
	"INSERT INTO canopy.import_mapping (account_id, application_id, mode,"
	" header, field, chosen_at)"
	" SELECT $1, $6, $2, u.header, u.field, $5"
	" FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4))"
	" AS u (header, field)"
	" ORDER BY u.header"
	" ON CONFLICT (account_id, application_id, mode, header)"
	" DO UPDATE SET field = EXCLUDED.field, chosen_at = EXCLUDED.chosen_at",
	6, {UUIDOID, TEXTOID, TEXTARRAYOID, TEXTARRAYOID, TIMESTAMPTZOID, UUIDOID},
	SPI_OK_INSERT
};

static const pg_uuid_t no_application = {{0}};

static Datum application_of(const CbImport *import);
static bool is_repeated(char **keys, int n);

void
cb_import_mapping_read(const CbImport *import, const char **headers,
					   const char **targets, int n)
{
	Datum	   *keys = palloc(sizeof(Datum) * (n + 1));
	Datum		values[5];
	uint64		found;

	for (int i = 0; i < n; i++)
	{
		keys[i] = CStringGetTextDatum(cb_import_mapping_key(headers[i]));
		targets[i] = NULL;
	}
	values[0] = UUIDPGetDatum(&import->account);
	values[1] = CStringGetTextDatum(import->mode);
	values[2] = cb_statement_array(keys, NULL, n, TEXTOID);
	values[3] = application_of(import);
	values[4] = UUIDPGetDatum(&no_application);
	found = cb_statement_run(&find_choices, values, NULL);
	for (uint64 i = 0; i < found; i++)
	{
		bool		isnull;
		int			place = (int) DatumGetInt64(cb_statement_value(i, 1, &isnull));
		Datum		field = cb_statement_value(i, 2, &isnull);

		targets[place - 1] = isnull ? CB_MAPPING_IGNORE : TextDatumGetCString(field);
	}
	cb_statement_free();
}

void
cb_import_mapping_save(const CbImport *import, const char **headers,
					   const char **fields, int n, TimestampTz now)
{
	char	  **keys = palloc(sizeof(char *) * (n + 1));
	Datum	   *names = palloc(sizeof(Datum) * (n + 1));
	Datum	   *chosen = palloc0(sizeof(Datum) * (n + 1));
	bool	   *nulls = palloc0(sizeof(bool) * (n + 1));
	Datum		values[6];
	int			m = 0;

	for (int i = 0; i < n; i++)
	{
		keys[m] = cb_import_mapping_key(headers[i]);
		if (is_repeated(keys, m))
			continue;
		names[m] = CStringGetTextDatum(keys[m]);
		nulls[m] = fields[i] == NULL;
		if (!nulls[m])
			chosen[m] = CStringGetTextDatum(fields[i]);
		m++;
	}
	values[0] = UUIDPGetDatum(&import->account);
	values[1] = CStringGetTextDatum(import->mode);
	values[2] = cb_statement_array(names, NULL, m, TEXTOID);
	values[3] = cb_statement_array(chosen, nulls, m, TEXTOID);
	values[4] = TimestampTzGetDatum(now);
	values[5] = application_of(import);
	cb_statement_run(&save_choices, values, NULL);
}

/* Whose choices they are: of the application, or of the whole account. */
static Datum
application_of(const CbImport *import)
{
	return UUIDPGetDatum(import->is_bound ? &import->application : &no_application);
}

/* Is the last key, the one at n, among those before it? */
static bool
is_repeated(char **keys, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (strcmp(keys[i], keys[n]) == 0)
			return true;
	}
	return false;
}

char *
cb_import_mapping_key(const char *header)
{
	char	   *key = palloc(strlen(header) + 1);
	char	   *end = key;

	for (const char *c = header; *c != '\0'; c++)
	{
		bool		is_blank = strchr(" \t\r\n\v\f", *c) != NULL;

		if (is_blank && (end == key || end[-1] == ' '))
			continue;
		*end++ = is_blank ? ' ' : (char) pg_ascii_tolower((unsigned char) *c);
	}
	if (end > key && end[-1] == ' ')
		end--;
	*end = '\0';
	return key;
}
