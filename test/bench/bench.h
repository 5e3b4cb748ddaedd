/*-------------------------------------------------------------------------
 *
 * bench.h
 *		What the files of the benchmark share.
 *
 *		main		which sections run, with what effort
 *		  tables	rows through every way: CPU, wall, XIDs, WAL
 *		  clients, readers, backend, import	what is not a cost per row
 *		    rounds		cases side by side, in rotating order
 *		      ways			naive, savepoint, ours, COPY ...
 *		      rows			what the batches are made of
 *		        session		a connection and its backend's CPU
 *		report		tables, Markdown, CSV, and the goals
 *
 * The client is trusted code of ours: what cannot be done ends the program.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BENCH_H
#define BENCH_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define lengthof(array) (sizeof(array) / sizeof((array)[0]))

/* Made by schema.sql. */
#define ACCOUNT_ID		"01900000-0000-7000-8000-000000000001"
#define APPLICATION_ID	"01900000-0000-7000-8000-000000000002"

#define BATCH_ROWS		200
#define MAX_ROUNDS		25

/* How much is done; the short form takes about five minutes. */
typedef struct Effort
{
	bool		full;
	int			rounds;
	int			rows;			/* that a way writes in a visit, at least */
	long		identities;		/* the largest table */
} Effort;

/*
 * session.c
 */
typedef struct Session
{
	PGconn	   *conn;
	int			pid;			/* of the backend */
} Session;

extern void die(const char *format,...) __attribute__((noreturn, format(printf, 1, 2)));
extern void *allocate(size_t size);
extern Session *session_open(const char *database);
extern void session_close(Session *session);

/* Returns false, and says nothing, when the server refuses. */
extern bool session_try(Session *session, const char *sql);

/* Runs statements without parameters. */
extern void session_run(Session *session, const char *format,...) __attribute__((format(printf, 2, 3)));

/* The first field of the first row. */
extern double session_number(Session *session, const char *sql);
extern void session_prepare(Session *session, const char *name, const char *sql);

/* Runs a prepared statement; NULL when the server refused and may_fail. */
extern PGresult *session_call(Session *session, const char *name,
							  const char *const *values, int nvalues,
							  bool may_fail);
extern void session_copy(Session *session, const char *sql,
						 const char *data, size_t len);

/* Seconds of CPU the backend has used, by its main thread alone. */
extern double session_cpu(const Session *session);

/* KiB of memory that only the backend has. */
extern double session_memory(const Session *session);

/* Seconds since some moment. */
extern double now(void);

/*
 * rows.c
 */
typedef enum Fault
{
	GOOD,
	EMAIL_TAKEN,				/* by a seed, in other case */
	EMAIL_REPEATED,				/* of an earlier row, in other case */
	EXTERNAL_ID_TAKEN,			/* by a seed */
	EMAIL_INVALID,
	APPLICATION_UNKNOWN,
	REFUSED						/* by the trigger of the database "raising" */
} Fault;

typedef struct Row
{
	Fault		fault;
	char		id[37];
	char		membership_id[37];
	char		email[64];		/* as sent */
	char		first_name[24];
	char		last_name[24];
	char		external_id[24];	/* "": none */
	const char *application_id; /* NULL: none */
	char		metadata[112];
	char		password[32];	/* "": none */
} Row;

typedef struct Batch
{
	int			number;
	int			nrows;
	Row		   *rows;
	char	   *json;
} Batch;

typedef struct Mix
{
	int			bad;			/* percent */
	int			refused;		/* percent, by a trigger */
	bool		all_invalid;
	bool		scattered;		/* addresses in random order */
	bool		passwords;
	long		seeds;			/* identities that the table began with */
} Mix;

extern Batch *batches_make(const Mix *mix, int nbatches, int nrows);

/* Rows first, first + 1 ... in random order: the same number is the same row. */
extern Batch *batch_make_window(long first, int nrows, unsigned *random);
extern void batches_free(Batch *batches, int nbatches);
extern bool email_is_valid(const char *email);
extern void email_canonicalise(char *to, const char *email);

