/*-------------------------------------------------------------------------
 *
 * charset_names.c
 *		Names of many languages, by which an encoding is recognised.
 *
 * The text stands in a file of its own, which tools for C need not understand.
 *
 *-------------------------------------------------------------------------
 */
#include "input/charset_score.h"

const CbCharsetLanguage cb_charset_languages[CB_LANGUAGES] = {
#include "input/charset_names.def"
};
