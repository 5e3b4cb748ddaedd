/*-------------------------------------------------------------------------
 *
 * serve_import.c
 *		Serves the steps of an import over HTTP.
 *
 * An import is found below the account, the application or the environment that it
 * belongs to, and below those that these belong to; anywhere else it is not found.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "canopy_bulk.h"
#include "db/document.h"
#include "db/uuid7.h"
#include "flow/import_csv.h"
#include "flow/import_list.h"
#include "flow/import_preview.h"
#include "flow/import_run.h"
#include "flow/import_steps.h"
#include "flow/import_upload.h"
#include "flow/jobs.h"
#include "flow/serve.h"

#define CSV				"text/csv; charset=utf-8"
#define STATUS_CREATED	201

static void enter(const CbRouteCall *call, CbCaller *caller, CbScope *scope);
static void find(const CbRouteCall *call, const CbScope *scope, pg_uuid_t *id);
static Jsonb *take_open(CbRouteCall *call, const pg_uuid_t *id);
static Jsonb *take_list(CbRouteCall *call, const pg_uuid_t *id);
static Jsonb *take_info(CbRouteCall *call, const pg_uuid_t *id);
static Jsonb *take_file(CbRouteCall *call, const pg_uuid_t *id);
static const char *charset_of(const char *content_type);
static void take_headers(CbImportUpload *upload, const char *list);
static Jsonb *take_mapping(CbRouteCall *call, const pg_uuid_t *id);
static Jsonb *take_preview(CbRouteCall *call, const pg_uuid_t *id);
static Jsonb *take_rows(CbRouteCall *call, const pg_uuid_t *id);
static Jsonb *take_selection(CbRouteCall *call, const pg_uuid_t *id);
static Jsonb *take_submission(CbRouteCall *call, const pg_uuid_t *id);
static Jsonb *take_cancel(CbRouteCall *call, const pg_uuid_t *id);
static Jsonb *take_results(CbRouteCall *call, const pg_uuid_t *id);
static CbAnswer answer_csv(const char *file, Size len, const char *disposition);
static void check_keys(Jsonb *body, const char *const *keys, int nkeys);
static bool member(Jsonb *body, const char *name, JsonbValue *value);
static char *text_member(Jsonb *body, const char *name);
static int	int_of(const JsonbValue *value);
static ArrayType *numbers_member(Jsonb *body, const char *name);
static void refuse_body(void) pg_attribute_noreturn();

CbAnswer
cb_serve_import_list(CbRouteCall *call)
{
	return cb_serve_import_step(call, take_list);
}

CbAnswer
cb_serve_import_open(CbRouteCall *call)
{
	return cb_serve_import_once(call, "import.open", STATUS_CREATED, take_open);
}

CbAnswer
cb_serve_import_sample(CbRouteCall *call)
{
	const char *mode = cb_query_value(&call->query, "mode");
	CbCaller	caller;
	CbScope		scope;
	char	   *sample;

	enter(call, &caller, &scope);
	cb_caller_leave(&caller);
	sample = cb_wizard_sample(mode == NULL ? "create" : mode);
	return answer_csv(sample, strlen(sample),
					  "attachment; filename=\"sample.csv\"");
}

CbAnswer
cb_serve_import_get(CbRouteCall *call)
{
	return cb_serve_import_step(call, take_info);
}

CbAnswer
cb_serve_import_file(CbRouteCall *call)
{
	return cb_serve_import_step(call, take_file);
}

CbAnswer
cb_serve_import_mapping(CbRouteCall *call)
{
	return cb_serve_import_step(call, take_mapping);
}

CbAnswer
cb_serve_import_preview(CbRouteCall *call)
{
	return cb_serve_import_once(call, "import.preview", CB_STATUS_OK, take_preview);
}

CbAnswer
cb_serve_import_rows(CbRouteCall *call)
{
	return cb_serve_import_step(call, take_rows);
}

CbAnswer
cb_serve_import_selection(CbRouteCall *call)
{
	return cb_serve_import_step(call, take_selection);
}

CbAnswer
cb_serve_import_submit(CbRouteCall *call)
{
	return cb_serve_import_once(call, "import.submit", CB_STATUS_ACCEPTED, take_submission);
}

CbAnswer
cb_serve_import_cancel(CbRouteCall *call)
{
	return cb_serve_import_once(call, "import.cancel", CB_STATUS_OK, take_cancel);
}

CbAnswer
cb_serve_import_results(CbRouteCall *call)
{
	return cb_serve_import_step(call, take_results);
}

CbAnswer
cb_serve_import_csv(CbRouteCall *call)
{
	const char *which = cb_query_value(&call->query, "which");
	bool		bom = cb_query_bool(&call->query, "bom", false);
	CbCaller	caller;
	CbScope		scope;
	pg_uuid_t	id;
	StringInfoData file;

	if (which == NULL)
		which = "all";
	enter(call, &caller, &scope);
	find(call, &scope, &id);
	cb_caller_leave(&caller);
	initStringInfo(&file);
	cb_import_csv(&id, call->request.names.account, which, bom, &file);
	return answer_csv(file.data, file.len, cb_import_csv_disposition(which));
}

CbAnswer
cb_serve_import_step(CbRouteCall *call, CbRouteStep step)
{
	CbAnswer	answer = {NULL, CB_STATUS_OK};
	CbCaller	caller;
	CbScope		scope;
	pg_uuid_t	id;

	enter(call, &caller, &scope);
	find(call, &scope, &id);
	cb_caller_leave(&caller);
	answer.body = step(call, &id);
	return answer;
}

CbAnswer
cb_serve_import_once(CbRouteCall *call, const char *action, int status, CbRouteStep step)
{
	CbCaller	caller;
	CbScope		scope;
	pg_uuid_t	id;

	enter(call, &caller, &scope);
	find(call, &scope, &id);
	cb_caller_leave(&caller);
	return cb_serve_once(call, action, status, step, &id);
}

/* Enters the directory, where the path and the query say; the caller leaves it. */
static void
enter(const CbRouteCall *call, CbCaller *caller, CbScope *scope)
{
	MemoryContext context = CurrentMemoryContext;

	cb_caller_enter(caller);
	MemoryContextSwitchTo(context);
	cb_scope_resolve(scope, caller, &call->request.names);
}

