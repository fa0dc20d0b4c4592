/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile pkg_summary, in pieces whose size the first byte says: no name that
 * leads out of a directory, and each package is found by its own name.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "source/dewey.h"
#include "source/summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(const struct summary *s)
{
	size_t i;

	for (i = 0; i < s->n && i < 16; i++) {
		const char *file = s->packages[i].file;

		if (*file == '\0' || *file == '.' || strchr(file, '/') != NULL)
			abort();
		if (summary_find(s, s->packages[i].name) == NULL)
			abort();
		if (dewey_compare(s->packages[i].name, file) != -dewey_compare(file, s->packages[i].name))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct summary s;
	struct arena arena;
	size_t piece, n;

	if (len == 0)
		return 0;
	piece = (size_t)data[0] + 1;
	data++;
	len--;
	arena_init(&arena);
	summary_init(&s, &arena);
	for (; len > 0; data += n, len -= n) {
		n = u64_min(piece, len);
		summary_add(&s, (const char *)data, n);
	}
	summary_end(&s);
	check(&s);
	summary_release(&s);
	arena_release(&arena);
	return 0;
}
