/*-------------------------------------------------------------------------
 *
 * mapping_field.h
 *		The fields of each mode of an import, with what they mean.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_MAPPING_FIELD_H
#define CB_INPUT_MAPPING_FIELD_H

#include "input/header_alias.h"
#include "input/mapping.h"

typedef struct CbMappingTarget
{
	CbMappingField field;
	CbMeaning	meaning;
} CbMappingTarget;

/* The field of exactly that name, or of that meaning; NULL when there is none. */
extern const CbMappingField *cb_mapping_field_named(CbMappingMode mode,
													const char *name,
													size_t len);
extern const CbMappingField *cb_mapping_field_meant(CbMappingMode mode,
													CbMeaning meaning);


/*
 * Could the cells of a column be of a field with that meaning, which its header
 * gives it with that strength?  True when nothing is known of them.
 */
extern bool cb_mapping_fits(CbMeaning meaning, CbAliasStrength strength,
							const CbMappingCells *cells);

#endif							/* CB_INPUT_MAPPING_FIELD_H */
