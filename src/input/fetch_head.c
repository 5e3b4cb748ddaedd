/*-------------------------------------------------------------------------
 *
 * fetch_head.c
 *		The header lines of an answer.
 *
 * They are a stranger's: what is kept is bounded, printable, and a hint at
 * most.  Of a header that comes twice the first counts, but a second encoding
 * is one that we did not ask for, and two lengths are none.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/fetch_head.h"

#include <stdio.h>
#include <string.h>

#include <strings.h>

#define DATE_LENGTH		29		/* bytes of "Sun, 06 Nov 1994 08:49:37 GMT" */
#define SECONDS_DIGITS	9		/* more of them are cut to so many nines */

static bool take_name(const char **line, size_t *len, const char *name);
static void trim(const char **value, size_t *len);
static void take_location(CbFetchHead *head, const char *value, size_t len);
static void take_content_type(CbFetchHead *head, const char *value, size_t len);
static const char *find_charset(const char *value, size_t *len);
static void copy_word(char *out, const char *value, size_t len);
static void lower_word(char *out);
static void take_content_encoding(CbFetchHead *head,
								  const char *value, size_t len);
static void take_transfer_encoding(CbFetchHead *head,
								   const char *value, size_t len);
static void take_length(CbFetchHead *head, const char *value, size_t len);
static int64_t parse_seconds(const char *value, size_t len);
static bool parse_date(const char *value, time_t *when);
static bool equals(const char *value, size_t len, const char *other);
static bool is_digit(char c);

/*
 * Forgets what earlier header lines said.
 */
void
cb_fetch_head_reset(CbFetchHead *head)
{
	memset(head, 0, sizeof(*head));
	head->retry_after = -1;
}

/*
 * Notes what a header line (len bytes, with or without its line end) says.
 */
void
cb_fetch_head_line(CbFetchHead *head, const char *line, size_t len, time_t now)
{
	if (take_name(&line, &len, "location"))
		take_location(head, line, len);
	else if (take_name(&line, &len, "etag"))
	{
		if (head->etag[0] == '\0')
			copy_word(head->etag, line, len);
	}
	else if (take_name(&line, &len, "content-type"))
		take_content_type(head, line, len);
	else if (take_name(&line, &len, "content-encoding"))
		take_content_encoding(head, line, len);
	else if (take_name(&line, &len, "transfer-encoding"))
		take_transfer_encoding(head, line, len);
	else if (take_name(&line, &len, "content-length"))
		take_length(head, line, len);
	else if (take_name(&line, &len, "retry-after"))
		head->retry_after = cb_fetch_retry_after(line, len, now);
}

/*
 * The seconds that the value of a Retry-After header asks for: a number, or a
 * date in the form that HTTP prescribes.  -1 when it is neither.
 */
int64_t
cb_fetch_retry_after(const char *value, size_t len, time_t now)
{
	time_t		when;

	trim(&value, &len);
	if (len > 0 && is_digit(value[0]))
		return parse_seconds(value, len);
	if (len != DATE_LENGTH || !parse_date(value, &when))
		return -1;
	return when > now ? (int64_t) (when - now) : 0;
}

/*
 * Is this the header called name?  If so, the line becomes its value.
 */
static bool
take_name(const char **line, size_t *len, const char *name)
{
	size_t		n = strlen(name);

	if (*len <= n || strncasecmp(*line, name, n) != 0 || (*line)[n] != ':')
		return false;
	*line += n + 1;
	*len -= n + 1;
	trim(line, len);
	return true;
}

static void
trim(const char **value, size_t *len)
{
	static const char white[] = " \t\r\n";

	while (*len > 0 && memchr(white, **value, sizeof(white) - 1) != NULL)
	{
		(*value)++;
		(*len)--;
	}
	while (*len > 0 &&
		   memchr(white, (*value)[*len - 1], sizeof(white) - 1) != NULL)
		(*len)--;
}

static void
take_location(CbFetchHead *head, const char *value, size_t len)
{
	if (head->location[0] != '\0' || head->bad_location)
		return;
	head->bad_location = len > CB_FETCH_URL_MAX ||
		memchr(value, '\0', len) != NULL;
	if (head->bad_location)
		return;
	memcpy(head->location, value, len);
	head->location[len] = '\0';
}

/*
 * "text/csv; charset=utf-8"
 */
