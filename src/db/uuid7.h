/*-------------------------------------------------------------------------
 *
 * uuid7.h
 *		UUIDs: version 7 made, text read and written.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_UUID7_H
#define CB_UUID7_H

#include "utils/uuid.h"

#define CB_UUID_TEXT_LEN	36	/* bytes, without a terminator */

/* A new UUIDv7, greater than every one this backend made before. */
extern void cb_uuid7_make(pg_uuid_t *uuid);

/* Reads the canonical 8-4-4-4-12 form, in either case. */
extern bool cb_uuid_parse(const char *text, Size len, pg_uuid_t *uuid);

/* Writes CB_UUID_TEXT_LEN lower-case bytes and a terminator. */
extern void cb_uuid_format(const pg_uuid_t *uuid, char *text);

extern int	cb_uuid_compare(const void *a, const void *b);

#endif							/* CB_UUID7_H */
