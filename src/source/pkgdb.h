/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packages put into a tree as pkg_add would, and registered so that pkg_info,
 * pkg_delete and pkgin know them:
 *
 *	LOCALBASE/...				the files; owners and modes of the tar, then of the packing list
 *	PKG_DBDIR/curl-8.1.2/+CONTENTS ...	the members that are about the package
 *	PKG_DBDIR/curl-8.1.2/+INSTALLED_INFO	"automatic=yes", of what came as a dependency
 *	PKG_DBDIR/curl-8.1.2/+REQUIRED_BY	the packages that need it
 *	PKG_DBDIR/pkgdb.byfile.db		file to package (btree.h)
 *	/etc/pkg_install.conf			where PKG_DBDIR is, for tools that think otherwise
 *	/var/db/smol/firstboot/NNNN-NAME.sh	what needs NetBSD: +INSTALL, @exec, owners whose number is not known
 *	/etc/rc.d/smol_firstboot		runs these, each once
 *
 * PKG_DBDIR is what the tree's /etc/pkg_install.conf says, else /var/db/pkg if
 * packages are registered there, else LOCALBASE/pkgdb (pkgsrc's since 2020).
 */
#ifndef SMOL_SOURCE_PKGDB_H
#define SMOL_SOURCE_PKGDB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "source/source.h"
#include "tree/tree.h"

struct pkgdb_entry {
	const char *name; /* "curl-8.1.2" */
	const char *prefix; /* "/usr/pkg" */
	bool registered; /* it has a +CONTENTS */
	bool first_boot; /* something of it is to run */
	bool kept; /* the tree had it, perhaps in another version; that is left as it is */
};

struct pkgdb {
	struct arena *arena;
	struct tree *tree;
	const char *dir; /* PKG_DBDIR, once the first package came */
	struct pkgdb_entry *entries;
	size_t n, cap;
	size_t nfirst_boot;
};

void pkgdb_init(struct pkgdb *, struct arena *, struct tree *);
void pkgdb_release(struct pkgdb *);

/*
 * The package in the blob; *newest as in blob_overlay().  Contents refer to the
 * blob.  Its number is that of its entry.  What the tree has already, as an
 * image that is started from, is kept; another version of it will do if it is
 * only needed (automatic), and is an error if it was asked for.
 */
int pkgdb_add(struct pkgdb *, const struct blob *, bool automatic, int64_t *newest, struct err *);

/* The package needs another, by the numbers of their entries. */
int pkgdb_require(struct pkgdb *, size_t who, size_t what, struct err *);

/* The database of files, of all packages that are registered in the tree; two that have one file are an error. */
int pkgdb_end(struct pkgdb *, struct err *);

#endif