/*
 * ways.c
 */
typedef struct Way
{
	const char *name;
	const char *strategy;		/* value of canopy_bulk.strategy, or NULL */
	bool		good_rows_only;
	bool		calls_batch;	/* run is one call of the statement "batch" */
	void		(*prepare) (Session *session);
	void		(*stage) (Session *session, const Batch *batches, int nbatches);	/* may be NULL */
	void		(*run) (Session *session, const Batch *batch);
} Way;

extern const Way way_naive;
extern const Way way_savepoint;
extern const Way way_transaction;
extern const Way way_row;
extern const Way way_set;
extern const Way way_auto;
extern const Way way_insert_select;
extern const Way way_copy;
extern const Way way_echo;

/* The way that the goals are about: set, or row while there is no set. */
extern const Way *way_ours(void);

/* The same for rows that raise: auto, or row. */
extern const Way *way_ours_by_default(void);

/* Asks the server which ways it has. */
extern void ways_discover(void);
extern bool way_exists(const Way *way);

/* A session that is ready to run. */
extern Session *way_open(const Way *way, const char *database);

/*
 * rounds.c
 */
typedef struct Base
{
	const char *database;
	long		seeds;			/* identities */
	bool		reset;			/* before each visit; else it grows */
	bool		exists;
} Base;

/* What the rounds of a case measured; cpu and wall in microseconds a row. */
typedef struct Case
{
	Base	   *base;
	const Way  *way;
	Mix			mix;
	int			batch_rows;
	int			nbatches;
	int			nrounds;
	double		cpu[MAX_ROUNDS];
	double		wall[MAX_ROUNDS];
	double		xids[MAX_ROUNDS];	/* a batch */
	double		wal[MAX_ROUNDS];	/* bytes a row */
} Case;

extern void base_make(Base *base);
extern void base_reset(Base *base);

/* Visits every case once a round, each round beginning with another one. */
extern void rounds_run(const char *section, Case *cases, int ncases, int rounds);
extern double median(const double *values, int n);
extern double lowest(const double *values, int n);

/*
 * report.c
 */
typedef enum Goal
{
	GOAL_NAIVE_0,
	GOAL_NAIVE_5,
	GOAL_NAIVE_50,
	GOAL_COPY,
	GOAL_XIDS,
	GOAL_SIZE,
	GOAL_LARGE_BATCH,
	GOAL_ANSWER,
	GOAL_DEADLOCKS,
	GOAL_MEMORY,
	GOAL_RAISE_1,
	GOAL_RAISE_5,
	GOAL_HASHING,
	GOAL_IMPORT,
	GOAL_UPLOAD,
	GOAL_PARSE,
	GOAL_IMPORT_MEMORY,
	GOAL_LINEAR,
	NGOALS
} Goal;

extern void report_open(const char *folder, const Effort *effort);
extern void report_close(void);

/*
 * A table: its columns, then its rows.  The first column is a label, the others
 * are doubles; NAN is printed as a dash.
 */
extern void report_table(const char *section, const char *title,
						 const char *const *columns, int ncolumns);
extern void report_row(const char *label,...);
extern void report_note(const char *format,...) __attribute__((format(printf, 1, 2)));
extern void report_goal(Goal goal, double measured, const char *format,...) __attribute__((format(printf, 3, 4)));
/* Of several, the one that is the largest counts. */
extern void report_worst(Goal goal, double measured, const char *how);
extern void report_goals(void);

/*
 * The sections.
 */
extern void section_mix(const Effort *effort);
extern void section_sizes(const Effort *effort);
extern void section_batches(const Effort *effort);
extern void section_raising(const Effort *effort);
extern void section_clients(const Effort *effort);
extern void section_readers(const Effort *effort);
extern void section_passwords(const Effort *effort);
extern void section_memory(const Effort *effort);
extern void section_answer(const Effort *effort);
extern void section_import(const Effort *effort);

#endif							/* BENCH_H */
