/*
 * email.c
 *	  Fuzzes cb_email_canonicalise.
 *
 * Build: src/input/email.c src/input/domain.c -licuuc
 * Run: -max_len=1100
 *
 * Besides never touching memory that is not ours, it must hold that a canonical
 * address is printable ASCII without capitals, has one at sign, is not too long,
 * and is the canonical form of itself; and that a refused one leaves nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "input/email.h"

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
	char		first[CB_EMAIL_MAX + 1];
	char		second[CB_EMAIL_MAX + 1];
	const char *at;
	const char *c;

	if (cb_email_canonicalise((const char *) data, size, first) != CB_EMAIL_OK)
	{
		must(first[0] == '\0');
		return 0;
	}
	must(strlen(first) <= CB_EMAIL_MAX);
	for (c = first; *c != '\0'; c++)
		must(*c > ' ' && *c <= '~' && (*c < 'A' || *c > 'Z'));
	at = strchr(first, '@');
	must(at != NULL && at == strrchr(first, '@'));
	must(at > first && at - first <= CB_EMAIL_LOCAL_MAX);
	must(cb_email_canonicalise(first, strlen(first), second) == CB_EMAIL_OK);
	must(strcmp(first, second) == 0);
	return 0;
}
