/*-------------------------------------------------------------------------
 *
 * compat.h
 *		The one place that knows which PostgreSQL it is compiled against.
 *
 * PostgreSQL 15 is what is built and tested; 14 to 18 differ in the few names
 * below.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_COMPAT_H
#define CB_COMPAT_H

#if PG_VERSION_NUM < 140000
#error "canopy_bulk needs PostgreSQL 14 or later"
#endif

/* 15 took the owner of a GUC prefix from a warning to a reservation. */
#if PG_VERSION_NUM < 150000
#define MarkGUCPrefixReserved(prefix) EmitWarningsOnPlaceholders(prefix)
#endif

/* 16 replaced the _ownercheck and _aclcheck functions of each catalog. */
#if PG_VERSION_NUM < 160000
#define cb_function_aclcheck(oid, role) \
	pg_proc_aclcheck(oid, role, ACL_EXECUTE)
#else
#define cb_function_aclcheck(oid, role) \
	object_aclcheck(ProcedureRelationId, oid, role, ACL_EXECUTE)
#endif

/* 17 can fill a context that the caller has; NULL makes one, as before. */
#if PG_VERSION_NUM < 170000
#define cb_make_json_lex(json, len) \
	makeJsonLexContextCstringLen(json, len, PG_UTF8, true)
#else
#define cb_make_json_lex(json, len) \
	makeJsonLexContextCstringLen(NULL, json, len, PG_UTF8, true)
#endif

/* 16 returns the number of settings with their array. */
#if PG_VERSION_NUM < 160000
#define cb_guc_variables(n) \
	(*(n) = GetNumConfigOptions(), get_guc_variables())
#else
#define cb_guc_variables(n) get_guc_variables(n)
#endif

/* 16 says that the number is no id of a backend. */
#if PG_VERSION_NUM < 160000
#define cb_backend_status(i) \
	(&pgstat_fetch_stat_local_beentry(i)->backendStatus)
#else
#define cb_backend_status(i) \
	(&pgstat_get_local_beentry_by_index(i)->backendStatus)
#endif

/* 18 marks the others. */
#if PG_VERSION_NUM < 180000
#define cb_proc_is_worker(proc) ((proc)->isBackgroundWorker)
#else
#define cb_proc_is_worker(proc) (!(proc)->isRegularBackend)
#endif

#endif							/* CB_COMPAT_H */
