/*-------------------------------------------------------------------------
 *
 * cell.h
 *		What a program writes into a cell that has no value. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_CELL_H
#define CB_INPUT_CELL_H

#include <stddef.h>

typedef enum CbCellKind
{
	CB_CELL_VALUE,
	CB_CELL_NULL,				/* \N, (null), #N/A: there is nothing */
	CB_CELL_NULL_WORD,			/* NULL: the same, but people are called so */
	CB_CELL_DASH,				/* -, n/a: a person may mean that */
	CB_CELL_ERROR,				/* #REF!, #WERT!: a formula has failed */
	CB_CELL_SCIENTIFIC			/* 1.23E+15: digits are lost */
} CbCellKind;

/* Judges a cell without blanks around it. */
extern CbCellKind cb_cell_kind(const char *cell, size_t len);

#endif							/* CB_INPUT_CELL_H */
