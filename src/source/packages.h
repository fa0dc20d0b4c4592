/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packages of a service, from their names to files here.
 *
 *	ADDPKGS ─► pkgs/ARCH/ alone, if that has all of them (and newer ones are not asked for)
 *	        ─► else pkg_summary of PKGSITE too ─► resolve() ─► what is missing is fetched
 *
 * Files are kept under their names on the server, pkgs/ARCH/curl-8.1.2.tgz; one
 * that lies there under another name (curl.tgz) is known by its +CONTENTS.
 */
#ifndef SMOL_SOURCE_PACKAGES_H
#define SMOL_SOURCE_PACKAGES_H

#include "base/arena.h"
#include "base/err.h"
#include "service/service.h"
#include "service/workspace.h"
#include "source/fetch.h"
#include "source/fetch_index.h"
#include "source/resolve.h"

/* What can be had. */
struct package_repos {
	struct repo local, site;
	const struct repo *v[2]; /* those that are open, in the order they are chosen from */
	size_t n;
	const char *dir; /* pkgs/ARCH */
	const char *where; /* for messages: the pkg_summary's URL, else dir */
	struct fetch_index index;
};

struct package_list {
	struct resolution resolution;
	const char **paths; /* of the files, in its order */
	struct package_repos repos; /* what the resolution refers to */
};

/*
 * All of ADDPKGS with what they need; nothing is asked for where they need
 * nothing.  The list is to be released, its strings are the arena's.
 */
int packages_get(struct arena *, const struct workspace *, const struct service *, const struct fetch_options *,
    struct package_list *, struct err *);
/* The same, but nothing is fetched beside pkg_summary: the paths are left out. */
int packages_choose(struct arena *, const struct workspace *, const struct service *, const struct fetch_options *,
    struct package_list *, struct err *);
void packages_release(struct package_list *);

/*
 * Opens the packages that are here, and those of the site: offline, by the
 * pkg_summary that was fetched from there last, if one was.
 */
int packages_open(struct arena *, const struct workspace *, const struct service *, const struct fetch_options *,
    struct package_repos *, struct err *);
void packages_close(struct package_repos *);

#endif
