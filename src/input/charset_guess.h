/*-------------------------------------------------------------------------
 *
 * charset_guess.h
 *		The encoding in which the cells of a file read best.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_CHARSET_GUESS_H
#define CB_INPUT_CHARSET_GUESS_H

#include <stdint.h>

#include "input/charset.h"

#define CB_CHARSET_CELLS_BYTES	8192	/* of distinct cells that are judged */
#define CB_CHARSET_SEEN_SLOTS	4096	/* hashes of cells; more than there
										 * can be */

/* The cells that are not ASCII, each once and ended by a line feed. */
typedef struct CbCharsetCells
{
	char		bytes[CB_CHARSET_CELLS_BYTES];
	size_t		len;
	int			n;
	int			nhigh;			/* bytes that are not ASCII */
	size_t		has[128];		/* how often the whole file has each byte */
	uint32_t	seen[CB_CHARSET_SEEN_SLOTS];
} CbCharsetCells;

/*
 * Fills in encoding, method, confidence and alternative.  Without memory to judge
 * by, Windows-1252.
 */
extern void cb_charset_guess(const CbCharsetCells *cells, CbCharset *charset);

/* What stands against len bytes being UTF-8 text: the cost of a CbCharsetFit. */
extern int	cb_charset_cost_of_utf8(const char *bytes, size_t len);

/* What uchardet says of some bytes; NULL: nothing that we know. */
extern const CbEncoding *cb_charset_ask(const char *bytes, size_t len);

#endif							/* CB_INPUT_CHARSET_GUESS_H */
