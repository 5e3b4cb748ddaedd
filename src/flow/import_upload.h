/*-------------------------------------------------------------------------
 *
 * import_upload.h
 *		The second step of an import: its file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_UPLOAD_H
#define CB_IMPORT_UPLOAD_H

#include "flow/import.h"
#include "flow/import_file.h"

typedef struct CbImportUpload
{
	pg_uuid_t	id;
	const char *account;		/* NULL: not named */
	CbImportSource source;
	const char *file_name;		/* NULL: not told */
	const char *url_label;		/* NULL: not fetched */
	char	  **secret_columns; /* headers */
	int			nsecret_columns;
} CbImportUpload;

/*
 * Reads the file, hashes the passwords in it and stores its rows in place of
 * those of an earlier file.  Answers what was found out.  Raises PT409 for an import
 * that has been submitted, what cb_import_begin() and cb_import_file_open() raise,
 * PT413 for too many rows, and 22023 for a file without a header or rows.
 */
extern Jsonb *cb_wizard_upload(const CbImportUpload *upload);

#endif							/* CB_IMPORT_UPLOAD_H */
