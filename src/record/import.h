/*-------------------------------------------------------------------------
 *
 * import.h
 *		The row of canopy.import: what an import is and how far it has come.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMPORT_H
#define CB_IMPORT_H

#include "common/sha2.h"
#include "db/caller.h"
#include "db/envelope.h"
#include "utils/jsonb.h"

#define CB_IMPORT_MAX_ROWS		10000

typedef enum CbImportStatus
{
	CB_IMPORT_OPEN,
	CB_IMPORT_UPLOADED,			/* a required field has no column */
	CB_IMPORT_MAPPED,
	CB_IMPORT_PREVIEWED,
	CB_IMPORT_RUNNING,
	CB_IMPORT_COMPLETED,
	CB_IMPORT_CANCELLED,
	CB_IMPORT_FAILED,
	CB_IMPORT_UNDONE
} CbImportStatus;

/* A set of them, for cb_import_require(). */
#define CB_IMPORT_IN(status)	(1 << (status))
#define CB_IMPORT_BEFORE_SUBMIT \
	(CB_IMPORT_IN(CB_IMPORT_OPEN) | CB_IMPORT_IN(CB_IMPORT_UPLOADED) | \
	 CB_IMPORT_IN(CB_IMPORT_MAPPED) | CB_IMPORT_IN(CB_IMPORT_PREVIEWED))
#define CB_IMPORT_WITH_FILE \
	(CB_IMPORT_IN(CB_IMPORT_UPLOADED) | CB_IMPORT_IN(CB_IMPORT_MAPPED) | \
	 CB_IMPORT_IN(CB_IMPORT_PREVIEWED))
#define CB_IMPORT_ENDED \
	(CB_IMPORT_IN(CB_IMPORT_COMPLETED) | CB_IMPORT_IN(CB_IMPORT_CANCELLED) | \
	 CB_IMPORT_IN(CB_IMPORT_FAILED) | CB_IMPORT_IN(CB_IMPORT_UNDONE))
#define CB_IMPORT_SUBMITTED		(CB_IMPORT_ENDED | CB_IMPORT_IN(CB_IMPORT_RUNNING))

/* A column of the file. */
typedef struct CbImportColumn
{
	char	   *header;			/* as in the file */
	char	   *field;			/* its name, or "metadata.key"; NULL: ignored */
	bool		secret;			/* its cells are not kept */
} CbImportColumn;

typedef struct CbImport
{
	pg_uuid_t	account;
	pg_uuid_t	id;
	bool		has_application;
	pg_uuid_t	application;
	bool		has_environment;
	pg_uuid_t	environment;
	char	   *mode;
	CbImportStatus status;
	char	   *on_conflict;	/* error, skip or update */
	char	   *missing;		/* ignore, report or deactivate */
	int			max_missing_percent;
	int			batch_size;		/* row numbers */
	Jsonb	   *options;		/* what the mode asks besides: an object */
	bool		is_bound;		/* to its application, whoever runs it */

	/* Of the file; unset before the upload. */
	char	   *file_name;		/* NULL: not told */
	char	   *url_label;		/* NULL: not fetched */
	uint8		sha256[PG_SHA256_DIGEST_LENGTH];
	int			file_size;		/* bytes */
	char	   *encoding;
	char	   *encoding_method;
	int			encoding_confidence;	/* 0 to 100 */
	char	   *delimiter;
	CbImportColumn *columns;
	int			ncolumns;
	int			row_count;

	/* Of the last preview. */
	int			valid_count;
	int			warning_count;
	int			error_count;
	int			selected_count;
	bool		has_digest;
	uint8		digest[PG_SHA256_DIGEST_LENGTH];

	/* Of the run. */
	int			next_row;		/* where the next batch begins */
	int			succeeded_count;
	int			failed_count;
	int			skipped_count;
	int			missing_count;	/* -1: not counted */
	char	   *missing_refused;	/* why none was deactivated; or NULL */
	bool		cancel_requested;
	int			attempt;		/* the fencing number */
	char	   *holder;			/* process that has it, or had; NULL: none */
	char	   *actor_id;
	char	   *actor_type;
	char	   *role_name;		/* NULL: not submitted */
	pg_uuid_t	correlation_id;
	char	   *error_message;	/* NULL: none */

	CbTime		lease_until;
	CbTime		heartbeat_at;
	CbTime		created_at;
	CbTime		uploaded_at;
	CbTime		previewed_at;
	CbTime		submitted_at;
	CbTime		started_at;
	CbTime		finished_at;
	CbTime		undone_at;
} CbImport;

extern const char *cb_import_status_name(CbImportStatus status);

/* Stores an import that has been opened: what it is, and the times as of now. */
extern void cb_import_insert(const CbImport *import, TimestampTz now);

/* Imports of an account that have not ended, whatever the isolation level. */
extern int64 cb_import_count_open(const pg_uuid_t *account);

/*
 * Reads an import into the current memory context; with lock nobody else changes
 * it until the transaction ends.  Raises PT404 when there is none.
 */
extern CbImport *cb_import_read(const pg_uuid_t *account, const pg_uuid_t *id,
								bool lock);

/* From now on a locked import is bound to its application, for good. */
extern void cb_import_bind(CbImport *import);

/* Raises PT409 unless the status is one of the set; hint says what to do. */
extern void cb_import_require(const CbImport *import, int statuses,
							  const char *hint);

/* Raises 55000: something of the user's has kept an import from being stored. */
extern void cb_import_refuse(void) pg_attribute_noreturn();

/* Each stores its group of columns, and the status, of an import that is locked. */
extern void cb_import_save_upload(const CbImport *import, TimestampTz now);
extern void cb_import_save_mapping(const CbImport *import);
extern void cb_import_save_preview(const CbImport *import, TimestampTz now);
extern void cb_import_save_submission(const CbImport *import, TimestampTz now);

/*
 * Takes an import that is locked to work on it: it is running from now, and
 * attempt is one more.  False when it was not submitted or has ended, or when
 * somebody has it: a process that is there, or may be, and whose lease has not
 * ended.
 */
extern bool cb_import_take(CbImport *import, TimestampTz now,
						   TimestampTz lease_until);

/*
 * Both work for whoever has taken the import last, and return false for everybody
 * else, who then must undo what he did.  Advance stores next_row and the counts
 * and prolongs the lease; *cancelled says whether somebody wants it to stop.
 */
extern bool cb_import_advance(const CbImport *import, TimestampTz now,
							  TimestampTz lease_until, bool *cancelled);
extern bool cb_import_finish(const CbImport *import, CbImportStatus status,
							 const char *error_message, TimestampTz now);

/* Stores missing_count and missing_refused of an import that is locked. */
extern void cb_import_save_missing(const CbImport *import);

/* Takes the headers and their fields from an import that is locked. */
extern void cb_import_forget_file(const CbImport *import);

/* Asks whoever runs the import to stop.  False when it is not running. */
extern bool cb_import_ask_cancel(const CbImport *import, TimestampTz now);

#endif							/* CB_IMPORT_H */
