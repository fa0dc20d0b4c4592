/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FFS, versions 1 and 2, little endian, read only (NetBSD sys/ufs/ffs/fs.h,
 * sys/ufs/ufs/dinode.h, dir.h).  Addresses on disk count fragments:
 *
 *	| ... superblock ... | cg 0: .. | inodes (iblkno) | data | cg 1: ...
 *	inode: 12 direct blocks, then 1, 2 and 3 levels of indirect blocks
 *	a block = 1..8 fragments; the last block of a small file may be fewer
 */
#ifndef PROBE_FFS_H
#define PROBE_FFS_H

#include "gpt.h"

enum { FFS_ROOT = 2, FFS_DIRECT = 12, FFS_NAME_MAX = 255, FFS_BSIZE_MAX = 65536, FFS_PATH_MAX = 1024 };

struct ffs {
	struct wedge wedge;
	bool v2, clean;
	char volume[32];
	uint64_t size; /* fragments */
	uint32_t bsize, fsize, bshift, fshift, fragshift;
	uint32_t ncg, ipg, fpg, iblkno, cg_offset, cg_mask;
	uint32_t inline_link_max;
};

enum ffs_kind { FFS_DIR = 4, FFS_FILE = 8, FFS_LINK = 10 }; /* mode >> 12 */

struct ffs_node {
	uint32_t ino, mode;
	uint64_t size;
	uint64_t direct[FFS_DIRECT], indirect[3];
	char link[121]; /* target, where it is inline */
};

struct ffs_dirent {
	uint32_t ino;
	char name[FFS_NAME_MAX + 1];
};

static inline uint32_t
ffs_kind(const struct ffs_node *n)
{
	return n->mode >> 12;
}

/* NULL, or why this is no file system. */
const char *ffs_mount(struct ffs *, const struct wedge *);
bool ffs_inode(struct ffs *, uint32_t ino, struct ffs_node *);
/* A cached copy of len bytes at a fragment; NULL if it cannot be read. */
const uint8_t *ffs_cached(struct ffs *, uint64_t frag, uint32_t len);

/* ffs_read.c: bytes of a file, clipped to its size; -1 on error. */
int32_t ffs_read(struct ffs *, const struct ffs_node *, uint64_t off, void *, uint32_t len);
/* A logical block's fragment address; 0 is a hole.  False on error. */
bool ffs_map(struct ffs *, const struct ffs_node *, uint64_t lbn, uint64_t *frag);

/* ffs_dir.c: the next entry, *off starts at 0; false at the end. */
bool ffs_readdir(struct ffs *, const struct ffs_node *, uint64_t *off, struct ffs_dirent *);
/* Walks an absolute path, following symbolic links. */
bool ffs_lookup(struct ffs *, const char *path, struct ffs_node *);

#endif
