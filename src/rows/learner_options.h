/*-------------------------------------------------------------------------
 *
 * learner_options.h
 *		What all learners of a call get: items, a client, a role, a message.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_LEARNER_OPTIONS_H
#define CB_LEARNER_OPTIONS_H

#include "db/scope.h"
#include "rows/fields.h"

#define CB_LEARNER_MAX_ITEMS	200 /* of all kinds together */
#define CB_LEARNER_MAX_MESSAGE	5000	/* characters */

typedef enum CbLearningKind
{
	CB_LEARNING_BUNDLE,
	CB_LEARNING_COURSE,
	CB_LEARNING_PATH,
	CB_LEARNING_LICENSE,
	CB_LEARNING_KINDS
} CbLearningKind;

/* As asked for: ids are sorted, and each stands once. */
typedef struct CbLearnerOptions
{
	pg_uuid_t  *items[CB_LEARNING_KINDS];
	int			nitems[CB_LEARNING_KINDS];
	CbUuid		client;
	const char *role;			/* name or id; NULL: none */
	const char *message;		/* of the mail of welcome; NULL: none */
} CbLearnerOptions;

/* An item that learners are enrolled in. */
typedef struct CbLearningItem
{
	pg_uuid_t	id;				/* first: the list is searched by it */
	CbLearningKind kind;
	char	   *name;
	bool		is_limited;		/* a license with so many seats */
	int			seats;
	int64		taken;			/* before this batch */
} CbLearningItem;

/* What the options name, as the directory has it. */
typedef struct CbLearnerTargets
{
	CbLearningItem *items;		/* sorted by id */
	int			nitems;
	bool		has_role;
	pg_uuid_t	role;
	pg_uuid_t	node;			/* the root of the environment */
} CbLearnerTargets;

/* Sorts the ids and checks all that needs no table.  Raises 22023. */
extern void cb_learner_options_finish(CbLearnerOptions *options);

/*
 * The options in a JSON object with bundle_ids, course_ids, learning_path_ids,
 * license_ids, client_id, role and invite_message, each optional; NULL is none.  A
 * list may be a single id.  Raises 22023.
 */
extern const void *cb_learner_options_of(const Jsonb *json);

/* The same object, in one form for the same options. */
extern Jsonb *cb_learner_options_store(const void *options);
extern void cb_learner_options_write(const CbLearnerOptions *options, CbJson *json);

/*
 * Looks up what the options name, and locks it against deletion until the
 * transaction ends.  Raises PT404 for what is not there, or not in the account,
 * and 22023 for a role that has no place.
 */
extern void cb_learner_targets_lock(CbLearnerTargets *targets,
									const CbScope *scope,
									const CbLearnerOptions *options);

/*
 * Locks the licenses that have a limit against everybody else who enrols, and
 * counts their learners.
 */
extern void cb_learner_targets_lock_seats(CbLearnerTargets *targets,
										  const CbScope *scope);

/* Is everything there?  Raises as lock does. */
extern void cb_learner_options_check(const CbScope *scope, const void *options);

#endif							/* CB_LEARNER_OPTIONS_H */
