/*-------------------------------------------------------------------------
 *
 * learner.h
 *		Learners: identities that are enrolled in items.
 *
 * learner.c is the kind; learner_fields.c reads a row from JSON,
 * learner_people.c finds and writes identities, learner_profile.c what is known of
 * them as learners, enrolment.c what they are enrolled in, and
 * learner_options.c has what all rows of a call get.  What an import needs to be
 * undone is in learner_left.c and learner_undo.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_LEARNER_H
#define CB_LEARNER_H

#include "input/email.h"
#include "rows/learner_options.h"

#define CB_LEARNER_PROFILE_TEXTS	20

/* Of the texts of a profile, those that are written once, and the language. */
#define CB_LEARNER_LANGUAGE			17
#define CB_LEARNER_WRITTEN_ONCE		18

/* What a learner has of an item. */
typedef struct CbEnrolment
{
	bool		exists;
	pg_uuid_t	id;
	const char *status;			/* constant text */
	CbTime		completed_at;
	bool		changes;		/* for the writer: it is there, and differs */
	Jsonb	   *old;			/* what was replaced, in a batch that
								 * remembers */
} CbEnrolment;

typedef struct CbLearnerRow
{
	CbRow		row;

	/* as sent, checked */
	char		email[CB_EMAIL_MAX + 1];	/* canonical */
	CbText		first_name;
	CbText		last_name;
	CbText		external_id;
	CbText		texts[CB_LEARNER_PROFILE_TEXTS];
	const char *status;			/* constant text; NULL: not sent */
	CbTime		completed_at;
	CbWanted	send_invite;

	/* as found */
	bool		exists;
	pg_uuid_t	id;				/* of the identity, new or found */
	char	   *old_email;
	CbText		old_first_name;
	CbText		old_last_name;
	CbText		old_external_id;
	bool		has_profile;
	CbText		old_texts[CB_LEARNER_PROFILE_TEXTS];
	CbUuid		old_client;
	bool		was_invited;
	CbEnrolment *enrolments;	/* one for each item of the call, in the
								 * batch's context */

	/* as written */
	bool		returned;		/* by the statement that wrote it */
	bool		mails;
	CbText		stored_email;
	CbText		stored_first_name;
	CbText		stored_last_name;
	CbText		stored_external_id;
	int			nadded;			/* enrolments */
	int			nupdated;

	/* for a batch that remembers */
	int			turn;			/* in the order of writing */
	bool		moves_key;		/* changes the address or external id */
	bool		changes_identity;
	bool		changes_profile;
	Jsonb	   *old_identity;	/* of a learner who existed */
	Jsonb	   *old_profile;	/* NULL: there was none */
	Jsonb	   *old_membership; /* that was made active again; or NULL */
	CbUuid		membership;		/* that was made */
	CbUuid		assignment;		/* that was made */
	CbUuid		mail;			/* that was queued */
} CbLearnerRow;

/* What a batch of learners keeps for itself. */
typedef struct CbLearnerBatch
{
	const CbLearnerOptions *options;
	CbLearnerTargets targets;
	bool	   *took;			/* a seat: of each row in the order of the
								 * input, for each item */
	int			nwritten;		/* rows, those of attempts that failed too */
} CbLearnerBatch;

extern const CbRowKind cb_learner_kind;

/* learner_fields.c: the kind's fields and decode; and the names of the texts. */
extern const CbField *cb_learner_fields(const CbBatch *batch);
extern void cb_learner_decode(CbBatch *batch, CbRow *row);
extern const char *cb_learner_text_name(int i);

/*
 * Constant texts of the states of an enrolment; NULL for another word.  Hyphens,
 * blanks and case make no difference.
 */
extern const char *cb_enrolment_status(const char *word, Size len);

/*
 * learner_people.c.  Find locks the identities that the rows may be, and fills in
 * what there is.  A row whose address and external id are two people gets its
 * issue.  Of several rows, one that would be about the same identity as another is
 * left for later: returns how many are left to be written, at the front.
 */
extern int	cb_learner_find(const CbBatch *batch, CbLearnerRow **rows, int n);

/*
 * Write those that are new, and those that differ.  Insert returns how many came
 * back, at the front of the rows: of the others somebody has taken the address or
 * external id meanwhile.  Update is false when one did not come back.
 */
extern int	cb_learner_insert(const CbBatch *batch, CbLearnerRow **rows, int n);
extern bool cb_learner_update(const CbBatch *batch, CbLearnerRow **rows, int n);

/* Names the key of the row that somebody else has; the row may get an issue. */
extern void cb_learner_blame(const CbBatch *batch, CbLearnerRow *row);

/*
 * learner_profile.c: reads the profiles of learners who exist; writes those that
 * change.  False when one did not come back.
 */
extern void cb_learner_read_profiles(const CbBatch *batch, CbLearnerRow **rows,
									 int n);
extern bool cb_learner_write_profiles(const CbBatch *batch, CbLearnerRow **rows,
									  int n);

/* Does the row change what is written once?  It gets an issue for each. */
extern void cb_learner_check_texts(CbLearnerRow *row);

/* learner_mail.c: queues the mails of welcome.  False when one was swallowed. */
extern bool cb_learner_put_mails(const CbBatch *batch, CbLearnerRow **rows, int n);

/* enrolment.c: the same for what learners are enrolled in. */
extern void cb_enrolment_read(const CbBatch *batch, CbLearnerRow **rows, int n);
extern bool cb_enrolment_write(const CbBatch *batch, CbLearnerRow **rows, int n);

/* learner_left.c: reads what rows of learners who exist may replace. */
extern void cb_learner_look(const CbBatch *batch, CbLearnerRow **rows, int n);

/* Fills in what each row leaves behind; of a kind that can be undone. */
extern void cb_learner_leave(const CbBatch *batch, Jsonb **before);

/*
 * The columns of a profile that rows write, for SQL, each as of() has it; without
 * those that are no texts.
 */
#define CB_LEARNER_TEXTS(of) \
	of("ref1") "," of("ref2") "," of("ref3") "," of("ref4") "," of("ref5") "," \
	of("ref6") "," of("ref7") "," of("ref8") "," of("ref9") "," of("ref10") "," \
	of("address1") "," of("address2") "," of("city") "," of("state") "," \
	of("zip_code") "," of("country") "," of("telephone") "," of("language") "," \
	of("sf_contact_id") "," of("sf_account_id")

#endif							/* CB_LEARNER_H */
