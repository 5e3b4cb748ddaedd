/*-------------------------------------------------------------------------
 *
 * request.h
 *		What a caller asks of a batch.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_REQUEST_H
#define CB_REQUEST_H

#include "rows/row.h"

typedef struct CbRequest
{
	JsonbValue *rows;			/* as sent; they point into the caller's value */
	int			nrows;
	const char *single_action;	/* in the audit log, when one row is all that
								 * is asked for; NULL: the kind's, of a batch */
	CbScopeNames names;
	CbOnConflict on_conflict;
	const void *options;		/* of the kind of row, or NULL */
	bool		dry_run;
	int			max_failed;		/* rows; -1: no limit */
	const char *idempotency_key;	/* NULL: none */
} CbRequest;

/*
 * Fills in the rows from a JSON value: a bare array, or an object whose only
 * key, list_key, has one.  Raises 22023 when it is neither and PT413 when it is
 * too large.
 */
extern void cb_request_take_json(CbRequest *request, const char *list_key,
								 Jsonb *json);

/*
 * The same from an object that has nkeys keys, list_key among them; the others are
 * the caller's to read.
 */
extern void cb_request_take_member(CbRequest *request, const char *list_key,
								   Jsonb *json, int nkeys);

/* Raises PT413 when a batch may not have so many rows. */
extern void cb_request_check_count(int nrows);

/* error, skip or update; raises 22023 for another word. */
extern CbOnConflict cb_request_on_conflict(const char *word);

#endif							/* CB_REQUEST_H */
