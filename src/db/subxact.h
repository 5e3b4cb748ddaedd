/*-------------------------------------------------------------------------
 *
 * subxact.h
 *		A step inside a subtransaction.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SUBXACT_H
#define CB_SUBXACT_H

#include "utils/elog.h"

/* Does the work; returns whether what it did shall be kept. */
typedef bool (*CbStep) (void *arg);

/*
 * Runs step(arg) in a subtransaction and returns whether its work was kept.
 *
 * With fault not NULL, an error that a row may be blamed for is rolled back and
 * copied to *fault, in the caller's memory context; *fault is NULL otherwise.
 * Every other error is rolled back and raised again.
 */
extern bool cb_subxact_try(CbStep step, void *arg, ErrorData **fault);

/* The same with another choice of errors that are caught. */
typedef bool (*CbChoice) (const ErrorData *edata);

extern bool cb_subxact_catch(CbStep step, void *arg, CbChoice is_caught,
							 ErrorData **fault);

/*
 * Runs step(arg) in a transaction of its own, which is committed if the step wants
 * that.  Returns NULL, or the error that ended it, in the caller's memory context.
 * For a process that has no transaction.
 */
extern ErrorData *cb_transaction_run(CbStep step, void *arg);

/*
 * The same, all of it as the owner of the directory, to the end of the commit: nothing
 * of it runs with the rights of the process.  Raises into the result what
 * cb_owner_find() raises.
 */
extern ErrorData *cb_transaction_run_as_owner(CbStep step, void *arg);

/*
 * Runs step(arg) without a subtransaction and returns 0, or the SQLSTATE of the
 * error that it raised and whose words are gone.  Nothing was rolled back: the
 * caller must raise an error of its own then.
 */
extern int	cb_step_sqlstate(CbStep step, void *arg);

#endif							/* CB_SUBXACT_H */
