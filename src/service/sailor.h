/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * service/NAME/sailor.conf: what of the sets an image with MINIMIZE keeps.  It
 * is a script, as for sailor, which sources it: the host's sh reads it in the
 * sandbox (conf_eval.h).  A file that it sources as /service/... lies in the
 * workspace's service/; before it prefix, sysconfdir, varbase and OS are set
 * as sailor sets them.
 *
 *	. /service/common/sailor.vars
 *	shipbins="$shipbins /bin/ksh"
 *	sync_dirs="$sync_dirs /usr/share/misc/terminfo*"
 *
 * Taken are shipname, shipbins, sync_dirs and packages.  What sailor runs in
 * the new root (run_at_build) or does for services is in refused; the rest is
 * about ships that run on a host.
 */
#ifndef SMOL_SERVICE_SAILOR_H
#define SMOL_SERVICE_SAILOR_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* Words of a variable: paths, with patterns, or names of packages. */
struct sailor_list {
	const char *const *words;
	size_t n;
	unsigned line; /* of its last assignment in the file; 0: it cannot be told */
};

struct sailor {
	const char *path;
	const char *name; /* shipname; NULL: not said */
	struct sailor_list bins, dirs, packages;
	const char *refused; /* what it asks for and does not get, one line with its place; NULL: nothing */
};

/* dir: the service's, ROOT/service/NAME. */
int sailor_read(struct arena *, const char *dir, const char *path, struct sailor *, struct err *);

/* What sh reported, as in conf_take(); for tests. */
int sailor_take(struct arena *, const char *report, size_t len, const char *text, struct sailor *, struct err *);

#endif
