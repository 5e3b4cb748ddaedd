/*-------------------------------------------------------------------------
 *
 * import_mode.h
 *		What a row of a CSV file can become.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_MODE_H
#define CB_IMPORT_MODE_H

#include "input/mapping.h"
#include "rows/undo.h"

/* What a field is as JSON, where it is not a string. */
typedef enum CbImportType
{
	CB_IMPORT_TEXT,
	CB_IMPORT_BOOLEAN,
	CB_IMPORT_METADATA			/* an object, or a key of it */
} CbImportType;

typedef struct CbImportMode
{
	const char *name;
	const CbRowKind *kind;
	const CbUndoKind *undo;
	CbMappingMode mapping;		/* has the fields */
	bool		has_application;	/* needs one; or has none */
	bool		needs_environment;
	const char *summary;		/* for the sample file */
} CbImportMode;

/* The mode of that name; raises 22023 when there is none. */
extern const CbImportMode *cb_import_mode(const char *name);

/* The field of that name, or NULL; its key is cut off: "metadata.x" is "metadata". */
extern const CbMappingField *cb_import_mode_field(const CbImportMode *mode,
												  const char *name);

extern CbImportType cb_import_type(const char *field);

#endif							/* CB_IMPORT_MODE_H */
