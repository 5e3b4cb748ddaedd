/*-------------------------------------------------------------------------
 *
 * canopy_bulk.h
 *		What every file of the extension includes, right after postgres.h.
 *
 * The words of the product, once: a *batch* is one call of a bulk function, a
 * *row* is one element of a batch, its *verdict* says what became of it, and
 * the *envelope* is the {summary, results} answer.  The *directory* is the
 * schema canopy with the tables that hold accounts and identities.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CANOPY_BULK_H
#define CANOPY_BULK_H

#include "compat.h"

#define CB_DIRECTORY_SCHEMA		"canopy"
/* What canopy_bulk_setup() brings a directory to; a test builds a library of the next one. */
#ifndef CB_DIRECTORY_VERSION
#define CB_DIRECTORY_VERSION	1
#endif

#define CB_BATCH_MAX_BYTES		(10 * 1024 * 1024)

#endif							/* CANOPY_BULK_H */
