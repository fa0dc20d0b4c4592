/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of a tree must stay, and why: tree in, smaller tree out.
 *
 *	words of sailor.conf ─┐
 *	the service's own ────┼─► files, each kept because of another or of a word
 *	rules: the floor ─────┘       │ symlink: what it leads to, by each link on the way
 *	                              │ ELF: loader and libraries (elf.h, search.h)
 *	                              │ "#!": interpreter (script.h)
 *	                              └ rules: what is opened at run time (rules.h)
 *
 * A name is kept, not an inode: of a file with many hard links those that are
 * needed.  Directories above what is kept are kept.
 */
#ifndef SMOL_MINIMISE_MINIMISE_H
#define SMOL_MINIMISE_MINIMISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "tree/tree.h"

/* node->origin: only what comes from a set may go. */
enum minimise_origin {
	MINIMISE_OWN, /* the service's, or made by a step of the build */
	MINIMISE_SET,
	MINIMISE_PACKAGE,
};

/* A path or pattern that somebody lists. */
struct minimise_word {
	const char *pattern;
	const char *list; /* "shipbins" */
	const char *file; /* that lists it; NULL: the command line */
	unsigned line;
	bool whole; /* a directory with all that is in it */
	bool optional; /* that there is none is only noted */
};

struct minimise_request {
	const struct minimise_word *words;
	size_t nwords;
	bool everything; /* nothing is to go: only what is missing is looked for */
	bool floor; /* the rules' floor and what the service brings stay, too */
};

struct minimise_file {
	struct tree_node *node;
	uint32_t because; /* 1 + the number of the file that needs it; 0: of none */
	const char *why; /* "library of", or, of none: "shipbins, service/x/sailor.conf:3" */
	bool parent; /* a directory that stays for what is in it */
};

struct minimise_problem {
	uint32_t file; /* 1 + number; 0: none */
	bool missing; /* something will fail; else it is worth a look */
	const char *text;
};

struct minimise {
	struct arena arena;
	struct minimise_file *files; /* in the order they were found */
	size_t nfiles, files_cap;
	struct minimise_problem *problems;
	size_t nproblems, problems_cap;
	size_t nmissing; /* of these */
	uint64_t kept_files, kept_bytes, all_files, all_bytes; /* without directories; an inode's bytes once */
};

/*
 * Finds what stays; the tree is as it was but for its nodes' marks.  Fails only
 * if a file cannot be read.  minimise_release() in any case.
 */
int minimise_find(struct tree *, const struct minimise_request *, struct minimise *, struct err *);
void minimise_release(struct minimise *);

/* Removes what was not found to stay. */
void minimise_sweep(struct tree *, const struct minimise *);

/* "/lib/libc.so.12.220 <- link /lib/libc.so.12 <- library of /bin/sh <- shipbins, ..." */
void minimise_chain(const struct minimise *, size_t file, struct str *out);

#endif
