/*-------------------------------------------------------------------------
 *
 * image.h
 *		What rows of a table look like, as a number.
 *
 * Two images are the same when the rows are: in every column, those of users'
 * own among them, but for updated_at, which says when and not what.  An image
 * knows how many columns it was made of, so that a column that is added to the
 * table later makes no difference.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_IMAGE_H
#define CB_IMAGE_H

#include "db/statement.h"

typedef struct CbImage
{
	uint64		hash;
	int			ncolumns;		/* 0: there was no row yet */
} CbImage;

/*
 * Adds to the image a row of the last result, its columns from first on; columns
 * count from 1.
 */
extern void cb_image_add(CbImage *image, uint64 row, int first);

/* The image as text, for as long as CB_IMAGE_TEXT_LEN bytes and a terminator. */
#define CB_IMAGE_TEXT_LEN	28

extern void cb_image_format(const CbImage *image, char *text);

/* Reads an image and moves on behind it; false when there is none. */
extern bool cb_image_parse(const char **text, CbImage *image);

#endif							/* CB_IMAGE_H */
