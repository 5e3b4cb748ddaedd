/*-------------------------------------------------------------------------
 *
 * charset.h
 *		Which encoding a file of text is in. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_CHARSET_H
#define CB_INPUT_CHARSET_H

#include <stddef.h>

#define CB_CHARSET_SAMPLES		8	/* cells shown to a person */
#define CB_CHARSET_SAMPLE_MAX	200 /* bytes of one; longer ones are not shown */
#define CB_CHARSET_CERTAIN		80	/* a confidence below it asks for a person
									 * who looks at some cells */

/* An encoding that we know, static for the life of the process. */
typedef struct CbEncoding
{
	const char *name;			/* as the server spells it: "WIN1252"; ours
								 * are "UTF16", "UTF16LE" and "UTF16BE" */
	const char *label;			/* as people know it: "Windows-1252" */
	const char *advice;			/* NULL: can be read.  Otherwise a sentence
								 * that says what to do instead. */
} CbEncoding;

typedef enum CbCharsetMethod
{
	CB_CHARSET_BOM,				/* "bom": a byte order mark */
	CB_CHARSET_UTF8,			/* "utf8": all of it is UTF-8, and not all
								 * ASCII */
	CB_CHARSET_UTF16,			/* "utf16": by where its NULs are */
	CB_CHARSET_DETECTED,		/* "detected": by its letters, or most of it
								 * is UTF-8 */
	CB_CHARSET_DEFAULT			/* "default": ASCII, or nothing better known */
} CbCharsetMethod;

/* A cell with a byte that is not ASCII, without quotes and blanks around it. */
typedef struct CbCharsetSample
{
	size_t		offset;			/* bytes from the beginning of the file */
	size_t		len;			/* bytes */
} CbCharsetSample;

typedef struct CbCharset
{
	const CbEncoding *encoding; /* never NULL; look at its advice */
	CbCharsetMethod method;
	int			confidence;		/* 0 to 100 */
	const CbEncoding *alternative;	/* in which it reads otherwise, and next
									 * best; NULL: none is known */
	int			nsamples;
	CbCharsetSample samples[CB_CHARSET_SAMPLES];	/* distinct, in file
													 * order; none of UTF-16 */
} CbCharset;

/*
 * Judges len bytes.  Linear, reads all of them, always answers.  Bytes that are
 * wrong in the encoding found are left to the conversion to report; a file that
 * is no text (file_kind.h) gets some answer, so ask that first.
 */
extern void cb_charset_detect(const char *bytes, size_t len,
							  CbCharset *charset);

/*
 * The bytes before the NULs that pad the end of a file in an encoding, which may be
 * NULL for one of single bytes: 0 when there are only NULs.
 */
extern size_t cb_charset_text_len(const char *bytes, size_t len,
								  const CbEncoding *encoding);

/* "bom", "utf8", "utf16", "detected" or "default" */
extern const char *cb_charset_method_name(CbCharsetMethod method);

/*
 * The encoding that a person calls so ("cp1252", "Windows-1252", "iso8859-15",
 * "Shift_JIS", "utf-16"), or NULL.  Case and punctuation do not matter.
 */
extern const CbEncoding *cb_charset_find(const char *name);

#endif							/* CB_INPUT_CHARSET_H */
