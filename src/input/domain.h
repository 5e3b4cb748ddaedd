/*-------------------------------------------------------------------------
 *
 * domain.h
 *		The canonical form of a domain name. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_DOMAIN_H
#define CB_INPUT_DOMAIN_H

#include <stddef.h>

#define CB_DOMAIN_INPUT_MAX	1024	/* bytes that are looked at */

typedef enum CbDomainProblem
{
	CB_DOMAIN_OK,
	CB_DOMAIN_SYNTAX,			/* not UTF-8, or what nobody can see */
	CB_DOMAIN_INVALID,			/* no labels that a domain could have */
	CB_DOMAIN_TOO_LONG,
	CB_DOMAIN_LIBRARY_FAILED	/* ICU could not work: no fault of the domain */
} CbDomainProblem;

extern CbDomainProblem cb_domain_canonicalise(const char *in, size_t len,
											  char *out, size_t room);

#endif							/* CB_INPUT_DOMAIN_H */
