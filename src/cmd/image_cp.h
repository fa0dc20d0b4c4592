/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside "image cp": what the arguments ask for, and the two directions.
 * Every source was read into a tree; it goes into the tree of an image
 * (image_cp_in.c) or to the host (image_cp_out.c).
 */
#ifndef SMOL_CMD_IMAGE_CP_H
#define SMOL_CMD_IMAGE_CP_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/image_side.h"

#define CP_UNSET UINT32_MAX

struct image_cp {
	bool recursive, dates, owner, flags; /* -r -p --owner; -a: all of them */
	bool json, quiet;
	uint32_t uid, gid; /* --chown; CP_UNSET */
	uint32_t mode; /* --chmod; CP_UNSET */
	bool several; /* sources: the destination must be a directory */
	int64_t epoch; /* SOURCE_DATE_EPOCH; INT64_MAX if not set */
	/* done */
	uint64_t files, directories, others, skipped, bytes;
	/* Where a source's file with several names went first: its inode's index is one more than the place here. */
	char **first;
	uint32_t nfirst, first_cap;
};

/* Copies a source into the tree at path: into the directory that is there, or under that name. */
int image_cp_in(struct image_cp *, const struct image_side *src, struct tree *dst, const char *path, struct err *);

/* The same to a path of the host. */
int image_cp_out(struct image_cp *, const struct image_side *src, const char *path, struct err *);

/* What has no meaning on the other system: devices and sockets between an image and the host. */
static inline bool
image_cp_is_foreign(const struct tree_node *n)
{
	return tree_is(n, TREE_IFCHR) || tree_is(n, TREE_IFBLK) || tree_is(n, TREE_IFSOCK);
}

/* The first place of the inode of n, or NULL: then path is (a copy is kept). */
const char *image_cp_first(struct image_cp *, const struct tree_node *n, const char *path);
/* Forgets them; their inodes belong to one source. */
void image_cp_forget(struct image_cp *);

#endif
