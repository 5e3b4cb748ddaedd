/*-------------------------------------------------------------------------
 *
 * job_url.h
 *		Asking for an import of a file behind a URL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_JOB_URL_H
#define CB_JOB_URL_H

#include "flow/import_steps.h"
#include "flow/jobs.h"

typedef struct CbJobUrl
{
	const char *url;
	bool		dry_run;
	CbImportOrder order;		/* mode NULL: learner */
	Jsonb	   *options;		/* of the mode: an object; NULL: none */
	const char *idempotency_key;	/* NULL: none */
} CbJobUrl;

/*
 * Opens the import and has a worker fetch its file.  Raises 42501 for a URL that
 * may not be fetched, 22023 for one that is none, PT429 when too many jobs wait, and
 * what cb_wizard_open() raises.
 */
extern Jsonb *cb_job_url_ask(const CbJobUrl *ask, CbJobForm form,
							 bool *replayed);

/* Asks for what the job asked for, bound as it was; it has its URL. */
extern Jsonb *cb_job_url_repeat(const CbJob *job, bool is_bound, CbJobForm form);

#endif							/* CB_JOB_URL_H */
