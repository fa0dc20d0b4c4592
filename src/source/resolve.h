/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packages with all that they need, as pkg_add would choose them, but looking
 * back where a choice turns out wrong.
 *
 *	words ─► pending: pattern, who wants it ─► a package that is chosen already and matches, else
 *	         the candidates, best first ─► chosen; its DEPENDS are pending ─► ...
 *
 * A candidate is passed over if a chosen package is another version of it, or
 * one of both conflicts with or supersedes the other.  Where none is left, the
 * last choice that had a part in that is made anew (conflict-directed
 * backjumping), so a solution is found if there is one.
 */
#ifndef SMOL_SOURCE_RESOLVE_H
#define SMOL_SOURCE_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "source/repo.h"

#define RESOLVE_WORD SIZE_MAX /* wanted by the user */

struct resolve_package {
	const struct repo *repo;
	uint32_t index; /* in it */
	const char *name; /* the repo's */
	bool automatic; /* no word means it: it came as a dependency */
	const char *pattern; /* that it was chosen for */
	size_t wanter; /* whose pattern that was; RESOLVE_WORD: a word */
	size_t *depends; /* what its DEPENDS chose, each once */
	size_t ndepends;
};

struct resolution {
	struct resolve_package *v; /* what is needed before who needs it, but for cycles */
	size_t n;
	const char **notes; /* libraries that are REQUIRED and not PROVIDED, one line each */
	size_t nnotes;
	size_t steps; /* candidates that were tried */
};

/*
 * Candidates of an earlier repo go before those of a later one, whatever their
 * versions; one of a name hides the same name in a later repo.  Everything is
 * the arena's, or the repos'.
 */
int resolve(struct arena *, const struct repo *const *repos, size_t nrepos, const char *const *words, size_t nwords,
    struct resolution *, struct err *);

/* All packages that match, best first; (repo, index) pairs in the arena. */
struct resolve_candidate {
	const struct repo *repo;
	uint32_t index;
	uint32_t rank; /* of the repo */
	const char *name;
};
int resolve_candidates(struct arena *, const struct repo *const *repos, size_t nrepos, const char *pattern,
    struct resolve_candidate **, size_t *n, struct err *);

/* "no package matches 'curll'; nearest: curl" */
int resolve_none(const struct repo *const *repos, size_t nrepos, const char *pattern, struct err *);

#endif
