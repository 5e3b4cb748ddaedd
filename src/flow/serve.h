/*-------------------------------------------------------------------------
 *
 * serve.h
 *		What serves the routes, by topic.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SERVE_H
#define CB_SERVE_H

#include "flow/route.h"

/* serve_bulk.c */
extern CbAnswer cb_serve_bulk_create(CbRouteCall *call);
extern CbAnswer cb_serve_bulk_attach(CbRouteCall *call);
extern CbAnswer cb_serve_import_event(CbRouteCall *call);

/* serve_identity.c */
extern CbAnswer cb_serve_identity_list(CbRouteCall *call);
extern CbAnswer cb_serve_identity_summary(CbRouteCall *call);
extern CbAnswer cb_serve_identity_get(CbRouteCall *call);
extern CbAnswer cb_serve_identity_detail(CbRouteCall *call);
extern CbAnswer cb_serve_identity_assignments(CbRouteCall *call);
extern CbAnswer cb_serve_identity_audit(CbRouteCall *call);
extern CbAnswer cb_serve_identity_create(CbRouteCall *call);
extern CbAnswer cb_serve_identity_update(CbRouteCall *call);
extern CbAnswer cb_serve_identity_status(CbRouteCall *call);
extern CbAnswer cb_serve_identity_activate(CbRouteCall *call);
extern CbAnswer cb_serve_identity_deactivate(CbRouteCall *call);
extern CbAnswer cb_serve_identity_remove(CbRouteCall *call);
extern CbAnswer cb_serve_membership_add(CbRouteCall *call);
extern CbAnswer cb_serve_membership_remove(CbRouteCall *call);

/* serve_jobs.c: take the route's step of a job. */
extern CbAnswer cb_serve_job(CbRouteCall *call);
extern CbAnswer cb_serve_job_list(CbRouteCall *call);
extern Jsonb *cb_job_step_get(CbRouteCall *call, const pg_uuid_t *id);
extern Jsonb *cb_job_step_cancel(CbRouteCall *call, const pg_uuid_t *id);
extern Jsonb *cb_job_step_repeat(CbRouteCall *call, const pg_uuid_t *id);

/* The same in the form that a client polls, and a job for the file behind a URL. */
extern CbAnswer cb_serve_bulk_import(CbRouteCall *call);
extern Jsonb *cb_job_step_poll(CbRouteCall *call, const pg_uuid_t *id);
extern Jsonb *cb_job_step_poll_cancel(CbRouteCall *call, const pg_uuid_t *id);
extern Jsonb *cb_job_step_poll_repeat(CbRouteCall *call, const pg_uuid_t *id);

/*
 * serve_once.c: takes the route's step, and answers with the route's status; a request
 * with a key that was used is answered as the first.  A route without an action, and a
 * dry run, which leaves nothing, use no key.
 */
extern CbAnswer cb_serve_once(CbRouteCall *call, const pg_uuid_t *id);

/* serve_invites.c */
extern CbAnswer cb_serve_bulk_invite(CbRouteCall *call);
extern CbAnswer cb_serve_invite(CbRouteCall *call);
extern CbAnswer cb_serve_invite_list(CbRouteCall *call);
extern CbAnswer cb_serve_invite_summary(CbRouteCall *call);
extern CbAnswer cb_serve_invite_resend(CbRouteCall *call);
extern CbAnswer cb_serve_invite_revoke(CbRouteCall *call);
extern CbAnswer cb_serve_invite_info(CbRouteCall *call);
extern CbAnswer cb_serve_invite_accept(CbRouteCall *call);

/* serve_account.c */
extern CbAnswer cb_serve_identity_reset_password(CbRouteCall *call);
extern CbAnswer cb_serve_identity_resend_verification(CbRouteCall *call);
extern CbAnswer cb_serve_verify_email(CbRouteCall *call);

/*
 * serve_assignments.c: where every row is good, those that change assignments
 * answer as the product does, 204 and 200 {message}; else with the envelope.
 */
extern CbAnswer cb_serve_bulk_assign(CbRouteCall *call);
extern CbAnswer cb_serve_bulk_unassign(CbRouteCall *call);
extern CbAnswer cb_serve_bulk_change_role(CbRouteCall *call);

/*
 * serve_import.c: takes the route's step of the import of the path, if that names one
 * and the import is where the path says.
 */
extern CbAnswer cb_serve_import(CbRouteCall *call);
extern CbAnswer cb_serve_import_sample(CbRouteCall *call);
extern CbAnswer cb_serve_import_csv(CbRouteCall *call);
extern Jsonb *cb_import_step_list(CbRouteCall *call, const pg_uuid_t *id);
extern Jsonb *cb_import_step_open(CbRouteCall *call, const pg_uuid_t *id);
extern Jsonb *cb_import_step_get(CbRouteCall *call, const pg_uuid_t *id);
extern Jsonb *cb_import_step_upload(CbRouteCall *call, const pg_uuid_t *id);
extern Jsonb *cb_import_step_map(CbRouteCall *call, const pg_uuid_t *id);
extern Jsonb *cb_import_step_preview(CbRouteCall *call, const pg_uuid_t *id);
extern Jsonb *cb_import_step_rows(CbRouteCall *call, const pg_uuid_t *id);
extern Jsonb *cb_import_step_select(CbRouteCall *call, const pg_uuid_t *id);
extern Jsonb *cb_import_step_cancel(CbRouteCall *call, const pg_uuid_t *id);
extern Jsonb *cb_import_step_undo(CbRouteCall *call, const pg_uuid_t *id);
extern Jsonb *cb_import_step_missing(CbRouteCall *call, const pg_uuid_t *id);
extern Jsonb *cb_import_step_results(CbRouteCall *call, const pg_uuid_t *id);

/* serve_jobs.c */
extern Jsonb *cb_import_step_submit(CbRouteCall *call, const pg_uuid_t *id);

/*
 * single.c: each runs a row as a batch of one and unwraps its verdict: the data
 * and the code of a success, the error of a failure.  The row is the body of the
 * call; the body with the id in the path as a field more, where it is an object;
 * or that id alone.
 */
extern CbAnswer cb_serve_single(const CbRowKind *kind, CbRouteCall *call);
extern CbAnswer cb_serve_single_at(const CbRowKind *kind, CbRouteCall *call,
								   const char *key);
extern CbAnswer cb_serve_single_id(const CbRowKind *kind, CbRouteCall *call);

#endif							/* CB_SERVE_H */
