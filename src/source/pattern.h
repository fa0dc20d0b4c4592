/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pkgsrc's patterns of packages (pkg_info(1), "PACKAGE WILDCARDS"), matched
 * against names with their versions:
 *
 *	foo>=1.2<2	the name, and one or two bounds on its version (dewey.h)
 *	foo-[0-9]*	as fnmatch(3) with FNM_PERIOD, with or without the version
 *	foo-1.2		that package
 *	foo		any version of it: as foo-[0-9]*
 *	{foo,bar}-1*	each of the alternatives, which may nest
 *
 * Braces come first, then bounds, then globs.
 */
#ifndef SMOL_SOURCE_PATTERN_H
#define SMOL_SOURCE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

#define PATTERN_MAX 1024 /* bytes */
#define PATTERN_ALTERNATES_MAX 256

/*
 * The alternatives of a pattern, each without braces: at most
 * PATTERN_ALTERNATES_MAX.  -1 and err if a brace is not closed, or there are
 * more, or one is too long.
 */
int pattern_expand(struct arena *, const char *pattern, const char ***alternates, size_t *n, struct err *);

/* One alternative, without braces. */
bool pattern_match_one(const char *alternate, const char *pkgname);

/* What every name that it matches begins with: so many bytes of it. */
size_t pattern_prefix(const char *alternate);

/* Any pattern; false too for one that cannot be expanded. */
bool pattern_match(const char *pattern, const char *pkgname);

/*
 * The better of two packages that match: the newer, of versions alike the one
 * whose name comes first.  Below 0 if it is a.
 */
int pattern_order(const char *a, const char *b);

#endif
