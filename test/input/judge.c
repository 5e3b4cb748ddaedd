/*
 * judge.c
 *	  Runs the library's judgements on what it is asked.  A question is a line of
 *	  words with tabs between, and has one line for an answer:
 *
 *	  detect PATH			kind, encoding, method, confidence, 1 if it can be read, 1 if
 *							it is uncertain, and offset and length of each sample
 *	  find NAME				the encoding of that name, or "-"
 *	  email ADDRESS			warning, and the domain that was meant or "-"
 *	  name NAME				warning
 *	  secret NAME			0, 1 or 2: whether it is a secret's, or a hash's
 *	  map MODE HEADER...	problem, the missing fields or "-", and for each header
 *							"field method confidence lost_to secret"; a header
 *							"field==header" has an override, "refused" if it cannot
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input/charset.h"
#include "input/file_kind.h"
#include "input/mapping.h"
#include "input/secret_word.h"
#include "input/warning.h"

#define QUESTION_MAX	65536

static void
detect(const char *path)
{
	FILE	   *file = fopen(path, "rb");
	CbCharset	charset;
	char	   *bytes;
	size_t		len;
	int			i;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0)
		exit(1);
	len = (size_t) ftell(file);
	rewind(file);
	/* not a byte more than the file has: the sanitizer guards its end */
	bytes = malloc(len);
	if (len > 0 && (bytes == NULL || fread(bytes, 1, len, file) != len))
		exit(1);
	fclose(file);

	cb_charset_detect(bytes, len, &charset);
	printf("%s\t%s\t%s\t%d\t%d\t%d", cb_file_kind_name(cb_file_kind(bytes, len)),
		   charset.encoding->name, cb_charset_method_name(charset.method),
		   charset.confidence, charset.encoding->advice == NULL,
		   charset.confidence < CB_CHARSET_CERTAIN);
	for (i = 0; i < charset.nsamples; i++)
		printf("\t%zu\t%zu", charset.samples[i].offset, charset.samples[i].len);
	free(bytes);
}

static void
find(const char *name)
{
	const CbEncoding *encoding = cb_charset_find(name);

	printf("%s", encoding == NULL ? "-" : encoding->name);
}

static void
warn_email(const char *email)
{
	const char *meant;
	CbWarning	warning = cb_warning_email(email, strlen(email), &meant);

	printf("%s\t%s", cb_warning_code(warning), meant == NULL ? "-" : meant);
}

static void
map(void)
{
	static CbMappingColumn columns[CB_MAPPING_COLUMNS_MAX + 1];
	CbMappingMissing missing;
	CbMappingMode mode;
	const char *refused = "";
	char	   *header = strtok(NULL, "\t");
	int			n = 0;
	int			i;

	if (header == NULL || !cb_mapping_mode_find(header, &mode))
		exit(1);
	memset(columns, 0, sizeof(columns));
	while ((header = strtok(NULL, "\t")) != NULL && n <= CB_MAPPING_COLUMNS_MAX)
	{
		char	   *equals = strstr(header, "==");

		columns[n].header = equals == NULL ? header : equals + 2;
		columns[n].header_len = strlen(columns[n].header);
		if (equals != NULL && !cb_mapping_override(mode, &columns[n], header,
												   (size_t) (equals - header)))
			refused = " refused";
		n++;
	}
	printf("%d%s\t", cb_mapping_match(mode, columns, n, &missing), refused);
	for (i = 0; i < missing.n; i++)
		printf("%s%s", i == 0 ? "" : " ", missing.fields[i]->name);
	for (i = 0; i < n; i++)
		printf("\t%s%s%.*s %s %d %d %d",
			   columns[i].field == NULL ? "-" : columns[i].field->name,
			   columns[i].key == NULL ? "" : ".",
			   (int) columns[i].key_len,
			   columns[i].key == NULL ? "" : columns[i].key,
			   cb_mapping_method_name(columns[i].method),
			   columns[i].confidence, columns[i].lost_to,
			   cb_mapping_secret(columns[i].header, columns[i].header_len));
}

int
main(void)
{
	static char question[QUESTION_MAX];

	while (fgets(question, sizeof(question), stdin) != NULL)
	{
		char	   *operation;

		question[strcspn(question, "\n")] = '\0';
		operation = strtok(question, "\t");
		if (strcmp(operation, "map") == 0)
			map();
		else
		{
			char	   *word = strtok(NULL, "\t");

			if (word == NULL)
				word = "";
			if (strcmp(operation, "detect") == 0)
				detect(word);
			else if (strcmp(operation, "find") == 0)
				find(word);
			else if (strcmp(operation, "email") == 0)
				warn_email(word);
			else if (strcmp(operation, "secret") == 0)
				printf("%d", cb_secret_word(word, strlen(word)));
			else if (strcmp(operation, "name") == 0)
				printf("%s", cb_warning_code(cb_warning_name(word, strlen(word))));
			else
				exit(1);
		}
		printf("\n");
		fflush(stdout);
	}
	return 0;
}
