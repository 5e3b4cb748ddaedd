/*-------------------------------------------------------------------------
 *
 * mail_domain.h
 *		Slips of the finger in well-known mail domains. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_MAIL_DOMAIN_H
#define CB_INPUT_MAIL_DOMAIN_H

#include <stddef.h>

/*
 * The well-known domain that a domain in small ASCII letters was probably meant
 * to be, static; NULL for one that is well known itself, or like none.
 */
extern const char *cb_mail_domain_meant(const char *domain, size_t len);

#endif							/* CB_INPUT_MAIL_DOMAIN_H */
