/*-------------------------------------------------------------------------
 *
 * document.h
 *		JSON that comes as bytes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_DOCUMENT_H
#define CB_DOCUMENT_H

#include "utils/jsonb.h"

/*
 * Parses UTF-8 JSON.  Raises 22021 when it is not UTF-8, 22P05 when it has
 * \u0000 and 22P02 when it is not JSON or is nested too deep, and never quotes what it was given.
 */
extern Jsonb *cb_document_parse(const char *bytes, Size len);

/* The same, but NULL for what is not JSON or cannot be stored. */
extern Jsonb *cb_document_try(const char *bytes, Size len);

/* Are at most so many containers inside each other? */
extern bool cb_document_is_flat(const char *bytes, Size len, int most);

/* Is the value a whole number that an int has room for?  *number is set then. */
extern bool cb_document_int(const JsonbValue *value, int *number);

/* Overwrites and frees a document that may have held secrets. */
extern void cb_document_wipe(Jsonb *document);

#endif							/* CB_DOCUMENT_H */
