/*
 * map.c
 *	  Maps the columns of each line of standard input, which is a mode and headers,
 *	  or "field=header" for an override, with tabs between.  Prints a line for each:
 *	  the problem, the missing fields with commas, and per column
 *	  field, method, confidence, lost_to and secret.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input/mapping.h"

#define LINE_MAX_LEN	65536

static CbMappingColumn columns[CB_MAPPING_COLUMNS_MAX];

static void
add_column(CbMappingMode mode, CbMappingColumn *column, char *header)
{
	char	   *equals = strstr(header, "==");

	memset(column, 0, sizeof(*column));
	column->header = equals == NULL ? header : equals + 2;
	column->header_len = strlen(column->header);
	if (equals != NULL &&
		!cb_mapping_override(mode, column, header, (size_t) (equals - header)))
		printf("refused ");
}

int
main(void)
{
	static char line[LINE_MAX_LEN];

	while (fgets(line, sizeof(line), stdin) != NULL)
	{
		CbMappingMissing missing;
		CbMappingMode mode;
		int			n = 0;
		int			i;
		char	   *next;

		line[strcspn(line, "\n")] = '\0';
		next = strtok(line, "\t");
		if (next == NULL || !cb_mapping_mode_find(next, &mode))
			exit(1);
		while ((next = strtok(NULL, "\t")) != NULL)
			add_column(mode, &columns[n++], next);
		printf("%d\t", cb_mapping_match(mode, columns, n, &missing));
		for (i = 0; i < missing.n; i++)
			printf("%s%s", i == 0 ? "" : ",", missing.fields[i]->name);
		for (i = 0; i < n; i++)
			printf("\t%s%s%.*s %s %d %d %d",
				   columns[i].field == NULL ? "-" : columns[i].field->name,
				   columns[i].key_len == 0 ? "" : ".",
				   (int) columns[i].key_len,
				   columns[i].key == NULL ? "" : columns[i].key,
				   cb_mapping_method_name(columns[i].method),
				   columns[i].confidence, columns[i].lost_to,
				   cb_mapping_secret(columns[i].header, columns[i].header_len));
		printf("\n");
	}
	return 0;
}
