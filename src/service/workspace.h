/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where things lie: the workspace (the current directory or the nearest
 * parent that holds service/), else the user's store.
 *
 *	ROOT/service/NAME/          services; without a workspace also DATADIR/service/NAME/
 *	ROOT/etc/NAME.conf          how to run them; without a workspace also DATADIR/etc/
 *	ROOT/sets/ARCH/             inputs; in a workspace also STORE/sets/ARCH/
 *	ROOT/pkgs/ARCH/             inputs; in a workspace also STORE/pkgs/ARCH/
 *	ROOT/kernels/               inputs; in a workspace also STORE/kernels/
 *	ROOT/images/NAME-ARCH[:TAG].img
 *
 * The store is $SMOL_HOME, else $XDG_DATA_HOME/smol, else ~/.local/share/smol.
 * DATADIR holds what ships with smol: $SMOL_DATADIR, else where it was
 * installed.  A file that has two places is taken from the first that exists;
 * if none does, the first is where it should be.
 */
#ifndef SMOL_SERVICE_WORKSPACE_H
#define SMOL_SERVICE_WORKSPACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

struct workspace {
	const char *root; /* "." for the current directory, else absolute; the store if there is no workspace */
	const char *store; /* NULL in a workspace where no home is known */
	const char *datadir; /* NULL in a workspace: it has its own services */
};

/* Strings are the arena's.  Fails only if there is neither a workspace nor a home. */
int workspace_find(struct arena *, struct workspace *, struct err *);

/* Directory of a service, and etc/NAME.conf; NULL if there is none. */
const char *workspace_service(const struct workspace *, struct arena *, const char *name);
const char *workspace_conf(const struct workspace *, struct arena *, const char *name);
/* service/common, NULL if there is none. */
const char *workspace_common(const struct workspace *, struct arena *);

/* smolerfiles/Dockerfile.NAME, SMOLerfile.NAME or NAME.smol; NULL if there is none. */
const char *workspace_smolerfile(const struct workspace *, struct arena *, const char *name);

/* Never NULL: whether it is there is the caller's question. */
const char *workspace_path(const struct workspace *, struct arena *, const char *relative);
const char *workspace_set(const struct workspace *, struct arena *, const char *arch, const char *file);
/* pkgs/ARCH/FILE. */
const char *workspace_package(const struct workspace *, struct arena *, const char *arch, const char *file);
const char *workspace_kernel(const struct workspace *, struct arena *, const char *file);
/* images/SERVICE-ARCH[:TAG].img; tag may be NULL or "". */
const char *
workspace_image(const struct workspace *, struct arena *, const char *service, const char *arch, const char *tag);

/*
 * The image that NAME means, as FROMIMG has it: in images/, ".img" added where
 * there is none ("base-amd64:latest", "base-amd64.img", "live.img.gz").
 */
const char *workspace_image_named(const struct workspace *, struct arena *, const char *name);

/* "bozohttpd, rescue" for messages, sorted; "" if there are none. */
const char *workspace_services(const struct workspace *, struct arena *);

/* A service's name: letters, digits, '.', '_', '-', '+', the first a letter, digit or '_'; at most 32. */
bool workspace_name_ok(const char *name);

/* 0 if smol knows that architecture, else err names those it knows. */
int workspace_arch_check(const char *arch, struct err *);

#endif
