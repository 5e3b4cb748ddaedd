/*-------------------------------------------------------------------------
 *
 * fetch_body.c
 *		The body of an answer, gathered up to a bound.
 *
 * The bound holds for what was received and for what it decompresses to.  The
 * buffer grows with what comes, never with what was announced.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/fetch_body.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST		65536	/* bytes */

static bool append(void *arg, const char *data, size_t len);
static bool make_room(CbBody *body, size_t len);

/*
 * Begins a body of at most max bytes.
 */
CbFetchProblem
cb_body_begin(CbBody *body, bool is_gzip, size_t max)
{
	body->max = max;
	if (!is_gzip)
		return CB_FETCH_OK;
	body->gunzip = cb_gunzip_begin(append, body);
	return body->gunzip == NULL ? CB_FETCH_FAILED : CB_FETCH_OK;
}

/*
 * Adds what was received.
 */
CbFetchProblem
cb_body_add(CbBody *body, const char *data, size_t len)
{
	body->received += len;
	if (body->received > body->max)
		return CB_FETCH_TOO_LARGE;
	if (body->gunzip == NULL)
	{
		append(body, data, len);
		return body->found;
	}
	switch (cb_gunzip_add(body->gunzip, data, len))
	{
		case CB_GUNZIP_OK:
		case CB_GUNZIP_STOPPED:
			break;
		case CB_GUNZIP_BAD:
			return CB_FETCH_ENCODING;
		case CB_GUNZIP_NO_MEMORY:
			return CB_FETCH_FAILED;
	}
	return body->found;
}

/*
 * Can this be all of it, as far as its compression tells?
 */
bool
cb_body_is_whole(const CbBody *body)
{
	return body->gunzip == NULL || cb_gunzip_is_whole(body->gunzip);
}

void
cb_body_end(CbBody *body)
{
	cb_gunzip_end(body->gunzip);
	free(body->data);
}

/*
 * Appends what is decoded; false, and why in found, when it cannot.
 */
static bool
append(void *arg, const char *data, size_t len)
{
	CbBody	   *body = arg;

	if (len > body->max - body->len)
		body->found = CB_FETCH_TOO_LARGE;
	else if (!make_room(body, len))
		body->found = CB_FETCH_FAILED;
	else
	{
		memcpy(body->data + body->len, data, len);
		body->len += len;
	}
	return body->found == CB_FETCH_OK;
}

static bool
make_room(CbBody *body, size_t len)
{
	size_t		needed = body->len + len;
	size_t		room = body->room == 0 ? ROOM_FIRST : body->room * 2;
	char	   *grown;

	if (needed <= body->room)
		return true;
	if (room < needed)
		room = needed;
	if (room > body->max)
		room = body->max;
	grown = realloc(body->data, room);
	if (grown == NULL)
		return false;
	body->data = grown;
	body->room = room;
	return true;
}
