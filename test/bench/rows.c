/*-------------------------------------------------------------------------
 *
 * rows.c
 *		The rows that every way is given.
 *
 * Half of the rows have an external id, half an application, all about 75 bytes
 * of metadata.  Which rows are bad is drawn, but how many of each kind is not:
 * of 20 bad rows 7 have the address of a seed in other case, 3 that of an
 * earlier row of the batch, 4 the external id of a seed, 4 an invalid address
 * and 2 an unknown application.
 *
 * Fresh rows have numbers above those of all seeds (schema.sql makes these) and
 * so addresses behind all of theirs, unless they are to be scattered.
 *
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

static const Fault faults[] = {
	EMAIL_TAKEN, EXTERNAL_ID_TAKEN, EMAIL_INVALID, EMAIL_TAKEN, EMAIL_REPEATED,
	EMAIL_TAKEN, EMAIL_INVALID, EXTERNAL_ID_TAKEN, EMAIL_TAKEN, APPLICATION_UNKNOWN,
	EMAIL_TAKEN, EMAIL_REPEATED, EXTERNAL_ID_TAKEN, EMAIL_INVALID, EMAIL_TAKEN,
	EMAIL_REPEATED, EXTERNAL_ID_TAKEN, EMAIL_TAKEN, EMAIL_INVALID, APPLICATION_UNKNOWN
};

static long next_number = 500000000;
static unsigned random_state = 20240229;

static void draw_faults(Row *rows, int nrows, const Mix *mix);
static void spread(Row *rows, int nrows, int count, Fault fault);
static void fill_row(Row *row, long number, const Mix *mix);
static void spoil_row(Row *rows, int i, const Mix *mix);
static void make_id(char *id, unsigned *random);
static uint32_t scramble(uint32_t number);
static char *write_json(const Row *rows, int nrows);
static void write_row(FILE *out, const Row *row);

Batch	   *
batches_make(const Mix *mix, int nbatches, int nrows)
{
	Batch	   *batches = allocate(sizeof(Batch) * nbatches);

	for (int b = 0; b < nbatches; b++)
	{
		Row		   *rows = allocate(sizeof(Row) * nrows);

		draw_faults(rows, nrows, mix);
		for (int i = 0; i < nrows; i++)
		{
			fill_row(&rows[i], next_number++, mix);
			if (rows[i].fault != GOOD)
				spoil_row(rows, i, mix);
		}
		batches[b].number = b;
		batches[b].nrows = nrows;
		batches[b].rows = rows;
		batches[b].json = write_json(rows, nrows);
	}
	return batches;
}

Batch	   *
batch_make_window(long first, int nrows, unsigned *random)
{
	static const Mix all_good;
	Batch	   *batch = allocate(sizeof(Batch));
	Row			swapped;

	batch->nrows = nrows;
	batch->rows = allocate(sizeof(Row) * nrows);
	for (int i = 0; i < nrows; i++)
		fill_row(&batch->rows[i], first + i, &all_good);
	for (int i = nrows - 1; i > 0; i--)
	{
		int			other = rand_r(random) % (i + 1);

		swapped = batch->rows[i];
		batch->rows[i] = batch->rows[other];
		batch->rows[other] = swapped;
	}
	batch->json = write_json(batch->rows, nrows);
	return batch;
}

void
batches_free(Batch *batches, int nbatches)
{
	for (int b = 0; b < nbatches; b++)
	{
		free(batches[b].rows);
		free(batches[b].json);
	}
	free(batches);
}

/* What a client may check by itself. */
bool
email_is_valid(const char *email)
{
	const char *at = strchr(email, '@');

	return at != NULL && at > email && strchr(at + 1, '@') == NULL &&
		strchr(at, '.') != NULL;
}

void
email_canonicalise(char *to, const char *email)
{
	do
		*to++ = (char) tolower((unsigned char) *email);
	while (*email++ != '\0');
}

static void
draw_faults(Row *rows, int nrows, const Mix *mix)
{
	static int	next_fault = 0;
	int			nbad = (nrows * mix->bad + 50) / 100;

	if (mix->all_invalid)
	{
		spread(rows, nrows, nrows, EMAIL_INVALID);
		return;
	}
	for (int i = 0; i < nbad; i++)
		spread(rows, nrows, 1, faults[next_fault++ % lengthof(faults)]);
	spread(rows, nrows, (nrows * mix->refused + 50) / 100, REFUSED);
}

/* Gives the fault to so many rows that have none. */
static void
spread(Row *rows, int nrows, int count, Fault fault)
{
	while (count > 0)
	{
		int			i = rand_r(&random_state) % nrows;

		while (rows[i].fault != GOOD)
			i = (i + 1) % nrows;
		rows[i].fault = fault;
		count--;
	}
}

