/*-------------------------------------------------------------------------
 *
 * schema.h
 *		The schemas of what goes over HTTP: JSON Schema 2020-12.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_SCHEMA_H
#define CB_SCHEMA_H

/*
 * Members of components.schemas by topic, each text a list of "Name": {schema}
 * with commas between.
 */
extern const char *const cb_schemas_bulk;
extern const char *const cb_schemas_identity;
extern const char *const cb_schemas_assignments;
extern const char *const cb_schemas_invites;
extern const char *const cb_schemas_import;
extern const char *const cb_schemas_job;

#define CB_SCHEMA_STRING(more)	"{\"type\": \"string\"" more "}"
#define CB_SCHEMA_UUID			CB_SCHEMA_STRING(", \"format\": \"uuid\"")
#define CB_SCHEMA_TIME			CB_SCHEMA_STRING(", \"format\": \"date-time\"")
#define CB_SCHEMA_NULLABLE(type)	"{\"type\": [\"" type "\", \"null\"]}"
#define CB_SCHEMA_BOOL			"{\"type\": \"boolean\"}"
#define CB_SCHEMA_COUNT			"{\"type\": \"integer\", \"minimum\": 0}"
#define CB_SCHEMA_REF(name)		"{\"$ref\": \"#/components/schemas/" name "\"}"
#define CB_SCHEMA_ROWS(item)	"{\"type\": \"array\", \"maxItems\": 200, \"items\": " item "}"

#endif							/* CB_SCHEMA_H */
