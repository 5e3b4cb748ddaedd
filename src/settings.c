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
#include "utils/guc_tables.h"
#include "utils/varlena.h"

#include "canopy_bulk.h"
#include "settings.h"

char	   *cb_account;
char	   *cb_application;
char	   *cb_environment;
bool		cb_require_claims;
char	   *cb_claim_subject;
char	   *cb_claim_principal_type;
char	   *cb_claim_account;
char	   *cb_claim_application;
char	   *cb_claim_environment;
char	   *cb_token_issuer;
char	   *cb_token_audience;
char	   *cb_admin_principals;
int			cb_max_rows;
char	   *cb_breach_check;
int			cb_argon2_memory;
int			cb_argon2_passes;
int			cb_hash_workers;
int			cb_max_hash_memory;
int			cb_max_hash_time;
int			cb_login_max_failures;
int			cb_login_lock_duration;
int			cb_idempotency_window;
int			cb_strategy;
char	   *cb_accept_url;
char	   *cb_verify_url;
int			cb_verification_expires_in;
int			cb_invite_expires_in;
int			cb_outbox_lease;
int			cb_outbox_attempts;
int			cb_outbox_backoff;
int			cb_max_running_jobs;
int			cb_max_queued_jobs;
int			cb_max_open_imports;
int			cb_max_workers;
char	   *cb_import_allowed_hosts;
char	   *cb_import_allowed_networks;
char	   *cb_import_ca_file;
char	   *cb_launcher_databases;
int			cb_launcher_interval;

static char *row_error_sqlstates;
static bool forced_by_client;

static const struct config_enum_entry strategies[] = {
	{"auto", CB_STRATEGY_AUTO, false},
	{"set", CB_STRATEGY_SET, false},
	{"row", CB_STRATEGY_ROW, false},
	{NULL, 0, false}
};

static void define_claims(void);
static void define_passwords(void);
static void define_mail(void);
static void define_jobs(const CbSettingChecks *checks);
static bool find_forced(void);
static bool has_clients_value(const struct config_generic *setting);
static bool is_from_client(GucSource source, GucContext context);
static bool is_anybodys(const char *name);
static bool check_sqlstates(char **newval, void **extra, GucSource source);
static bool is_never_the_rows(const char *sqlstate);
static bool check_url(char **newval, void **extra, GucSource source);
static bool check_names(char **newval, void **extra, GucSource source);
static void define_string(const char *name, const char *description,
						  char **variable, const char *initial,
						  GucContext context, GucStringCheckHook check);
static void define_number(const char *name, const char *description,
						  int *variable, int initial, int least, int most,
						  int flags);

/* Defines every setting; called once, when the library is loaded. */
void
cb_settings_define(const CbSettingChecks *checks)
{
	forced_by_client = find_forced();
	define_string("canopy_bulk.account",
				  "Account to work on when the call names none: a slug or an id.",
				  &cb_account, "", PGC_USERSET, NULL);
	define_string("canopy_bulk.application",
				  "Application to work on when the call names none: a slug or an id.",
				  &cb_application, "", PGC_USERSET, NULL);
	define_string("canopy_bulk.environment",
				  "Environment to work on when the call names none: a slug or an id.",
				  &cb_environment, "", PGC_USERSET, NULL);
	define_claims();
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
	define_number("canopy_bulk.idempotency_window",
				  "How long an idempotency key is kept.",
				  &cb_idempotency_window, 24 * 3600, 1, 366 * 24 * 3600,
				  GUC_UNIT_S);
	define_passwords();
	define_mail();
	define_jobs(checks);
	MarkGUCPrefixReserved("canopy_bulk");
}

/* What a password costs, and what a wrong one. */
static void
define_passwords(void)
{
	define_number("canopy_bulk.argon2_memory",
				  "Memory that hashing a password uses.",
				  &cb_argon2_memory, 19456, 7168, 262144, GUC_UNIT_KB);
	define_number("canopy_bulk.argon2_passes",
				  "Passes over the memory that hashing a password makes; little memory gets more.",
				  &cb_argon2_passes, 2, 1, 10, 0);
	DefineCustomIntVariable("canopy_bulk.hash_workers",
							"Threads that hash and verify passwords, of all connections together; 0 is one per core.",
							NULL, &cb_hash_workers, 0, 0, 64, PGC_SIGHUP, 0,
							NULL, NULL, NULL);
	define_number("canopy_bulk.max_hash_memory",
				  "Memory that computing a hash may take which is imported.",
				  &cb_max_hash_memory, 65536, 1024, CB_HASH_MEMORY_MOST,
				  GUC_UNIT_KB);
	define_number("canopy_bulk.max_hash_time",
				  "Time that computing a hash may take which is imported, on a reference processor.",
				  &cb_max_hash_time, 1000, 10, CB_HASH_TIME_MOST,
				  GUC_UNIT_MS);
	define_number("canopy_bulk.login_max_failures",
				  "Wrong passwords in a row after which an identity is locked; 0 is never.",
				  &cb_login_max_failures, 5, 0, 1000000, 0);
	define_number("canopy_bulk.login_lock_duration",
				  "How long an identity stays locked.",
				  &cb_login_lock_duration, 15 * 60, 1, 366 * 24 * 3600,
				  GUC_UNIT_S);
}

