/*-------------------------------------------------------------------------
 *
 * response.c
 *		The HTTP answer that a PostgREST request is given.
 *
 * PostgREST reads response.status in the statement that calls us, and answers
 * 200 when it is not set.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/guc.h"

#include "canopy_bulk.h"
#include "db/response.h"

void
cb_response_set_status(int status)
{
	const char *method = GetConfigOption("request.method", true, false);
	char text[	12];

	if (method == NULL || method[0] == '\0')
		return;
	snprintf(text, sizeof(text), "%d", status);
	set_config_option("response.status", text,
					  PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL,
					  true, 0, false);
}
