/*
 * driver.c
 *	  Fetches URLs as the worker would, and says what came of each.
 *
 *	  driver [option value]... URL...		"-" reads URLs from standard input
 *
 * One line per URL, name=value between tabs.  Beside the result: ms it took in
 * all, the longest step, how many there were, the end; the most memory so far; and, in a storm of
 * signals, how often a thread that is not ours was open to them.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "input/fetch.h"

#define SLICE			100		/* ms of a step, as the worker waits */
#define LINE_MAX_BYTES	8192

static int	stop_after = -1;	/* ms; -1: never */
static bool storm = false;
static int	open_threads = 0;

static void
ignore_signal(int signal)
{
}

/*
 * Counts the threads, other than this one, that would handle a signal.
 */
static void
count_open_threads(void)
{
	DIR		   *tasks = opendir("/proc/self/task");
	struct dirent *task;

	while (tasks != NULL && (task = readdir(tasks)) != NULL)
	{
		char		path[300];
		char		line[256];
		unsigned long long blocked = 0;
		FILE	   *status;

		snprintf(path, sizeof(path), "/proc/self/task/%s/status",
				 task->d_name);
		if (task->d_name[0] == '.' || atoi(task->d_name) == getpid() ||
			(status = fopen(path, "r")) == NULL)
			continue;
		while (fgets(line, sizeof(line), status) != NULL)
		{
			if (sscanf(line, "SigBlk: %llx", &blocked) == 1 &&
				(blocked & 1ULL << (SIGALRM - 1)) == 0)
				open_threads++;
		}
		fclose(status);
	}
	if (tasks != NULL)
		closedir(tasks);
}

/*
 * A signal every millisecond.
 */
static void
begin_storm(void)
{
	struct sigaction action;
	struct itimerval every = {{0, 1000}, {0, 1000}};

	memset(&action, 0, sizeof(action));
	action.sa_handler = ignore_signal;
	action.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	storm = true;
}

static double
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec * 1000 + (double) now.tv_nsec / 1e6;
}

/*
 * The most memory that this program had so far, in KB.  That of getrusage
 * begins with what its parent had.
 */
static long
most_memory(void)
{
	FILE	   *status = fopen("/proc/self/status", "r");
	char		line[256];
	long		most = -1;

	while (status != NULL && fgets(line, sizeof(line), status) != NULL)
	{
		if (sscanf(line, "VmHWM: %ld", &most) == 1)
			break;
	}
	if (status != NULL)
		fclose(status);
	return most;
}

static void
print_result(const CbFetchResult *result)
{
	printf("problem=%s\tretryable=%d\tstatus=%d\tredirects=%d\tretry_after=%d"
		   "\tlen=%zu\treceived=%zu\tsha256=%s\tetag=%s\ttype=%s\tcharset=%s"
		   "\turl=%s",
		   cb_fetch_problem_text(result->problem)->code, result->retryable,
		   result->status, result->redirects, (int) result->retry_after,
		   result->body_len, result->received, result->sha256, result->etag,
		   result->media_type, result->charset, result->shown_url);
}

static void
run(CbFetchRequest *request, const char *url)
{
	double		began = now_ms();
	double		longest = 0;
	double		ending;
	int			steps = 0;
	CbFetch    *fetch;
	bool		done = false;

	request->url = url;
	fetch = cb_fetch_begin(request);
	if (fetch == NULL)
		exit(1);
	while (!done && (stop_after < 0 || now_ms() - began < stop_after))
	{
		double		step = now_ms();

		done = cb_fetch_step(fetch, SLICE);
		step = now_ms() - step;
		steps++;
		if (storm)
			count_open_threads();
		if (step > longest)
			longest = step;
	}
	if (done)
		print_result(cb_fetch_result(fetch));
	else
		printf("problem=stopped\treceived=%zu",
			   cb_fetch_progress(fetch).received);
	ending = now_ms();
	cb_fetch_end(fetch);
	printf("\tms=%.0f\tlongest=%.0f\tsteps=%d\tend=%.0f\trss=%ld\topen_threads=%d\n",
		   now_ms() - began, longest, steps, now_ms() - ending, most_memory(),
		   open_threads);
	fflush(stdout);
}

static void
run_all(CbFetchRequest *request)
{
	char		line[LINE_MAX_BYTES];

	while (fgets(line, sizeof(line), stdin) != NULL)
	{
		line[strcspn(line, "\n")] = '\0';
		run(request, line);
	}
}

static void *
must_parse(void *list, size_t bad, const char *option)
{
	if (list == NULL)
	{
		fprintf(stderr, "%s: malformed at byte %zu\n", option, bad);
		exit(1);
	}
	return list;
}

/*
 * What a pipe's reader sees when its writer has died.
 */
static int
dead_pipe(void)
{
	int			ends[2];

	if (pipe(ends) != 0)
		exit(1);
	close(ends[1]);
	return ends[0];
}

static bool
take_option(CbFetchRequest *request, const char *option, const char *value)
{
	CbFetchLimits *limits = &request->limits;
	size_t		bad = 0;

	if (strcmp(option, "--hosts") == 0)
		request->hosts = must_parse(cb_host_list(value, &bad), bad, option);
	else if (strcmp(option, "--networks") == 0)
		request->networks =
			must_parse(cb_address_networks(value, &bad), bad, option);
	else if (strcmp(option, "--ca") == 0)
		request->ca_file = value;
	else if (strcmp(option, "--connect-ms") == 0)
		limits->connect_ms = atoi(value);
	else if (strcmp(option, "--total-ms") == 0)
		limits->total_ms = atoi(value);
	else if (strcmp(option, "--floor-s") == 0)
		limits->floor_s = atoi(value);
	else if (strcmp(option, "--stop-after") == 0)
		stop_after = atoi(value);
	else if (strcmp(option, "--dead-pipe") == 0)
		request->wake_fd = dead_pipe();
	else if (strcmp(option, "--storm") == 0)
		begin_storm();
	else
		return false;
	return true;
}

int
main(int argc, char **argv)
{
	CbFetchRequest request = {NULL, NULL, NULL, NULL, -1,
	CB_FETCH_LIMITS_DEFAULT};
	int			i = 1;

	signal(SIGPIPE, SIG_IGN);
	while (i + 1 < argc && take_option(&request, argv[i], argv[i + 1]))
		i += 2;
	for (; i < argc; i++)
	{
		if (strcmp(argv[i], "-") == 0)
			run_all(&request);
		else
			run(&request, argv[i]);
	}
	return 0;
}
