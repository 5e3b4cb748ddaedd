/*-------------------------------------------------------------------------
 *
 * mapping_fit.c
 *		Could the cells of a column be of the field that its header speaks of?
 *
 * The question is only asked of headers that people made up.  A column that has
 * the field's own name is never doubted: its rows are told what is wrong.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/mapping_field.h"

/* Cells from which on a usual header is doubted: */
#define REQUIRED_MIN	3		/* of a field without which no row is good */
#define REPEATS_MIN		10		/* because of cells that are the same */

static bool may_identify(CbAliasStrength strength, const CbMappingCells *cells);

bool
cb_mapping_fits(CbMeaning meaning, CbAliasStrength strength,
				const CbMappingCells *cells)
{
	if (cells == NULL || cells->filled == 0)
		return true;
	switch (meaning)
	{
		case CB_MEANING_EMAIL:
			return strength == CB_ALIAS_USUAL ?
				cells->at_signs > 0 || cells->filled < REQUIRED_MIN :
				cells->emails * 2 >= cells->filled;
		case CB_MEANING_FIRST_NAME:
		case CB_MEANING_LAST_NAME:
			return cells->filled < REQUIRED_MIN ||
				(cells->with_letters > 0 && cells->emails < cells->filled &&
				 cells->uuids < cells->filled);
		case CB_MEANING_EXTERNAL_ID:
			return may_identify(strength, cells);
		case CB_MEANING_PASSWORD:
			return cells->flags < cells->filled;
		case CB_MEANING_PASSWORD_HASH:
			return strength == CB_ALIAS_USUAL || cells->hashes > 0;
		case CB_MEANING_METADATA:
			return cells->objects > 0;
		case CB_MEANING_ROLE_ID:
		case CB_MEANING_NODE_ID:
		case CB_MEANING_APPLICATION_ID:
		case CB_MEANING_CLIENT_ID:
			return cells->uuids > 0;
		case CB_MEANING_SEND_EMAIL:
			return cells->truths > 0;
		case CB_MEANING_INTENT:
			return cells->intents > 0;
		case CB_MEANING_STATUS:
			return cells->statuses > 0;
		case CB_MEANING_COMPLETION_DATE:
			return cells->instants > 0;
		case CB_MEANING_ZIP_CODE:
		case CB_MEANING_TELEPHONE:
			return cells->with_digits > 0 && cells->emails < cells->filled;
		case CB_MEANING_LANGUAGE:
		case CB_MEANING_CITY:
		case CB_MEANING_COUNTRY:
			return cells->with_letters > 0 && cells->emails < cells->filled;
		case CB_MEANING_ADDRESS1:
		case CB_MEANING_ADDRESS2:
		case CB_MEANING_STATE:
			return cells->emails < cells->filled;
		default:
			return true;
	}
}

/* Yes and no identify nobody, nor does what many rows share. */
static bool
may_identify(CbAliasStrength strength, const CbMappingCells *cells)
{
	int			least = strength == CB_ALIAS_USUAL ? REPEATS_MIN : 2;

	return cells->flags < cells->filled &&
		(cells->filled < least || cells->distinct * 2 > cells->filled);
}

bool
cb_mapping_looks_hashed(const CbMappingCells *cells)
{
	return cells != NULL && cells->hashes * 2 > cells->filled;
}
