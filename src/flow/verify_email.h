/*-------------------------------------------------------------------------
 *
 * verify_email.h
 *		Somebody shows that an address is his own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_VERIFY_EMAIL_H
#define CB_VERIFY_EMAIL_H

#include "utils/jsonb.h"

/*
 * Whoever has the token that was mailed has the address: it is verified.  Answers
 * {message}.  Raises PT404 for a token that is unknown, used or replaced, and PT410
 * for one that has expired.
 */
extern Jsonb *cb_verify_email(const char *token);

#endif							/* CB_VERIFY_EMAIL_H */
