/*-------------------------------------------------------------------------
 *
 * csv_write.h
 *		Cells of a CSV file that no spreadsheet evaluates.  Needs no server.
 *
 * What is written is RFC 4180: CRLF, quotes doubled, a cell quoted when it has
 * to be.  The reader of csv.h gives the same cells back, for any bytes.
 *
 * Defusing.  A spreadsheet evaluates a cell that begins with = + - or @, also
 * full-width, or with a tab, a line break or a NUL; blanks, quotes and byte
 * order marks before that do not stop it.  Such a cell gets an apostrophe at
 * its front and is quoted.  That includes telephone numbers and negative
 * numbers: a file for people must not be trusted to look harmless.
 *
 * A spreadsheet that was told, or guesses, another delimiter than ours splits a
 * line elsewhere and takes quotes there as text.  So behind every , ; | tab and
 * line break within a cell the same rule holds (but for the control characters,
 * which are line breaks there): a;=1 becomes a;'=1.
 *
 * Nothing is lost.  Between two such places an apostrophe is put before what
 * reads: any number of apostrophes, blanks or quotes, a formula's first
 * character.  Adding one keeps that form, and taking one away is done to that
 * form alone, so cb_csv_undefuse(cb_csv_defuse(x)) is x for every x.
 *
 * The importer undefuses every cell but passwords, which are in none of our
 * files and may begin with '=.  It also takes ="00123", by which other systems
 * make Excel keep a text, as 00123.
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
