/*-------------------------------------------------------------------------
 *
 * gunzip.c
 *		Decompressing a body piece by piece, up to a bound.
 *
 * What comes out is handed on in pieces of a few kilobytes, so that a bomb is
 * stopped by whoever counts them and never stands in memory.  It must end with
 * the checksum of gzip: half a file is no file.  Several members in a row are
 * one body (RFC 1952).
 *
 * libcurl could decompress too, but takes half a stream for a whole one (7.88), and a
 * second member for an error: a file that was cut off would lose rows in silence.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/gunzip.h"

#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#define PIECE		16384		/* bytes that are handed on at once */
#define GZIP_ONLY	(MAX_WBITS + 16)

struct CbGunzip
{
	z_stream	stream;
	CbGunzipSink sink;
	void	   *arg;
	bool		is_open;		/* within a member */
};

/*
 * Begins a body whose pieces go to sink with arg.  NULL: out of memory.  To be
 * ended with cb_gunzip_end.
 */
CbGunzip *
cb_gunzip_begin(CbGunzipSink sink, void *arg)
{
	CbGunzip   *gunzip = calloc(1, sizeof(CbGunzip));

	if (gunzip == NULL)
		return NULL;
	gunzip->sink = sink;
	gunzip->arg = arg;
	if (inflateInit2(&gunzip->stream, GZIP_ONLY) != Z_OK)
	{
		free(gunzip);
		return NULL;
	}
	return gunzip;
}

/*
 * Decompresses len more bytes.  After anything but CB_GUNZIP_OK there is
 * nothing left to do but to end.
 */
CbGunzipResult
cb_gunzip_add(CbGunzip *gunzip, const char *data, size_t len)
{
	z_stream   *stream = &gunzip->stream;
	unsigned char piece[PIECE];
	int			code;

	stream->next_in = (const unsigned char *) data;
	stream->avail_in = (unsigned int) len;
	do
	{
		if (stream->avail_in > 0)
			gunzip->is_open = true;
		stream->next_out = piece;
		stream->avail_out = PIECE;
		code = inflate(stream, Z_NO_FLUSH);
		if (code == Z_MEM_ERROR)
			return CB_GUNZIP_NO_MEMORY;
		if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
			return CB_GUNZIP_BAD;
		if (stream->avail_out < PIECE &&
			!gunzip->sink(gunzip->arg, (const char *) piece,
						  PIECE - stream->avail_out))
			return CB_GUNZIP_STOPPED;
		if (code == Z_STREAM_END)
		{
			gunzip->is_open = false;
			if (inflateReset(stream) != Z_OK)
				return CB_GUNZIP_BAD;
		}
	} while (stream->avail_in > 0 || stream->avail_out == 0);
	return CB_GUNZIP_OK;
}

/*
 * Has everything that was begun come to its end?
 */
bool
cb_gunzip_is_whole(const CbGunzip *gunzip)
{
	return !gunzip->is_open;
}

void
cb_gunzip_end(CbGunzip *gunzip)
{
	if (gunzip == NULL)
		return;
	inflateEnd(&gunzip->stream);
	free(gunzip);
}
