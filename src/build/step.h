/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps of a plan, while they are carried out.
 */
#ifndef SMOL_BUILD_STEP_H
#define SMOL_BUILD_STEP_H

#include "build/build.h"
#include "source/source.h"
#include "tree/tree.h"

struct build {
	const struct plan *plan;
	struct tree tree;
	struct blob *blobs; /* one for each set of the plan */
	size_t nblobs;
	int64_t newest;
	struct build_result *result;
	struct err *err;
};

int build_step(struct build *, const struct plan_step *);

/* Steps whose archives are blobs. */
static inline bool
build_step_has_blob(const struct plan_step *s)
{
	return s->kind == PLAN_SET || s->kind == PLAN_PACKAGE;
}

/*
 * The public keys that SSHKEYS and the service's etc/NAME.pub files name, a
 * line each; the caller frees.  That there is none is an error.
 */
char *ssh_keys_collect(const struct service *, struct err *);

#endif
