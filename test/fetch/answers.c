/*
 * answers.c
 *	  What an answer's headers, status and compression say: tables; TAP.
 */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "input/fetch.h"
#include "input/gunzip.h"
#include "tap.h"

/* ---- answers ---- */

static void
test_types(void)
{
	static const struct
	{
		const char *value;
		const char *type;
		const char *charset;
	}			rows[] = {
		{"Text/CSV ; header=present; Charset=\"ISO-8859-1\"", "text/csv", "iso-8859-1"},
		{"text/csv", "text/csv", ""},
		{"text/csv;charset=utf-8;charset=latin1", "text/csv", "utf-8"},
		{"text/csv; charset=", "text/csv", ""},
		{"; charset=koi8-r", "", "koi8-r"},
		{"text/c\nsv; charset=a b", "", ""},
		{"", "", ""}
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		CbFetchHead head;
		char		type[256];

		cb_fetch_head_reset(&head);
		cb_fetch_head_take_type(&head, rows[i].value);
		ok(strcmp(head.media_type, rows[i].type) == 0, "the type", rows[i].type);
		ok(strcmp(head.charset, rows[i].charset) == 0, "the charset", rows[i].charset);
		memset(type, 'x', sizeof(type) - 1);
		type[128] = '\0';
		cb_fetch_head_take_type(&head, type);
		ok(head.media_type[0] == '\0', "a type is short or nothing", "128 bytes");
	}
}

static void
test_retries(void)
{
	static const int statuses[][2] = {
		{200, CB_FETCH_OK}, {201, CB_FETCH_STATUS}, {204, CB_FETCH_STATUS},
		{206, CB_FETCH_STATUS}, {302, CB_FETCH_STATUS}, {304, CB_FETCH_STATUS},
		{400, CB_FETCH_STATUS}, {401, CB_FETCH_FORBIDDEN},
		{403, CB_FETCH_FORBIDDEN}, {404, CB_FETCH_NOT_FOUND},
		{410, CB_FETCH_NOT_FOUND}, {429, CB_FETCH_BUSY}, {500, CB_FETCH_BUSY},
		{501, CB_FETCH_STATUS}, {502, CB_FETCH_BUSY}, {503, CB_FETCH_BUSY},
		{504, CB_FETCH_BUSY}, {505, CB_FETCH_STATUS}
	};
	uint32_t	random = 1;
	bool		holds = true;
	int			attempt;
	int			problem;
	size_t		i;

	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		ok((int) cb_fetch_problem_of_status(statuses[i][0]) == statuses[i][1],
		   "what a status says", cb_fetch_problem_text(statuses[i][1])->code);
	for (attempt = -1; attempt < 40; attempt++)
	{
		int			full = attempt <= 1 ? 1000 :
			attempt <= 6 ? 1000 << (attempt - 1) : 60000;

		for (i = 0; i < 1000; i++)
		{
			int			delay = cb_fetch_retry_delay(attempt, -1, random);
			int			asked = cb_fetch_retry_delay(attempt, 100, random);

			holds = holds && delay >= full / 2 && delay <= full &&
				asked >= 100000 && asked <= 101000;
			random = random * 1664525 + 1013904223;
		}
	}
	ok(holds, "the delay doubles, less up to a half", "40 attempts");
	ok(cb_fetch_retry_delay(1, 1, 0) == 1000 &&
	   cb_fetch_retry_delay(1, 1, UINT32_MAX) >= 1000,
	   "never sooner than the host asked for", "1 s");
	ok(cb_fetch_retry_delay(1, 86400, UINT32_MAX) <= 301000,
	   "a host cannot ask for more than this", "300 s");
	for (problem = 0; problem < CB_FETCH_PROBLEMS; problem++)
	{
		const CbFetchProblemText *said = cb_fetch_problem_text(problem);

		ok(said->code != NULL && said->message != NULL && said->help != NULL &&
		   said->help[strlen(said->help) - 1] == '.' &&
		   said->message[strlen(said->message) - 1] != '.' &&
		   strspn(said->code, "abcdefghijklmnopqrstuvwxyz_") ==
		   strlen(said->code), "a problem has a code, a fact and a way out",
		   said->code);
	}
}

/* ---- gzip ---- */

static size_t sunk;

static bool
sink(void *arg, const char *data, size_t len)
{
	(void) data;
	sunk += len;
	return sunk <= *(size_t *) arg;
}

static CbGunzipResult
gunzip(const unsigned char *data, size_t len, size_t piece, size_t most,
	   bool *whole)
{
	CbGunzip   *gunzip = cb_gunzip_begin(sink, &most);
	CbGunzipResult result = CB_GUNZIP_OK;
	size_t		done;

	sunk = 0;
	for (done = 0; done < len && result == CB_GUNZIP_OK; done += piece)
		result = cb_gunzip_add(gunzip, (const char *) data + done,
							   len - done < piece ? len - done : piece);
	*whole = cb_gunzip_is_whole(gunzip);
	cb_gunzip_end(gunzip);
	return result;
}

static void
test_gunzip(void)
{
	static unsigned char plain[1000000];
	static unsigned char packed[20000];
	z_stream	stream;
	size_t		len;
	bool		whole;
	size_t		piece;

	memset(&stream, 0, sizeof(stream));
	deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
	stream.next_in = plain;
	stream.avail_in = sizeof(plain);
	stream.next_out = packed;
	stream.avail_out = sizeof(packed);
	deflate(&stream, Z_FINISH);
	len = stream.total_out;
	deflateEnd(&stream);
	memcpy(packed + len, packed, len);

	for (piece = 1; piece < 3000; piece = piece * 3 + 1)
	{
		ok(gunzip(packed, len, piece, SIZE_MAX, &whole) == CB_GUNZIP_OK &&
		   whole && sunk == sizeof(plain), "a member in pieces", "whole");
		ok(gunzip(packed, 2 * len, piece, SIZE_MAX, &whole) == CB_GUNZIP_OK &&
		   whole && sunk == 2 * sizeof(plain), "two members in pieces", "whole");
		ok(gunzip(packed, len - 1, piece, SIZE_MAX, &whole) == CB_GUNZIP_OK &&
		   !whole, "a member without its end", "not whole");
	}
	ok(gunzip(packed, len, len, 100000, &whole) == CB_GUNZIP_STOPPED &&
	   sunk < 100000 + 16385, "a bomb is stopped soon", "16 KB");
	ok(gunzip(packed, 0, 1, SIZE_MAX, &whole) == CB_GUNZIP_OK && whole,
	   "nothing is a whole nothing", "0 bytes");
	packed[len - 6] ^= 1;
	ok(gunzip(packed, len, len, SIZE_MAX, &whole) == CB_GUNZIP_BAD,
	   "a checksum is looked at", "bad");
	ok(gunzip((const unsigned char *) "a,b\n1,2\n", 8, 8, SIZE_MAX,
			  &whole) == CB_GUNZIP_BAD, "what is no gzip is none", "bad");
}

int
main(void)
{
	test_types();
	test_retries();
	test_gunzip();
	return done();
}
