/*-------------------------------------------------------------------------
 *
 * warning.h
 *		What looks wrong in a row although it is valid. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_WARNING_H
#define CB_INPUT_WARNING_H

#include <stddef.h>

typedef enum CbWarning
{
	CB_WARNING_NONE,
	CB_WARNING_DOMAIN_TYPO,		/* gmial.com */
	CB_WARNING_MIXED_SCRIPT,	/* a Cyrillic letter among Latin ones, or all
								 * of them but looking Latin */
	CB_WARNING_CAPITALS			/* ANNA */
} CbWarning;

/*
 * Looks at the domain of a canonical address (input/email.h).  For a typo
 * *meant is the domain that was probably meant, static; otherwise NULL.
 * CB_WARNING_NONE for what is no address.
 */
extern CbWarning cb_warning_email(const char *email, size_t len,
								  const char **meant);

/*
 * Looks at a person's name in UTF-8: CB_WARNING_CAPITALS when a word of it has two
 * letters or more and all that have case are capitals ("J. R." has no such word);
 * CB_WARNING_MIXED_SCRIPT when it has letters of scripts that no language writes
 * together.  CB_WARNING_NONE for what is not UTF-8.
 */
extern CbWarning cb_warning_name(const char *name, size_t len);

/* "domain_typo", "mixed_script", "capitals"; "none" */
extern const char *cb_warning_code(CbWarning warning);

/* One sentence for a person, without the value. */
extern const char *cb_warning_message(CbWarning warning);

#endif							/* CB_INPUT_WARNING_H */
