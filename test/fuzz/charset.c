/*
 * charset.c
 *	  Fuzzes cb_charset_detect, cb_file_kind and cb_utf16_to_utf8.
 *
 * Build: src/input/charset.c src/input/charset_encodings.c src/input/charset_fit.c src/input/charset_guess.c src/input/file_kind.c src/input/utf16.c -licuuc -licui18n -luchardet -lm
 * Run: -max_len=2048
 *
 * Besides never touching memory that is not ours, it must hold that
 *
 *	- there is an answer, whose name finds the same encoding;
 *	- samples lie in the file, in its order, and are not ASCII;
 *	- "utf8" is said of what is UTF-8 only;
 *	- what is good UTF-16 is good UTF-8 when it is converted, and not longer than was said.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "input/charset.h"
#include "input/file_kind.h"
#include "input/utf16.h"

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int holds)
{
	if (!holds)
		abort();
}

static void
check_samples(const char *bytes, size_t size, const CbCharset *charset)
{
	size_t		end = 0;
	int			i;

	must(charset->nsamples >= 0 && charset->nsamples <= CB_CHARSET_SAMPLES);
	for (i = 0; i < charset->nsamples; i++)
	{
		const CbCharsetSample *sample = &charset->samples[i];
		size_t		j;
		int			high = 0;

		must(sample->offset >= end && sample->len > 0 && sample->len <= CB_CHARSET_SAMPLE_MAX);
		end = sample->offset + sample->len;
		must(end <= size);
		for (j = sample->offset; j < end; j++)
			high |= (unsigned char) bytes[j] >= 0x80;
		must(high);
	}
}

static void
check_utf16(const char *bytes, size_t size, bool big_endian)
{
	char	   *text = malloc(CB_UTF16_GROWTH(size) + 1);
	size_t		bad;
	size_t		bad_again;
	size_t		len = cb_utf16_to_utf8(bytes, size, big_endian, text, &bad);
	bool		ascii;

	must(text != NULL && bad <= size && len <= CB_UTF16_GROWTH(size));
	must(cb_utf8_span(text, len, &ascii) == len);
	must(memchr(text, '\0', len) == NULL);
	(void) cb_utf16_to_utf8(bytes, size, big_endian, NULL, &bad_again);
	must(bad == bad_again);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *) data;
	CbCharset	charset;
	bool		ascii;
	bool		utf8 = cb_utf8_span(bytes, size, &ascii) == size;

	cb_charset_detect(bytes, size, &charset);
	must(charset.encoding != NULL);
	must(cb_charset_find(charset.encoding->name) == charset.encoding);
	must(charset.confidence >= 0 && charset.confidence <= 100);
	must(strlen(cb_charset_method_name(charset.method)) > 0);
	if (charset.method == CB_CHARSET_UTF8)
		must(utf8 && !ascii);
	check_samples(bytes, size, &charset);

	must(strlen(cb_file_kind_name(cb_file_kind(bytes, size))) > 0);
	must((cb_file_kind(bytes, size) == CB_FILE_TEXT) ==
		 (cb_file_kind_advice(cb_file_kind(bytes, size)) == NULL));
	check_utf16(bytes, size, false);
	check_utf16(bytes, size, true);
	return 0;
}
