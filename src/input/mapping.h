/*-------------------------------------------------------------------------
 *
 * mapping.h
 *		Which column of a file is which field. Needs no server.
 *
 *		columns[i].header = ...;			the rest zeroed
 *		cb_mapping_override(mode, &columns[2], "external_id", 11);
 *		cb_mapping_match(mode, columns, ncolumns, &missing);
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_MAPPING_H
#define CB_INPUT_MAPPING_H

#include <stdbool.h>
#include <stddef.h>

#define CB_MAPPING_COLUMNS_MAX	1024
#define CB_MAPPING_FIELDS_MAX	40	/* more than any mode has */

/* What an override calls a column that no field gets. */
#define CB_MAPPING_IGNORE		"ignore"

typedef enum CbMappingMode
{
	CB_MAPPING_CREATE,			/* "create" */
	CB_MAPPING_INVITE,			/* "invite" */
	CB_MAPPING_ACCOUNT_CREATE,	/* "account_create" */
	CB_MAPPING_LEARNER			/* "learner" */
} CbMappingMode;

/* A field of a mode, static for the life of the process. */
typedef struct CbMappingField
{
	const char *name;			/* "first_name"; of a learner "firstName" */
	bool		required;
	const char *note;			/* one line for the sample file */
} CbMappingField;

typedef enum CbMappingMethod
{
	CB_MAPPING_IGNORED,			/* "ignored": no field */
	CB_MAPPING_EXACT,			/* "exact": the field's own name */
	CB_MAPPING_NORMALISED,		/* "normalised": a usual header for it */
	CB_MAPPING_CLOSEST,			/* "closest": nearly a usual header */
	CB_MAPPING_OVERRIDDEN		/* "overridden": the caller said so */
} CbMappingMethod;

/* What a column holds that must not be stored as it is. */
typedef enum CbMappingSecret
{
	CB_MAPPING_PUBLIC,
	CB_MAPPING_PASSWORD,		/* in the clear */
	CB_MAPPING_PASSWORD_HASH
} CbMappingSecret;

/*
 * What the first cells of a column are: counts of those that are not empty, and of
 * what they could be.  A cell may be counted in several.
 */
typedef struct CbMappingCells
{
	int			filled;
	int			distinct;
	int			at_signs;		/* has an @ */
	int			emails;
	int			uuids;
	int			truths;			/* yes or no, in any language, or 1 and 0 */
	int			flags;			/* the same, without the digits */
	int			objects;		/* a JSON object, by its braces */
	int			instants;
	int			statuses;		/* of a learner's enrolment */
	int			intents;		/* of an invite */
	int			hashes;			/* of a password */
	int			with_letters;
	int			with_digits;
} CbMappingCells;

/* Why a column has no field. */
typedef enum CbMappingReason
{
	CB_MAPPING_HAS_FIELD,
	CB_MAPPING_NO_HEADER,		/* "unknown_header": no field is called so */
	CB_MAPPING_OTHER_CELLS,		/* "cells_differ": the cells are not of the
								 * field that is called so */
	CB_MAPPING_OTHER_COLUMN,	/* "other_column": another column has it */
	CB_MAPPING_IS_SECRET,		/* "secret": of no field for passwords */
	CB_MAPPING_CHOSEN			/* "chosen": the caller said so */
} CbMappingReason;

/*
 * A column, from left to right.  The caller fills header and cells and zeroes the
 * rest.
 */
typedef struct CbMappingColumn
{
	const char *header;			/* UTF-8, as in the file; no NUL needed */
	size_t		header_len;		/* bytes */
	const CbMappingCells *cells;	/* NULL: nothing is known of them */

	/* cb_mapping_match() answers: */
	const CbMappingField *field;	/* NULL: ignored.  "metadata" with a key
									 * is one key of the metadata. */
	const char *key;			/* into header, or into the override; NULL
								 * unless "metadata.key" */
	size_t		key_len;		/* bytes */
	CbMappingMethod method;
	int			confidence;		/* 0 to 100 */
	CbMappingReason reason;
	const CbMappingField *closest;	/* that it would have, but for the reason */
	int			lost_to;		/* for an ignored one: 1 + the column that has
								 * its field; 0: none would have it */

	/* cb_mapping_override() remembers: */
	bool		overridden;
} CbMappingColumn;

/* The required fields that no column has. */
typedef struct CbMappingMissing
{
	int			n;
	const CbMappingField *fields[CB_MAPPING_FIELDS_MAX];
} CbMappingMissing;

typedef enum CbMappingProblem
{
	CB_MAPPING_OK,
	CB_MAPPING_TOO_MANY,		/* columns */
	CB_MAPPING_TWICE,			/* two overrides name one field; the second
								 * has lost_to */
	CB_MAPPING_LIBRARY_FAILED	/* ICU or malloc: no fault of the file */
} CbMappingProblem;

/*
 * Gives every column its field, and never one field to two columns: the best
 * match has it, of two equally good ones the one whose cells are distinct and
 * filled, then the first.  Overrides stand before all.  A column of hashes under
 * the header of a password is one of hashes.
 * Unless the result is CB_MAPPING_OK, the columns' fields are undefined.
 */
extern CbMappingProblem cb_mapping_match(CbMappingMode mode,
										 CbMappingColumn *columns,
										 int ncolumns,
										 CbMappingMissing *missing);

/*
 * Sets the field of a column: a field's name as cb_mapping_fields() has it,
 * "metadata.key", or "ignore".  The target must live as long as the column, whose
 * header is set.  False, and the column as it was, when the mode has no such field
 * or the header is that of a secret and the field would show it.
 */
extern bool cb_mapping_override(CbMappingMode mode, CbMappingColumn *column,
								const char *target, size_t target_len);

/*
 * What a header says its cells hold, whatever the mode and although no field
 * may have it: asked before anything of the column is stored.  This is the more
 * cautious question: a header becomes a password's by an alias only, and is
 * secret by any word of secret_word.def.  When ICU cannot work, everything
 * counts as a password.
 */
extern CbMappingSecret cb_mapping_secret(const char *header,
										 size_t header_len);

/* cb_mapping_secret() is CB_MAPPING_PASSWORD. */
extern bool cb_mapping_is_secret_header(const char *header,
										size_t header_len);

/*
 * Fills fields, which has room for CB_MAPPING_FIELDS_MAX, with those of a mode in
 * the order of its sample file, and gives their number.
 */
extern int	cb_mapping_fields(CbMappingMode mode, const CbMappingField **fields);

/* The mode of that name; false when there is none. */
extern bool cb_mapping_mode_find(const char *name, CbMappingMode *mode);

extern const char *cb_mapping_mode_name(CbMappingMode mode);
extern const char *cb_mapping_method_name(CbMappingMethod method);
extern const char *cb_mapping_reason_name(CbMappingReason reason);

/* Are most of the cells hashes of passwords?  False for NULL. */
extern bool cb_mapping_looks_hashed(const CbMappingCells *cells);

#endif							/* CB_INPUT_MAPPING_H */
