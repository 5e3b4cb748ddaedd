/*-------------------------------------------------------------------------
 *
 * api_key_text.h
 *		The text of an API key.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_API_KEY_TEXT_H
#define CB_API_KEY_TEXT_H

#include "secret/token.h"

#define CB_API_KEY_TEXT_LEN		69	/* characters */
#define CB_API_KEY_PREVIEW_LEN	16	/* characters: the first 12 and four stars */

/* Makes the text of a new key: cnpy_ and a token.  text has room for a terminator. */
extern void cb_api_key_text_make(const pg_uuid_t *account, char *text);

/* Finds the account in a key's text; false when it has not the form of one. */
extern bool cb_api_key_text_account(const char *text, pg_uuid_t *account);

/* What may be shown of a key; preview has room for a terminator. */
extern void cb_api_key_text_preview(const char *text, char *preview);

#endif							/* CB_API_KEY_TEXT_H */
