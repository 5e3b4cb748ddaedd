/*-------------------------------------------------------------------------
 *
 * session.c
 *		A connection, and what the kernel knows of its backend.
 *
 * CPU is read from the backend's scheduler statistics, which are exact while it
 * sleeps, and it sleeps whenever we have its answer.  On a loaded machine that
 * is the only figure worth comparing.
 *
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

static void check(Session *session, PGresult *result, const char *sql);
static FILE *open_proc(int pid, const char *file);

void
die(const char *format,...)
{
	va_list		args;

	va_start(args, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

void	   *
allocate(size_t size)
{
	void	   *memory = calloc(1, size);

	if (memory == NULL)
		die("out of memory");
	return memory;
}

/* Host, port, user and password come from the environment. */
Session    *
session_open(const char *database)
{
	const char *keys[] = {"dbname", "application_name", NULL};
	const char *values[] = {database, "bench", NULL};
	Session    *session = allocate(sizeof(Session));

	session->conn = PQconnectdbParams(keys, values, 0);
	if (PQstatus(session->conn) != CONNECTION_OK)
		die("%s", PQerrorMessage(session->conn));
	session->pid = PQbackendPID(session->conn);
	session_run(session, "SET client_min_messages = error");
	return session;
}

void
session_close(Session *session)
{
	PQfinish(session->conn);
	free(session);
}

bool
session_try(Session *session, const char *sql)
{
	PGresult   *result = PQexec(session->conn, sql);
	ExecStatusType status = PQresultStatus(result);

	PQclear(result);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

void
session_run(Session *session, const char *format,...)
{
	char		sql[4096];
	va_list		args;
	PGresult   *result;

	va_start(args, format);
	if (vsnprintf(sql, sizeof(sql), format, args) >= (int) sizeof(sql))
		die("statement is too long: %s", format);
	va_end(args);
	result = PQexec(session->conn, sql);
	check(session, result, sql);
	PQclear(result);
}

double
session_number(Session *session, const char *sql)
{
	PGresult   *result = PQexec(session->conn, sql);
	double		number;

	check(session, result, sql);
	number = atof(PQgetvalue(result, 0, 0));
	PQclear(result);
	return number;
}

void
session_prepare(Session *session, const char *name, const char *sql)
{
	PGresult   *result = PQprepare(session->conn, name, sql, 0, NULL);

	check(session, result, sql);
	PQclear(result);
}

PGresult   *
session_call(Session *session, const char *name, const char *const *values,
			 int nvalues, bool may_fail)
{
	PGresult   *result = PQexecPrepared(session->conn, name, nvalues, values,
										NULL, NULL, 0);

	if (may_fail && PQresultStatus(result) == PGRES_FATAL_ERROR)
	{
		PQclear(result);
		return NULL;
	}
	check(session, result, name);
	return result;
}

void
session_copy(Session *session, const char *sql, const char *data, size_t len)
{
	PGresult   *result = PQexec(session->conn, sql);

	if (PQresultStatus(result) != PGRES_COPY_IN)
		die("%s: %s", sql, PQerrorMessage(session->conn));
	PQclear(result);
	if (PQputCopyData(session->conn, data, (int) len) != 1 ||
		PQputCopyEnd(session->conn, NULL) != 1)
		die("%s: %s", sql, PQerrorMessage(session->conn));
	while ((result = PQgetResult(session->conn)) != NULL)
	{
		check(session, result, sql);
		PQclear(result);
	}
}

double
session_cpu(const Session *session)
{
	FILE	   *file = open_proc(session->pid, "schedstat");
	unsigned long long nanoseconds;

	if (fscanf(file, "%llu", &nanoseconds) != 1)
		die("the kernel keeps no scheduler statistics");
	fclose(file);
	return nanoseconds / 1e9;
}

double
session_memory(const Session *session)
{
	FILE	   *file = open_proc(session->pid, "status");
	char		line[256];
	double		kib = -1;

	while (kib < 0 && fgets(line, sizeof(line), file) != NULL)
	{
		if (strncmp(line, "RssAnon:", 8) == 0)
			kib = atof(line + 8);
	}
	fclose(file);
	if (kib < 0)
		die("the kernel does not tell RssAnon");
	return kib;
}

double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void
check(Session *session, PGresult *result, const char *sql)
{
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		die("%.200s: %s", sql, PQerrorMessage(session->conn));
}

static FILE *
open_proc(int pid, const char *name)
{
	char		path[64];
	FILE	   *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	file = fopen(path, "r");
	if (file == NULL)
		die("cannot read %s: the server must be on this machine", path);
	return file;
}
