/*-------------------------------------------------------------------------
 *
 * distance.c
 *		How many slips of the finger are between two words.
 *
 * Nothing here needs a server: a fuzzer can call it.
 *
 *-------------------------------------------------------------------------
 */
#include "input/distance.h"

#include <string.h>

static int	least(int a, int b);

int
cb_distance(const uint16_t *a, int alen, const uint16_t *b, int blen, int most)
{
	int			rows[3][CB_DISTANCE_WORD_MAX + 1];
	int			i;
	int			j;

	if (alen > CB_DISTANCE_WORD_MAX || blen > CB_DISTANCE_WORD_MAX ||
		alen - blen > most || blen - alen > most)
		return most + 1;
	for (j = 0; j <= blen; j++)
		rows[0][j] = j;
	for (i = 1; i <= alen; i++)
	{
		int		   *row = rows[i % 3];
		const int  *last = rows[(i + 2) % 3];
		const int  *before = rows[(i + 1) % 3];
		int			nearest;

		row[0] = i;
		nearest = i;
		for (j = 1; j <= blen; j++)
		{
			int			cost = a[i - 1] == b[j - 1] ? 0 : 1;

			row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
			nearest = least(nearest, row[j]);
		}
		/* A change of places reaches back two rows, at the cost of one. */
		if (nearest > most + 1)
			return most + 1;
	}
	return least(rows[alen % 3][blen], most + 1);
}

static int
least(int a, int b)
{
	return a < b ? a : b;
}
