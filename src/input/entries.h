/*-------------------------------------------------------------------------
 *
 * entries.h
 *		Entries between commas or white space. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_ENTRIES_H
#define CB_INPUT_ENTRIES_H

#include <stddef.h>

extern size_t cb_entries_count(const char *list);
extern const char *cb_entries_next(const char *list, size_t *len);

#endif							/* CB_INPUT_ENTRIES_H */
