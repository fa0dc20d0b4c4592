/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps of a plan, while they are carried out.
 */
#ifndef SMOL_BUILD_STEP_H
#define SMOL_BUILD_STEP_H

#include "build/build.h"
#include "fs/ffs.h"
#include "image/bootblock.h"
#include "minimise/minimise.h"
#include "source/base_image.h"
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

struct build {
	const struct plan *plan;
	struct tree tree;
	struct build_image image; /* of PLAN_IMAGE */
	struct blob *blobs; /* one for each set of the plan */
	size_t nblobs;
	int64_t newest;
	struct boot_blocks boot; /* PLAN_BOOT's; none: not to be booted by a BIOS */
	struct minimise minimise; /* as long as the tree */
	bool has_minimise;
	struct build_result *result;
	struct err *err;
};

/* Opens the archive of a step that build_step_has_blob(), once; NULL and err. */
const struct blob *build_blob(struct build *, const struct plan_step *);

/* PLAN_KERNEL and PLAN_BOOT. */
int build_kernel(struct build *, const struct plan_step *);
int build_boot(struct build *, const struct plan_step *);

int build_step(struct build *, const struct plan_step *);

/* PLAN_IMAGE; build_image_close() when the tree is no longer needed. */
int build_step_image(struct build *, const struct plan_step *);
void build_image_close(struct build *);

/* Steps whose archives are blobs. */
static inline bool
build_step_has_blob(const struct plan_step *s)
{
	return s->kind == PLAN_SET || s->kind == PLAN_PACKAGE || (s->kind == PLAN_BOOT && s->source != NULL);
}

/* By the service's sailor.conf; without one all stays, and what is missing is looked for.  Into b->minimise. */
int step_minimise(struct build *);

/*
 * The public keys that SSHKEYS and the service's etc/NAME.pub files name, a
 * line each; the caller frees.  That there is none is an error.
 */
char *ssh_keys_collect(const struct service *, struct err *);

#endif
