/*-------------------------------------------------------------------------
 *
 * uuid7.c
 *		UUIDs: version 7 made, text read and written.
 *
 * A version 7 id (RFC 9562) begins with the time in milliseconds, so that new
 * rows go to the right edge of an index.  The twelve bits behind the time count
 * on from a random start, which keeps the ids of a backend in the order they
 * were made; the rest is random.  Such an id tells when it was made: it is an
 * identifier, never a secret.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/time.h>

#include "canopy_bulk.h"
#include "db/uuid7.h"

#define COUNTER_MAX		0xFFF
#define COUNTER_START	0x7FF	/* leaves half of the counter to count */

static uint64 last_millisecond;
static uint16 last_counter;

static void advance(uint16 start);
static int	hex_value(char c);

void
cb_uuid7_make(pg_uuid_t *uuid)
{
	unsigned char *byte = uuid->data;

	if (!pg_strong_random(byte + 6, UUID_LEN - 6))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	advance((uint16) ((byte[6] << 8 | byte[7]) & COUNTER_START));

	for (int i = 0; i < 6; i++)
		byte[i] = (unsigned char) (last_millisecond >> (40 - 8 * i));
	byte[6] = (unsigned char) (0x70 | last_counter >> 8);
	byte[7] = (unsigned char) last_counter;
	byte[8] = (unsigned char) (0x80 | (byte[8] & 0x3F));
}

bool
cb_uuid_parse(const char *text, Size len, pg_uuid_t *uuid)
{
	int			digits = 0;

	if (len != CB_UUID_TEXT_LEN)
		return false;
	for (int i = 0; i < CB_UUID_TEXT_LEN; i++)
	{
		int			value;

		if (i == 8 || i == 13 || i == 18 || i == 23)
		{
			if (text[i] != '-')
				return false;
			continue;
		}
		value = hex_value(text[i]);
		if (value < 0)
			return false;
		if (digits % 2 == 0)
			uuid->data[digits / 2] = (unsigned char) (value << 4);
		else
			uuid->data[digits / 2] |= (unsigned char) value;
		digits++;
	}
	return true;
}

void
cb_uuid_format(const pg_uuid_t *uuid, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*text ++= '-';
		*text ++= digits[uuid->data[i] >> 4];
		*text ++= digits[uuid->data[i] & 0x0F];
	}
	*text = '\0';
}

int
cb_uuid_compare(const void *a, const void *b)
{
	return memcmp(((const pg_uuid_t *) a)->data,
				  ((const pg_uuid_t *) b)->data, UUID_LEN);
}

/*
 * Moves time and counter on.  Time never goes back, even when the clock does,
 * and a counter that is used up borrows the next millisecond.
 */
static void
advance(uint16 start)
{
	struct timeval now;
	uint64		millisecond;

	gettimeofday(&now, NULL);
	millisecond = (uint64) now.tv_sec * 1000 + (uint64) now.tv_usec / 1000;

	if (millisecond > last_millisecond)
	{
		last_millisecond = millisecond;
		last_counter = start;
	}
	else if (last_counter < COUNTER_MAX)
		last_counter++;
	else
	{
		last_millisecond++;
		last_counter = start;
	}
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
