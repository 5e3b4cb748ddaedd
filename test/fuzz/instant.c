/*
 * instant.c
 *	  Fuzzes cb_instant_parse.
 *
 * Besides never touching memory that is not ours, it must hold that what is read
 * has the length and the characters of a time with a zone, lies within the years
 * that four digits and an offset can name, and that with one more minute of
 * offset it is a minute earlier.
 *
 * Build: src/input/instant.c
 * Run: -max_len=64
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "input/instant.h"

#define LENGTH_MIN	17			/* 2026-04-20T12:00Z */
#define LENGTH_MAX	35			/* with seconds, nine digits and an offset */
#define DAY			INT64_C(86400000000)
#define FIRST		(-730119 * DAY)	/* 0001-01-01 */
#define LAST		(2921940 * DAY)	/* 10000-01-01 */

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t		at;
	int64_t		later;
	char		text[LENGTH_MAX + 8];

	if (!cb_instant_parse((const char *) data, size, &at))
		return 0;
	must(size >= LENGTH_MIN && size <= LENGTH_MAX);
	for (size_t i = 0; i < size; i++)
		must(data[i] != 0 && strchr("0123456789-:.TZ+", data[i]) != NULL);
	must(at >= FIRST - DAY && at < LAST + DAY);
	if (data[size - 1] != 'Z')
		return 0;
	memcpy(text, data, size - 1);
	memcpy(text + size - 1, "+00:01", 6);
	must(cb_instant_parse(text, size + 5, &later));
	must(later == at - 60000000);
	return 0;
}
