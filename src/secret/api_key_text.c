/*-------------------------------------------------------------------------
 *
 * api_key_text.c
 *		The text of an API key.
 *
 * A key names its account, so that looking it up names the account too, as every
 * statement does.  The rest is random: 256 bits need no salt and no slow hash.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sodium.h>

#include "common/cryptohash.h"

#include "canopy_bulk.h"
#include "secret/api_key_text.h"
#include "secret/base64url.h"

#define PREFIX			"cnpy_"
#define PREFIX_LEN		(sizeof(PREFIX) - 1)
#define PREVIEWED		12		/* characters */

/* What stands in a key, before it is written as text. */
typedef struct Content
{
	unsigned char account[UUID_LEN];
	unsigned char random[32];
} Content;

void
cb_api_key_text_make(const pg_uuid_t *account, char *text)
{
	Content		content;

	memcpy(content.account, account->data, UUID_LEN);
	if (!pg_strong_random(content.random, sizeof(content.random)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	memcpy(text, PREFIX, PREFIX_LEN);
	sodium_bin2base64(text +PREFIX_LEN, CB_API_KEY_TEXT_LEN + 1 - PREFIX_LEN,
					  (const unsigned char *) &content, sizeof(content),
					  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	explicit_bzero(&content, sizeof(content));
}

bool
cb_api_key_text_account(const char *text, pg_uuid_t *account)
{
	Content		content;
	size_t		len;
	bool		well_formed;

	well_formed = strlen(text) == CB_API_KEY_TEXT_LEN &&
		memcmp(text, PREFIX, PREFIX_LEN) == 0 &&
		cb_base64url_decode(text +PREFIX_LEN, CB_API_KEY_TEXT_LEN - PREFIX_LEN,
							(unsigned char *) &content, sizeof(content), &len) &&
		len == sizeof(content);
	if (well_formed)
		memcpy(account->data, content.account, UUID_LEN);
	explicit_bzero(&content, sizeof(content));
	return well_formed;
}

void
cb_api_key_text_hash(const char *text, uint8 *sha256)
{
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);

	if (context == NULL ||
		pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) text, strlen(text)) < 0 ||
		pg_cryptohash_final(context, sha256, PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not hash a key");
	pg_cryptohash_free(context);
}

void
cb_api_key_text_preview(const char *text, char *preview)
{
	snprintf(preview, CB_API_KEY_PREVIEW_LEN + 1, "%.*s****", PREVIEWED, text);
}