static void
fill_row(Row *row, long number, const Mix *mix)
{
	unsigned	random = scramble((uint32_t) number);

	make_id(row->id, &random);
	make_id(row->membership_id, &random);
	if (mix->scattered)
		snprintf(row->email, sizeof(row->email), "p%08x.user%09ld@bench.example",
				 (unsigned) scramble((uint32_t) number), number);
	else
		snprintf(row->email, sizeof(row->email), "user%09ld@bench.example", number);
	snprintf(row->first_name, sizeof(row->first_name), "First%ld", number);
	snprintf(row->last_name, sizeof(row->last_name), "Last%ld", number);
	if (number % 2 == 0)
		snprintf(row->external_id, sizeof(row->external_id), "HR-%09ld", number);
	if (number / 2 % 2 == 0)
		row->application_id = APPLICATION_ID;
	snprintf(row->metadata, sizeof(row->metadata),
			 "{\"department\": \"Engineering\", \"location\": \"Berlin\","
			 " \"cost_centre\": %ld}", 1000 + number % 1000);
	if (mix->passwords)
		snprintf(row->password, sizeof(row->password), "long enough %ld", number);
}

static void
spoil_row(Row *rows, int i, const Mix *mix)
{
	Row		   *row = &rows[i];
	long		seed = 2 * (1 + rand_r(&random_state) % (mix->seeds / 2));
	int			earlier = i - 1;

	while (earlier >= 0 && rows[earlier].fault != GOOD)
		earlier--;
	if (row->fault == EMAIL_REPEATED && earlier < 0)
		row->fault = EMAIL_TAKEN;
	switch (row->fault)
	{
		case EMAIL_TAKEN:
			snprintf(row->email, sizeof(row->email), "User%09ld@Bench.Example", seed);
			break;
		case EMAIL_REPEATED:
			strcpy(row->email, rows[earlier].email);
			row->email[0] = (char) toupper((unsigned char) row->email[0]);
			break;
		case EXTERNAL_ID_TAKEN:
			snprintf(row->external_id, sizeof(row->external_id), "HR-%09ld", seed);
			break;
		case EMAIL_INVALID:
			*strchr(row->email, '@') = '.';
			break;
		case APPLICATION_UNKNOWN:
			row->application_id = row->membership_id;
			break;
		case REFUSED:
			strcpy(row->last_name, "Refused");
			break;
		case GOOD:
			break;
	}
}

/* Version 7: greater than all that were made before, by us or in the server. */
static void
make_id(char *id, unsigned *random)
{
	static unsigned long long last;	/* milliseconds, then 12 bits that count */
	struct timespec clock;
	unsigned long long time;

	clock_gettime(CLOCK_REALTIME, &clock);
	time = clock.tv_sec * 1000ULL + clock.tv_nsec / 1000000;
	last = last >> 12 < time ? time << 12 : last + 1;
	snprintf(id, 37, "%08x-%04x-7%03x-8%03x-%06x%06x",
			 (unsigned) (last >> 28), (unsigned) (last >> 12 & 0xFFFF),
			 (unsigned) (last & 0xFFF), rand_r(random) & 0xFFF,
			 rand_r(random) & 0xFFFFFF, rand_r(random) & 0xFFFFFF);
}

static uint32_t
scramble(uint32_t number)
{
	number = (number ^ (number >> 16)) * 0x45d9f3bU;
	number = (number ^ (number >> 16)) * 0x45d9f3bU;
	return number ^ (number >> 16);
}

static char *
write_json(const Row *rows, int nrows)
{
	char	   *json;
	size_t		len;
	FILE	   *out = open_memstream(&json, &len);

	fputc('[', out);
	for (int i = 0; i < nrows; i++)
	{
		if (i > 0)
			fputs(",\n", out);
		write_row(out, &rows[i]);
	}
	fputc(']', out);
	if (fclose(out) != 0)
		die("out of memory");
	return json;
}

/* Nothing in a row needs to be escaped. */
static void
write_row(FILE *out, const Row *row)
{
	fprintf(out, "{\"email\": \"%s\", \"first_name\": \"%s\", \"last_name\": \"%s\"",
			row->email, row->first_name, row->last_name);
	if (row->external_id[0] != '\0')
		fprintf(out, ", \"external_id\": \"%s\"", row->external_id);
	if (row->application_id != NULL)
		fprintf(out, ", \"application_id\": \"%s\"", row->application_id);
	if (row->password[0] != '\0')
		fprintf(out, ", \"password\": \"%s\"", row->password);
	fprintf(out, ", \"metadata\": %s}", row->metadata);
}
