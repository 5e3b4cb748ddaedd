/*-------------------------------------------------------------------------
 *
 * place.c
 *		Roles at nodes: what an assignment refers to besides the identity.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "canopy_bulk.h"
#include "db/uuid7.h"
#include "rows/fields.h"
#include "rows/place.h"

void
cb_places_init(CbPlaces *places, int capacity)
{
	cb_parents_init(&places->roles, capacity);
	cb_parents_init(&places->nodes, capacity);
}

void
cb_places_want(CbPlaces *places, const pg_uuid_t *role, const pg_uuid_t *node)
{
	cb_parents_want(&places->roles, role);
	cb_parents_want(&places->nodes, node);
}

void
cb_places_lock(CbPlaces *places, const CbScope *scope)
{
	cb_parents_lock_roles(&places->roles, scope);
	cb_parents_lock_nodes(&places->nodes, scope);
}

void
cb_places_check(const CbPlaces *places, const CbScope *scope, CbRow *row,
				const pg_uuid_t *role, const pg_uuid_t *node)
{
	const CbParent *found_role = cb_parents_find(&places->roles, role);
	const CbParent *found_node = cb_parents_find(&places->nodes, node);

	if (found_role != NULL && !cb_place_in_scope(scope, found_role))
		found_role = NULL;
	if (found_role == NULL)
		cb_field_issue(row, CB_ROLE_NOT_FOUND, "role_id");
	else if (found_role->is_system)
		cb_field_issue(row, CB_SYSTEM_ROLE, "role_id");
	if (found_node == NULL || !cb_place_in_scope(scope, found_node) ||
		(found_role != NULL &&
		 cb_uuid_compare(&found_role->environment,
						 &found_node->environment) != 0))
		cb_field_issue(row, CB_NODE_NOT_FOUND, "node_id");
}

bool
cb_place_in_scope(const CbScope *scope, const CbParent *parent)
{
	if (scope->has_application &&
		cb_uuid_compare(&parent->application, &scope->application) != 0)
		return false;
	return !scope->has_environment ||
		cb_uuid_compare(&parent->environment, &scope->environment) == 0;
}