static void
take_content_type(CbFetchHead *head, const char *value, size_t len)
{
	const char *semicolon = memchr(value, ';', len);
	const char *type = value;
	size_t		type_len = semicolon ? (size_t) (semicolon - value) : len;

	if (head->media_type[0] != '\0')
		return;
	trim(&type, &type_len);
	copy_word(head->media_type, type, type_len);
	lower_word(head->media_type);
	value = find_charset(value, &len);
	if (value != NULL)
		copy_word(head->charset, value, len);
	lower_word(head->charset);
}

/*
 * The value of the parameter charset, without quotes; NULL when there is none.
 */
static const char *
find_charset(const char *value, size_t *len)
{
	const char *end = value + *len;
	const char *part = memchr(value, ';', *len);

	while (part != NULL)
	{
		const char *next = memchr(part + 1, ';', (size_t) (end - part - 1));
		const char *found = part + 1;
		size_t		left = (size_t) ((next ? next : end) - found);

		trim(&found, &left);
		if (left > 8 && strncasecmp(found, "charset=", 8) == 0)
		{
			found += 8;
			left -= 8;
			if (left >= 2 && found[0] == '"' && found[left - 1] == '"')
			{
				found++;
				left -= 2;
			}
			*len = left;
			return found;
		}
		part = next;
	}
	return NULL;
}

/*
 * Copies a value that is short enough and printable; else the empty string.
 */
static void
copy_word(char *out, const char *value, size_t len)
{
	size_t		i;

	out[0] = '\0';
	if (len > CB_FETCH_WORD_MAX)
		return;
	for (i = 0; i < len; i++)
	{
		if (value[i] <= ' ' || value[i] > '~')
			return;
	}
	memcpy(out, value, len);
	out[len] = '\0';
}

static void
lower_word(char *out)
{
	for (; *out != '\0'; out++)
	{
		if (*out >= 'A' && *out <= 'Z')
			*out += 'a' - 'A';
	}
}

/*
 * A body may be sent as it is, or compressed once and by gzip.
 */
static void
take_content_encoding(CbFetchHead *head, const char *value, size_t len)
{
	if (len == 0 || equals(value, len, "identity"))
		return;
	if (head->is_gzip ||
		!(equals(value, len, "gzip") || equals(value, len, "x-gzip")))
		head->bad_encoding = true;
	head->is_gzip = true;
}

static void
take_transfer_encoding(CbFetchHead *head, const char *value, size_t len)
{
	if (len == 0 || equals(value, len, "identity"))
		return;
	if (!equals(value, len, "chunked"))
		head->bad_encoding = true;
	head->is_chunked = true;
}

static void
take_length(CbFetchHead *head, const char *value, size_t len)
{
	char		length[CB_FETCH_WORD_MAX + 1];

	copy_word(length, value, len);
	if (length[0] == '\0' ||
		strspn(length, "0123456789") != strlen(length) ||
		(head->length[0] != '\0' && strcmp(head->length, length) != 0))
		head->bad_length = true;
	else
		memcpy(head->length, length, sizeof(length));
}

static int64_t
parse_seconds(const char *value, size_t len)
{
	int64_t		seconds = 0;
	size_t		i;

	for (i = 0; i < len; i++)
	{
		if (!is_digit(value[i]))
			return -1;
		seconds = i < SECONDS_DIGITS ? seconds * 10 + (value[i] - '0') :
			INT64_C(999999999);
	}
	return seconds;
}

/*
 * "Sun, 06 Nov 1994 08:49:37 GMT"; the name of the day is not looked at.
 */
static bool
parse_date(const char *value, time_t *when)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char		date[DATE_LENGTH + 1];
	char		month[4];
	const char *found;
	struct tm	tm;
	int			end = 0;

	memcpy(date, value, DATE_LENGTH);
	date[DATE_LENGTH] = '\0';
	memset(&tm, 0, sizeof(tm));
	if (sscanf(date, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n",
			   &tm.tm_mday, month, &tm.tm_year,
			   &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &end) != 6 ||
		end != DATE_LENGTH || strlen(month) != 3)
		return false;
	found = strstr(months, month);
	if (found == NULL || (found - months) % 3 != 0 ||
		tm.tm_year < 1970 || tm.tm_mday < 1 || tm.tm_mday > 31 ||
		tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 ||
		tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60)
		return false;
	tm.tm_mon = (int) (found - months) / 3;
	tm.tm_year -= 1900;
	*when = timegm(&tm);
	return *when != (time_t) -1;
}

static bool
equals(const char *value, size_t len, const char *other)
{
	return len == strlen(other) && strncasecmp(value, other, len) == 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}
