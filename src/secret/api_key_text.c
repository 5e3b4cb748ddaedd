/*-------------------------------------------------------------------------
 *
 * api_key_text.c
 *		The text of an API key.
 *
 * A key is a token behind a prefix that tells it from other people's keys.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "secret/api_key_text.h"

#define PREFIX			"cnpy_"
#define PREFIX_LEN		(sizeof(PREFIX) - 1)
#define PREVIEWED		12		/* characters */

StaticAssertDecl(CB_API_KEY_TEXT_LEN == PREFIX_LEN + CB_TOKEN_LEN,
				 "an API key is a prefix and a token");

void
cb_api_key_text_make(const pg_uuid_t *account, char *text)
{
	memcpy(text, PREFIX, PREFIX_LEN);
	cb_token_make(account, text +PREFIX_LEN);
}

bool
cb_api_key_text_account(const char *text, pg_uuid_t *account)
{
	return strncmp(text, PREFIX, PREFIX_LEN) == 0 &&
		cb_token_account(text +PREFIX_LEN, strlen(text) - PREFIX_LEN, account);
}

void
cb_api_key_text_preview(const char *text, char *preview)
{
	snprintf(preview, CB_API_KEY_PREVIEW_LEN + 1, "%.*s****", PREVIEWED, text);
}
