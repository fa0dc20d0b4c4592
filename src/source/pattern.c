/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Matches names of packages against pkgsrc's patterns.
 */
#include "source/pattern.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "source/dewey.h"

/* --- braces --- */

struct expansion {
	struct arena *arena;
	const char **v;
	size_t n;
	unsigned steps;
	const char *whole; /* for messages */
	struct err *err;
};

/* Behind the brace that closes the one at p, or NULL. */
static const char *
closing(const char *p)
{
	int depth = 0;

	for (; *p != '\0'; p++) {
		if (*p == '{')
			depth++;
		else if (*p == '}' && --depth == 0)
			return p + 1;
	}
	return NULL;
}

/* Where an alternative within braces ends: at its ',' or '}'. */
static const char *
alternate_end(const char *p)
{
	int depth = 0;

	for (; depth > 0 || (*p != ',' && *p != '}'); p++) {
		if (*p == '{')
			depth++;
		else if (*p == '}')
			depth--;
	}
	return p;
}

static int
expand(struct expansion *x, const char *pattern)
{
	const char *open = strchr(pattern, '{'), *p, *end, *rest;

	/* The depth of this recursion is the number of braces in PATTERN_MAX bytes. */
	if (++x->steps > 4 * PATTERN_ALTERNATES_MAX || (open == NULL && x->n == PATTERN_ALTERNATES_MAX))
		return err_set(
		    x->err, "the pattern '%.80s' has more than %d alternatives", x->whole, PATTERN_ALTERNATES_MAX);
	if (open == NULL) {
		x->v[x->n++] = pattern;
		return 0;
	}
	rest = closing(open);
	if (rest == NULL)
		return err_set(x->err, "the pattern '%.80s' has a '{' that is not closed", x->whole);
	for (p = open + 1;; p = end + 1) {
		end = alternate_end(p);
		if (expand(x, arena_printf(
				  x->arena, "%.*s%.*s%s", (int)(open - pattern), pattern, (int)(end - p), p, rest)) < 0)
			return -1;
		if (*end == '}')
			return 0;
	}
}

int
pattern_expand(struct arena *arena, const char *pattern, const char ***alternates, size_t *n, struct err *err)
{
	struct expansion x = { .arena = arena, .whole = pattern, .err = err };
	const char *p;
	size_t max = 1;

	if (strlen(pattern) > PATTERN_MAX)
		return err_set(err, "the pattern '%.80s...' is longer than %d bytes", pattern, PATTERN_MAX);
	for (p = pattern; *p != '\0' && max < PATTERN_ALTERNATES_MAX; p++)
		max = *p == '{' ? PATTERN_ALTERNATES_MAX : max;
	x.v = arena_calloc(arena, max, sizeof(*x.v));
	if (expand(&x, max == 1 ? arena_strdup(arena, pattern) : pattern) < 0)
		return -1;
	*alternates = x.v;
	*n = x.n;
	return 0;
}

/* --- one alternative --- */

/* A bound "OPVERSION" of which only len bytes count; true if version keeps it. */
static bool
within(const char *version, const char *bound, size_t len)
{
	size_t op = bound[1] == '=' ? 2 : 1;
	char limit[PATTERN_MAX + 1];
	int order;

	if (len < op || len - op >= sizeof(limit))
		return false;
	(void)snprintf(limit, sizeof(limit), "%.*s", (int)(len - op), bound + op);
	order = dewey_compare(version, limit);
	if (order == 0)
		return op == 2;
	return bound[0] == '<' ? order < 0 : order > 0;
}

/* A lower bound may have an upper one behind it; behind an upper one all is version. */
static bool
bounds_match(const char *pattern, const char *bound, const char *pkgname)
{
	size_t len = dewey_name_len(pkgname);
	const char *version = pkgname + len, *upper;

	if (*version != '-' || (size_t)(bound - pattern) != len || strncmp(pattern, pkgname, len) != 0)
		return false;
	version++;
	upper = bound[0] == '>' ? strchr(bound, '<') : NULL;
	if (upper == NULL)
		return within(version, bound, strlen(bound));
	return within(version, upper, strlen(upper)) && within(version, bound, (size_t)(upper - bound));
}

bool
pattern_match_one(const char *alternate, const char *pkgname)
{
	const char *bound = strpbrk(alternate, "<>");
	char any[PATTERN_MAX + 8];

	if (strlen(alternate) > PATTERN_MAX)
		return false;
	if (bound != NULL)
		return bounds_match(alternate, bound, pkgname);
	if (strpbrk(alternate, "*?[]") != NULL && fnmatch(alternate, pkgname, FNM_PERIOD) == 0)
		return true;
	if (strcmp(alternate, pkgname) == 0)
		return true;
	(void)snprintf(any, sizeof(any), "%s-[0-9]*", alternate);
	return fnmatch(any, pkgname, FNM_PERIOD) == 0;
}

size_t
pattern_prefix(const char *alternate)
{
	return strcspn(alternate, "<>*?[]\\");
}

bool
pattern_match(const char *pattern, const char *pkgname)
{
	struct err ignored = { 0 };
	const char **v;
	struct arena arena;
	bool found = false;
	size_t n, i;

	/* Most do not match, and differ soon. */
	for (i = 0; isalnum((unsigned char)pattern[i]) || pattern[i] == '-'; i++)
		if (pattern[i] != pkgname[i])
			return false;
	if (strchr(pattern + i, '{') == NULL)
		return pattern_match_one(pattern, pkgname);
	arena_init(&arena);
	if (pattern_expand(&arena, pattern, &v, &n, &ignored) == 0)
		for (i = 0; i < n && !found; i++)
			found = pattern_match_one(v[i], pkgname);
	arena_release(&arena);
	return found;
}

int
pattern_order(const char *a, const char *b)
{
	size_t la = dewey_name_len(a), lb = dewey_name_len(b);
	int order = dewey_compare(b + lb + (b[lb] == '-'), a + la + (a[la] == '-'));

	return order != 0 ? order : strcmp(a, b);
}
