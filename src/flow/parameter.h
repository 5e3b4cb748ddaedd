/*-------------------------------------------------------------------------
 *
 * parameter.h
 *		The parameters of routes: what a path, a query or a header may have.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_PARAMETER_H
#define CB_PARAMETER_H

typedef struct CbParameter
{
	const char *key;			/* in components.parameters */
	const char *name;
	const char *in;				/* path, query or header */
	const char *schema;			/* JSON */
	const char *description;
} CbParameter;

extern const CbParameter cb_parameters[];
extern const int cb_nparameters;

/* NULL when there is none. */
extern const CbParameter *cb_parameter_find(const char *key, size_t len);

#endif							/* CB_PARAMETER_H */
