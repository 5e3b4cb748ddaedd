/*-------------------------------------------------------------------------
 *
 * duration.c
 *		Durations as ISO 8601 writes them.
 *
 * The server reads intervals too, in a dozen forms, and raises at what it does
 * not know; a row's mistake must not.
 *
 *-------------------------------------------------------------------------
 */
#include "input/duration.h"

typedef struct Unit
{
	char		letter;
	bool		of_time;		/* stands behind the T */
	int64_t		seconds;
} Unit;

/* In the order in which they may follow each other. */
static const Unit units[] = {
	{'W', false, 7 * 24 * 3600},
	{'D', false, 24 * 3600},
	{'H', true, 3600},
	{'M', true, 60},
	{'S', true, 1}
};

#define NUNITS	((int) (sizeof(units) / sizeof(units[0])))

static bool read_number(const char **c, const char *end, int64_t *number);
static int	find_unit(char letter, bool of_time);

bool
cb_duration_read(const char *text, size_t len, int64_t *seconds)
{
	const char *c = text;
	const char *end = text +len;
	bool		of_time = false;
	int			last = -1;

	*seconds = 0;
	if (c == end || *c++ != 'P')
		return false;
	while (c < end)
	{
		int64_t		number;
		int			unit;

		if (*c == 'T' && !of_time)
		{
			of_time = true;
			c++;
		}
		if (!read_number(&c, end, &number) || c == end)
			return false;
		unit = find_unit(*c++, of_time);
		if (unit <= last)
			return false;
		last = unit;
		if (number > CB_DURATION_MOST / units[unit].seconds)
			return false;
		*seconds += number * units[unit].seconds;
		if (*seconds > CB_DURATION_MOST)
			return false;
	}
	return last >= 0;
}

/* At least one digit, and no more than fit. */
static bool
read_number(const char **c, const char *end, int64_t *number)
{
	const char *begin = *c;

	*number = 0;
	while (*c < end && **c >= '0' && **c <= '9')
	{
		*number = *number * 10 + (**c - '0');
		if (*number > CB_DURATION_MOST)
			return false;
		(*c)++;
	}
	return *c > begin;
}

/* -1 when there is none. */
static int
find_unit(char letter, bool of_time)
{
	for (int i = 0; i < NUNITS; i++)
	{
		if (units[i].letter == letter && units[i].of_time == of_time)
			return i;
	}
	return -1;
}
