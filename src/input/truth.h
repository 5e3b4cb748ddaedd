/*-------------------------------------------------------------------------
 *
 * truth.h
 *		Yes and no, as people write them. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_TRUTH_H
#define CB_INPUT_TRUTH_H

#include <stddef.h>

typedef enum CbTruth
{
	CB_TRUTH_NO,
	CB_TRUTH_YES,
	CB_TRUTH_UNKNOWN
} CbTruth;

/* What a cell of UTF-8 says: "yes", "1", "VRAI", "ja"; blanks are not trimmed. */
extern CbTruth cb_truth_read(const char *utf8, size_t len);

#endif							/* CB_INPUT_TRUTH_H */
