/*-------------------------------------------------------------------------
 *
 * cell.c
 *		What a program writes into a cell that has no value.
 *
 * Databases write a word for NULL, spreadsheets the error of a formula in the
 * language of their user, and long numbers as they are shown.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/cell.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX		24		/* bytes of the longest */
#define FIRST_OF_WORDS	"\\(<#-nN\xE2"
#define EXPONENT_MAX	3		/* digits */

typedef struct Word
{
	const char *word;
	CbCellKind	kind;
} Word;

static const Word words[] = {
	{"\\N", CB_CELL_NULL}, {"(null)", CB_CELL_NULL}, {"<null>", CB_CELL_NULL},
	{"#N/A", CB_CELL_NULL}, {"#N/A!", CB_CELL_NULL}, {"#NA", CB_CELL_NULL},
	{"#NV", CB_CELL_NULL}, {"#N/D", CB_CELL_NULL},
	{"-", CB_CELL_DASH}, {"--", CB_CELL_DASH}, {"n/a", CB_CELL_DASH},
	{"\xE2\x80\x93", CB_CELL_DASH}, {"\xE2\x80\x94", CB_CELL_DASH},
	{"#REF!", CB_CELL_ERROR}, {"#VALUE!", CB_CELL_ERROR},
	{"#NAME?", CB_CELL_ERROR}, {"#DIV/0!", CB_CELL_ERROR},
	{"#NUM!", CB_CELL_ERROR}, {"#NULL!", CB_CELL_ERROR},
	{"#SPILL!", CB_CELL_ERROR}, {"#CALC!", CB_CELL_ERROR},
	{"#FIELD!", CB_CELL_ERROR}, {"#BLOCKED!", CB_CELL_ERROR},
	{"#CONNECT!", CB_CELL_ERROR}, {"#UNKNOWN!", CB_CELL_ERROR},
	{"#BUSY!", CB_CELL_ERROR}, {"#GETTING_DATA", CB_CELL_ERROR},
	{"#ERROR!", CB_CELL_ERROR}, {"####", CB_CELL_ERROR},
	{"#BEZUG!", CB_CELL_ERROR}, {"#WERT!", CB_CELL_ERROR},
	{"#ZAHL!", CB_CELL_ERROR}, {"#VALEUR!", CB_CELL_ERROR},
	{"#NOM?", CB_CELL_ERROR}, {"#NOMBRE!", CB_CELL_ERROR},
	{"#\xC2\xA1REF!", CB_CELL_ERROR}, {"#\xC2\xA1VALOR!", CB_CELL_ERROR},
	{"#\xC2\xBFNOMBRE?", CB_CELL_ERROR}, {"#\xC2\xA1" "DIV/0!", CB_CELL_ERROR},
	{"#RIF!", CB_CELL_ERROR}, {"#VALORE!", CB_CELL_ERROR},
	{"#NOME?", CB_CELL_ERROR}, {"#VALOR!", CB_CELL_ERROR},
	{"#ARG!", CB_CELL_ERROR}, {"#ADR!", CB_CELL_ERROR},
	{"#NAZWA?", CB_CELL_ERROR}, {"#LICZBA!", CB_CELL_ERROR},
	{"#WAARDE!", CB_CELL_ERROR}, {"#VERW!", CB_CELL_ERROR},
	{"#NAAM?", CB_CELL_ERROR}, {"#DEEL/0!", CB_CELL_ERROR},
	{"#REFERENS!", CB_CELL_ERROR}, {"#V\xC3\x84RDEFEL!", CB_CELL_ERROR},
};

static bool is_error_number(const char *cell, size_t len);
static bool is_scientific(const char *cell, size_t len);
static size_t count_digits(const char *at, size_t len);

CbCellKind
cb_cell_kind(const char *cell, size_t len)
{
	size_t		i;

	if (len == 0 || len > WORD_MAX)
		return CB_CELL_VALUE;
	/* in capitals or in small letters, but not as a name is written */
	if (len == 4 && (memcmp(cell, "NULL", 4) == 0 || memcmp(cell, "null", 4) == 0))
		return CB_CELL_NULL_WORD;
	for (i = 0; strchr(FIRST_OF_WORDS, *cell) != NULL && i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (strlen(words[i].word) == len && strncasecmp(words[i].word, cell, len) == 0)
			return words[i].kind;
	}
	if (is_error_number(cell, len))
		return CB_CELL_ERROR;
	return is_scientific(cell, len) ? CB_CELL_SCIENTIFIC : CB_CELL_VALUE;
}

/*
 * LibreOffice has no names for some: "Err:502".
 */
static bool
is_error_number(const char *cell, size_t len)
{
	return len == 7 && strncasecmp(cell, "Err:5", 5) == 0 &&
		count_digits(cell + 5, 2) == 2;
}

/*
 * A number as a spreadsheet shows it that has no room: a digit, more behind a
 * point or comma, E, a sign, and the exponent.  Without the sign it is an id.
 */
static bool
is_scientific(const char *cell, size_t len)
{
	size_t		at = *cell == '-' || *cell == '+';
	size_t		digits;

	if (at == len || count_digits(cell + at, len - at) != 1)
		return false;
	at++;
	if (at < len && (cell[at] == '.' || cell[at] == ','))
	{
		digits = count_digits(cell + at + 1, len - at - 1);
		if (digits == 0)
			return false;
		at += digits + 1;
	}
	if (at + 2 >= len || (cell[at] != 'E' && cell[at] != 'e') ||
		(cell[at + 1] != '+' && cell[at + 1] != '-'))
		return false;
	digits = count_digits(cell + at + 2, len - at - 2);
	return digits <= EXPONENT_MAX && at + 2 + digits == len;
}

static size_t
count_digits(const char *at, size_t len)
{
	size_t		n = 0;

	while (n < len && at[n] >= '0' && at[n] <= '9')
		n++;
	return n;
}
