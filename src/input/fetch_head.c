/*-------------------------------------------------------------------------
 *
 * fetch_head.c
 *		What the headers of an answer say.
 *
 * libcurl reads the header lines; here their values are judged.  They are a
 * stranger's: what is kept is bounded, printable, and a hint at most.  Of a header
 * that comes twice the first counts, but a second encoding is one that we did not ask
 * for, and two lengths that differ are none.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/fetch_head.h"

#include <string.h>

#include <strings.h>

static const char *first_value(CURL *easy, const char *name);
static void take_location(CbFetchHead *head, const char *value);
static void take_encodings(CbFetchHead *head, CURL *easy);
static void take_lengths(CbFetchHead *head, CURL *easy);
static const char *find_charset(const char *value, size_t *len);
static void trim(const char **value, size_t *len);
static void copy_word(char *out, const char *value, size_t len);
static void lower_word(char *out);
static bool equals(const char *value, const char *other);

/*
 * Forgets what the headers of an earlier answer said.
 */
void
cb_fetch_head_reset(CbFetchHead *head)
{
	memset(head, 0, sizeof(*head));
	head->retry_after = -1;
}

/*
 * Notes what the headers say that libcurl has read last.
 */
void
cb_fetch_head_take(CbFetchHead *head, CURL *easy)
{
	const char *value;
	curl_off_t	seconds = 0;

	cb_fetch_head_reset(head);
	take_location(head, first_value(easy, "location"));
	value = first_value(easy, "etag");
	copy_word(head->etag, value, strlen(value));
	cb_fetch_head_take_type(head, first_value(easy, "content-type"));
	take_encodings(head, easy);
	take_lengths(head, easy);
	if (curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK &&
		seconds > 0)
		head->retry_after = seconds;
}

/*
 * Notes type and charset of a value such as "text/csv; charset=utf-8".
 */
void
cb_fetch_head_take_type(CbFetchHead *head, const char *value)
{
	size_t		len = strlen(value);
	const char *type = value;
	size_t		type_len = strcspn(value, ";");

	trim(&type, &type_len);
	copy_word(head->media_type, type, type_len);
	lower_word(head->media_type);
	value = find_charset(value, &len);
	if (value != NULL)
		copy_word(head->charset, value, len);
	lower_word(head->charset);
}

/*
 * The first of this name in the last answer; "" when there is none.
 */
static const char *
first_value(CURL *easy, const char *name)
{
	struct curl_header *header;

	if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return "";
	return header->value;
}

static void
take_location(CbFetchHead *head, const char *value)
{
	head->bad_location = strlen(value) > CB_FETCH_URL_MAX;
	if (!head->bad_location)
		strcpy(head->location, value);
}

/*
 * A body may be sent as it is, or compressed once and by gzip; and in chunks.
 */
static void
take_encodings(CbFetchHead *head, CURL *easy)
{
	struct curl_header *header;

	for (size_t i = 0; curl_easy_header(easy, "content-encoding", i, CURLH_HEADER,
										-1, &header) == CURLHE_OK; i++)
	{
		if (equals(header->value, "") || equals(header->value, "identity"))
			continue;
		if (head->is_gzip ||
			!(equals(header->value, "gzip") || equals(header->value, "x-gzip")))
			head->bad_encoding = true;
		head->is_gzip = true;
	}
	for (size_t i = 0; curl_easy_header(easy, "transfer-encoding", i, CURLH_HEADER,
										-1, &header) == CURLHE_OK; i++)
	{
		if (equals(header->value, "") || equals(header->value, "identity"))
			continue;
		if (!equals(header->value, "chunked"))
			head->bad_encoding = true;
		head->is_chunked = true;
	}
}

static void
take_lengths(CbFetchHead *head, CURL *easy)
{
	struct curl_header *header;
	const char *first = NULL;

	for (size_t i = 0; curl_easy_header(easy, "content-length", i, CURLH_HEADER,
										-1, &header) == CURLHE_OK; i++)
	{
		if (header->value[0] == '\0' ||
			strspn(header->value, "0123456789") != strlen(header->value) ||
			(first != NULL && strcmp(first, header->value) != 0))
			head->bad_length = true;
		if (first == NULL)
			first = strncpy(head->length, header->value, CB_FETCH_WORD_MAX);
	}
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

static bool
equals(const char *value, const char *other)
{
	return strcasecmp(value, other) == 0;
}
