/*-------------------------------------------------------------------------
 *
 * mapping.c
 *		Which column of a file is which field.
 *
 * Each column is matched by itself; then the columns that want the same field are
 * compared, so that "Username", which may hold an address, gives way to "E-Mail".
 *
 * Two questions are asked of a header that speaks of a password, and they differ.
 * Whether its cells are secret, and kept nowhere, is decided by any word for a
 * secret (secret_word.def).  Whether they become people's passwords is decided by
 * an alias for it alone (header_alias.def): to be wrong there replaces passwords.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/mapping.h"

#include <string.h>

#include "input/header.h"
#include "input/mapping_field.h"
#include "input/secret_word.h"

#define SURE_EXACT		100
#define SURE_BY_CELLS	60		/* hashes under the header of a password */

/* What a header says, of the mode and apart from the other columns. */
typedef struct Reading
{
	CbHeaderMatch match;
	CbMappingSecret secret;
	bool		failed;
} Reading;

static Reading read_header(const char *header, size_t len);
static size_t find_key(const char *header, size_t len);
static bool judge_column(CbMappingMode mode, CbMappingColumn *column,
						 bool *beside_first_name);
static void set_secret(CbMappingMode mode, CbMappingColumn *column,
					   const Reading *reading, size_t key);
static void set_meant(CbMappingMode mode, CbMappingColumn *column,
					  const CbHeaderMatch *match);
static void set_field(CbMappingColumn *column, const CbMappingField *field,
					  CbMappingMethod method, int confidence);
static bool is_metadata(const CbMappingField *field);
static bool same_target(const CbMappingColumn *a, const CbMappingColumn *b);
static void ignore(CbMappingColumn *column, CbMappingReason reason,
				   const CbMappingField *closest);
static CbMappingProblem settle(CbMappingColumn *columns, int ncolumns);
static int	compare_claims(const CbMappingColumn *a, const CbMappingColumn *b);
static int	compare_cells(const CbMappingColumn *a, const CbMappingColumn *b);

CbMappingProblem
cb_mapping_match(CbMappingMode mode, CbMappingColumn *columns, int ncolumns,
				 CbMappingMissing *missing)
{
	const CbMappingField *fields[CB_MAPPING_FIELDS_MAX];
	bool		beside[CB_MAPPING_COLUMNS_MAX];
	bool		has[CB_MAPPING_FIELDS_MAX] = {false};
	const CbMappingField *first_name = cb_mapping_field_meant(mode, CB_MEANING_FIRST_NAME);
	int			nfields = cb_mapping_fields(mode, fields);
	bool		has_first_name = false;
	CbMappingProblem problem;
	int			i;
	int			j;

	missing->n = 0;
	if (ncolumns > CB_MAPPING_COLUMNS_MAX)
		return CB_MAPPING_TOO_MANY;
	for (i = 0; i < ncolumns; i++)
	{
		if (!judge_column(mode, &columns[i], &beside[i]))
			return CB_MAPPING_LIBRARY_FAILED;
		has_first_name |= columns[i].field == first_name;
	}
	for (i = 0; i < ncolumns; i++)
	{
		if (beside[i] && !has_first_name)
			ignore(&columns[i], CB_MAPPING_NO_HEADER, NULL);
	}
	problem = settle(columns, ncolumns);
	for (i = 0; i < nfields; i++)
	{
		for (j = 0; j < ncolumns; j++)
			has[i] |= columns[j].field == fields[i];
		if (fields[i]->required && !has[i])
			missing->fields[missing->n++] = fields[i];
	}
	return problem;
}

bool
cb_mapping_override(CbMappingMode mode, CbMappingColumn *column,
					const char *target, size_t target_len)
{
	const CbMappingField *field = NULL;
	CbMappingSecret secret = cb_mapping_secret(column->header, column->header_len);
	size_t		key = 0;

	if (target_len != strlen(CB_MAPPING_IGNORE) ||
		memcmp(target, CB_MAPPING_IGNORE, target_len) != 0)
	{
		field = cb_mapping_field_named(mode, target, target_len);
		if (field == NULL && target_len > 9 && memcmp(target, "metadata.", 9) == 0)
		{
			field = cb_mapping_field_meant(mode, CB_MEANING_METADATA);
			key = 9;
		}
		if (field == NULL)
			return false;
		if (secret != CB_MAPPING_PUBLIC &&
			field != cb_mapping_field_meant(mode, CB_MEANING_PASSWORD) &&
			field != cb_mapping_field_meant(mode, CB_MEANING_PASSWORD_HASH))
			return false;
	}
	set_field(column, field, CB_MAPPING_OVERRIDDEN, 100);
	if (field == NULL)
		column->reason = CB_MAPPING_CHOSEN;
	column->key = key == 0 ? NULL : target + key;
	column->key_len = key == 0 ? 0 : target_len - key;
	column->overridden = true;
	return true;
}

