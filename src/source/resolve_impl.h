/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The search of resolve.c, for those who explain how it failed.
 */
#ifndef SMOL_SOURCE_RESOLVE_IMPL_H
#define SMOL_SOURCE_RESOLVE_IMPL_H

#include "source/resolve.h"

#define NO_LEVEL SIZE_MAX

/* A pattern that something must match. */
struct pending {
	const char *pattern;
	size_t wanter; /* level, NO_LEVEL: a word */
};

/* A choice: one candidate of a pending pattern. */
struct level {
	size_t item; /* pending that it was made for */
	size_t npending; /* before its own DEPENDS were added */
	struct resolve_candidate *candidates;
	size_t ncandidates, at;
	uint64_t *blame; /* bits: levels that had a part in candidates being passed over */
	const struct resolve_candidate *chosen;
	size_t base_len; /* of its name without the version */
	bool lists; /* it CONFLICTS with or SUPERSEDES something */
	size_t next; /* of the same bucket, or NO_LEVEL */
};

#define BUCKETS 4096

struct solver {
	struct arena *arena;
	const struct repo *const *repos;
	size_t nrepos;
	struct pending *pending;
	size_t npending, pending_cap;
	struct level *levels;
	size_t nlevels, levels_cap;
	size_t words; /* 64-bit words of a blame */
	uint8_t **dead; /* of each repo, a byte each package: nothing could ever go with it */
	size_t *buckets; /* the last level whose package's name has that hash */
	size_t steps;
	struct err hindrance; /* how the search failed where it came farthest */
	size_t farthest; /* levels there were then */
	struct err *err;
};

/* Why two packages cannot both be there. */
struct clash {
	enum { CLASH_NONE, CLASH_VERSION, CLASH_CONFLICTS, CLASH_SUPERSEDES } kind;
	const char *who, *pattern; /* that package's pattern */
};

/* What took the place of the package that a word names, by its SUPERSEDES: as candidates of the level. */
void resolve_successors(struct solver *, const char *word, struct level *);

/*
 * Fills s->hindrance, if the search never came farther: nothing matches the
 * pending pattern; or the best candidate clashes with what a level chose.
 */
void resolve_explain_none(struct solver *, const struct pending *);
void resolve_explain_clash(
    struct solver *, const struct pending *, const struct resolve_candidate *, const struct clash *, size_t level);

#endif
