/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile report of a sailor.conf's sh: lists of words that stay below the
 * root, or one message.  sh itself does not run.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "service/sailor.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(const struct sailor *s)
{
	size_t i;

	for (i = 0; i < s->bins.n; i++)
		if (s->bins.words[i][0] != '/' || strstr(s->bins.words[i], "/../") != NULL)
			abort();
	for (i = 0; i < s->packages.n; i++)
		if (strchr(s->packages.words[i], '/') != NULL || s->packages.words[i][0] == '\0')
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *report = xmalloc(len), *text = xmalloc(len + 1);
	struct sailor s = { .path = "service/x/sailor.conf" };
	struct err err = { 0 };
	struct arena arena;

	memcpy(report, data, len);
	memcpy(text, data, len);
	text[len] = '\0';
	arena_init(&arena);
	if ((sailor_take(&arena, report, len, text, &s, &err) < 0) != (err.msg[0] != '\0'))
		abort();
	if (err.msg[0] == '\0')
		check(&s);
	arena_release(&arena);
	free(report);
	free(text);
	return 0;
}
