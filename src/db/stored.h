/*-------------------------------------------------------------------------
 *
 * stored.h
 *		What the tables of the directory hold, whoever has written it.
 *
 * The owner of the directory may drop its constraints and write what he likes: a
 * word that we do not know, a number that is no count, JSON of another shape.  What
 * we would not have written raises 55000 with the name of the column, before it is
 * used as a size, an index or a pointer.  Columns are named as in "job.status".
 *
 *-------------------------------------------------------------------------
 */
#ifndef CB_STORED_H
#define CB_STORED_H

#include "utils/array.h"
#include "utils/jsonb.h"

/* The value of a column cannot be used. */
extern void cb_stored_refuse(const char *column) pg_attribute_noreturn();

/* The table of that name; raises 55000 when there is none. */
extern Oid	cb_stored_table(const char *name);

/* The number, when it is in the bounds. */
extern int	cb_stored_int(int value, int least, int most, const char *column);

/* The index of the word in a list. */
extern int	cb_stored_word(const char *word, const char *const *words, int n,
						   const char *column);

/* The value, when it is an object. */
extern Jsonb *cb_stored_object(Jsonb *value, const char *column);

/*
 * Takes an array apart, whatever its dimensions, and returns how many elements it
 * has; they point into the array.  Without nulls, none may be null.
 */
extern int	cb_stored_texts(ArrayType *array, Datum **values, bool **nulls,
							const char *column);
extern int	cb_stored_ints(ArrayType *array, Datum **values,
						   const char *column);

/*
 * The member of an object, in the current memory context.  NULL when the container
 * is no object, or has no such key.
 */
extern JsonbValue *cb_stored_member(const JsonbContainer *object,
									const char *key);

#endif							/* CB_STORED_H */
