/*-------------------------------------------------------------------------
 *
 * entries.c
 *		Entries between commas or white space, as a setting lists them.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/entries.h"

#include <string.h>

size_t
cb_entries_count(const char *list)
{
	size_t		count = 0;
	size_t		len;

	while ((list = cb_entries_next(list, &len)) != NULL)
	{
		count++;
		list += len;
	}
	return count;
}

/*
 * The first entry of a list and its length in bytes; NULL when there is none.
 * The rest of the list begins behind it.
 */
const char *
cb_entries_next(const char *list, size_t *len)
{
	static const char separators[] = ", \t\n\r\f\v";

	list += strspn(list, separators);
	*len = strcspn(list, separators);
	return *len == 0 ? NULL : list;
}
