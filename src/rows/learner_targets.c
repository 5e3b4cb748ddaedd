/*-------------------------------------------------------------------------
 *
 * learner_targets.c
 *		What all learners of a call get, as the directory has it.
 *
 * An id of another account, or of an item of another kind, is not there.
 *
 * A license with a limit is locked so that who enrols in it comes one after the
 * other: its learners are counted, and a number that is kept beside them could be
 * wrong.  The lock is not stronger than the one that others hold on it to read, so
 * that taking it after that one waits for nobody who waits for us.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "canopy_bulk.h"
#include "db/statement.h"
#include "db/stored.h"
#include "db/uuid7.h"
#include "rows/learner_options.h"

#define EQ " OPERATOR(pg_catalog.=) "

/* Parameters of these: account, ids. */
static CbStatement lock_items = {
	"SELECT id, kind, name FROM canopy.learning_item"
	" WHERE account_id" EQ "$1 AND id" EQ "ANY ($2)"
	" ORDER BY id FOR KEY SHARE",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = "id uuid, kind text, name text"
};

static CbStatement lock_seats = {
	"SELECT id, seats FROM canopy.learning_item"
	" WHERE account_id" EQ "$1 AND id" EQ "ANY ($2) AND seats IS NOT NULL"
	" ORDER BY id FOR NO KEY UPDATE",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT,
	.returns = "id uuid, seats int4"
};

static CbStatement count_seats = {
	"SELECT u.id, (SELECT pg_catalog.count(*) FROM canopy.enrolment e"
	" WHERE e.account_id" EQ "$1 AND e.learning_item_id" EQ "u.id)"
	" FROM pg_catalog.unnest($2) AS u (id)",
	2, {UUIDOID, UUIDARRAYOID}, SPI_OK_SELECT, true,
	.returns = "id uuid, taken int8"
};

/* Parameters: account, client. */
static CbStatement lock_client = {
	"SELECT id FROM canopy.portal_client"
	" WHERE account_id" EQ "$1 AND id" EQ "$2 FOR KEY SHARE",
	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = "id uuid"
};

/* Parameters: account, environment, name, id or null. */
static CbStatement lock_role = {
	"SELECT id, is_system FROM canopy.role"
	" WHERE account_id" EQ "$1 AND environment_id" EQ "$2"
	" AND CASE WHEN $4 IS NULL THEN name" EQ "$3 ELSE id" EQ "$4 END"
	" FOR KEY SHARE",
	4, {UUIDOID, UUIDOID, TEXTOID, UUIDOID}, SPI_OK_SELECT,
	.returns = "id uuid, is_system bool"
};

/* Parameters: account, environment. */
static CbStatement lock_root = {
	"SELECT id FROM canopy.node"
	" WHERE account_id" EQ "$1 AND environment_id" EQ "$2"
	" AND parent_node_id IS NULL FOR KEY SHARE",
	2, {UUIDOID, UUIDOID}, SPI_OK_SELECT,
	.returns = "id uuid"
};

/* In the order of CbLearningKind. */
static const char *const kind_names[CB_LEARNING_KINDS] = {
	"bundle", "course", "learning_path", "license"
};
static const char *const missing_messages[CB_LEARNING_KINDS] = {
	"bundle does not exist", "course does not exist",
	"learning path does not exist", "license does not exist"
};

/* For read_item. */
typedef struct Finding
{
	MemoryContext context;
	CbLearnerTargets *targets;
	int			capacity;		/* ids that are looked for, each once */
} Finding;

static void lock_role_and_root(CbLearnerTargets *targets, const CbScope *scope,
							   const char *name);
static void find_items(CbLearnerTargets *targets, const CbScope *scope,
					   const CbLearnerOptions *options);
static Datum all_ids(const CbLearnerOptions *options, int *n);
static void read_item(void *arg, const Datum *values, const bool *nulls);
static void check_items(const CbLearnerTargets *targets,
						const CbLearnerOptions *options);
static void read_limit(void *arg, const Datum *values, const bool *nulls);
static void read_taken(void *arg, const Datum *values, const bool *nulls);
static CbLearningItem *find_item(const CbLearnerTargets *targets,
								 const pg_uuid_t *id);
static void not_found(const char *message) pg_attribute_noreturn();

void
cb_learner_targets_lock(CbLearnerTargets *targets, const CbScope *scope,
						const CbLearnerOptions *options)
{
	Datum		values[2];

	memset(targets, 0, sizeof(CbLearnerTargets));
	if (options->role != NULL)
		lock_role_and_root(targets, scope, options->role);
	if (options->client.given)
	{
		values[0] = UUIDPGetDatum(&scope->account);
		values[1] = UUIDPGetDatum(&options->client.id);
		if (cb_statement_run(&lock_client, values, NULL) == 0)
			not_found("portal client does not exist");
		cb_statement_free();
	}
	find_items(targets, scope, options);
	check_items(targets, options);
}

