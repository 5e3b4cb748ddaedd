/*-------------------------------------------------------------------------
 *
 * import_steps.h
 *		The short steps of an import: open, map, select, and what there is to see.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_STEPS_H
#define CB_IMPORT_STEPS_H

#include "flow/import.h"

/* What an import shall be; NULL is the default. */
typedef struct CbImportOrder
{
	const char *mode;
	CbScopeNames names;
	const char *on_conflict;
	const char *missing;
	int			max_missing_percent;	/* -1: the default */
	const Jsonb *options;		/* of the mode */
	bool		is_bound;		/* whoever calls */
} CbImportOrder;

/*
 * Opens an import and answers what it is.  Raises 22023 for a mode, an option or a
 * scope that makes no sense.
 */
extern Jsonb *cb_wizard_open(const CbImportOrder *order);

/* mapping may be NULL.  Answers as cb_wizard_info does. */
extern Jsonb *cb_wizard_map(const pg_uuid_t *id, Jsonb *mapping,
							const char *account);

/* Selects rows that have no errors, or all of these when numbers is NULL. */
extern Jsonb *cb_wizard_select(const pg_uuid_t *id, ArrayType *numbers,
							   bool selected, const char *account);

extern Jsonb *cb_wizard_info(const pg_uuid_t *id, const char *account);

/* A page of rows: {items, pagination}.  Raises 22023 for a page that cannot be. */
extern Jsonb *cb_wizard_rows(const pg_uuid_t *id, const char *verdict, int page,
							 int take, const char *account);

/* A file of the mode with every column: comments that explain, and an example. */
extern char *cb_wizard_sample(const char *mode);

#endif							/* CB_IMPORT_STEPS_H */
