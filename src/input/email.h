/*-------------------------------------------------------------------------
 *
 * email.h
 *		The canonical form of an e-mail address. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_EMAIL_H
#define CB_INPUT_EMAIL_H

#include <stddef.h>

#define CB_EMAIL_MAX		254 /* bytes of a canonical address */
#define CB_EMAIL_LOCAL_MAX	64	/* bytes before the at sign */

typedef enum CbEmailProblem
{
	CB_EMAIL_OK,
	CB_EMAIL_EMPTY,				/* nothing but white space */
	CB_EMAIL_TOO_LONG,			/* the whole, or its local part */
	CB_EMAIL_SYNTAX,			/* no at sign, or a character out of place */
	CB_EMAIL_DOMAIN,			/* no domain that could receive mail */
	CB_EMAIL_LIBRARY_FAILED		/* ICU could not work: no fault of the address */
} CbEmailProblem;

extern CbEmailProblem cb_email_canonicalise(const char *in, size_t len,
											char *out);

#endif							/* CB_INPUT_EMAIL_H */
