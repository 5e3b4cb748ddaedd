/*-------------------------------------------------------------------------
 *
 * errors.h
 *		The catalogue of verdict codes, and the SQLSTATEs of a whole call.
 *
 * A row error has a stable word, an HTTP number and a fixed sentence, in which at
 * most the name of one of our fields varies; none of them ever contains data of the
 * row.  A call error is an SQLSTATE that
 * PostgREST turns into the right HTTP status.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_ERRORS_H
#define CB_ERRORS_H

#include "utils/elog.h"

/* Of the whole call.  PTxyz becomes HTTP status xyz. */
#define CB_ERRCODE_UNAUTHENTICATED	MAKE_SQLSTATE('P', 'T', '4', '0', '1')
#define CB_ERRCODE_NOT_FOUND		MAKE_SQLSTATE('P', 'T', '4', '0', '4')
#define CB_ERRCODE_CONFLICT			MAKE_SQLSTATE('P', 'T', '4', '0', '9')
#define CB_ERRCODE_GONE				MAKE_SQLSTATE('P', 'T', '4', '1', '0')
#define CB_ERRCODE_TOO_LARGE		MAKE_SQLSTATE('P', 'T', '4', '1', '3')
#define CB_ERRCODE_UNSUPPORTED_MEDIA	MAKE_SQLSTATE('P', 'T', '4', '1', '5')
#define CB_ERRCODE_UNPROCESSABLE	MAKE_SQLSTATE('P', 'T', '4', '2', '2')
#define CB_ERRCODE_TOO_MANY			MAKE_SQLSTATE('P', 'T', '4', '2', '9')

/* Of a row, in the order of the catalogue in errors.c. */
typedef enum CbCode
{
	CB_OK = 0,
	CB_INVALID_ROW,
	CB_UNKNOWN_FIELD,
	CB_REQUIRED,
	CB_INVALID_TYPE,
	CB_TOO_LONG,
	CB_INVALID_VALUE,
	CB_EMAIL_INVALID,
	CB_UUID_INVALID,
	CB_METADATA_INVALID,
	CB_EXTERNAL_ID_INVALID,
	CB_PASSWORD_TOO_SHORT,
	CB_PASSWORD_TOO_LONG,
	CB_PASSWORD_BREACHED,
	CB_PASSWORD_LOOKS_HASHED,
	CB_PASSWORD_HASH_UNSUPPORTED,
	CB_ROLE_NODE_PAIR,
	CB_SYSTEM_ROLE,
	CB_FORBIDDEN,
	CB_IDENTITY_NOT_FOUND,
	CB_APPLICATION_NOT_FOUND,
	CB_ROLE_NOT_FOUND,
	CB_NODE_NOT_FOUND,
	CB_CLIENT_NOT_FOUND,
	CB_MEMBERSHIP_NOT_FOUND,
	CB_ASSIGNMENT_NOT_FOUND,
	CB_EMAIL_CONFLICT,
	CB_EXTERNAL_ID_CONFLICT,
	CB_MEMBERSHIP_CONFLICT,
	CB_INVITE_CONFLICT,
	CB_MEMBERSHIP_REQUIRED,
	CB_ASSIGNMENT_CONFLICT,
	CB_CLIENT_MISCONFIGURED,
	CB_ALREADY_VERIFIED,
	CB_WRITE_ONCE,
	CB_LICENSE_SEATS_EXHAUSTED,
	CB_REJECTED,
	CB_BATCH_ROLLED_BACK,
	CB_RAGGED_ROW,
	CB_CELL_MALFORMED,
	CB_CELL_UNREADABLE,
	CB_SPREADSHEET_ERROR,
	CB_NCODES
} CbCode;

typedef struct CbCodeInfo
{
	const char *name;			/* error.code: stable, snake_case */
	int			status;			/* HTTP */
	const char *message;		/* error.message, where no field is named */
} CbCodeInfo;

extern const CbCodeInfo cb_codes[CB_NCODES];

/*
 * The sentence for a problem with a field, which names it: static, or in the
 * current memory context.  field is one of ours, or NULL for none.
 */
extern const char *cb_code_message(CbCode code, const char *field);

/* May this error of the server be blamed on the row that was being written? */
extern bool cb_error_is_rows_fault(const ErrorData *edata);

#endif							/* CB_ERRORS_H */
