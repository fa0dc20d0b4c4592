/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plan: the ordered steps that make a service's image.  Pure: nothing is
 * opened, so the plan of an image can be printed without its inputs.
 *
 *	struct service ─► steps:  set, set, mkdir, write, dir, dir, link, copy, ...
 *	                          then one image of all that
 *
 * Each step prints as one line: its word, then its operands.
 */
#ifndef SMOL_PLAN_PLAN_H
#define SMOL_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "service/service.h"
#include "service/workspace.h"

enum plan_kind {
	PLAN_IMAGE, /* source: disk image; the files of its FFS, which are the first of the tree */
	PLAN_PACKAGES, /* source: words of ADDPKGS; these and what they need, below LOCALBASE, registered */
	PLAN_SET, /* source: archive, glob or NULL; its files over / */
	PLAN_MKDIR, /* path, mode; left as it is if it exists */
	PLAN_WRITE, /* path, mode, text */
	PLAN_DIR, /* source: host directory; its files over path */
	PLAN_LINK, /* symlink path -> source, which must be in the tree (optional: or nothing is done) */
	PLAN_COPY_GLOB, /* files that match source, a path with '*' in its last part, into the directory path */
	PLAN_CUT, /* every occurrence of text out of the file path */
	PLAN_MTREE, /* source: specification, applied to what is there */
	PLAN_SSH_KEYS, /* source: SSHKEYS; public keys to the file path, for those who may log in */
	PLAN_KERNEL, /* source: kernel file, NULL: what is at path already; to path, with drivers disabled if text says
			so */
	PLAN_BOOT, /* source: set with usr/mdec, NULL: the tree's; the loader to path; text: console of the boot blocks
		    */
	PLAN_SCRIPT, /* source: script, or its URL; run by sh in the new root */
	PLAN_MINIMISE, /* source: sailor.conf; what of the sets nothing asks for goes */
};

struct plan_step {
	enum plan_kind kind;
	const char *source, *glob, *path, *text;
	uint32_t mode;
	bool optional;
};

struct plan {
	const struct service *service;
	const struct workspace *workspace;
	struct plan_step *steps;
	size_t nsteps;

	/* The image that comes of them. */
	const char *image; /* path */
	const char *label; /* of the partition */
	uint64_t bytes; /* IMAGE_SIZE_AUTO: 0 */
	bool bytes_of_image; /* or those of PLAN_IMAGE's, if that is larger */
	uint64_t free_bytes; /* with that: room to leave */
	unsigned free_percent; /* with that: more room, of what the files take */
	enum service_fs fs;
	bool log; /* room for a WAPBL log, and fstab turns it on */
	bool read_only;
};

/* Strings are the arena's, or the service's; that and the workspace must live as long. */
void plan_make(struct arena *, const struct workspace *, const struct service *, struct plan *);

/* The step as one line, without the newline. */
void plan_step_print(const struct plan_step *, struct str *out);
void plan_print(const struct plan *, struct str *out);

/* The path as seen from the workspace, the store or what ships: the same for everyone who has these. */
const char *plan_relative(const struct plan *, const char *path);

#endif
