/*-------------------------------------------------------------------------
 *
 * settings.h
 *		The settings canopy_bulk.*
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SETTINGS_H
#define CB_SETTINGS_H

#include "utils/guc.h"

/* Bounds of how long an invite is good, in seconds. */
#define CB_INVITE_LEAST		60
#define CB_INVITE_MOST		(366 * 24 * 3600)

/* Ends of what an imported hash may cost, in kilobytes and milliseconds. */
#define CB_HASH_MEMORY_MOST	262144
#define CB_HASH_TIME_MOST	2500

/* How a batch is written; see flow/strategy.c. */
typedef enum CbStrategy
{
	CB_STRATEGY_AUTO,
	CB_STRATEGY_SET,
	CB_STRATEGY_ROW
} CbStrategy;

extern char *cb_account;		/* slug or id; empty: none */
extern char *cb_application;	/* slug or id; empty: none */
extern char *cb_environment;	/* slug or id; empty: none */
extern bool cb_require_claims;
extern char *cb_claim_subject;	/* names of claims */
extern char *cb_claim_principal_type;
extern char *cb_claim_account;
extern char *cb_claim_application;
extern char *cb_claim_environment;
extern char *cb_token_issuer;	/* of tokens we verify; empty: any */
extern char *cb_token_audience; /* of tokens we verify; empty: any */
extern char *cb_admin_principals;	/* words, separated by commas */
extern int	cb_max_rows;		/* rows of a batch */
extern char *cb_breach_check;	/* a function's qualified name; empty: none */
extern int	cb_argon2_memory;	/* kilobytes */
extern int	cb_argon2_passes;
extern int	cb_idempotency_window;	/* seconds */
extern int	cb_strategy;		/* a CbStrategy */
extern int	cb_hash_workers;	/* threads of the server; 0: one per core */
extern int	cb_max_hash_memory; /* kilobytes, of an imported hash */
extern int	cb_max_hash_time;	/* milliseconds, likewise */
extern int	cb_login_max_failures;	/* before a lock-out; 0: never */
extern int	cb_login_lock_duration; /* seconds */
extern char *cb_accept_url;		/* of the page that accepts invites */
extern char *cb_verify_url;		/* of the page that verifies addresses */
extern int	cb_verification_expires_in; /* seconds */
extern int	cb_invite_expires_in;	/* seconds */
extern int	cb_outbox_lease;	/* seconds */
extern int	cb_outbox_attempts;
extern int	cb_outbox_backoff;	/* seconds after the first attempt */
extern int	cb_max_running_jobs;	/* of an account */
extern int	cb_max_queued_jobs; /* of an account */
extern int	cb_max_open_imports;	/* of an account */
extern int	cb_max_workers;		/* of the server */
extern char *cb_import_allowed_hosts;	/* see input/host.h; empty: none */
extern char *cb_import_allowed_networks;	/* see input/address.h */
extern char *cb_import_ca_file; /* path; empty: the system's authorities */
extern char *cb_launcher_databases; /* names, separated by commas */
extern int	cb_launcher_interval;	/* seconds */

/* Checks of settings that only higher layers understand. */
typedef struct CbSettingChecks
{
	GucStringCheckHook hosts;	/* of canopy_bulk.import_allowed_hosts */
	GucStringCheckHook networks;	/* of canopy_bulk.import_allowed_networks */
} CbSettingChecks;

extern void cb_settings_define(const CbSettingChecks *checks);

/*
 * Raises 42501 when a client has put superuser's settings into its connection
 * options before the library was loaded: what a DBA had set them to is lost then.
 */
extern void cb_settings_check(void);

/* canopy_bulk.argon2_passes, or as many as OWASP asks for with this memory. */
extern int	cb_settings_argon2_passes(void);

/* Is the word one of canopy_bulk.admin_principals? */
extern bool cb_settings_is_admin(const char *principal, int len);

/* Did a DBA add the SQLSTATE to what a row may be blamed for? */
extern bool cb_settings_blames_row(int sqlstate);

#endif							/* CB_SETTINGS_H */
