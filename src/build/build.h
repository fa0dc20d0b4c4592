/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Carries a plan out: missing sets fetched, sets from the blob cache and
 * directories of the host into a tree, the tree into an image, and a manifest
 * beside it.
 *
 *	plan.steps ─► struct tree ─► images/NAME.img ─► images/NAME.img.manifest.json
 */
#ifndef SMOL_BUILD_BUILD_H
#define SMOL_BUILD_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "image/image.h"
#include "minimise/minimise.h"
#include "plan/plan.h"
#include "source/fetch.h"

struct build_result;

struct build_options {
	struct fetch_options fetch; /* of sets that are not there */
	/* As in struct image_options. */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	void *progress_arg;
	/*
	 * Called with what stays and why, while the tree is there: after
	 * PLAN_MINIMISE, and with no_image of any plan.  May be NULL.
	 */
	int (*minimised)(void *arg, const struct minimise *, const struct build_result *, struct err *);
	void *minimised_arg;
	bool no_image; /* nothing is written */
	/* One line that the user should know, that is no error; may be NULL. */
	void (*note)(void *arg, const char *text);
	void *note_arg;
	bool network; /* scripts have it */
	/* What scripts say: as it comes if verbose, else the end of it if one fails; may be NULL. */
	void (*output)(void *arg, const char *text, size_t len);
	void *output_arg;
	bool verbose;
};

struct build_result {
	struct image_options options; /* the image was written with */
	struct image_result image;
	uint8_t from_digest[SHA256_SIZE]; /* of PLAN_IMAGE's image */
	unsigned unpacked; /* sets that the cache did not have */
	uint64_t sets_ns; /* opening them, and unpacking; the image's files */
	uint64_t scripts_ns; /* running scripts, and their files out and in */
	uint64_t tree_ns; /* the other steps */
	uint64_t minimise_ns; /* of them PLAN_MINIMISE */
};

int build_run(const struct plan *, const struct build_options *, struct build_result *, struct err *);

#endif
