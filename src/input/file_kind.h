/*-------------------------------------------------------------------------
 *
 * file_kind.h
 *		Recognises files that are no CSV. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_FILE_KIND_H
#define CB_INPUT_FILE_KIND_H

#include <stddef.h>

typedef enum CbFileKind
{
	CB_FILE_TEXT,				/* none of the others */
	CB_FILE_XLSX,
	CB_FILE_XLS,
	CB_FILE_ODS,
	CB_FILE_NUMBERS,
	CB_FILE_ZIP,
	CB_FILE_GZIP,
	CB_FILE_COMPRESSED,			/* bzip2, xz, zstd, 7z, rar */
	CB_FILE_PDF,
	CB_FILE_RTF,
	CB_FILE_HTML,
	CB_FILE_XML,
	CB_FILE_JSON,
	CB_FILE_IMAGE,
	CB_FILE_BINARY				/* a program, a database, a video */
} CbFileKind;

/* Looks at the beginning of a file, and for a zip file at its list of names. */
extern CbFileKind cb_file_kind(const char *bytes, size_t len);

/* One word: "text", "xlsx", "zip" */
extern const char *cb_file_kind_name(CbFileKind kind);

/*
 * A sentence for an error's HINT that says how to come to a CSV file, or NULL
 * for text.
 */
extern const char *cb_file_kind_advice(CbFileKind kind);

#endif							/* CB_INPUT_FILE_KIND_H */
