/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A directory's listing that a server sent, by patterns of a script's FETCH.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "build/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const patterns[] = { "*", "a-*", "[a-b]*.tgz" };
	char *text = xmalloc(size + 1);
	struct err err;
	size_t i;

	memcpy(text, data, size);
	text[size] = '\0';
	for (i = 0; i < 3; i++) {
		struct str found = { 0 };

		(void)script_listing_find(text, patterns[i], &found, &err);
		if (found.len > 0 && strchr(found.p, '/') != NULL)
			abort();
		str_release(&found);
	}
	free(text);
	return 0;
}
