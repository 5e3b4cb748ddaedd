/*-------------------------------------------------------------------------
 *
 * import_mapping.h
 *		What an account chose for the headers of its files.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_MAPPING_H
#define CB_IMPORT_MAPPING_H

#include "record/import.h"

/*
 * Finds what was chosen for headers, in the mode of the import: targets[i] is the
 * field, "ignore", or NULL where nothing was chosen.  In the current memory context.
 */
extern void cb_import_mapping_read(const CbImport *import,
								   const char **headers, const char **targets,
								   int n);

/* Remembers what was chosen: a field, or NULL for a column that is ignored. */
extern void cb_import_mapping_save(const CbImport *import,
								   const char **headers, const char **fields,
								   int n, TimestampTz now);

/*
 * A header as it is remembered: without blanks around it, other blanks made one
 * space, ASCII letters made small.
 */
extern char *cb_import_mapping_key(const char *header);

#endif							/* CB_IMPORT_MAPPING_H */
