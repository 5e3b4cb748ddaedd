/*-------------------------------------------------------------------------
 *
 * csv_dialect.h
 *		Which delimiter a CSV file has.  Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_CSV_DIALECT_H
#define CB_INPUT_CSV_DIALECT_H

#include "input/csv.h"

typedef enum CbCsvMethod
{
	CB_CSV_BY_NOTHING,			/* no record at all */
	CB_CSV_BY_SEP_LINE,			/* the first line says "sep=;" */
	CB_CSV_BY_WIDTH,			/* records of the same width */
	CB_CSV_BY_SINGLE_COLUMN		/* the delimiter does not occur */
} CbCsvMethod;

typedef struct CbCsvGuess
{
	CbCsvDialect dialect;		/* always usable; keep_comments is false */
	CbCsvMethod method;
	int			confidence;		/* 0 to 100 */
	char		runner_up;		/* another delimiter that could be, or NUL */
	int			runner_up_confidence;	/* 0 to 100 */
	size_t		columns;		/* cells that most records have; 0 if none */
} CbCsvGuess;

extern void cb_csv_sniff(const char *bytes, size_t len, CbCsvGuess *guess);
extern const char *cb_csv_delimiter_name(char delimiter);
extern const char *cb_csv_method_name(CbCsvMethod method);

#endif							/* CB_INPUT_CSV_DIALECT_H */
