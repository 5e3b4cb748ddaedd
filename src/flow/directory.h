/*-------------------------------------------------------------------------
 *
 * directory.h
 *		Creates the directory and carries it forward.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_DIRECTORY_H
#define CB_DIRECTORY_H

/*
 * Brings schema canopy to CB_DIRECTORY_VERSION and returns that.  function is the SQL
 * function that asks: the steps are found beside it.  owner may be InvalidOid: the
 * current user, or canopy_owner when that is a superuser.  Raises 0A000, 42501, 42704
 * and 55000.
 */
extern int	cb_directory_setup(Oid function, Oid owner);

#endif							/* CB_DIRECTORY_H */
