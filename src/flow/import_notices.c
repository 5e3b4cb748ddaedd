/*-------------------------------------------------------------------------
 *
 * import_notices.c
 *		What a person should know of a whole file.
 *
 * The encoding is in doubt where few letters speak for it: cells as they were read
 * show at a glance whether it is right.  Whether it is follows from what is stored
 * of the import, so that a preview says the same as the upload.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "canopy_bulk.h"
#include "flow/import_notices.h"
#include "input/charset.h"

#define SAMPLE_MAX		80		/* bytes */
#define UNCERTAIN_MESSAGE \
	"The encoding of the file was guessed from few letters: look at these cells, and name the encoding if they are wrong."
#define PADDING_MESSAGE \
	"The file ended in NUL bytes, which were left out."

static bool is_ascii(const char *cell, Size len);
static void write_notice(CbJson *json, const char *code, const char *message,
						 const CbImportSamples *samples);

void
cb_import_sample(CbImportSamples *samples, const char *cell, Size len)
{
	char	   *text;

	if (samples->n == CB_IMPORT_SAMPLES || is_ascii(cell, len))
		return;
	text = pnstrdup(cell, pg_mbcliplen(cell, (int) len, SAMPLE_MAX));

	for (int i = 0; i < samples->n; i++)
	{
		if (strcmp(samples->texts[i], text) == 0)
			return;
	}
	samples->texts[samples->n++] = text;
}

static bool
is_ascii(const char *cell, Size len)
{
	for (Size i = 0; i < len; i++)
	{
		if (IS_HIGHBIT_SET(cell[i]))
			return false;
	}
	return true;
}

bool
cb_import_is_uncertain(const CbImport *import)
{
	const char *method = import->encoding_method;

	return import->encoding_confidence < CB_CHARSET_CERTAIN && method != NULL &&
		(strcmp(method, cb_charset_method_name(CB_CHARSET_DETECTED)) == 0 ||
		 strcmp(method, cb_charset_method_name(CB_CHARSET_DEFAULT)) == 0);
}

void
cb_import_write_notices(CbJson *json, const CbImport *import,
						const CbImportSamples *samples, Size padding)
{
	static const CbImportSamples none = {.n = 0};
	bool		uncertain = cb_import_is_uncertain(import);

	cb_json_array(json, uncertain + (padding > 0));
	if (uncertain)
		write_notice(json, "encoding_uncertain", UNCERTAIN_MESSAGE, samples);
	if (padding > 0)
		write_notice(json, "padding_dropped", PADDING_MESSAGE, &none);
}

static void
write_notice(CbJson *json, const char *code, const char *message,
			 const CbImportSamples *samples)
{
	static CbJsonShape keys = {3, {"code", "message", "samples"}};

	cb_json_shape(json, &keys);
	cb_json_cstring(json, code);
	cb_json_cstring(json, message);
	cb_import_write_texts(json, samples->texts, samples->n);
}

void
cb_import_write_texts(CbJson *json, char *const *texts, int n)
{
	cb_json_array(json, n);
	for (int i = 0; i < n; i++)
		cb_json_cstring(json, texts[i]);
}
