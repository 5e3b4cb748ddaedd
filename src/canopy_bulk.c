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
#include "settings.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	cb_settings_define();
}
