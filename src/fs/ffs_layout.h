/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the writer: every file of the tree with its inode number, and every
 * run of blocks it holds.  Made by ffs_layout.c (order, size, summaries),
 * ffs_geometry.c (superblock) and ffs_alloc.c (blocks); used by ffs_write.c.
 *
 *	files[i]  is inode number i + FFS_ROOTINO; its pieces are
 *	pieces[first_piece .. next file's first_piece), in logical order, each
 *	indirect block before what it points to
 *	order[]   indexes the same pieces by address: the order of writing
 *
 * Blocks are handed out from the front, so the data lies as the files are
 * listed: directories, what a boot reads first, then the rest by path.
 */
#ifndef SMOL_FS_FFS_LAYOUT_H
#define SMOL_FS_FFS_LAYOUT_H

#include "fs/ffs.h"

struct ffs_file {
	struct tree_node *node; /* one of its names; NULL: the journal, the last file */
	uint64_t bytes; /* di_size */
	uint64_t sectors; /* di_blocks */
	uint32_t first_piece;
};

/* A run of fragments in one cylinder group. */
struct ffs_piece {
	int64_t addr; /* fragment */
	uint64_t lbn; /* first logical block of the run, or that the indirect block leads to */
	uint32_t frags;
	uint32_t file;
	uint32_t level; /* 0 data, 1..3 indirect block of that level */
};

struct ffs_layout {
	struct tree *tree;
	struct fs_options options;
	struct ffs_super super;
	struct ffs_file *files;
	uint32_t nfiles, files_cap;
	uint32_t ndirs; /* files[0..ndirs) are the directories */
	struct ffs_piece *pieces;
	uint32_t npieces, pieces_cap;
	uint32_t *order;
	struct ffs_csum *csums; /* one a cylinder group */
	uint32_t log_cg; /* the journal is the end of this cylinder group */
	int64_t log_frags; /* 0: none */
};

/*
 * The superblock for a file system of bytes with room for at least inodes
 * inodes (exactly that many, rounded, if density is false).  As newfs(8),
 * mkfs.c.  Fails without a message (-1) if this size cannot be.
 */
int ffs_geometry(struct ffs_super *, const struct fs_options *, uint64_t bytes, uint64_t inodes, bool density);

/* newfs's block and fragment size for a file system of this size. */
void ffs_default_sizes(uint64_t bytes, uint32_t *bsize, uint32_t *fsize);

/* First logical block that level (1..3) of indirection serves, and how many one entry of it spans. */
static inline uint64_t
ffs_span(const struct ffs_super *s, unsigned level)
{
	uint64_t n = 1;

	while (level-- > 0)
		n *= (uint64_t)s->nindir;
	return n;
}

static inline uint64_t
ffs_indirect_start(const struct ffs_super *s, unsigned level)
{
	uint64_t lbn = FFS_NDADDR;
	unsigned i;

	for (i = 1; i < level; i++)
		lbn += ffs_span(s, i);
	return lbn;
}

/* What a journal can be: more than a transfer (wapbl_start()), less than UFS_WAPBL_MAX_JOURNAL_SIZE. */
#define FFS_LOG_MIN (UINT64_C(256) << 10)
#define FFS_LOG_MAX (UINT64_C(64) << 20)

/*
 * Finds a cylinder group that can hold the journal in one piece, and sets log_cg
 * and log_frags; false: there is none.
 */
bool ffs_log_place(struct ffs_layout *);
/* The journal's first fragment. */
int64_t ffs_log_addr(const struct ffs_layout *);

/* Gives every file its blocks in the geometry of l->super; false: they do not fit. */
bool ffs_alloc_files(struct ffs_layout *);

/* Fragments of the files, indirect blocks included, and apart from them the journal's. */
void ffs_layout_count(const struct ffs_layout *, uint64_t *files, uint64_t *log);

/*
 * The maps of cylinder group c: freemap (a bit a fragment) and iused (a bit an
 * inode), zeroed by it.  *cursor walks order[] from 0 as c goes up.  The number of
 * directories in the group is returned.
 */
uint32_t ffs_layout_maps(const struct ffs_layout *, uint32_t c, uint32_t *cursor, uint8_t *freemap, uint8_t *iused);

/* Fragments of cylinder group c before which data may lie, and from which on it may again. */
static inline int64_t
ffs_data_start(const struct ffs_super *s, uint32_t c)
{
	return s->dblkno + (c == 0 ? (int64_t)(s->cssize >> s->fshift) : 0);
}

/* Directory contents: size of them, and the bytes (ffs_dir.c). */
uint64_t ffs_dir_bytes(const struct tree_node *);
void ffs_dir_build(const struct ffs_super *, const struct tree_node *, uint8_t *buf, uint64_t bytes);

static inline uint32_t
ffs_file_ino(const struct tree_node *n)
{
	return n->inode->index + FFS_ROOTINO;
}

#endif
