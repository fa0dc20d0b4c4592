/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile pkg_summary, in pieces whose size the first byte says: no name that
 * leads out of a directory, each package is found by its own name, and a
 * resolution is one: what is chosen has its DEPENDS and no CONFLICTS.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "source/dewey.h"
#include "source/pattern.h"
#include "source/resolve.h"
#include "source/summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_names(const struct repo *r)
{
	uint32_t i;

	for (i = 0; i < r->n && i < 16; i++) {
		const char *name = repo_get(r, i, REPO_NAME), *file = repo_get(r, i, REPO_FILE);

		if (*file == '\0' || *file == '.' || strchr(file, '/') != NULL || strchr(name, '/') != NULL)
			abort();
		if (strcmp(repo_get(r, repo_search(r, name, strlen(name) + 1), REPO_NAME), name) != 0)
			abort();
		if (dewey_compare(name, file) != -dewey_compare(file, name))
			abort();
	}
}

static bool
has_match(const struct resolution *r, const char *pattern, const char *but)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (strcmp(r->v[i].name, but) != 0 && pattern_match(pattern, r->v[i].name))
			return true;
	return false;
}

static void
check_resolution(const struct resolution *r)
{
	const struct resolve_package *p;
	const char *s;

	for (p = r->v; p < r->v + r->n; p++) {
		for (s = repo_get(p->repo, p->index, REPO_DEPENDS); *s != '\0'; s = repo_next(s))
			if (!has_match(r, s, ""))
				abort();
		for (s = repo_get(p->repo, p->index, REPO_CONFLICTS); *s != '\0'; s = repo_next(s))
			if (has_match(r, s, p->name))
				abort();
	}
}

static void
check(const struct repo *r)
{
	const struct repo *v[] = { r };
	struct resolution result;
	struct err err = { 0 };
	struct arena arena;
	const char *word;
	uint32_t i;

	check_names(r);
	for (i = 0; i < r->n && i < 4; i++) {
		arena_init(&arena);
		word = repo_get(r, i, REPO_NAME);
		if (resolve(&arena, v, 1, &word, 1, &result, &err) == 0)
			check_resolution(&result);
		else if (err.msg[0] == '\0')
			abort();
		arena_release(&arena);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct repo_builder b;
	struct summary s;
	struct repo r;
	size_t piece, n;

	if (len == 0 || len > 16384)
		return 0;
	piece = (size_t)data[0] + 1;
	data++;
	len--;
	repo_builder_init(&b);
	summary_init(&s, &b);
	for (; len > 0; data += n, len -= n) {
		n = u64_min(piece, len);
		summary_add(&s, (const char *)data, n);
	}
	summary_end(&s);
	repo_build(&r, &b);
	check(&r);
	repo_release(&r);
	return 0;
}
