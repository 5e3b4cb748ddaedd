/*-------------------------------------------------------------------------
 *
 * gunzip.h
 *		Decompressing a body piece by piece, up to a bound. Needs no server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_INPUT_GUNZIP_H
#define CB_INPUT_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>

typedef struct CbGunzip CbGunzip;

/* Takes what was decompressed; false ends the work. */
typedef bool (*CbGunzipSink) (void *arg, const char *data, size_t len);

typedef enum CbGunzipResult
{
	CB_GUNZIP_OK,
	CB_GUNZIP_BAD,				/* no gzip, or damaged */
	CB_GUNZIP_STOPPED,			/* the sink did not want more */
	CB_GUNZIP_NO_MEMORY
} CbGunzipResult;

extern CbGunzip *cb_gunzip_begin(CbGunzipSink sink, void *arg);
extern CbGunzipResult cb_gunzip_add(CbGunzip *gunzip,
									const char *data, size_t len);
extern bool cb_gunzip_is_whole(const CbGunzip *gunzip);
extern void cb_gunzip_end(CbGunzip *gunzip);

#endif							/* CB_INPUT_GUNZIP_H */