/* Invites, and the mail that carries them. */
static void
define_mail(void)
{
	define_string("canopy_bulk.accept_url",
				  "Page that accepts invites where no OAuth client names its own.",
				  &cb_accept_url, "/app/identity/accept-invite", PGC_SUSET, check_url);
	define_number("canopy_bulk.invite_expires_in",
				  "How long an invite is good when it does not say so itself.",
				  &cb_invite_expires_in, 7 * 24 * 3600, CB_INVITE_LEAST,
				  CB_INVITE_MOST, GUC_UNIT_S);
	define_string("canopy_bulk.verify_url",
				  "Page that verifies addresses.",
				  &cb_verify_url, "/app/identity/verify-email", PGC_SUSET, check_url);
	define_number("canopy_bulk.verification_expires_in",
				  "How long an identity has to verify its address.",
				  &cb_verification_expires_in, 24 * 3600, CB_INVITE_LEAST,
				  CB_INVITE_MOST, GUC_UNIT_S);
	define_number("canopy_bulk.outbox_lease",
				  "How long a mail that was claimed is left to its sender.",
				  &cb_outbox_lease, 300, 1, 24 * 3600, GUC_UNIT_S);
	define_number("canopy_bulk.outbox_attempts",
				  "Attempts to send a mail before it is given up.",
				  &cb_outbox_attempts, 8, 1, 100, 0);
	define_number("canopy_bulk.outbox_backoff",
				  "How long a mail waits after its first attempt; twice as long after each further one.",
				  &cb_outbox_backoff, 60, 1, 3600, GUC_UNIT_S);
}

/* Imports, the background workers that run them, and what those may fetch. */
static void
define_jobs(const CbSettingChecks *checks)
{
	define_number("canopy_bulk.max_open_imports",
				  "Imports of an account that have not ended.",
				  &cb_max_open_imports, 100, 1, 1000, 0);
	define_number("canopy_bulk.max_running_jobs",
				  "Jobs of an account that run at the same time.",
				  &cb_max_running_jobs, 1, 1, 1000, 0);
	define_number("canopy_bulk.max_queued_jobs",
				  "Jobs of an account that may wait to be run.",
				  &cb_max_queued_jobs, 10, 1, 100000, 0);
	DefineCustomIntVariable("canopy_bulk.max_workers",
							"Workers of the server that run jobs at the same time.", NULL,
							&cb_max_workers, 4, 1, 1000, PGC_SIGHUP, 0,
							NULL, NULL, NULL);
	define_string("canopy_bulk.import_allowed_hosts",
				  "Hosts that a file may be fetched from, separated by commas; empty is none.",
				  &cb_import_allowed_hosts, "", PGC_SUSET, checks->hosts);
	define_string("canopy_bulk.import_allowed_networks",
				  "Networks that are not public and that a file may be fetched from all the same.",
				  &cb_import_allowed_networks, "", PGC_SUSET, checks->networks);
	define_string("canopy_bulk.import_ca_file",
				  "File of the authorities that certificates of hosts must come from; empty is the system's.",
				  &cb_import_ca_file, "", PGC_SUSET, NULL);
	define_string("canopy_bulk.launcher_databases",
				  "Databases whose waiting jobs the launcher takes up, separated by commas; the library must be preloaded.",
				  &cb_launcher_databases, "", PGC_SIGHUP, check_names);
	DefineCustomIntVariable("canopy_bulk.launcher_interval",
							"How often the launcher looks for waiting jobs.", NULL,
							&cb_launcher_interval, 10, 1, 24 * 3600, PGC_SIGHUP,
							GUC_UNIT_S, NULL, NULL, NULL);
}

