/*-------------------------------------------------------------------------
 *
 * duration.h
 *		Durations as ISO 8601 writes them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_DURATION_H
#define CB_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads P7D, PT36H, P1DT12H30M, P2W and the like into seconds.  False for what is
 * none, has years or months (whose length nobody knows), parts out of order or
 * fractions, or is longer than CB_DURATION_MOST.
 */
extern bool cb_duration_read(const char *text, size_t len, int64_t *seconds);

#define CB_DURATION_MOST	INT64_C(1000000000000)	/* seconds */

#endif							/* CB_DURATION_H */
