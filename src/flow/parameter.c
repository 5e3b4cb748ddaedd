/*-------------------------------------------------------------------------
 *
 * parameter.c
 *		The parameters of routes: what a path, a query or a header may have.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "flow/parameter.h"

#define TEXT	"{\"type\": \"string\"}"
#define UUID	"{\"type\": \"string\", \"format\": \"uuid\"}"
#define BOOL	"{\"type\": \"boolean\"}"

const CbParameter cb_parameters[] = {
	{"account", "account", "path", TEXT, "Slug or id."},
	{"application", "application", "path", TEXT, "Slug or id."},
	{"environment", "environment", "path", TEXT, "Slug or id."},
	{"id", "id", "path", UUID, "Id of the resource."},
	{"application_id", "application_id", "path", UUID, "Id of the application."},
	{"idempotencyKey", "Idempotency-Key", "header",
		"{\"type\": \"string\", \"minLength\": 1, \"maxLength\": 255}",
	"A request with a key that was used within a day gets the answer of the first."},
	{"inEnvironment", "environment", "query", TEXT,
	"Slug or id of the environment that roles and nodes are of."},
	{"dryRun", "dry_run", "query", BOOL, "Do everything, then leave nothing."},
	{"maxFailed", "max_failed", "query", "{\"type\": \"integer\", \"minimum\": 0}",
	"Rows that may fail before all is rolled back; 0: all or nothing."},
	{"onConflict", "on_conflict", "query", "{\"enum\": [\"error\", \"skip\", \"update\"]}",
	"What to do with what exists."},
	{"onMembership", "on_conflict", "query", "{\"enum\": [\"error\", \"skip\"]}",
	"What to do with what exists."},
	{"page", "page", "query",
		"{\"type\": \"integer\", \"minimum\": 1, \"maximum\": 1000000, \"default\": 1}",
	"Which page, from 1."},
	{"take", "take", "query",
		"{\"type\": \"integer\", \"minimum\": 1, \"maximum\": 100, \"default\": 20}",
	"How many items a page has."},
	{"q", "q", "query", "{\"type\": \"string\", \"maxLength\": 255}",
	"Text that an item has somewhere, in any case."},
	{"order", "order", "query", "{\"enum\": [\"asc\", \"desc\"]}",
	"desc is the default of created_at, asc of the others."},
	{"sortIdentities", "sort_by", "query",
		"{\"enum\": [\"created_at\", \"email\", \"first_name\", \"last_name\"], \"default\": \"created_at\"}",
	"What the list is sorted by."},
	{"sortAudit", "sort_by", "query",
		"{\"enum\": [\"created_at\", \"action\"], \"default\": \"created_at\"}",
	"What the list is sorted by."},
	{"status", "status", "query", "{\"enum\": [\"active\", \"inactive\"]}",
	"Only identities that are, or are not, active."},
	{"inviteStatus", "status", "query",
		"{\"enum\": [\"pending\", \"accepted\", \"revoked\", \"expired\"]}",
	"Only invites of this status."},
	{"onInvite", "on_conflict", "query", "{\"enum\": [\"error\", \"skip\"]}",
	"What to do with an address that has a pending invite."},
	{"hasAnyAssignment", "has_any_assignment", "query", BOOL,
	"Only identities that have a role somewhere, or none."},
	{"notInApp", "not_in_app", "query", TEXT,
	"Slug or id of an application: only identities that can be attached to it."},
	{"onAssignment", "on_conflict", "query", "{\"enum\": [\"error\", \"skip\"]}",
	"What to do with a role that the identity has at the node."},
	{"importStatus", "status", "query",
		"{\"enum\": [\"open\", \"uploaded\", \"mapped\", \"previewed\", \"running\","
		" \"completed\", \"cancelled\", \"failed\", \"undone\"]}",
	"Only imports of this status."},
	{"jobStatus", "status", "query",
		"{\"enum\": [\"queued\", \"fetching\", \"running\", \"complete\","
		" \"failed\", \"cancelled\"]}",
	"Only jobs of this status."},
	{"importMode", "mode", "query",
		"{\"enum\": [\"create\", \"invite\", \"account_create\"], \"default\": \"create\"}",
	"What a row becomes."},
	{"fileName", "file_name", "query", TEXT, "Name of the file, for the audit entry."},
	{"delimiter", "delimiter", "query",
		"{\"enum\": [\"comma\", \"semicolon\", \"tab\", \"pipe\"]}",
	"What stands between two cells; found out when it is left out."},
	{"encoding", "encoding", "query", TEXT,
		"Encoding of the file, before the charset of Content-Type; found out when"
	" neither is there."},
	{"secretColumns", "secret_columns", "query", TEXT,
		"Headers of columns that hold passwords, with commas between, besides those"
	" whose header says so."},
	{"verdict", "verdict", "query", "{\"enum\": [\"valid\", \"warning\", \"error\"]}",
	"Only rows of which the preview found this."},
	{"outcome", "outcome", "query",
		"{\"enum\": [\"created\", \"updated\", \"skipped\", \"failed\"]}",
	"Only rows that this became of."},
	{"which", "which", "query", "{\"enum\": [\"all\", \"failed\"], \"default\": \"all\"}",
	"Every row with its result, or the rows that are left to do, to be mended and uploaded."},
	{"bom", "bom", "query", BOOL,
	"Begin with a byte order mark, by which Excel knows UTF-8."},
};

const int	cb_nparameters = lengthof(cb_parameters);

const CbParameter *
cb_parameter_find(const char *key, size_t len)
{
	for (int i = 0; i < cb_nparameters; i++)
	{
		if (strlen(cb_parameters[i].key) == len &&
			memcmp(cb_parameters[i].key, key, len) == 0)
			return &cb_parameters[i];
	}
	return NULL;
}