/* The import of the path, if it names one.  Raises PT404 when it is not there. */
static void
find(const CbRouteCall *call, const CbScope *scope, pg_uuid_t *id)
{
	CbImport   *import;

	if (call->path.id == NULL)
		return;
	cb_uuid_parse(call->path.id, strlen(call->path.id), id);
	import = cb_import_read(&scope->account, id, false);
	if ((scope->has_application &&
		 (!import->has_application ||
		  memcmp(&import->application, &scope->application, UUID_LEN) != 0)) ||
		(scope->has_environment &&
		 (!import->has_environment ||
		  memcmp(&import->environment, &scope->environment, UUID_LEN) != 0)))
		ereport(ERROR,
				(errcode(CB_ERRCODE_NOT_FOUND),
				 errmsg("import does not exist")));
}

static Jsonb *
take_open(CbRouteCall *call, const pg_uuid_t *id)
{
	static const char *const keys[] = {
		"mode", "on_conflict", "missing", "max_missing_percent"
	};
	CbImportOrder order = {0};
	JsonbValue	value;

	check_keys(call->body, keys, lengthof(keys));
	order.names = call->request.names;
	order.mode = text_member(call->body, "mode");
	if (order.mode == NULL)
		refuse_body();
	order.on_conflict = text_member(call->body, "on_conflict");
	order.missing = text_member(call->body, "missing");
	order.max_missing_percent = -1;
	if (member(call->body, "max_missing_percent", &value))
		order.max_missing_percent = int_of(&value);
	return cb_wizard_open(&order);
}

static Jsonb *
take_list(CbRouteCall *call, const pg_uuid_t *id)
{
	CbImportListing listing = {{NULL}};

	listing.names = call->request.names;
	listing.status = cb_query_value(&call->query, "status");
	cb_query_page(&call->query, NULL, 0, &listing.page);
	return cb_import_list(&listing);
}

static Jsonb *
take_info(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_wizard_info(id, call->request.names.account);
}

/* A charset that the sender names counts where the query names no encoding. */
static Jsonb *
take_file(CbRouteCall *call, const pg_uuid_t *id)
{
	CbImportUpload upload = {0};
	const char *headers = cb_query_value(&call->query, "secret_columns");

	upload.id = *id;
	upload.account = call->request.names.account;
	upload.source.bytes = call->raw;
	upload.source.len = call->raw_len;
	upload.source.delimiter = cb_query_value(&call->query, "delimiter");
	upload.source.encoding = cb_query_value(&call->query, "encoding");
	if (upload.source.encoding == NULL)
		upload.source.encoding = charset_of(call->content_type);
	upload.file_name = cb_query_value(&call->query, "file_name");
	if (headers != NULL)
		take_headers(&upload, headers);
	return cb_wizard_upload(&upload);
}

/*
 * The charset that a media type names; NULL: none, or UTF-8, which is what clients
 * say who do not know, and is found out anyway.
 */
static const char *
charset_of(const char *content_type)
{
	const char *at = content_type;
	size_t		len;

	while (at != NULL && (at = strchr(at, ';')) != NULL)
	{
		at += 1 + strspn(at + 1, " \t");
		if (pg_strncasecmp(at, "charset=", 8) != 0)
			continue;
		at += 8;
		at += *at == '"' ? 1 : 0;
		len = strcspn(at, "\"; \t");
		if (len == 0 || (len == 5 && pg_strncasecmp(at, "utf-8", len) == 0))
			return NULL;
		return pnstrdup(at, len);
	}
	return NULL;
}

