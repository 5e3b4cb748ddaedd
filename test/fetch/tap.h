/*
 * tap.h
 *	  What the tables of tests here share: an assertion, counted, as TAP.
 */
#include <stdbool.h>
#include <stdio.h>

static int	tests = 0;
static int	failures = 0;

static void
ok(bool holds, const char *sentence, const char *what)
{
	tests++;
	if (!holds)
		failures++;
	printf("%sok %d - %s: %s\n", holds ? "" : "not ", tests, sentence, what);
}

static int
done(void)
{
	printf("1..%d\n", tests);
	return failures != 0;
}
