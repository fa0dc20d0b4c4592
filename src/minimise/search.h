/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where ld.elf_so(1) finds a library, in the tree:
 *
 *	/etc/ld.so.conf (ld.so.conf(5); smol also reads /etc/ld.elf_so.conf)
 *	DT_RPATH and DT_RUNPATH of the file that asks, $ORIGIN its directory
 *	/usr/lib, then /lib; /usr/lib/i386 for i386 on amd64
 *
 * A file of another machine is passed over.  LD_LIBRARY_PATH is the user's.
 */
#ifndef SMOL_MINIMISE_SEARCH_H
#define SMOL_MINIMISE_SEARCH_H

#include "minimise/elf.h"
#include "tree/tree.h"

#define WALK_LINKS_MAX 32

/* A path in the tree, and the symlinks on the way, in their order. */
struct walk {
	struct tree_node *links[WALK_LINKS_MAX];
	bool last[WALK_LINKS_MAX]; /* it bears the path's own name; else it is a directory on the way */
	size_t nlinks;
	struct tree_node *node; /* where it ends */
};

/* From a directory, as the guest would: false if nothing is there, or too many symlinks lead round. */
bool walk_path(const struct tree *, struct tree_node *dir, const char *path, struct walk *);

struct search {
	const struct tree *tree;
	struct arena *arena;
	const char **dirs; /* ld.so.conf's */
	size_t ndirs, dirs_cap;
};

int search_init(struct search *, const struct tree *, struct arena *, struct err *);
void search_release(struct search *);

/* 1: found, at w.  0: not.  -1: a file could not be read. */
int search_library(
    struct search *, const char *name, const struct tree_node *of, const struct elf *, struct walk *w, struct err *);

/* "/lib, /usr/lib": where it was looked for, for messages. */
void search_print(struct search *, const struct tree_node *of, const struct elf *, struct str *out);

#endif
