/*-------------------------------------------------------------------------
 *
 * settings.c
 *		The settings canopy_bulk.*
 *
 * Who may change a setting follows from what it can do: naming the account one
 * works on is anybody's; what weakens a limit, a hash or the blame rules is the
 * superuser's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"
#include "utils/varlena.h"

#include "canopy_bulk.h"
#include "settings.h"

char	   *cb_account;
char	   *cb_application;
char	   *cb_environment;
bool		cb_require_claims;
char	   *cb_admin_principals;
int			cb_max_rows;
char	   *cb_breach_check;
int			cb_argon2_memory;
int			cb_argon2_passes;
int			cb_hash_workers;
int			cb_strategy;

static char *row_error_sqlstates;

static const struct config_enum_entry strategies[] = {
	{"auto", CB_STRATEGY_AUTO, false},
	{"set", CB_STRATEGY_SET, false},
	{"row", CB_STRATEGY_ROW, false},
	{NULL, 0, false}
};

static bool check_sqlstates(char **newval, void **extra, GucSource source);
static bool is_never_the_rows(const char *sqlstate);
static void define_string(const char *name, const char *description,
						  char **variable, const char *initial,
						  GucContext context, GucStringCheckHook check);
static void define_number(const char *name, const char *description,
						  int *variable, int initial, int least, int most,
						  int flags);

/* Defines every setting; called once, when the library is loaded. */
void
cb_settings_define(void)
{
	define_string("canopy_bulk.account",
				  "Account to work on when the call names none: a slug or an id.",
				  &cb_account, "", PGC_USERSET, NULL);
	define_string("canopy_bulk.application",
				  "Application to work on when the call names none: a slug or an id.",
				  &cb_application, "", PGC_USERSET, NULL);
	define_string("canopy_bulk.environment",
				  "Environment to work on when the call names none: a slug or an id.",
				  &cb_environment, "", PGC_USERSET, NULL);
	define_string("canopy_bulk.admin_principals",
				  "Values of the claim principal_type that may call, separated by commas.",
				  &cb_admin_principals, "user,api_key", PGC_SUSET, NULL);
	define_string("canopy_bulk.row_error_sqlstates",
				  "Further SQLSTATEs that become a row's error, separated by commas.",
				  &row_error_sqlstates, "", PGC_SUSET, check_sqlstates);
	define_string("canopy_bulk.breach_check",
				  "Function (text) returning boolean that says whether a password is known from a breach.",
				  &cb_breach_check, "", PGC_SUSET, NULL);
	DefineCustomBoolVariable("canopy_bulk.require_claims",
							 "Refuses calls without claims.", NULL,
							 &cb_require_claims, false, PGC_SUSET, 0,
							 NULL, NULL, NULL);
	DefineCustomEnumVariable("canopy_bulk.strategy",
							 "How a batch is written: by sets of rows, row by row, or as fits.",
							 NULL, &cb_strategy, CB_STRATEGY_AUTO, strategies,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	define_number("canopy_bulk.max_rows",
				  "Rows that a batch may have at most.",
				  &cb_max_rows, 200, 1, 10000, 0);
	define_number("canopy_bulk.argon2_memory",
				  "Memory that hashing a password uses.",
				  &cb_argon2_memory, 19456, 7168, 262144, GUC_UNIT_KB);
	define_number("canopy_bulk.argon2_passes",
				  "Passes over the memory that hashing a password makes; little memory gets more.",
				  &cb_argon2_passes, 2, 1, 10, 0);
	define_number("canopy_bulk.hash_workers",
				  "Threads that hash the passwords of a batch; 0 is one per core.",
				  &cb_hash_workers, 0, 0, 64, 0);
	MarkGUCPrefixReserved("canopy_bulk");
}

int
cb_settings_argon2_passes(void)
{
	/* Of equal strength: so much memory, in kB, needs so many passes. */
	static const struct
	{
		int			memory;
		int			passes;
	}			floor[] = {{47104, 1}, {19456, 2}, {12288, 3}, {9216, 4}, {0, 5}};
	int			i = 0;

	while (cb_argon2_memory < floor[i].memory)
		i++;
	return Max(cb_argon2_passes, floor[i].passes);
}

bool
cb_settings_is_admin(const char *principal, int len)
{
	const char *word = cb_admin_principals;

	while (*word != '\0')
	{
		size_t		span;

		word += strspn(word, ", ");
		span = strcspn(word, ", ");
		if (span > 0 && span == (size_t) len && memcmp(word, principal, span) == 0)
			return true;
		word += span;
	}
	return false;
}

bool
cb_settings_blames_row(int sqlstate)
{
	const char *word = row_error_sqlstates;

	while (*word != '\0')
	{
		word += strspn(word, ", ");
		if (strlen(word) >= 5 &&
			MAKE_SQLSTATE(word[0], word[1], word[2], word[3], word[4]) == sqlstate)
			return true;
		word += strcspn(word, ", ");
	}
	return false;
}

/* Every word is five digits or capital letters. */
static bool
check_sqlstates(char **newval, void **extra, GucSource source)
{
	const char *word = *newval;

	while (*word != '\0')
	{
		size_t		span;

		word += strspn(word, ", ");
		span = strcspn(word, ", ");
		if (span != 0 &&
			(span != 5 ||
			 strspn(word, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") < 5))
		{
			GUC_check_errdetail("An SQLSTATE has five digits or capital letters.");
			return false;
		}
		if (span == 5 && is_never_the_rows(word))
		{
			GUC_check_errdetail("An error of class %.2s ends the call.", word);
			return false;
		}
		word += span;
	}
	return true;
}

/* Cancels, deadlocks, lack of resources and the like are never a row's fault. */
static bool
is_never_the_rows(const char *sqlstate)
{
	static const char *const classes[] = {
		"00", "08", "25", "40", "53", "54", "55", "57", "58", "F0", "XX"
	};

	for (size_t i = 0; i < lengthof(classes); i++)
	{
		if (memcmp(classes[i], sqlstate, 2) == 0)
			return true;
	}
	return false;
}

static void
define_string(const char *name, const char *description, char **variable,
			  const char *initial, GucContext context, GucStringCheckHook check)
{
	DefineCustomStringVariable(name, description, NULL, variable, initial,
							   context, 0, check, NULL, NULL);
}

static void
define_number(const char *name, const char *description, int *variable,
			  int initial, int least, int most, int flags)
{
	DefineCustomIntVariable(name, description, NULL, variable, initial,
							least, most, PGC_SUSET, flags, NULL, NULL, NULL);
}
