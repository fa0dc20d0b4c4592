/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile patterns: "PATTERN\nNAME".  A match begins as its alternative's
 * prefix says.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "source/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(const char *pattern, const char *name)
{
	struct err err = { 0 };
	struct arena arena;
	bool found = false;
	const char **v;
	size_t n, i;

	arena_init(&arena);
	if (pattern_expand(&arena, pattern, &v, &n, &err) == 0) {
		for (i = 0; i < n; i++) {
			if (!pattern_match_one(v[i], name))
				continue;
			found = true;
			if (strncmp(v[i], name, pattern_prefix(v[i])) != 0)
				abort();
		}
	} else if (err.msg[0] == '\0')
		abort();
	if (pattern_match(pattern, name) != found)
		abort();
	arena_release(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char text[1600], *newline;

	if (len >= sizeof(text))
		return 0;
	(void)memcpy(text, data, len);
	text[len] = '\0';
	newline = strchr(text, '\n');
	if (newline == NULL)
		return 0;
	*newline = '\0';
	check(text, newline + 1);
	return 0;
}
