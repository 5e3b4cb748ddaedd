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
#include "record/import.h"
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
	bool		may_have_application;	/* has one when one is named */
	bool		always_updates; /* on_conflict is update, whoever asks */
	bool		is_partial;		/* a file is never all there is: nobody is
								 * missing */

	/*
	 * What the mode asks besides: read raises 22023, check also PT404.  NULL:
	 * it asks nothing.
	 */
	const void *(*read_options) (const Jsonb *options);
	void		(*check_options) (const CbScope *scope, const void *options);
	Jsonb	   *(*store_options) (const void *options);
} CbImportMode;

/* The mode of that name; raises 22023 when there is none. */
extern const CbImportMode *cb_import_mode(const char *name);

/* The mode of an import; raises 55000 when its row names none. */
extern const CbImportMode *cb_import_mode_of(const CbImport *import);

/*
 * Checks what is asked besides, which may be NULL, and gives it as it is stored.
 * Raises 22023, and PT404 when it names something that does not exist.
 */
extern Jsonb *cb_import_mode_options(const CbImportMode *mode,
									 const CbScope *scope,
									 const Jsonb *options);

/* The field of that name, or NULL; its key is cut off: "metadata.x" is "metadata". */
extern const CbMappingField *cb_import_mode_field(const CbImportMode *mode,
												  const char *name);

extern CbImportType cb_import_type(const char *field);

#endif							/* CB_IMPORT_MODE_H */
