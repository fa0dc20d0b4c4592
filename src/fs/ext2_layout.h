/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the ext2 writer.  Revision 1 without any feature ("mke2fs -O none"),
 * inodes of 128 bytes: what NetBSD, Linux and everybody else can mount.
 * Source: the kernel's Documentation/filesystems/ext4, NetBSD sys/ufs/ext2fs.
 *
 *	group g begins at block first + g * per_group, each alike:
 *	+0  superblock (a copy), +1 descriptors of all groups, block map, inode
 *	    map, inodes, then data
 *
 * Files take the data blocks of all groups in order, one after another, each
 * indirect block before what it leads to.  So the number of a block among all
 * data blocks (its ordinal) says everything: a file has those from first on.
 */
#ifndef SMOL_FS_EXT2_LAYOUT_H
#define SMOL_FS_EXT2_LAYOUT_H

#include "fs/fs.h"
#include "fs/order.h"

#define EXT2_ROOTINO 2
#define EXT2_FIRSTINO 11
#define EXT2_INODE_BYTES 128
#define EXT2_SUPER_AT 1024 /* bytes into the file system */
#define EXT2_SUPER_BYTES 1024
#define EXT2_DESC_BYTES 32
#define EXT2_NDADDR 12
#define EXT2_NIADDR 3
#define EXT2_BSIZE_MAX 4096
#define EXT2_FASTLINK 60 /* symlinks shorter than this lie in the inode */

struct ext2_file {
	const struct tree_node *node;
	uint64_t bytes; /* i_size */
	uint64_t first; /* ordinal */
	uint64_t nblocks; /* of data, holes included; 0 for what has none */
	uint64_t held; /* blocks, indirect ones included */
	bool sparse;
};

struct ext2_layout {
	struct tree *tree;
	struct fs_options options;
	struct ext2_file *files; /* in order; [0] is the root */
	uint32_t nfiles, ndirs;
	uint64_t data; /* blocks that files hold */
	bool large; /* a file of 2 GiB or more */
	/* geometry */
	uint32_t bsize;
	uint32_t first; /* block where group 0 begins: 1 if blocks are 1 KiB */
	uint64_t nblocks; /* of the file system, first included */
	uint32_t per_group, ngroups;
	uint32_t inodes; /* per group */
	uint32_t desc_blocks, inode_blocks, overhead; /* blocks of each group */
};

static inline uint32_t
ext2_nindir(const struct ext2_layout *l)
{
	return l->bsize / 4;
}

/* Number of the inode of files[i]. */
static inline uint32_t
ext2_ino(uint32_t i)
{
	return i == 0 ? EXT2_ROOTINO : EXT2_FIRSTINO - 1 + i;
}

/* Blocks of group g; the last may be short. */
static inline uint64_t
ext2_group_blocks(const struct ext2_layout *l, uint32_t g)
{
	uint64_t left = l->nblocks - l->first - (uint64_t)g * l->per_group;

	return left < l->per_group ? left : l->per_group;
}

static inline uint64_t
ext2_group_data(const struct ext2_layout *l, uint32_t g)
{
	return ext2_group_blocks(l, g) - l->overhead;
}

/* Data blocks of all groups. */
static inline uint64_t
ext2_room(const struct ext2_layout *l)
{
	return l->nblocks - l->first - (uint64_t)l->ngroups * l->overhead;
}

/* Block number of a data block. */
static inline uint32_t
ext2_block(const struct ext2_layout *l, uint64_t ordinal)
{
	uint64_t each = l->per_group - l->overhead;

	return (uint32_t)(l->first + ordinal / each * l->per_group + l->overhead + ordinal % each);
}

/* First logical block that level (1..3) of indirection serves; how many one entry at a level (0..3) spans. */
uint64_t ext2_indirect_start(const struct ext2_layout *, unsigned level);
uint64_t ext2_span(const struct ext2_layout *, unsigned level);

/* Logical blocks from..end of which the file has data: the first run, *end its end; false: none. */
bool ext2_data_run(const struct ext2_layout *, const struct ext2_file *, uint64_t *from, uint64_t *end);

/* Blocks held by the part of the file that begins at lbn, below an entry at that level; 0: a hole. */
uint64_t ext2_count(const struct ext2_layout *, const struct ext2_file *, unsigned level, uint64_t lbn);

/* Directory contents (ext2_dir.c), a block after another. */
uint64_t ext2_dir_blocks(const struct ext2_layout *, const struct tree_node *);
struct ext2_dir {
	const struct tree_node *dir, *next;
	unsigned dots; /* "." and ".." that are still to come */
};
void ext2_dir_begin(struct ext2_dir *, const struct tree_node *);
/* The next block into buf (NULL: only counted); false: there are no entries left. */
bool ext2_dir_block(const struct ext2_layout *, struct ext2_dir *, uint8_t *buf);

int ext2_write(const struct ext2_layout *, struct stream *);

#endif