CbMappingSecret
cb_mapping_secret(const char *header, size_t header_len)
{
	Reading		reading = read_header(header, header_len);

	return reading.failed ? CB_MAPPING_PASSWORD : reading.secret;
}

bool
cb_mapping_is_secret_header(const char *header, size_t header_len)
{
	return cb_mapping_secret(header, header_len) == CB_MAPPING_PASSWORD;
}

const char *
cb_mapping_method_name(CbMappingMethod method)
{
	static const char *const names[] = {
		[CB_MAPPING_IGNORED] = "ignored",
		[CB_MAPPING_EXACT] = "exact",
		[CB_MAPPING_NORMALISED] = "normalised",
		[CB_MAPPING_CLOSEST] = "closest",
		[CB_MAPPING_OVERRIDDEN] = "overridden",
	};

	return names[method];
}

const char *
cb_mapping_reason_name(CbMappingReason reason)
{
	static const char *const names[] = {
		[CB_MAPPING_HAS_FIELD] = NULL,
		[CB_MAPPING_NO_HEADER] = "unknown_header",
		[CB_MAPPING_OTHER_CELLS] = "cells_differ",
		[CB_MAPPING_OTHER_COLUMN] = "other_column",
		[CB_MAPPING_IS_SECRET] = "secret",
		[CB_MAPPING_CHOSEN] = "chosen",
	};

	return names[reason];
}

/*
 * Reads a header.  An alias that its words do not know to be secret is so too.
 */
static Reading
read_header(const char *header, size_t len)
{
	static const CbMappingSecret secrets[] = {
		[CB_SECRET_NO] = CB_MAPPING_PUBLIC,
		[CB_SECRET_PLAIN] = CB_MAPPING_PASSWORD,
		[CB_SECRET_HASH] = CB_MAPPING_PASSWORD_HASH,
	};
	Reading		reading;
	CbHeaderPart parts[CB_HEADER_PARTS];
	int			nparts = cb_header_parts(header, len, parts);

	memset(&reading, 0, sizeof(reading));
	reading.failed = nparts < 0 ||
		!cb_header_match(parts, nparts, &reading.match);
	reading.secret = secrets[cb_secret_word(header, len)];
	if (reading.match.meaning == CB_MEANING_PASSWORD)
		reading.secret = CB_MAPPING_PASSWORD;
	else if (reading.match.meaning == CB_MEANING_PASSWORD_HASH)
		reading.secret = CB_MAPPING_PASSWORD_HASH;
	return reading;
}

/*
 * Where the key of "metadata.key" begins; 0 for another header.
 */
static size_t
find_key(const char *header, size_t len)
{
	const char *dot = len == 0 ? NULL : memchr(header, '.', len);
	CbHeaderPart parts[CB_HEADER_PARTS];
	CbHeaderMatch match;
	int			nparts;
	size_t		at;

	if (dot == NULL)
		return 0;
	at = (size_t) (dot - header);
	nparts = cb_header_parts(header, at, parts);
	if (nparts < 1 || !cb_header_match(parts, 1, &match) ||
		match.meaning != CB_MEANING_METADATA || match.close)
		return 0;
	return at + 1 < len ? at + 1 : 0;
}

/*
 * Finds the field that a column would have if it were alone, and whether it has
 * it only beside a first name.  False when a library failed.
 */
static bool
judge_column(CbMappingMode mode, CbMappingColumn *column,
			 bool *beside_first_name)
{
	const CbMappingField *metadata = cb_mapping_field_meant(mode, CB_MEANING_METADATA);
	const CbMappingField *field;
	size_t		key = find_key(column->header, column->header_len);
	Reading		reading = read_header(column->header, column->header_len);
	const CbHeaderMatch *match = &reading.match;

	*beside_first_name = false;
	column->lost_to = 0;
	if (column->overridden)
		return true;
	ignore(column, CB_MAPPING_NO_HEADER, NULL);
	field = cb_mapping_field_named(mode, column->header, column->header_len);
	if (field != NULL)
		set_field(column, field, CB_MAPPING_EXACT, SURE_EXACT);
	else if (reading.failed)
		return false;
	else if (reading.secret != CB_MAPPING_PUBLIC)
		set_secret(mode, column, &reading, key);
	else if (key > 0 && metadata != NULL)
	{
		set_field(column, metadata,
				  key == 9 && memcmp(column->header, "metadata.", 9) == 0 ?
				  CB_MAPPING_EXACT : CB_MAPPING_NORMALISED,
				  SURE_EXACT);
		column->key = column->header + key;
		column->key_len = column->header_len - key;
	}
	else if (match->meaning != CB_MEANING_NOTHING && key == 0)
	{
		set_meant(mode, column, match);
		*beside_first_name = match->strength == CB_ALIAS_BESIDE_FIRST_NAME;
	}
	if (column->field != NULL && cb_mapping_looks_hashed(column->cells) &&
		column->field == cb_mapping_field_meant(mode, CB_MEANING_PASSWORD))
		set_field(column, cb_mapping_field_meant(mode, CB_MEANING_PASSWORD_HASH),
				  CB_MAPPING_CLOSEST, SURE_BY_CELLS);
	return true;
}

