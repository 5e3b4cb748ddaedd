/*-------------------------------------------------------------------------
 *
 * document.c
 *		JSON that comes as bytes.
 *
 * Errors of the server's parser quote what they were given, to the log and to the
 * client; it is therefore only handed what is known to be JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/jsonapi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "canopy_bulk.h"
#include "db/document.h"
#include "db/subxact.h"

#define NESTING_MAX		4000	/* containers inside each other */

/* For parse_step. */
typedef struct Parsing
{
	const char *bytes;
	Size		len;
	Jsonb	   *document;
} Parsing;

static bool parse_step(void *arg);

Jsonb *
cb_document_parse(const char *bytes, Size len)
{
	char	   *json;
	Jsonb	   *document;

	if (!pg_verify_mbstr(PG_UTF8, bytes, (int) len, true))
		ereport(ERROR,
				(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
				 errmsg("request is not valid UTF-8")));
	if (!cb_document_is_flat(bytes, len, NESTING_MAX))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("request is nested too deep"),
				 errdetail("At most %d levels are allowed.", NESTING_MAX)));
	switch (pg_parse_json(cb_make_json_lex(unconstify(char *, bytes), (int) len), &nullSemAction))
	{
		case JSON_SUCCESS:
			break;
		case JSON_UNICODE_CODE_POINT_ZERO:
			ereport(ERROR,
					(errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
					 errmsg("request has a character that cannot be stored"),
					 errdetail("It is \\u0000.")));
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("request is not valid JSON")));
	}
	json = pnstrdup(bytes, len);
	document = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
	explicit_bzero(json, len);
	pfree(json);
	return document;
}

Jsonb *
cb_document_try(const char *bytes, Size len)
{
	Parsing		parsing = {bytes, len, NULL};
	ErrorData  *fault;

	return cb_subxact_try(parse_step, &parsing, &fault) ? parsing.document : NULL;
}

static bool
parse_step(void *arg)
{
	Parsing    *parsing = arg;

	parsing->document = cb_document_parse(parsing->bytes, parsing->len);
	return true;
}

/*
 * Up to the first error of the text, which is where the parser ends, this reads
 * strings as the parser does.
 */
bool
cb_document_is_flat(const char *bytes, Size len, int most)
{
	int			depth = 0;
	bool		in_string = false;

	for (Size i = 0; i < len; i++)
	{
		if (bytes[i] == '"')
			in_string = !in_string;
		else if (in_string && bytes[i] == '\\')
			i++;
		else if (!in_string && (bytes[i] == '{' || bytes[i] == '['))
		{
			if (++depth > most)
				return false;
		}
		else if (!in_string && (bytes[i] == '}' || bytes[i] == ']'))
			depth--;
	}
	return true;
}

bool
cb_document_int(const JsonbValue *value, int *number)
{
	bool		failed = value->type != jbvNumeric;

	if (!failed)
		*number = numeric_int4_opt_error(value->val.numeric, &failed);
	return !failed &&
		DatumGetInt32(DirectFunctionCall2(numeric_cmp,
										  NumericGetDatum(value->val.numeric),
										  NumericGetDatum(int64_to_numeric(*number)))) == 0;
}

void
cb_document_wipe(Jsonb *document)
{
	explicit_bzero(document, VARSIZE(document));
	pfree(document);
}
