/*-------------------------------------------------------------------------
 *
 * breach.c
 *		Asking the DBA's function whether a password is known from a breach.
 *
 * The function gets the plaintext, so two things are certain about it: its name
 * is schema-qualified, hence nobody can put another in its place; and no error
 * of its own leaves it, because message, detail and context of an error may
 * quote the argument (a failing EXECUTE does).  Nothing is swallowed: the error
 * is raised again, in words of ours.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "canopy_bulk.h"
#include "db/subxact.h"
#include "secret/breach.h"
#include "settings.h"

/* For ask_step. */
typedef struct Question
{
	CbBreach   *breach;
	Datum		password;
	bool		found;
} Question;

static bool ask_step(void *arg);
static List *parse_name(const char *name);
static void check_signature(Oid function);
static void reword_error(int sqlstate) pg_attribute_noreturn();
static bool is_not_the_functions_fault(int sqlstate);

/*
 * Looks up the function that canopy_bulk.breach_check names; what is kept for
 * the calls lives in context.
 *
 * Raises 22023 when the setting names no function we could use, 42883 when
 * there is no such function, and 42501 when the current user may not call it.
 */
void
cb_breach_resolve(CbBreach *breach, MemoryContext context)
{
	Oid			argument = TEXTOID;
	Oid			function;

	breach->is_set = false;
	if (cb_breach_check == NULL || cb_breach_check[0] == '\0')
		return;

	function = LookupFuncName(parse_name(cb_breach_check), 1, &argument, true);
	if (!OidIsValid(function))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function of setting canopy_bulk.breach_check does not exist"),
				 errdetail("There is no function %s(text).", cb_breach_check),
				 errhint("Create it, or set canopy_bulk.breach_check to the name of another one.")));
	check_signature(function);
	if (cb_function_aclcheck(function, GetUserId()) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for the function of setting canopy_bulk.breach_check"),
				 errhint("Grant EXECUTE on function %s(text) to role %s.",
						 cb_breach_check,
						 quote_identifier(GetUserNameFromId(GetUserId(), false)))));

	fmgr_info_cxt(function, &breach->function, context);
	breach->is_set = true;
}

/*
 * Does the function return true for this datum of type text?  NULL is no.
 *
 * When the function raises, so do we, and the call must end: with the SQLSTATE
 * of the error if it stands for a cancel, a deadlock, a lack of resources or
 * the like, else with 39000.
 */
bool
cb_breach_found(CbBreach *breach, Datum password)
{
	Question	question = {breach, password, false};
	int			sqlstate;

	if (!breach->is_set)
		return false;

	CHECK_FOR_INTERRUPTS();
	sqlstate = cb_step_sqlstate(ask_step, &question);
	if (sqlstate != 0)
		reword_error(sqlstate);
	return question.found;
}

static bool
ask_step(void *arg)
{
	Question   *question = arg;

	LOCAL_FCINFO(fcinfo, 1);
	Datum		result;

	InitFunctionCallInfoData(*fcinfo, &question->breach->function, 1,
							 DEFAULT_COLLATION_OID, NULL, NULL);
	fcinfo->args[0].value = question->password;
	fcinfo->args[0].isnull = false;
	result = FunctionCallInvoke(fcinfo);
	question->found = !fcinfo->isnull && DatumGetBool(result);
	return true;
}

/*
 * Takes a name like schema.function apart, by the rules of SQL for case and
 * quotes.
 */
static List *
parse_name(const char *name)
{
	List	   *parts;
	List	   *names = NIL;
	ListCell   *lc;

	if (!SplitIdentifierString(pstrdup(name), '.', &parts) ||
		list_length(parts) != 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for setting canopy_bulk.breach_check"),
				 errdetail("\"%s\" is not a name of the form schema.function.", name),
				 errhint("Name the function with its schema and without its arguments.")));
	foreach(lc, parts)
		names = lappend(names, makeString(lfirst(lc)));
	return names;
}

/*
 * Refuses what cannot be called as (text) returning boolean.
 */
static void
check_signature(Oid function)
{
	if (get_func_prokind(function) != PROKIND_FUNCTION ||
		get_func_rettype(function) != BOOLOID || get_func_retset(function))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for setting canopy_bulk.breach_check"),
				 errdetail("%s(text) is not a function that returns boolean.",
						   cb_breach_check),
				 errhint("The function takes one text, a password, and returns whether it is known from a breach.")));
}

/*
 * Raises in place of an error of the function, in words of ours only.
 */
static void
reword_error(int sqlstate)
{
	if (is_not_the_functions_fault(sqlstate))
		ereport(ERROR,
				(errcode(sqlstate),
				 errmsg("could not finish the breach check of a password")));
	ereport(ERROR,
			(errcode(ERRCODE_EXTERNAL_ROUTINE_INVOCATION_EXCEPTION),
			 errmsg("the breach check of a password failed"),
			 errdetail("Function %s raised SQLSTATE %s. Its message is withheld because it could quote the password.",
					   cb_breach_check, unpack_sql_state(sqlstate)),
			 errhint("Call the function by hand with a made-up password to see the message.")));
}

/*
 * Errors whose SQLSTATE tells the client to stop or to try again.
 */
static bool
is_not_the_functions_fault(int sqlstate)
{
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case ERRCODE_INVALID_TRANSACTION_STATE:
		case ERRCODE_TRANSACTION_ROLLBACK:
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_PROGRAM_LIMIT_EXCEEDED:
		case ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE:
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_SYSTEM_ERROR:
		case ERRCODE_INTERNAL_ERROR:
			return true;
		default:
			return false;
	}
}
