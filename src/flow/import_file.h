/*-------------------------------------------------------------------------
 *
 * import_file.h
 *		The bytes of an uploaded file as CSV text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_FILE_H
#define CB_IMPORT_FILE_H

#include "common/sha2.h"
#include "input/csv.h"

/* What the caller says of a file; NULL where he leaves it to us. */
typedef struct CbImportSource
{
	const char *bytes;
	Size		len;			/* bytes */
	bool		is_text;		/* in the encoding of the database */
	const char *encoding;
	const char *delimiter;		/* the character, or its name */
} CbImportSource;

/* A file that has been opened: its text may lie in the source. */
typedef struct CbImportFile
{
	uint8		sha256[PG_SHA256_DIGEST_LENGTH];
	const char *text;			/* UTF-8 without NULs */
	Size		len;			/* bytes */
	const char *encoding;		/* static, as people know it */
	const char *method;			/* static */
	int			confidence;		/* 0 to 100 */
	const char *alternative;	/* static: the next best; NULL: none */
	Size		padding;		/* bytes at the end that were left out */
	uint64		unreadable;		/* characters that became U+FFFD */
	CbCsvDialect dialect;
	Size		passed;			/* records above the header */
	CbCsvRoom  *room;			/* for the reader */
} CbImportFile;

/*
 * Opens a file in the current memory context; what may hold a secret is wiped with
 * that.  Raises PT413 for one that is too large, PT415 for what is no text and
 * 22023 for what makes no sense.
 */
extern void cb_import_file_open(const CbImportSource *source,
								CbImportFile *file);

/* Begins to read the records, with the header. */
extern void cb_import_file_rewind(const CbImportFile *file, CbCsvReader *reader);

#endif							/* CB_IMPORT_FILE_H */
