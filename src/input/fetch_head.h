/*-------------------------------------------------------------------------
 *
 * fetch_head.h
 *		What the headers of an answer say. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_FETCH_HEAD_H
#define CB_INPUT_FETCH_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#define CB_FETCH_URL_MAX	2048	/* bytes */
#define CB_FETCH_WORD_MAX	127 /* bytes of a type, charset or ETag */

/* What the headers said; "" where they said nothing we could use. */
typedef struct CbFetchHead
{
	char		location[CB_FETCH_URL_MAX + 1];
	char		etag[CB_FETCH_WORD_MAX + 1];	/* with its quotes, and W/ */
	char		media_type[CB_FETCH_WORD_MAX + 1];	/* lower case */
	char		charset[CB_FETCH_WORD_MAX + 1]; /* lower case, not checked */
	int64_t		retry_after;	/* seconds from now; -1: not said */
	bool		is_chunked;
	bool		is_gzip;		/* the body is compressed */
	bool		bad_encoding;	/* in a way that we did not ask for */
	char		length[CB_FETCH_WORD_MAX + 1];	/* as it was said first */
	bool		bad_length;		/* no number, or two that differ */
	bool		bad_location;	/* longer than a URL may be */
} CbFetchHead;

extern void cb_fetch_head_reset(CbFetchHead *head);
extern void cb_fetch_head_take(CbFetchHead *head, CURL *easy);
extern void cb_fetch_head_take_type(CbFetchHead *head, const char *value);

#endif							/* CB_INPUT_FETCH_HEAD_H */
