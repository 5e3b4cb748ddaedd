/*-------------------------------------------------------------------------
 *
 * token.c
 *		Random tokens that name their account.
 *
 * A token names its account, so that the statement that looks it up names the
 * account too, as every statement does.  The rest is random: 256 bits need no
 * salt and no slow hash.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sodium.h>

#include "common/cryptohash.h"

#include "canopy_bulk.h"
#include "secret/base64url.h"
#include "secret/token.h"

/* So much of a token, and what is left of its randomness can be guessed. */
#define TELLING_LEN		24		/* characters */

/* What stands in a token, before it is written as text. */
typedef struct Content
{
	unsigned char account[UUID_LEN];
	unsigned char random[32];
} Content;

static bool is_base64url(char c);

void
cb_token_make(const pg_uuid_t *account, char *token)
{
	Content		content;

	memcpy(content.account, account->data, UUID_LEN);
	if (!pg_strong_random(content.random, sizeof(content.random)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	sodium_bin2base64(token, CB_TOKEN_LEN + 1,
					  (const unsigned char *) &content, sizeof(content),
					  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	explicit_bzero(&content, sizeof(content));
}

bool
cb_token_account(const char *token, Size len, pg_uuid_t *account)
{
	Content		content;
	size_t		content_len;
	bool		well_formed;

	well_formed = len == CB_TOKEN_LEN &&
		cb_base64url_decode(token, len, (unsigned char *) &content,
							sizeof(content), &content_len) &&
		content_len == sizeof(content);
	if (well_formed)
		memcpy(account->data, content.account, UUID_LEN);
	explicit_bzero(&content, sizeof(content));
	return well_formed;
}

void
cb_token_hash(const char *token, uint8 *sha256)
{
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);

	if (context == NULL ||
		pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) token, strlen(token)) < 0 ||
		pg_cryptohash_final(context, sha256, PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not hash a token");
	pg_cryptohash_free(context);
}

Datum
cb_token_hash_datum(const char *token)
{
	bytea	   *hash = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);

	SET_VARSIZE(hash, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	cb_token_hash(token, (uint8 *) VARDATA(hash));
	return PointerGetDatum(hash);
}

char *
cb_token_link(const char *url, const char *token, const char *more)
{
	int			len = (int) strcspn(url, "#");

	return psprintf("%.*s%ctoken=%s%s%s", len, url,
					memchr(url, '?', len) == NULL ? '?' : '&', token, more,
					url + len);
}

void
cb_token_redact(char *text)
{
	char	   *end = text;
	char	   *c = text;

	while (*c != '\0')
	{
		size_t		run = 0;

		while (is_base64url(c[run]))
			run++;
		if (run >= TELLING_LEN)
		{
			*end++ = '*';
			c += run;
			continue;
		}
		if (run == 0)
			run = 1;
		memmove(end, c, run);
		if ((unsigned char) *end < ' ' || *end == 0x7F)
			*end = ' ';
		end += run;
		c += run;
	}
	*end = '\0';
}

static bool
is_base64url(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '-' || c == '_';
}
