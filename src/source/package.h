/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A binary package unpacked: its files below a prefix, and what is about it.
 */
#ifndef SMOL_SOURCE_PACKAGE_H
#define SMOL_SOURCE_PACKAGE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "source/source.h"
#include "tree/tree.h"

struct package {
	struct tree tree; /* of its root; "+..." members are there too until package_strip() */
	const char *name; /* by @name, else NULL */
	const char *prefix;
	char *contents; /* +CONTENTS; NULL: it has none */
	struct str boot; /* lines of sh for what only NetBSD can do, before its +INSTALL's POST-INSTALL */
};

/*
 * Opens what the blob holds, checks it against its packing list (every file
 * that is listed must be there; MD5 and symlinks if check), and gives files
 * the modes and owners that the list says.
 */
int package_open(struct package *, struct arena *, const struct blob *, bool check, int64_t *newest, struct err *);
/* The same of a tree that holds its members already. */
int package_read(struct package *, struct arena *, bool check, struct err *);
void package_release(struct package *);

/* Members "+..." out of the package's tree, each handed to fn first (NULL: not). */
int package_strip(struct package *, int (*fn)(void *arg, const char *member, const struct tree_node *, struct err *),
    void *arg, struct err *);

#endif
