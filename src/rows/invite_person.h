/*-------------------------------------------------------------------------
 *
 * invite_person.h
 *		Who accepts an invite, and what that makes of him.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INVITE_PERSON_H
#define CB_INVITE_PERSON_H

#include "rows/invite_store.h"

typedef struct CbPerson
{
	bool		exists;
	pg_uuid_t	id;
	char	   *email;
	char	   *password_hash;	/* NULL: none */
} CbPerson;

/*
 * Looks for the identity that the invite is for, in the current memory context;
 * always true.  With lock it is locked against deletion, and compared with the
 * person that was found before: false when that is another, or has got or lost
 * a password.
 */
extern bool cb_person_find(const pg_uuid_t *account, const CbInvite *invite,
						   bool lock, CbPerson *person);

/*
 * Makes the identity, with its password; false when its address was taken, which
 * nobody could see.
 */
extern bool cb_person_insert(const CbBatch *batch, const CbInvite *invite,
							 CbPerson *person);

/* Changes the password, and ends what kept the person out. */
extern void cb_person_set_password(const CbBatch *batch,
								   const CbInvite *invite,
								   const CbPerson *person);

/*
 * Makes the person an active member of the invite's application, with the role
 * the invite has.  Raises PT409 for a membership that somebody has suspended.
 */
extern void cb_person_join(const CbBatch *batch, const CbInvite *invite,
						   const CbPerson *person);

/* Is it a name that an identity can have? */
extern bool cb_person_name_is_good(const CbText *name);

#endif							/* CB_INVITE_PERSON_H */