void
cb_learner_targets_lock_seats(CbLearnerTargets *targets, const CbScope *scope)
{
	Datum	   *ids = palloc(sizeof(Datum) * (targets->nitems + 1));
	Datum		values[2];
	int			n = 0;

	for (int i = 0; i < targets->nitems; i++)
	{
		if (targets->items[i].kind == CB_LEARNING_LICENSE)
			ids[n++] = UUIDPGetDatum(&targets->items[i].id);
	}
	if (n == 0)
		return;
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = cb_statement_array(ids, NULL, n, UUIDOID);
	cb_statement_stream(&lock_seats, values, NULL, false, read_limit, targets);
	n = 0;
	for (int i = 0; i < targets->nitems; i++)
	{
		if (targets->items[i].is_limited)
			ids[n++] = UUIDPGetDatum(&targets->items[i].id);
	}
	if (n == 0)
		return;
	values[1] = cb_statement_array(ids, NULL, n, UUIDOID);
	cb_statement_stream(&count_seats, values, NULL, false, read_taken, targets);
}

void
cb_learner_options_check(const CbScope *scope, const void *options)
{
	CbLearnerTargets targets;

	cb_learner_targets_lock(&targets, scope, options);
}

static void
lock_role_and_root(CbLearnerTargets *targets, const CbScope *scope,
				   const char *name)
{
	Datum		values[4];
	char		nulls[4] = {' ', ' ', ' ', ' '};
	pg_uuid_t	id;
	bool		isnull;

	if (!scope->has_environment)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a role needs an environment"),
				 errhint("Name the application and the environment that the role belongs to.")));
	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = UUIDPGetDatum(&scope->environment);
	values[2] = CStringGetTextDatum(name);
	values[3] = UUIDPGetDatum(&id);
	nulls[3] = cb_uuid_parse(name, strlen(name), &id) ? ' ' : 'n';
	if (cb_statement_run(&lock_role, values, nulls) == 0)
		not_found("role does not exist");
	targets->role = *DatumGetUUIDP(cb_statement_value(0, 1, &isnull));
	if (DatumGetBool(cb_statement_value(0, 2, &isnull)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("system roles are reserved for administrators")));
	cb_statement_free();
	if (cb_statement_run(&lock_root, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the environment has no root node"),
				 errhint("A role of learners holds at the root of the environment's hierarchy.")));
	targets->node = *DatumGetUUIDP(cb_statement_value(0, 1, &isnull));
	cb_statement_free();
	targets->has_role = true;
}

static void
find_items(CbLearnerTargets *targets, const CbScope *scope,
		   const CbLearnerOptions *options)
{
	Finding		finding = {CurrentMemoryContext, targets};
	Datum		values[2];
	int			n;

	values[0] = UUIDPGetDatum(&scope->account);
	values[1] = all_ids(options, &n);
	finding.capacity = n;
	targets->items = palloc0(sizeof(CbLearningItem) * (n + 1));
	if (n > 0)
		cb_statement_stream(&lock_items, values, NULL, false, read_item, &finding);
}

static Datum
all_ids(const CbLearnerOptions *options, int *n)
{
	Datum	   *ids = palloc(sizeof(Datum) * (CB_LEARNER_MAX_ITEMS + 1));

	*n = 0;
	for (int kind = 0; kind < CB_LEARNING_KINDS; kind++)
	{
		for (int i = 0; i < options->nitems[kind]; i++)
			ids[(*n)++] = UUIDPGetDatum(&options->items[kind][i]);
	}
	return cb_statement_array(ids, NULL, *n, UUIDOID);
}

static void
read_item(void *arg, const Datum *values, const bool *nulls)
{
	Finding    *finding = arg;
	CbLearningItem *item;
	MemoryContext old = MemoryContextSwitchTo(finding->context);

	if (finding->targets->nitems == finding->capacity)
		cb_stored_refuse("learning_item.id");
	item = &finding->targets->items[finding->targets->nitems++];
	item->id = *DatumGetUUIDP(values[0]);
	item->kind = cb_stored_word(TextDatumGetCString(values[1]), kind_names,
								CB_LEARNING_KINDS, "learning_item.kind");
	item->name = TextDatumGetCString(values[2]);
	MemoryContextSwitchTo(old);
}

static void
check_items(const CbLearnerTargets *targets, const CbLearnerOptions *options)
{
	for (int kind = 0; kind < CB_LEARNING_KINDS; kind++)
	{
		for (int i = 0; i < options->nitems[kind]; i++)
		{
			const CbLearningItem *item = find_item(targets, &options->items[kind][i]);

			if (item == NULL || item->kind != (CbLearningKind) kind)
				not_found(missing_messages[kind]);
		}
	}
}

static void
read_limit(void *arg, const Datum *values, const bool *nulls)
{
	CbLearningItem *item = find_item(arg, DatumGetUUIDP(values[0]));

	item->is_limited = true;
	item->seats = DatumGetInt32(values[1]);
}

static void
read_taken(void *arg, const Datum *values, const bool *nulls)
{
	find_item(arg, DatumGetUUIDP(values[0]))->taken = DatumGetInt64(values[1]);
}

static CbLearningItem *
find_item(const CbLearnerTargets *targets, const pg_uuid_t *id)
{
	return bsearch(id, targets->items, targets->nitems, sizeof(CbLearningItem),
				   cb_uuid_compare);
}

static void
not_found(const char *message)
{
	ereport(ERROR,
			(errcode(CB_ERRCODE_NOT_FOUND),
			 errmsg("%s", message)));
}
