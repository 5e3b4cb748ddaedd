/*-------------------------------------------------------------------------
 *
 * identity_read.h
 *		Reads identities, one or counts of all.
 *
 * In an application an identity is there while it has a membership that is not
 * deactivated, and it is active when both it and the membership are.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IDENTITY_READ_H
#define CB_IDENTITY_READ_H

#include "db/scope.h"
#include "rows/identity.h"

/* Parameters: account, application. */
#define CB_MEMBERS_OF_APPLICATION \
	" FROM canopy.app_membership m JOIN canopy.identity i" \
	" ON i.account_id OPERATOR(pg_catalog.=) m.account_id AND i.id OPERATOR(pg_catalog.=) m.identity_id" \
	" WHERE m.account_id OPERATOR(pg_catalog.=) $1 AND i.account_id OPERATOR(pg_catalog.=) $1" \
	" AND m.application_id OPERATOR(pg_catalog.=) $2" \
	" AND m.status OPERATOR(pg_catalog.<>) 'deactivated'"
#define CB_MEMBER_IS_ACTIVE \
	"(i.is_active AND m.status OPERATOR(pg_catalog.=) 'active')"
#define CB_MEMBER_COLUMNS \
	"i.id, i.email, i.first_name, i.last_name, i.avatar_url, i.external_id," \
	" i.metadata, " CB_MEMBER_IS_ACTIVE " AS is_active, i.email_verified," \
	" i.email_verified_at, i.locked_until, i.password_changed_at, i.created_at"

/* The same, and an environment or null. */
#define CB_ASSIGNMENTS_OF_MEMBER \
	"SELECT 1 FROM canopy.role_assignment r JOIN canopy.node n" \
	" ON n.account_id OPERATOR(pg_catalog.=) r.account_id AND n.id OPERATOR(pg_catalog.=) r.node_id" \
	" WHERE r.account_id OPERATOR(pg_catalog.=) $1 AND n.account_id OPERATOR(pg_catalog.=) $1" \
	" AND r.identity_id OPERATOR(pg_catalog.=) i.id AND r.application_id OPERATOR(pg_catalog.=) $2" \
	" AND ($3 IS NULL OR n.environment_id OPERATOR(pg_catalog.=) $3)"

/* Is there such an identity in the account, or in the application? */
extern bool cb_identity_exists(const CbScope *scope, const pg_uuid_t *id);

/* Its address; NULL when there is no such identity. */
extern char *cb_identity_email(const CbScope *scope, const pg_uuid_t *id);

/*
 * The identity as the account's tier or, where the scope has an application, as
 * the application shows it; NULL when it is not there.
 */
extern Jsonb *cb_identity_get(const CbScope *scope, const pg_uuid_t *id);

/* The identity with its roles in the application; NULL when it is not there. */
extern Jsonb *cb_identity_detail(const CbScope *scope, const pg_uuid_t *id);

/* How many there are of which kind, in the account or in the application. */
extern Jsonb *cb_identity_summary(const CbScope *scope);

#endif							/* CB_IDENTITY_READ_H */
