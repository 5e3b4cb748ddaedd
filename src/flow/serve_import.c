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

#include "canopy_bulk.h"
#include "db/document.h"
#include "db/uuid7.h"
#include "flow/body.h"
#include "flow/import_csv.h"
#include "flow/import_list.h"
#include "flow/import_preview.h"
#include "flow/import_run.h"
#include "flow/import_steps.h"
#include "flow/import_upload.h"
#include "flow/import_undo.h"
#include "flow/import_sync.h"
#include "flow/serve.h"

#define CSV				"text/csv; charset=utf-8"

static void enter(const CbRouteCall *call, CbCaller *caller, CbScope *scope);
static void find_import(const CbRouteCall *call, const CbScope *scope, pg_uuid_t *id);
static const char *charset_of(const char *content_type);
static void take_headers(CbImportUpload *upload, const char *list);
static CbAnswer answer_csv(const char *file, Size len, const char *disposition);

CbAnswer
cb_serve_import(CbRouteCall *call)
{
	CbCaller	caller;
	CbScope		scope;
	pg_uuid_t	id;

	enter(call, &caller, &scope);
	find_import(call, &scope, &id);
	cb_caller_leave(&caller);
	return cb_serve_once(call, &id);
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
	find_import(call, &scope, &id);
	cb_caller_leave(&caller);
	initStringInfo(&file);
	cb_import_csv(&id, call->request.names.account, which, bom, &file);
	return answer_csv(file.data, file.len, cb_import_csv_disposition(which));
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
find_import(const CbRouteCall *call, const CbScope *scope, pg_uuid_t *id)
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

Jsonb *
cb_import_step_open(CbRouteCall *call, const pg_uuid_t *id)
{
	static const char *const keys[] = {
		"mode", "on_conflict", "missing", "max_missing_percent"
	};
	CbImportOrder order = {0};

	cb_http_body_check(call->body, keys, lengthof(keys));
	order.names = call->request.names;
	order.mode = cb_http_body_require_text(call->body, "mode");
	order.on_conflict = cb_http_body_text(call->body, "on_conflict");
	order.missing = cb_http_body_text(call->body, "missing");
	order.max_missing_percent = cb_http_body_int(call->body, "max_missing_percent", -1);
	return cb_wizard_open(&order);
}

Jsonb *
cb_import_step_list(CbRouteCall *call, const pg_uuid_t *id)
{
	CbImportListing listing = {{NULL}};

	listing.names = call->request.names;
	listing.status = cb_query_value(&call->query, "status");
	cb_query_page(&call->query, NULL, 0, &listing.page);
	return cb_import_list(&listing);
}

Jsonb *
cb_import_step_get(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_wizard_info(id, call->request.names.account);
}

/* A charset that the sender names counts where the query names no encoding. */
Jsonb *
cb_import_step_upload(CbRouteCall *call, const pg_uuid_t *id)
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

Jsonb *
cb_import_step_map(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_wizard_map(id, call->body, call->request.names.account);
}

Jsonb *
cb_import_step_preview(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_wizard_preview(id, call->request.names.account);
}

Jsonb *
cb_import_step_rows(CbRouteCall *call, const pg_uuid_t *id)
{
	CbPage		page;

	cb_query_page(&call->query, NULL, 0, &page);
	return cb_wizard_rows(id, cb_query_value(&call->query, "verdict"), page.page,
						  page.take, call->request.names.account);
}

Jsonb *
cb_import_step_select(CbRouteCall *call, const pg_uuid_t *id)
{
	static const char *const keys[] = {"row_numbers", "selected"};
	JsonbValue	selected;

	cb_http_body_check(call->body, keys, lengthof(keys));
	if (!cb_http_body_member(call->body, "selected", &selected))
		cb_http_body_refuse("selected", "true or false, and is required");
	return cb_wizard_select(id, cb_http_body_ints(call->body, "row_numbers"),
							cb_http_body_bool(call->body, "selected", true),
							call->request.names.account);
}

Jsonb *
cb_import_step_cancel(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_wizard_cancel(id, call->request.names.account);
}

Jsonb *
cb_import_step_undo(CbRouteCall *call, const pg_uuid_t *id)
{
	return cb_wizard_undo(id, call->request.dry_run, call->request.names.account);
}

Jsonb *
cb_import_step_missing(CbRouteCall *call, const pg_uuid_t *id)
{
	CbPage		page;

	cb_query_page(&call->query, NULL, 0, &page);
	return cb_wizard_missing(id, page.page, page.take, call->request.names.account);
}

Jsonb *
cb_import_step_results(CbRouteCall *call, const pg_uuid_t *id)
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
