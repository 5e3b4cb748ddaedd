/*-------------------------------------------------------------------------
 *
 * instant.c
 *		Points in time, as ISO 8601 writes them.
 *
 * The server's own reader takes much more (now, tomorrow, infinity, 4/5/6) and
 * reads it by settings of the session: what is stored must not depend on these.
 * Every reader below moves on behind what it has read, and is false at the end of
 * the text.
 *
 *-------------------------------------------------------------------------
 */
#include "input/instant.h"

#define FRACTION_DIGITS		6	/* that are kept */
#define FRACTION_MAX		9	/* that may be sent */
#define DAYS_TO_2000		INT64_C(730119) /* from 0001-01-01 */

typedef struct Cursor
{
	const char *at;
	const char *end;
} Cursor;

static bool read_number(Cursor *cursor, int digits, int least, int most,
						int *value);
static bool read_character(Cursor *cursor, char c);
static bool read_seconds(Cursor *cursor, int *seconds, int *microseconds);
static bool read_fraction(Cursor *cursor, int *microseconds);
static bool read_zone(Cursor *cursor, int *minutes);
static bool is_leap(int year);
static int	days_of_month(int year, int month);
static int64_t days_since_2000(int year, int month, int day);

bool
cb_instant_parse(const char *in, size_t len, int64_t *microseconds)
{
	Cursor		cursor = {in, in + len};
	int			year;
	int			month;
	int			day;
	int			hour;
	int			minute;
	int			second;
	int			fraction;
	int			zone;

	if (!read_number(&cursor, 4, 1, 9999, &year) ||
		!read_character(&cursor, '-') ||
		!read_number(&cursor, 2, 1, 12, &month) ||
		!read_character(&cursor, '-') ||
		!read_number(&cursor, 2, 1, days_of_month(year, month), &day) ||
		!read_character(&cursor, 'T') ||
		!read_number(&cursor, 2, 0, 23, &hour) ||
		!read_character(&cursor, ':') ||
		!read_number(&cursor, 2, 0, 59, &minute) ||
		!read_seconds(&cursor, &second, &fraction) ||
		!read_zone(&cursor, &zone) ||
		cursor.at != cursor.end)
		return false;

	*microseconds = ((days_since_2000(year, month, day) * 24 + hour) * 60 +
					 minute - zone) * 60 + second;
	*microseconds = *microseconds * 1000000 + fraction;
	return true;
}

static bool
read_number(Cursor *cursor, int digits, int least, int most, int *value)
{
	*value = 0;
	for (int i = 0; i < digits; i++)
	{
		if (cursor->at == cursor->end || *cursor->at < '0' || *cursor->at > '9')
			return false;
		*value = *value * 10 + (*cursor->at++ - '0');
	}
	return *value >= least && *value <= most;
}

static bool
read_character(Cursor *cursor, char c)
{
	if (cursor->at == cursor->end || *cursor->at != c)
		return false;
	cursor->at++;
	return true;
}

/* 0 when they are left out. */
static bool
read_seconds(Cursor *cursor, int *seconds, int *microseconds)
{
	*seconds = 0;
	*microseconds = 0;
	if (!read_character(cursor, ':'))
		return true;
	if (!read_number(cursor, 2, 0, 59, seconds))
		return false;
	return !read_character(cursor, '.') || read_fraction(cursor, microseconds);
}

static bool
read_fraction(Cursor *cursor, int *microseconds)
{
	int			n = 0;
	int			digit;

	while (n < FRACTION_MAX && read_number(cursor, 1, 0, 9, &digit))
	{
		if (n++ < FRACTION_DIGITS)
			*microseconds = *microseconds * 10 + digit;
	}
	for (int i = n; i < FRACTION_DIGITS; i++)
		*microseconds *= 10;
	return n > 0;
}

/* Minutes east of Greenwich. */
static bool
read_zone(Cursor *cursor, int *minutes)
{
	int			sign = 1;
	int			hours;

	*minutes = 0;
	if (read_character(cursor, 'Z'))
		return true;
	if (read_character(cursor, '-'))
		sign = -1;
	else if (!read_character(cursor, '+'))
		return false;
	if (!read_number(cursor, 2, 0, 15, &hours))
		return false;
	if (read_character(cursor, ':') && !read_number(cursor, 2, 0, 59, minutes))
		return false;
	*minutes = sign * (hours * 60 + *minutes);
	return true;
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_of_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

static int64_t
days_since_2000(int year, int month, int day)
{
	int			before = year - 1;
	int64_t		days = INT64_C(365) * before + before / 4 - before / 100 +
	before / 400;

	for (int i = 1; i < month; i++)
		days += days_of_month(year, i);
	return days + day - 1 - DAYS_TO_2000;
}
