/*-------------------------------------------------------------------------
 *
 * mapping.c
 *		Which column of a file is which field.
 *
 * Each column is matched by itself; then the columns that want the same field are
 * compared, so that "Username", which may hold an address, gives way to "E-Mail".
 *
 * A header that speaks of a password is secret whatever comes of it: it can
 * become one of the two password fields or nothing.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/mapping.h"

#include <string.h>

#include "input/header.h"
#include "input/mapping_field.h"

#define SURE_EXACT		100
#define SURE_SECRET		60		/* a password by a word in the header */

/* What a header says, of the mode and apart from the other columns. */
typedef struct Reading
{
	CbHeaderMatch match;
	CbMappingSecret secret;
	bool		failed;
} Reading;

static Reading read_header(const char *header, size_t len);
static Reading read_word(const char *word, size_t len);
static CbMappingSecret secret_word(const CbHeaderPart *part);
static bool contains_any(const char *text, const char *const *words);
static size_t find_key(const char *header, size_t len);
static bool judge_column(CbMappingMode mode, CbMappingColumn *column,
						 bool *beside_first_name);
static void set_secret(CbMappingMode mode, CbMappingColumn *column,
					   const Reading *reading, size_t key);
static void set_field(CbMappingColumn *column, const CbMappingField *field,
					  CbMappingMethod method, int confidence);
static bool is_metadata(const CbMappingField *field);
static bool same_target(const CbMappingColumn *a, const CbMappingColumn *b);
static void ignore(CbMappingColumn *column);
static CbMappingProblem settle(CbMappingColumn *columns, int ncolumns);
static int	compare_claims(const CbMappingColumn *a, const CbMappingColumn *b);

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
			ignore(&columns[i]);
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

/*
 * Reads a header, and of "metadata.key" the key too.
 */
static Reading
read_header(const char *header, size_t len)
{
	Reading		reading = read_word(header, len);
	size_t		key = find_key(header, len);
	Reading		of_key;

	if (key == 0 || reading.secret != CB_MAPPING_PUBLIC)
		return reading;
	of_key = read_word(header + key, len - key);
	reading.secret = of_key.secret;
	reading.failed |= of_key.failed;
	return reading;
}

static Reading
read_word(const char *word, size_t len)
{
	Reading		reading;
	CbHeaderPart parts[CB_HEADER_PARTS];
	int			nparts = cb_header_parts(word, len, parts);
	int			i;

	memset(&reading, 0, sizeof(reading));
	reading.failed = nparts < 0 ||
		!cb_header_match(parts, nparts, &reading.match);
	if (reading.match.meaning == CB_MEANING_PASSWORD)
		reading.secret = CB_MAPPING_PASSWORD;
	else if (reading.match.meaning == CB_MEANING_PASSWORD_HASH)
		reading.secret = CB_MAPPING_PASSWORD_HASH;
	for (i = 0; i < nparts && reading.secret == CB_MAPPING_PUBLIC; i++)
		reading.secret = secret_word(&parts[i]);
	return reading;
}

/*
 * What a part is by a word in it: "Your password for the portal".  Not, what is
 * about a password.  The words are simplified, as the part is.
 */
static CbMappingSecret
secret_word(const CbHeaderPart *part)
{
	static const char *const about[] = {
		"change", "expir", "reset", "policy", "policies", "hint", "require",
		"strength", "never", "force", "must", "last", "date", "next", "status",
		"function", "algorithm", "salt", "manager", "type", NULL
	};
	static const char *const passwords[] = {
		"password", "passwort", "kennwort", "passwd", "passcode", "passphrase",
		"motdepasse", "contrasena", "senha", "palavrapasse", "wachtwoord",
		"losenord", "adgangskode", "passord", "salasana", "haslo", "jelszo",
		"lozinka", "\xD0\xBF\xD0\xB0\xD1\x80\xD0\xBE\xD0\xBB",
		"\xE3\x83\x91\xE3\x82\xB9\xE3\x83\xAF\xE3\x83\xBC\xE3\x83\x89",
		"\xE5\xAF\x86\xE7\xA0\x81", "\xE5\xAF\x86\xE7\xA2\xBC",
		"\xEB\xB9\x84\xEB\xB0\x80\xEB\xB2\x88\xED\x98\xB8", NULL
	};
	static const char *const hashes[] = {
		"hash", "digest", "bcrypt", "argon2", NULL
	};

	char text[	CB_HEADER_TEXT_SIZE];

	cb_header_text(part, text);
	if (contains_any(text, about) || !contains_any(text, passwords))
		return CB_MAPPING_PUBLIC;
	return contains_any(text, hashes) ?
		CB_MAPPING_PASSWORD_HASH : CB_MAPPING_PASSWORD;
}

static bool
contains_any(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
	{
		if (strstr(text, *words) != NULL)
			return true;
	}
	return false;
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
	ignore(column);
	field = cb_mapping_field_named(mode, column->header, column->header_len);
	if (field != NULL)
		set_field(column, field, CB_MAPPING_EXACT, SURE_EXACT);
	else if (reading.failed)
		return false;
	else if (key > 0 && reading.secret == CB_MAPPING_PUBLIC && metadata != NULL)
	{
		set_field(column, metadata,
				  key == 9 && memcmp(column->header, "metadata.", 9) == 0 ?
				  CB_MAPPING_EXACT : CB_MAPPING_NORMALISED,
				  SURE_EXACT);
		column->key = column->header + key;
		column->key_len = column->header_len - key;
	}
	else if (reading.secret != CB_MAPPING_PUBLIC)
		set_secret(mode, column, &reading, key);
	else if (match->meaning != CB_MEANING_NOTHING && key == 0)
	{
		set_field(column, cb_mapping_field_meant(mode, match->meaning),
				  match->close ? CB_MAPPING_CLOSEST : CB_MAPPING_NORMALISED,
				  match->confidence);
		*beside_first_name = match->strength == CB_ALIAS_BESIDE_FIRST_NAME;
	}
	return true;
}

/*
 * Gives a column of secrets its field, whatever else its header speaks of; none
 * if it is a key of the metadata.
 */
static void
set_secret(CbMappingMode mode, CbMappingColumn *column,
		   const Reading *reading, size_t key)
{
	CbMeaning	meaning = reading->secret == CB_MAPPING_PASSWORD ?
	CB_MEANING_PASSWORD : CB_MEANING_PASSWORD_HASH;
	bool		known = reading->match.meaning == meaning;

	if (key == 0)
		set_field(column, cb_mapping_field_meant(mode, meaning),
				  known && !reading->match.close ? CB_MAPPING_NORMALISED :
				  CB_MAPPING_CLOSEST,
				  known ? reading->match.confidence : SURE_SECRET);
}

/*
 * Gives a column a field; without one it is ignored, which an override may want.
 */
static void
set_field(CbMappingColumn *column, const CbMappingField *field,
		  CbMappingMethod method, int confidence)
{
	ignore(column);
	column->field = field;
	if (field != NULL || method == CB_MAPPING_OVERRIDDEN)
	{
		column->method = method;
		column->confidence = confidence;
	}
}

static void
ignore(CbMappingColumn *column)
{
	column->field = NULL;
	column->key = NULL;
	column->key_len = 0;
	column->method = CB_MAPPING_IGNORED;
	column->confidence = 0;
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
				ignore(&columns[j]);
				columns[j].lost_to = i + 1;
			}
			else
			{
				ignore(&columns[i]);
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
	return a->confidence - b->confidence;
}
