/*-------------------------------------------------------------------------
 *
 * header_alias.h
 *		The usual headers of what a column can hold.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_HEADER_ALIAS_H
#define CB_INPUT_HEADER_ALIAS_H

/* What a column can hold; the modes call it by fields of their own. */
typedef enum CbMeaning
{
	CB_MEANING_EMAIL,
	CB_MEANING_FIRST_NAME,
	CB_MEANING_LAST_NAME,
	CB_MEANING_PASSWORD,
	CB_MEANING_PASSWORD_HASH,
	CB_MEANING_EXTERNAL_ID,
	CB_MEANING_METADATA,
	CB_MEANING_ROLE_ID,
	CB_MEANING_NODE_ID,
	CB_MEANING_APPLICATION_ID,
	CB_MEANING_CLIENT_ID,
	CB_MEANING_SEND_EMAIL,
	CB_MEANING_INTENT,
	CB_MEANING_STATUS,
	CB_MEANING_COMPLETION_DATE,
	CB_MEANING_REF1,			/* and REF2 to REF10 behind it */
	CB_MEANING_REF10 = CB_MEANING_REF1 + 9,
	CB_MEANING_ADDRESS1,
	CB_MEANING_ADDRESS2,
	CB_MEANING_CITY,
	CB_MEANING_STATE,
	CB_MEANING_ZIP_CODE,
	CB_MEANING_COUNTRY,
	CB_MEANING_TELEPHONE,
	CB_MEANING_LANGUAGE,
	CB_MEANING_SF_CONTACT_ID,
	CB_MEANING_SF_ACCOUNT_ID,
	CB_MEANING_NOTHING,			/* known to be none of these */
	CB_MEANING_WORD				/* a word that is no misspelling of another */
} CbMeaning;

typedef enum CbAliasStrength
{
	CB_ALIAS_USUAL,				/* this is what it means */
	CB_ALIAS_SECOND,			/* where no usual header has the field */
	CB_ALIAS_PERHAPS,			/* if no other column means it more clearly */
	CB_ALIAS_BESIDE_FIRST_NAME	/* only in a file with a column of first names */
} CbAliasStrength;

typedef struct CbHeaderAlias
{
	CbMeaning	meaning;
	CbAliasStrength strength;
	const char *headers;		/* UTF-8, separated by "|" */
} CbHeaderAlias;

/* Ends with NULL headers. */
extern const CbHeaderAlias cb_header_aliases[];

#endif							/* CB_INPUT_HEADER_ALIAS_H */
