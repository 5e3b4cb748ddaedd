/*-------------------------------------------------------------------------
 *
 * fold.c
 *		Names of fields without case, width and accents.
 *
 * Word boundaries of camelCase are marked before case is folded.  In a run of
 * capitals that small letters follow, the last capital belongs to the run or to
 * the letters ("PINcode", "XMLName"): it stands alone, and a reader that joins
 * neighbouring words finds both.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/fold.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

static int32_t mark_words(const UChar *wide, int32_t len, UChar *marked);
static bool begins_word(const UChar *wide, int32_t len, int32_t i);

int32_t
cb_fold(const char *utf8, size_t len, uint16_t *folded, int32_t room)
{
	UErrorCode	status = U_ZERO_ERROR;
	const UNormalizer2 *folding = unorm2_getNFKCCasefoldInstance(&status);
	UChar		wide[CB_FOLD_INPUT_MAX];
	UChar		marked[CB_FOLD_INPUT_MAX * 2];
	int32_t		n = 0;

	if (U_FAILURE(status))
		return -1;
	if (len == 0 || len > CB_FOLD_INPUT_MAX)
		return 0;
	u_strFromUTF8(wide, CB_FOLD_INPUT_MAX, &n, utf8, (int32_t) len, &status);
	if (U_FAILURE(status))
		return 0;
	n = mark_words(wide, n, marked);
	n = unorm2_normalize(folding, marked, n, folded, room, &status);
	return U_SUCCESS(status) && n <= room ? n : 0;
}

uint32_t
cb_fold_base(uint32_t c)
{
	UErrorCode	status = U_ZERO_ERROR;
	const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
	UChar		parts[8];
	UChar32		base = (UChar32) c;
	int32_t		n;

	if ((c >= 0x0300 && c <= 0x036F) || (c >= 0x0591 && c <= 0x05C7) ||
		(c >= 0x064B && c <= 0x065F))
		return 0;
	if (c == 0x0131)			/* the Turkish i without a dot */
		return 'i';
	if (c == 0x0142)			/* the Polish l with a stroke */
		return 'l';
	if (c < 0xC0 || (c > 0x06FF && c < 0x1E00) || c > 0x1FFF || U_FAILURE(status))
		return c;
	n = unorm2_getDecomposition(nfc, base, parts, 8, &status);
	if (U_SUCCESS(status) && n > 0)
		U16_GET(parts, 0, 0, n, base);
	return (uint32_t) base;
}

bool
cb_fold_is_letter(uint32_t c)
{
	return u_isalnum((UChar32) c) ||
		(U_GET_GC_MASK((UChar32) c) & (U_GC_MN_MASK | U_GC_MC_MASK)) != 0;
}

/* Copies a text with a blank before each word of camelCase; gives its length. */
static int32_t
mark_words(const UChar *wide, int32_t len, UChar *marked)
{
	int32_t		n = 0;
	int32_t		i;

	for (i = 0; i < len; i++)
	{
		if (i > 0 && begins_word(wide, len, i))
			marked[n++] = ' ';
		marked[n++] = wide[i];
	}
	return n;
}

static bool
begins_word(const UChar *wide, int32_t len, int32_t i)
{
	UChar		before = wide[i - 1];

	if (u_isupper(wide[i]))
		return u_islower(before) || u_isdigit(before) ||
			(u_isupper(before) && i + 1 < len && u_islower(wide[i + 1]));
	return i > 1 && u_islower(wide[i]) && u_isupper(before) &&
		u_isupper(wide[i - 2]);
}