/* What a token has to say, and where it says it. */
static void
define_claims(void)
{
	define_string("canopy_bulk.claim_subject",
				  "Name of the claim that says who calls.",
				  &cb_claim_subject, "sub", PGC_SUSET, NULL);
	define_string("canopy_bulk.claim_principal_type",
				  "Name of the claim that says what kind of principal calls.",
				  &cb_claim_principal_type, "principal_type", PGC_SUSET, NULL);
	define_string("canopy_bulk.claim_account",
				  "Name of the claim that says for which accounts: a slug or an id, or an array of them.",
				  &cb_claim_account, "account", PGC_SUSET, NULL);
	define_string("canopy_bulk.claim_application",
				  "Name of the claim that binds the caller to an application: a slug or an id.",
				  &cb_claim_application, "application", PGC_SUSET, NULL);
	define_string("canopy_bulk.claim_environment",
				  "Name of the claim that binds the caller to an environment: a slug or an id.",
				  &cb_claim_environment, "environment", PGC_SUSET, NULL);
	define_string("canopy_bulk.admin_principals",
				  "Kinds of principals that may call, separated by commas.",
				  &cb_admin_principals, "user,api_key", PGC_SUSET, NULL);
	define_string("canopy_bulk.token_issuer",
				  "Issuer (iss) that a token must be of; empty is any.",
				  &cb_token_issuer, "", PGC_SUSET, NULL);
	define_string("canopy_bulk.token_audience",
				  "Audience (aud) that a token must be for; empty is any.",
				  &cb_token_audience, "", PGC_SUSET, NULL);
}

void
cb_settings_check(void)
{
	if (forced_by_client)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("connection options set parameters of canopy_bulk that only superusers may set"),
				 errhint("Connect without them.")));
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

/*
 * Until the library is loaded a client can give any of its settings a value in the
 * connection's options.  Defining the setting then drops the value, but the one that
 * it had hidden, from ALTER ROLE for example, does not come back.  The value need not
 * be the current one: a SET puts another in front of it, and a SET LOCAL, a function's
 * SET clause or a savepoint stacks it.
 *
 * A value that an ordinary role has set in the session is dropped too, and hides
 * nothing for good.  ALTER ROLE and ALTER DATABASE take a setting that the server does
 * not know yet from superusers only.
 */
static bool
find_forced(void)
{
	int			n;
	struct config_generic **settings = cb_guc_variables(&n);

	for (int i = 0; i < n; i++)
	{
		if ((settings[i]->flags & GUC_CUSTOM_PLACEHOLDER) != 0 &&
			pg_strncasecmp(settings[i]->name, "canopy_bulk.", 12) == 0 &&
			!is_anybodys(settings[i]->name + 12) &&
			has_clients_value(settings[i]))
			return true;
	}
	return false;
}

/* As its current value, the one that RESET restores, or one of the stack. */
static bool
has_clients_value(const struct config_generic *setting)
{
	if (is_from_client(setting->source, setting->scontext) ||
		is_from_client(setting->reset_source, setting->reset_scontext))
		return true;
	for (const GucStack *stack = setting->stack; stack != NULL; stack = stack->prev)
	{
		if (is_from_client(stack->source, stack->scontext))
			return true;
	}
	return false;
}

/* The server marks the options of a superuser's connection. */
static bool
is_from_client(GucSource source, GucContext context)
{
	return source == PGC_S_CLIENT && context != PGC_SU_BACKEND;
}

static bool
is_anybodys(const char *name)
{
	static const char *const names[] = {
		"account", "application", "environment", "strategy"
	};

	for (size_t i = 0; i < lengthof(names); i++)
	{
		if (pg_strcasecmp(names[i], name) == 0)
			return true;
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

/* A path, or an address of the web; nothing that runs where it is clicked. */
static bool
check_url(char **newval, void **extra, GucSource source)
{
	const char *url = *newval;

	if (url[0] != '/' && strncmp(url, "http://", 7) != 0 &&
		strncmp(url, "https://", 8) != 0)
	{
		GUC_check_errdetail("It is a path, or begins with http:// or https://.");
		return false;
	}
	for (const char *c = url; *c != '\0'; c++)
	{
		if (*c <= ' ' || *c > '~')
		{
			GUC_check_errdetail("It has a character that has no place in an address.");
			return false;
		}
	}
	return true;
}

static bool
check_names(char **newval, void **extra, GucSource source)
{
	List	   *names;

	if (SplitIdentifierString(pstrdup(*newval), ',', &names))
		return true;
	GUC_check_errdetail("It is a list of names.");
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
