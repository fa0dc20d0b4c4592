/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file system read into a tree: every name, link, attribute and time; the
 * contents of regular files stay where they are, as extents of the image.
 *
 *	inode ─► tree_attr            mode, owner, flags, times, device, size
 *	block pointers ─► tree_extent  adjoining blocks are one; none is a hole
 *
 * What a hostile image can cost is bounded by the bytes that it really has:
 * every fragment of a directory and every indirect block counts once (a second
 * use is an error), a directory is entered once, and all files together hold no
 * more fragments than the file system has.
 */
#ifndef SMOL_FS_FFS_TREE_H
#define SMOL_FS_FFS_TREE_H

#include "fs/ffs.h"
#include "tree/tree.h"

/* What a tree, or our writer, has no place for; zero if nothing was lost. */
struct ffs_tree_lost {
	uint64_t attributes; /* files with extended attributes */
	uint64_t snapshots; /* files that are snapshots of the file system */
	uint64_t whiteouts; /* names that a union mount hides */
};

/*
 * Reads inode ino into the tree at path "at" ("" for the root, which only a
 * directory can be), a directory with all that is below it.  A hard link whose
 * other name is not below it is a file of its own.  image is the name for
 * messages; it, and the reader's descriptor, must live as long as the tree.
 */
int ffs_tree_read(const struct ffs_reader *, const char *image, uint64_t ino, struct tree *, const char *at,
    struct ffs_tree_lost *, struct err *);

/* --- inside: ffs_extents.c --- */

struct ffs_claims; /* metadata fragments that were used already */

struct ffs_extents {
	const struct ffs_reader *r;
	struct ffs_claims *claims;
	uint64_t frags_left; /* that all files may still hold */
	uint8_t *blocks[FFS_NIADDR]; /* an indirect block of each level */
	struct tree_extent *extents; /* of the file that was looked at last */
	uint32_t n, cap;
};

void ffs_extents_init(struct ffs_extents *, const struct ffs_reader *);
void ffs_extents_release(struct ffs_extents *);
/* Where the bytes of the file lie; a directory's fragments are claimed. */
int ffs_extents_find(struct ffs_extents *, const struct ffs_dinode *, struct err *);

#endif
