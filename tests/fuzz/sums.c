/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile checksum lists: every line that is taken lies within the text and
 * has a digest; finding a listed file gives it, or the one message.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "source/sums.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = xmalloc(len + 1), *file;
	const char *at = text;
	struct sums_line line;
	struct err err = { 0 };
	struct digest d;
	unsigned tried = 0;

	memcpy(text, data, len);
	text[len] = '\0';
	while (sums_next(&at, &line)) {
		if (line.digest.kind == DIGEST_NONE || line.file < text || line.file + line.file_len > text + len)
			abort();
		if (line.file_len == 0 || tried++ > 8)
			continue;
		file = xmalloc(line.file_len + 1);
		memcpy(file, line.file, line.file_len);
		file[line.file_len] = '\0';
		if (sums_find(text, file, true, &d, &err) == 0)
			abort();
		free(file);
	}
	free(text);
	return 0;
}
