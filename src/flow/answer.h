/*-------------------------------------------------------------------------
 *
 * answer.h
 *		What a call answers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_ANSWER_H
#define CB_ANSWER_H

#include "rows/row.h"

#define CB_STATUS_OK				200
#define CB_STATUS_CREATED			201
#define CB_STATUS_ACCEPTED			202
#define CB_STATUS_NO_CONTENT		204
#define CB_STATUS_MULTI				207
#define CB_STATUS_UNAUTHENTICATED	401
#define CB_STATUS_FORBIDDEN			403
#define CB_STATUS_NOT_FOUND			404
#define CB_STATUS_ROLLED_BACK		422

typedef struct CbAnswer
{
	Jsonb	   *body;			/* in the caller's memory context; or NULL */
	int			status;			/* HTTP */
	bool		replayed;		/* given before, to a call with the same key */

	/* Of a single row that failed; body then has the details. */
	const char *error;			/* NULL: it is no error */
	const char *message;

	/* Instead of body: what is no JSON. */
	const char *content_type;	/* NULL: it is body */
	const char *disposition;	/* a value of Content-Disposition, or NULL */
	const char *raw;
	Size		raw_len;		/* bytes */
} CbAnswer;

/* The envelope of a batch whose verdicts are known, in the given context. */
extern CbAnswer cb_answer_batch(const CbBatch *batch, bool rolled_back,
								MemoryContext context);

/* What a single row that has this problem is answered, without details. */
extern CbAnswer cb_answer_code(CbCode code);

#endif							/* CB_ANSWER_H */
