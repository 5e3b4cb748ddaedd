/*-------------------------------------------------------------------------
 *
 * canopy_bulk.c
 *		Loads the library.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "canopy_bulk.h"
#include "db/owner.h"
#include "db/source.h"
#include "db/xact.h"
#include "settings.h"
#include "worker.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	static const CbSettingChecks checks = {
		cb_source_check_hosts, cb_source_check_networks
	};

	cb_settings_define(&checks);
	cb_worker_register();

	/*
	 * What cannot be done twice comes last: after an error all of this is run
	 * again.
	 */
	cb_xact_register();
	cb_owner_register();
}
