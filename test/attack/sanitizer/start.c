/*
 * start.c
 *		Starts AddressSanitizer before anything else in the server.
 *
 * A library of the server's calls bindtextdomain() when it is loaded, which allocates while
 * it holds a lock.  Were that the process's first allocation, AddressSanitizer would start
 * there, and ask dlerror() for a text, which takes the same lock: it would wait for ever.
 * This is preloaded with -z initfirst.
 */
#include <stdlib.h>

static void __attribute__((constructor))
allocate_something(void)
{
	void	   *volatile something = malloc(1);

	free(something);
}