/*
 * Gives a column of secrets the field of which its header is an alias; none if it
 * is a key of the metadata.
 */
static void
set_secret(CbMappingMode mode, CbMappingColumn *column,
		   const Reading *reading, size_t key)
{
	const CbHeaderMatch *match = &reading->match;

	column->reason = CB_MAPPING_IS_SECRET;
	if (key == 0 && (match->meaning == CB_MEANING_PASSWORD ||
					 match->meaning == CB_MEANING_PASSWORD_HASH) &&
		cb_mapping_field_meant(mode, match->meaning) != NULL)
		set_meant(mode, column, match);
}

/* Gives a column the field that its header means, unless its cells differ. */
static void
set_meant(CbMappingMode mode, CbMappingColumn *column, const CbHeaderMatch *match)
{
	const CbMappingField *field = cb_mapping_field_meant(mode, match->meaning);

	if (field != NULL &&
		!cb_mapping_fits(match->meaning,
						 match->close ? CB_ALIAS_PERHAPS : match->strength,
						 column->cells))
		ignore(column, CB_MAPPING_OTHER_CELLS, field);
	else
		set_field(column, field, match->close ? CB_MAPPING_CLOSEST :
				  CB_MAPPING_NORMALISED, match->confidence);
}

/*
 * Gives a column a field; without one it is ignored, which an override may want.
 */
static void
set_field(CbMappingColumn *column, const CbMappingField *field,
		  CbMappingMethod method, int confidence)
{
	ignore(column, CB_MAPPING_NO_HEADER, NULL);
	column->field = field;
	if (field != NULL || method == CB_MAPPING_OVERRIDDEN)
	{
		column->method = method;
		column->confidence = confidence;
	}
	if (field != NULL)
		column->reason = CB_MAPPING_HAS_FIELD;
}

static void
ignore(CbMappingColumn *column, CbMappingReason reason,
	   const CbMappingField *closest)
{
	column->field = NULL;
	column->key = NULL;
	column->key_len = 0;
	column->method = CB_MAPPING_IGNORED;
	column->confidence = 0;
	column->reason = reason;
	column->closest = closest;
}

static bool
is_metadata(const CbMappingField *field)
{
	return strcmp(field->name, "metadata") == 0;
}

/*
 * Do two columns want the same?  Keys of the metadata are fields of their own.
 */
static bool
same_target(const CbMappingColumn *a, const CbMappingColumn *b)
{
	if (a->field != b->field || a->field == NULL)
		return false;
	if (!is_metadata(a->field))
		return true;
	return a->key_len == b->key_len &&
		(a->key_len == 0 || memcmp(a->key, b->key, a->key_len) == 0);
}

/*
 * Leaves each field to the best of the columns that want it.
 */
static CbMappingProblem
settle(CbMappingColumn *columns, int ncolumns)
{
	CbMappingProblem problem = CB_MAPPING_OK;
	int			i;
	int			j;

	for (i = 1; i < ncolumns; i++)
	{
		for (j = 0; j < i && columns[i].field != NULL; j++)
		{
			if (!same_target(&columns[i], &columns[j]))
				continue;
			if (columns[i].overridden && columns[j].overridden)
			{
				columns[i].lost_to = j + 1;
				problem = CB_MAPPING_TWICE;
			}
			else if (compare_claims(&columns[i], &columns[j]) > 0)
			{
				ignore(&columns[j], CB_MAPPING_OTHER_COLUMN, columns[i].field);
				columns[j].lost_to = i + 1;
			}
			else
			{
				ignore(&columns[i], CB_MAPPING_OTHER_COLUMN, columns[j].field);
				columns[i].lost_to = j + 1;
			}
		}
	}
	for (i = 0; i < ncolumns; i++)
	{
		/* The one it lost to may have lost in its turn. */
		while (columns[i].lost_to > 0 &&
			   columns[columns[i].lost_to - 1].field == NULL)
			columns[i].lost_to = columns[columns[i].lost_to - 1].lost_to;
	}
	return problem;
}

/*
 * Above 0 when a has the better claim to a field than b.
 */
static int
compare_claims(const CbMappingColumn *a, const CbMappingColumn *b)
{
	if (a->overridden != b->overridden)
		return a->overridden ? 1 : -1;
	if (a->confidence != b->confidence)
		return a->confidence - b->confidence;
	return a->cells == NULL || b->cells == NULL ? 0 : compare_cells(a, b);
}

/* The more distinct cells, the better; then the more that are filled. */
static int
compare_cells(const CbMappingColumn *a, const CbMappingColumn *b)
{
	if (a->cells->emails != b->cells->emails && strcmp(a->field->name, "email") == 0)
		return a->cells->emails - b->cells->emails;
	if (a->cells->distinct != b->cells->distinct)
		return a->cells->distinct - b->cells->distinct;
	return a->cells->filled - b->cells->filled;
}
