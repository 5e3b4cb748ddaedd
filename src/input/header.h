/*-------------------------------------------------------------------------
 *
 * header.h
 *		What the header of a column says that it holds. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_HEADER_H
#define CB_INPUT_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input/header_alias.h"

#define CB_HEADER_MAX		256 /* bytes; longer ones say nothing */
#define CB_HEADER_UNITS		64	/* of UTF-16 in a simplified header */
#define CB_HEADER_PARTS		4

/*
 * A header or a part of it without case, accents, blanks, punctuation and notes
 * such as "(optional)": what is compared.
 */
typedef struct CbHeaderPart
{
	int			len;			/* units; never 0 */
	bool		whole;			/* the header but for what is in brackets */
	uint64_t	starts;			/* a bit for each unit that begins a word */
	uint16_t	units[CB_HEADER_UNITS];
	uint16_t	written[CB_HEADER_UNITS];	/* the same with accents; 0: none */
} CbHeaderPart;

typedef struct CbHeaderMatch
{
	CbMeaning	meaning;		/* CB_MEANING_NOTHING: none */
	CbAliasStrength strength;
	bool		close;			/* nearly a usual header, not one */
	int			confidence;		/* 0 to 100 */
} CbHeaderMatch;

/*
 * Simplifies a header in UTF-8 and gives the number of its parts: the whole
 * first, then what stands in brackets or between slashes.  0 for one that is
 * empty, too long or not UTF-8; -1 when ICU cannot work.
 */
extern int	cb_header_parts(const char *header, size_t len,
							CbHeaderPart *parts);

/*
 * Finds the best of the usual headers for what cb_header_parts() gave.  False
 * when memory is short or ICU cannot work.
 */
extern bool cb_header_match(const CbHeaderPart *parts, int nparts,
							CbHeaderMatch *match);

#endif							/* CB_INPUT_HEADER_H */
