/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps of a plan, while they are carried out.
 */
#ifndef SMOL_BUILD_STEP_H
#define SMOL_BUILD_STEP_H

#include "base/arena.h"
#include "build/build.h"
#include "fs/ffs.h"
#include "image/bootblock.h"
#include "minimise/minimise.h"
#include "source/base_image.h"
#include "source/packages.h"
#include "source/source.h"
#include "tree/tree.h"

#define BUILD_KERNEL_MAX (256 * 1024 * 1024)

/* The image that the tree's first files lie in, until the new one is written. */
struct build_image {
	struct base_image file;
	int fd;
	struct image_partition part;
	struct ffs_reader reader;
};

struct script_room;

struct build {
	const struct plan *plan;
	const struct build_options *options;
	struct tree tree;
	struct build_image image; /* of PLAN_IMAGE */
	struct arena arena;
	struct package_list packages;
	const char *first_boot; /* names of packages of which something runs then; NULL: none */
	struct blob *blobs; /* one for each package, then one for each set of the plan */
	size_t nblobs;
	int64_t newest;
	struct boot_blocks boot; /* PLAN_BOOT's; none: not to be booted by a BIOS */
	struct minimise minimise; /* as long as the tree */
	bool has_minimise;
	struct script_room *rooms; /* of scripts that have run, the last first; as long as the tree */
	struct build_result *result;
	struct err *err;
};

/* PLAN_KERNEL and PLAN_BOOT. */
int build_kernel(struct build *, const struct plan_step *);
int build_boot(struct build *, const struct plan_step *);

int build_step(struct build *, const struct plan_step *);

/* PLAN_IMAGE; build_image_close() when the tree is no longer needed. */
int build_step_image(struct build *, const struct plan_step *);
void build_image_close(struct build *);

/* Scripts (script.h): one of them, and the end of their rooms. */
int step_script(struct build *, const struct plan_step *);
void step_scripts_end(struct build *);

/* Steps whose source is an archive, with a blob. */
static inline bool
build_step_has_blob(const struct plan_step *s)
{
	return s->kind == PLAN_SET || (s->kind == PLAN_BOOT && s->source != NULL);
}

/* By the service's sailor.conf; without one all stays, and what is missing is looked for.  Into b->minimise. */
int step_minimise(struct build *);

/* The archive's blob, unpacked if it was not yet; NULL and the build's err. */
struct blob *build_blob(struct build *, const char *archive);

/* A line for build_options.note. */
void build_note(const struct build *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* PLAN_PACKAGES: the list, each over the tree and registered. */
int build_packages(struct build *);

/*
 * The public keys that SSHKEYS and the service's etc/NAME.pub files name, a
 * line each; the caller frees.  That there is none is an error.
 */
char *ssh_keys_collect(const struct service *, struct err *);

#endif
