/*-------------------------------------------------------------------------
 *
 * place.h
 *		Roles at nodes: what an assignment refers to besides the identity.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_PLACE_H
#define CB_PLACE_H

#include "rows/parents.h"
#include "rows/row.h"

typedef struct CbPlaces
{
	CbParents	roles;
	CbParents	nodes;
} CbPlaces;

/* At most capacity roles and as many nodes will be wanted. */
extern void cb_places_init(CbPlaces *places, int capacity);
extern void cb_places_want(CbPlaces *places, const pg_uuid_t *role,
						   const pg_uuid_t *node);

/* Looks up and locks what is wanted: the roles, then the nodes. */
extern void cb_places_lock(CbPlaces *places, const CbScope *scope);

/*
 * Gives the row an issue unless both exist in one environment, which is the
 * call's or of its application, and the role is not reserved.
 */
extern void cb_places_check(const CbPlaces *places, const CbScope *scope,
							CbRow *row, const pg_uuid_t *role,
							const pg_uuid_t *node);

/* Is the role or node one of the call's application and environment? */
extern bool cb_place_in_scope(const CbScope *scope, const CbParent *parent);

#endif							/* CB_PLACE_H */
