/*-------------------------------------------------------------------------
 *
 * clients.c
 *		Several clients at once, with batches that overlap.
 *
 * All take their batches from one sequence of rows: each batch has 200 rows and
 * begins 200/clients rows behind the one before, so that the batches that are
 * under way share most of their addresses, and each brings them in an order of
 * its own.  What a client gets back from a deadlock is counted, and the server's
 * own count is shown beside it.
 *
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define MAX_CLIENTS		8
#define DEADLOCKS \
	"SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
#define OTHERS \
	"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()" \
	" AND backend_type = 'client backend' AND pid <> pg_backend_pid()"

typedef struct Client
{
	pthread_t	thread;
	Session    *session;
	int			nclients;
	double		until;
	unsigned	random;
	long		nbatches;
	long		ndeadlocks;
} Client;

typedef struct Outcome
{
	double		rows;			/* a second */
	double		seen;			/* deadlocks, by the clients */
	double		counted;		/* deadlocks, by the server */
} Outcome;

static Base base = {"bench_clients", 2000, true};
static long next_row = 700000000;

static Outcome run_clients(const Way *way, int nclients, double seconds);
static void *client_main(void *arg);
static void send_batch(Client *client);

void
section_clients(const Effort *effort)
{
	static const char *const columns[] = {
		"", "seconds", "rows/s", "deadlocks", "in the server"
	};
	static const Way *const ways[] = {&way_naive, &way_row, &way_set};
	static const int counts[] = {1, 2, MAX_CLIENTS};

	base_make(&base);
	report_table("clients", "Clients with overlapping batches in random order (wall time)",
				 columns, lengthof(columns));
	for (size_t w = 0; w < lengthof(ways); w++)
	{
		for (size_t c = 0; way_exists(ways[w]) && c < lengthof(counts); c++)
		{
			bool		is_goal = ways[w] != &way_naive && counts[c] == MAX_CLIENTS;
			double		seconds = effort->full ? (is_goal ? 60 : 10) : (is_goal ? 8 : 3);
			char		label[80];
			Outcome		outcome = run_clients(ways[w], counts[c], seconds);

			snprintf(label, sizeof(label), "%d: %s", counts[c], ways[w]->name);
			report_row(label, seconds, outcome.rows, outcome.seen, outcome.counted);
			if (ways[w] == way_ours() && is_goal)
				report_goal(GOAL_DEADLOCKS,
							outcome.counted > outcome.seen ? outcome.counted : outcome.seen,
							"%s, %.0f s", ways[w]->name, seconds);
		}
	}
	report_note("Rows that got a verdict, good or bad; a batch in a deadlock got none.");
}

static Outcome
run_clients(const Way *way, int nclients, double seconds)
{
	Client		clients[MAX_CLIENTS];
	Session    *session;
	Outcome		outcome = {0};
	double		before;
	double		start;

	fprintf(stderr, "bench: clients, %d of %s\n", nclients, way->name);
	base_reset(&base);
	session = session_open(base.database);
	before = session_number(session, DEADLOCKS);
	start = now();
	for (int i = 0; i < nclients; i++)
	{
		memset(&clients[i], 0, sizeof(Client));
		clients[i].session = way_open(way, base.database);
		clients[i].nclients = nclients;
		clients[i].until = start + seconds;
		clients[i].random = i + 1;
		if (pthread_create(&clients[i].thread, NULL, client_main, &clients[i]) != 0)
			die("cannot start a thread");
	}
	for (int i = 0; i < nclients; i++)
	{
		pthread_join(clients[i].thread, NULL);
		session_close(clients[i].session);
		outcome.rows += clients[i].nbatches * (double) BATCH_ROWS;
		outcome.seen += clients[i].ndeadlocks;
	}
	outcome.rows /= now() - start;

	/* A backend hands in its figures when it ends. */
	while (session_number(session, OTHERS) > 0)
		usleep(20000);
	outcome.counted = session_number(session, DEADLOCKS) - before;
	session_close(session);
	return outcome;
}

static void *
client_main(void *arg)
{
	Client	   *client = arg;

	while (now() < client->until)
		send_batch(client);
	return NULL;
}

static void
send_batch(Client *client)
{
	long		first = __atomic_fetch_add(&next_row, BATCH_ROWS / client->nclients,
										   __ATOMIC_RELAXED);
	Batch	   *batch = batch_make_window(first, BATCH_ROWS, &client->random);
	const char *value = batch->json;
	PGresult   *result = PQexecPrepared(client->session->conn, "batch", 1, &value,
										NULL, NULL, 0);
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		client->nbatches++;
	else if (sqlstate != NULL && strcmp(sqlstate, "40P01") == 0)
		client->ndeadlocks++;
	else
		die("%s", PQerrorMessage(client->session->conn));
	PQclear(result);
	batches_free(batch, 1);
}
