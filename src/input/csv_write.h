/*-------------------------------------------------------------------------
 *
 * csv_write.h
 *		Cells of a CSV file that no spreadsheet evaluates.  Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_CSV_WRITE_H
#define CB_INPUT_CSV_WRITE_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that a cell, a defused cell or an end of record may take. */
#define CB_CSV_CELL_ROOM(len)	((len) * 3 + 4)
#define CB_CSV_DEFUSE_ROOM(len)	((len) * 2 + 1)
#define CB_CSV_END_ROOM			2

#define CB_CSV_BYTE_ORDER_MARK	"\xEF\xBB\xBF"	/* for Excel, on request */

extern size_t cb_csv_write_cell(char delimiter, bool first,
								const char *in, size_t len, char *out);
extern size_t cb_csv_write_end(char *out);
extern size_t cb_csv_defuse(const char *in, size_t len, char *out);
extern size_t cb_csv_undefuse(const char *in, size_t len, char *out);

#endif							/* CB_INPUT_CSV_WRITE_H */
