/*
 * detect.c
 *	  Says of every file named on standard input what the detection says of it:
 *	  kind, encoding, label, method, confidence and samples, as a JSON object per line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input/charset.h"
#include "input/file_kind.h"

static char *
read_file(const char *name, size_t *len)
{
	FILE	   *file = fopen(name, "rb");
	char	   *bytes;

	if (file == NULL)
	{
		perror(name);
		exit(1);
	}
	fseek(file, 0, SEEK_END);
	*len = (size_t) ftell(file);
	rewind(file);
	bytes = malloc(*len + 1);
	if (bytes == NULL || fread(bytes, 1, *len, file) != *len)
		exit(1);
	fclose(file);
	return bytes;
}

int
main(void)
{
	char		name[1024];

	while (fgets(name, sizeof(name), stdin) != NULL)
	{
		CbCharset	charset;
		size_t		len;
		char	   *bytes;
		int			i;

		name[strcspn(name, "\n")] = '\0';
		bytes = read_file(name, &len);
		cb_charset_detect(bytes, len, &charset);
		printf("{\"kind\": \"%s\", \"encoding\": \"%s\", \"method\": \"%s\", \"confidence\": %d, \"readable\": %s, \"samples\": [",
			   cb_file_kind_name(cb_file_kind(bytes, len)), charset.encoding->name,
			   cb_charset_method_name(charset.method), charset.confidence,
			   charset.encoding->advice == NULL ? "true" : "false");
		for (i = 0; i < charset.nsamples; i++)
			printf("%s[%zu, %zu]", i == 0 ? "" : ", ",
				   charset.samples[i].offset, charset.samples[i].len);
		printf("]}\n");
		free(bytes);
	}
	return 0;
}
