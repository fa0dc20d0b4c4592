/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any text as sh's words: words of what was there, or one message.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = xmalloc(len + 1);
	const char *const *words;
	struct err err = { 0 };
	struct arena arena;
	size_t n, i, bytes = 0;

	memcpy(text, data, len);
	text[len] = '\0';
	arena_init(&arena);
	if (words_split(&arena, text, &words, &n, &err) == 0) {
		for (i = 0; i < n; i++)
			bytes += strlen(words[i]) + 1;
		if (bytes > len + 1 || words[n] != NULL)
			abort();
	} else if (err.msg[0] == '\0')
		abort();
	arena_release(&arena);
	free(text);
	return 0;
}
