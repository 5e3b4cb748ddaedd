/*-------------------------------------------------------------------------
 *
 * header_alias.c
 *		The usual headers of what a column can hold.
 *
 * The text stands in files of their own, which tools for C need not understand.
 *
 *-------------------------------------------------------------------------
 */
#include "input/header_alias.h"

#include <stddef.h>

const CbHeaderAlias cb_header_aliases[] = {
#include "input/header_alias.def"
#include "input/header_alias_more.def"
#include "input/header_word.def"
	{CB_MEANING_NOTHING, CB_ALIAS_USUAL, NULL}
};
