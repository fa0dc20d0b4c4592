/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A side of "image cp" and "image diff": what lies at IMAGE[:PATH] or at a
 * host path, read into a tree.
 */
#ifndef SMOL_CMD_IMAGE_SIDE_H
#define SMOL_CMD_IMAGE_SIDE_H

#include "cmd/image_arg.h"
#include "tree/tree.h"

struct image_side {
	const char *arg; /* as the user gave it */
	bool image;
	struct image_arg a; /* if image */
	struct tree tree;
	struct tree_node *node; /* what was named: the root if it is a directory */
	char name[TREE_NAME_MAX + 1]; /* the last name of the path; "" if it has none ("/", ".") */
};

/*
 * Whether an argument means a file in an image.  The host path that is there
 * wins, unless it is a file and may_be_whole: then it is an image itself.
 */
bool image_side_is_image(const char *arg, bool may_be_whole);

/* Reads it all; a symlink that the path names is followed if follow.  image_side_close() in any case. */
int image_side_open(struct image_side *, const char *arg, bool image, bool follow, struct err *);
void image_side_close(struct image_side *);

#endif
