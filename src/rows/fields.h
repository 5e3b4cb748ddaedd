/*-------------------------------------------------------------------------
 *
 * fields.h
 *		Reads the fields of a row that is a JSON object.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_FIELDS_H
#define CB_FIELDS_H

#include "rows/row.h"

/* A text inside the request; val is NULL when the field was not sent. */
typedef struct CbText
{
	const char *val;
	int			len;			/* bytes */
} CbText;

/* A UUID that may not have been sent. */
typedef struct CbUuid
{
	bool		given;
	pg_uuid_t	id;
} CbUuid;

/* A truth that may not have been given. */
typedef struct CbWanted
{
	bool		given;
	bool		value;
} CbWanted;

typedef struct CbField CbField;

/* Reads a value, which is never JSON null, into the row's member at target. */
typedef void (*CbFieldReader) (CbRow *row, const CbField *field,
							   const JsonbValue *value, void *target);

struct CbField
{
	const char *name;
	bool		required;
	CbFieldReader read;
	Size		offset;			/* of the target, in the struct of the row */
	bool		is_object;		/* with keys of the caller's own */
};

/*
 * Checks that the row is an object, and hands each field that was sent to its
 * reader, in the order of fields, which ends with an entry without a name.  JSON
 * null counts as not sent.  A key that is no field is an issue that names it and the
 * closest field; unless a key of the row looks like a value, as those of a file
 * without a header do: then none is named.
 */
extern void cb_fields_read(CbRow *row, const CbField *fields);

extern CbIssue *cb_field_issue(CbRow *row, CbCode code, const char *field);

/*
 * Readers of a type: each returns false, after adding an issue, when the value
 * is not of it.  A text has at most max characters and no control characters.
 */
extern bool cb_field_text(CbRow *row, const char *field,
						  const JsonbValue *value, CbText *text);
extern bool cb_field_plain_text(CbRow *row, const char *field,
								const JsonbValue *value, int max,
								CbCode code, CbText *text);
extern bool cb_field_uuid(CbRow *row, const char *field,
						  const JsonbValue *value, pg_uuid_t *uuid);

/* The reader of a field that is a CbUuid. */
extern void cb_field_read_uuid(CbRow *row, const CbField *field,
							   const JsonbValue *value, void *target);

/* Of a field that has room for a canonical address, CB_EMAIL_MAX + 1 bytes. */
extern void cb_field_read_email(CbRow *row, const CbField *field,
								const JsonbValue *value, void *target);

/* Of a field that is a person's name, and a CbText. */
extern void cb_field_read_name(CbRow *row, const CbField *field,
							   const JsonbValue *value, void *target);

/* Was the field of a row that is an object sent?  JSON null counts as not sent. */
extern bool cb_field_was_sent(const CbRow *row, const char *field);

/* The reader of a field that is a CbTime: ISO 8601 with a zone. */
extern void cb_field_read_time(CbRow *row, const CbField *field,
							   const JsonbValue *value, void *target);

/*
 * Writes the row as it was sent: without its secrets, and without keys that are no
 * field.  For the fingerprint of a request these are there, with null for a value.
 */
extern void cb_row_echo(const CbBatch *batch, const CbRow *row,
						bool for_fingerprint, CbJson *json);

/* Writes an id as it was sent; null for anything but a scalar. */
extern void cb_field_echo_id(const CbRow *row, CbJson *json);

/* Has the text nothing that is seen? */
extern bool cb_text_is_blank(const CbText *text);

/* Has it the form of BCP 47: a language of letters, then subtags, all short? */
extern bool cb_text_is_language_tag(const CbText *text);

/* The text of a datum, copied to the current memory context. */
extern CbText cb_text_copy(Datum value, bool isnull);

/* Writes null for a text that is null. */
extern void cb_text_write(CbJson *json, const CbText *value);
extern void cb_json_put_field(CbJson *json, const char *key, const CbText *value);

/* Writes null for one that was not given. */
extern void cb_uuid_write(CbJson *json, const CbUuid *value);

/* The text as a datum in the current memory context. */
extern Datum cb_text_datum(const CbText *text);

#endif							/* CB_FIELDS_H */