/* Headers with commas between them. */
static void
take_headers(CbImportUpload *upload, const char *list)
{
	upload->secret_columns = palloc(sizeof(char *) * (strlen(list) + 1));
	while (*list != '\0')
	{
		size_t		len = strcspn(list, ",");

		if (len > 0)
			upload->secret_columns[upload->nsecret_columns++] = pnstrdup(list, len);
		list += len;
		list += *list == ',' ? 1 : 0;
	}
}

static Jsonb *
take_mapping(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_wizard_map(id, call->body, call->request.names.account);
}

static Jsonb *
take_preview(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_wizard_preview(id, call->request.names.account);
}

static Jsonb *
take_rows(CbRouteCall *call, const pg_uuid_t *id)
{
	CbPage		page;

	cb_query_page(&call->query, NULL, 0, &page);
	return cb_wizard_rows(id, cb_query_value(&call->query, "verdict"), page.page,
						  page.take, call->request.names.account);
}

static Jsonb *
take_selection(CbRouteCall *call, const pg_uuid_t *id)
{
	static const char *const keys[] = {"row_numbers", "selected"};
	JsonbValue	selected;

	check_keys(call->body, keys, lengthof(keys));
	if (!member(call->body, "selected", &selected) || selected.type != jbvBool)
		refuse_body();
	return cb_wizard_select(id, numbers_member(call->body, "row_numbers"),
							selected.val.boolean, call->request.names.account);
}

/* With the digest of the plan, as the preview gave it, or without. */
static Jsonb *
take_submission(CbRouteCall *call, const pg_uuid_t *id)
{
	static const char *const keys[] = {"plan_digest"};
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	char	   *hex = NULL;

	if (call->body != NULL)
	{
		check_keys(call->body, keys, lengthof(keys));
		hex = text_member(call->body, "plan_digest");
	}
	if (hex == NULL)
		return cb_jobs_submit(id, NULL, 0, call->request.names.account);
	if (strlen(hex) != 2 * sizeof(digest) ||
		strspn(hex, "0123456789abcdef") != 2 * sizeof(digest))
		refuse_body();
	hex_decode(hex, 2 * sizeof(digest), (char *) digest);
	return cb_jobs_submit(id, digest, sizeof(digest), call->request.names.account);
}

static Jsonb *
take_cancel(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_wizard_cancel(id, call->request.names.account);
}

static Jsonb *
take_results(CbRouteCall *call, const pg_uuid_t *id)
{
	CbPage		page;

	cb_query_page(&call->query, NULL, 0, &page);
	return cb_import_results(id, call->request.names.account,
							 cb_query_value(&call->query, "outcome"), page.page,
							 page.take);
}

static CbAnswer
answer_csv(const char *file, Size len, const char *disposition)
{
	CbAnswer	answer = {NULL, CB_STATUS_OK};

	answer.content_type = CSV;
	answer.disposition = disposition;
	answer.raw = file;
	answer.raw_len = len;
	return answer;
}

/* The body is an object with no other keys. */
static void
check_keys(Jsonb *body, const char *const *keys, int nkeys)
{
	JsonbValue	value;
	int			n = 0;

	if (!JB_ROOT_IS_OBJECT(body))
		refuse_body();
	for (int i = 0; i < nkeys; i++)
	{
		if (getKeyJsonValueFromContainer(&body->root, keys[i],
										 (int) strlen(keys[i]), &value) != NULL)
			n++;
	}
	if (n != (int) JB_ROOT_COUNT(body))
		refuse_body();
}

/* False when it is missing or null. */
static bool
member(Jsonb *body, const char *name, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(&body->root, name, (int) strlen(name),
										value) != NULL &&
		value->type != jbvNull;
}

/* NULL when it is missing or null. */
static char *
text_member(Jsonb *body, const char *name)
{
	JsonbValue	value;

	if (!member(body, name, &value))
		return NULL;
	if (value.type != jbvString)
		refuse_body();
	return pnstrdup(value.val.string.val, value.val.string.len);
}

static int
int_of(const JsonbValue *value)
{
	int			number;

	if (!cb_document_int(value, &number))
		refuse_body();
	return number;
}

static ArrayType *
numbers_member(Jsonb *body, const char *name)
{
	JsonbValue	list;
	Datum	   *numbers;
	JsonbContainer *container;
	int			n;

	if (!member(body, name, &list))
		return NULL;
	if (list.type != jbvBinary || !JsonContainerIsArray(list.val.binary.data) ||
		JsonContainerIsScalar(list.val.binary.data))
		refuse_body();
	container = list.val.binary.data;
	n = JsonContainerSize(container);
	numbers = palloc(sizeof(Datum) * (n + 1));
	for (int i = 0; i < n; i++)
		numbers[i] = Int32GetDatum(int_of(getIthJsonbValueFromContainer(container, i)));
	return construct_array(numbers, n, INT4OID, sizeof(int32), true,
						   TYPALIGN_INT);
}

static void
refuse_body(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid body of a request about an import"),
			 errhint("GET /openapi.json says what it has.")));
}
