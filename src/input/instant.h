/*-------------------------------------------------------------------------
 *
 * instant.h
 *		Points in time, as ISO 8601 writes them. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_INSTANT_H
#define CB_INPUT_INSTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads a date, a time and a zone: 2026-04-20T12:00:00.000Z.  Seconds and their
 * fraction may be left out; the zone is Z or an offset, +02:00 or +02.  Gives
 * microseconds since 2000-01-01T00:00:00Z, further digits cut off.  False for
 * anything else, for days and times that no calendar has, and for a time without
 * a zone, which would mean something else on every server.
 */
extern bool cb_instant_parse(const char *in, size_t len, int64_t *microseconds);

#endif							/* CB_INPUT_INSTANT_H */
