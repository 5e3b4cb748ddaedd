/*-------------------------------------------------------------------------
 *
 * image.c
 *		What rows of a table look like, as a number.
 *
 * The bytes of the values are hashed, not their text, which depends on settings.
 * A column counts by its name; one that is null does not count at all.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "canopy_bulk.h"
#include "db/image.h"

static uint64 hash_value(uint64 hash, Datum value, Form_pg_attribute column);

void
cb_image_add(CbImage *image, uint64 row, int first)
{
	TupleDesc	shape = SPI_tuptable->tupdesc;
	int			last;

	if (image->ncolumns == 0)
		image->ncolumns = shape->natts - first + 1;
	last = Min(shape->natts, first + image->ncolumns - 1);
	for (int i = first; i <= last; i++)
	{
		Form_pg_attribute column = TupleDescAttr(shape, i - 1);
		bool		isnull;
		Datum		value = cb_statement_value(row, i, &isnull);

		if (isnull || strcmp(NameStr(column->attname), "updated_at") == 0)
			continue;
		image->hash = hash_bytes_extended((const unsigned char *) NameStr(column->attname),
										  (int) strlen(NameStr(column->attname)),
										  image->hash);
		image->hash = hash_value(image->hash, value, column);
	}
}

static uint64
hash_value(uint64 hash, Datum value, Form_pg_attribute column)
{
	const void *bytes = &value;
	int			len = sizeof(value);

	if (column->attlen == -1)
	{
		struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);

		bytes = VARDATA_ANY(packed);
		len = (int) VARSIZE_ANY_EXHDR(packed);
	}
	else if (!column->attbyval)
	{
		bytes = DatumGetPointer(value);
		len = column->attlen == -2 ? (int) strlen(bytes) : column->attlen;
	}
	return hash_bytes_extended(bytes, len, hash);
}

void
cb_image_format(const CbImage *image, char *text)
{
	snprintf(text, CB_IMAGE_TEXT_LEN + 1, "%d:" UINT64_FORMAT, image->ncolumns,
			 image->hash);
}

bool
cb_image_parse(const char **text, CbImage *image)
{
	char	   *end;

	long		ncolumns = strtol(*text, &end, 10);

	if (end == *text ||*end != ':' ||
		ncolumns < 0 || ncolumns > MaxTupleAttributeNumber)
		return false;
	image->ncolumns = (int) ncolumns;
	*text = end + 1;
	image->hash = strtou64(*text, &end, 10);
	*text = *end == ' ' ? end + 1 : end;
	return true;
}
