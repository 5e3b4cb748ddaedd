/*-------------------------------------------------------------------------
 *
 * response.h
 *		The HTTP answer that a PostgREST request is given.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_RESPONSE_H
#define CB_RESPONSE_H

/*
 * Sets response.status for the rest of the transaction when the call serves a
 * request (request.method is set); does nothing else.
 */
extern void cb_response_set_status(int status);

#endif							/* CB_RESPONSE_H */
