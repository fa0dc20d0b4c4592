/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeping names, inside the folder: node->mark is 1 + the number of the file
 * in the result, 0 of what is not kept (yet).
 */
#ifndef SMOL_MINIMISE_KEEP_H
#define SMOL_MINIMISE_KEEP_H

#include "minimise/minimise.h"
#include "minimise/search.h"

struct keep {
	struct tree *tree;
	struct minimise *m;
	struct search search;
	bool *applied; /* rules */
	struct err *err;
};

/* A reason. */
struct because {
	uint32_t file; /* as in struct minimise_file */
	const char *why; /* as long as the result */
};

/* The directories above, too.  1 + its number. */
uint32_t keep_node(struct keep *, struct tree_node *, struct because);
/* The links on the way, each because of the one before. */
void keep_walk(struct keep *, const struct walk *, struct because);
/* All that is in a directory, and it. */
void keep_below(struct keep *, struct tree_node *, struct because);
/* What a pattern of paths matches; one that ends in '/', or whole: with all in it.  How many. */
size_t keep_pattern(struct keep *, const char *pattern, bool whole, struct because);

void
keep_problem(struct keep *, uint32_t file, bool missing, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* What a kept file needs in turn (need.c). */
int keep_needs(struct keep *, uint32_t file);
/* What rules say of it (rule.c); of file 0: the floor. */
int keep_rules(struct keep *, uint32_t file);
/* Commands of the service's own /etc/rc that are going (commands.c). */
int keep_check_rc(struct keep *);

/* The text of a file of the tree, in heap memory; NULL in *text if it is none, or too large to be one. */
int keep_text(struct keep *, const struct tree_node *, char **text);

#endif
