/*-------------------------------------------------------------------------
 *
 * text.c
 *		Unicode text in normal form C, and how many code points it has.
 *
 * The same word typed on two keyboards can be two byte strings; in normal
 * form C it is one.  The text may be a password, so every work buffer here is
 * on the stack, of a fixed size, and wiped before we return.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/text.h"

#include <string.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

#define BRAILLE_BLANK	0x2800	/* a symbol to Unicode */

/* No character grows to more than three times its UTF-16 length in NFC. */
#define NFC_GROWTH	3

/* Work space for one text. */
typedef struct NfcBuffers
{
	UChar		raw[CB_TEXT_INPUT_MAX];
	UChar		composed[CB_TEXT_INPUT_MAX * NFC_GROWTH];
} NfcBuffers;

static CbTextProblem normalise(NfcBuffers *work, const char *in, size_t len,
							   char *out, size_t out_size,
							   size_t *out_len, size_t *points);
static CbTextProblem problem_of(UErrorCode status);

/*
 * Puts the normal form C of in (UTF-8, len bytes) into out as UTF-8 with a
 * final NUL, its bytes into *out_len and its code points into *points.
 *
 * An input of more than CB_TEXT_INPUT_MAX bytes, or a result of out_size bytes
 * or more, is CB_TEXT_TOO_LONG.  Unless the result is CB_TEXT_OK, out is wiped
 * and the numbers are zero.
 */
CbTextProblem
cb_text_nfc(const char *in, size_t len, char *out, size_t out_size,
			size_t *out_len, size_t *points)
{
	NfcBuffers	work;
	CbTextProblem problem;

	*out_len = 0;
	*points = 0;
	if (len > CB_TEXT_INPUT_MAX)
		problem = CB_TEXT_TOO_LONG;
	else if (memchr(in, '\0', len) != NULL)
		problem = CB_TEXT_INVALID;
	else
	{
		problem = normalise(&work, in, len, out, out_size, out_len, points);
		explicit_bzero(&work, sizeof(work));
	}
	if (problem != CB_TEXT_OK)
		explicit_bzero(out, out_size);
	return problem;
}

/*
 * The work of cb_text_nfc on a text of bearable length.
 */
static CbTextProblem
normalise(NfcBuffers *work, const char *in, size_t len,
		  char *out, size_t out_size, size_t *out_len, size_t *points)
{
	UErrorCode	status = U_ZERO_ERROR;
	const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
	int32_t		units = 0;
	int32_t		bytes = 0;

	u_strFromUTF8(work->raw, CB_TEXT_INPUT_MAX, &units,
				  in, (int32_t) len, &status);
	units = unorm2_normalize(nfc, work->raw, units, work->composed,
							 CB_TEXT_INPUT_MAX * NFC_GROWTH, &status);
	u_strToUTF8(out, (int32_t) out_size, &bytes,
				work->composed, units, &status);
	if (U_FAILURE(status) || (size_t) bytes >= out_size)
		return problem_of(status);
	*out_len = (size_t) bytes;
	*points = (size_t) u_countChar32(work->composed, units);
	return CB_TEXT_OK;
}

/*
 * What a failure of ICU means for the text.  A result that fills out to the
 * last byte, without room for its NUL, is no failure to ICU but one to us.
 */
static CbTextProblem
problem_of(UErrorCode status)
{
	if (U_SUCCESS(status) || status == U_BUFFER_OVERFLOW_ERROR)
		return CB_TEXT_TOO_LONG;
	if (status == U_INVALID_CHAR_FOUND)
		return CB_TEXT_INVALID;
	return CB_TEXT_LIBRARY_FAILED;
}

bool
cb_text_is_visible(const char *text, size_t len)
{
	size_t		at = 0;

	while (at < len)
	{
		UChar32		c;

		U8_NEXT(text, at, len, c);
		if (c < 0 || (c > ' ' && c < 0x7F))
			return true;
		if (u_isgraph(c) && c != BRAILLE_BLANK &&
			(U_MASK(u_charType(c)) & U_GC_M_MASK) == 0 &&
			!u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
			return true;
	}
	return false;
}
