/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FFS for the rest of smol: a tree into a file system of exact size, and a
 * file system read and checked, without root and without mounting.
 *
 *	write:	tree + options ─► ffs_layout (every inode and block has its
 *		place) ─► ffs_write: one pass, front to back, into a stream
 *	read:	descriptor + offset ─► ffs_reader ─► inodes, names, bytes
 */
#ifndef SMOL_FS_FFS_H
#define SMOL_FS_FFS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "fs/ffs_format.h"
#include "fs/fs.h"
#include "tree/tree.h"

/* --- writing --- */

struct ffs_layout;

/*
 * Gives every file of the sorted tree its place.  If the tree does not fit:
 * an error that says how many bytes would do.  The tree must live, unchanged,
 * as long as the layout.
 */
struct ffs_layout *ffs_layout_new(struct tree *, const struct fs_options *, struct err *);
void ffs_layout_free(struct ffs_layout *);
const struct ffs_super *ffs_layout_super(const struct ffs_layout *);
uint64_t ffs_layout_bytes(const struct ffs_layout *); /* size of the file system */

/* The smallest --size for this tree and these options, in bytes of file system. */
int ffs_bytes_needed(struct tree *, const struct fs_options *, uint64_t *bytes, struct err *);

struct stream;
/* Writes exactly ffs_layout_bytes() bytes to the stream, which keeps what goes wrong. */
int ffs_write(const struct ffs_layout *, struct stream *);

/* --- reading --- */

struct ffs_reader {
	int fd;
	uint64_t offset, bytes; /* of the partition in the file */
	struct ffs_super super;
};

/*
 * Reads and validates the superblock (NetBSD's ffs_superblock_validate() and
 * what keeps our own arithmetic safe on a hostile image).  The descriptor
 * stays the caller's.
 */
int ffs_open(struct ffs_reader *, int fd, uint64_t offset, uint64_t bytes, struct err *);

int ffs_read_inode(const struct ffs_reader *, uint64_t ino, struct ffs_dinode *, struct err *);

/* The address of logical block lbn, in fragments; 0 is a hole. */
int ffs_block_address(const struct ffs_reader *, const struct ffs_dinode *, uint64_t lbn, int64_t *addr, struct err *);

/* len bytes at offset of the file; holes read as zeros; must lie within the size. */
int
ffs_read(const struct ffs_reader *, const struct ffs_dinode *, void *buf, uint64_t len, uint64_t offset, struct err *);

/* Symlink text, inline or not; caller frees. */
char *ffs_readlink(const struct ffs_reader *, const struct ffs_dinode *, struct err *);

/*
 * Calls fn for every entry of a directory but "." and "..", in disk order,
 * until it returns non-zero, which is then returned.  name is NUL-terminated.
 */
int ffs_readdir(const struct ffs_reader *, const struct ffs_dinode *dir,
    int (*fn)(void *arg, const char *name, uint64_t ino, uint8_t type, struct err *), void *arg, struct err *);

/* Path to inode; symlinks in the middle are followed inside the image (at most 32), the last only if follow. */
int ffs_lookup(const struct ffs_reader *, const char *path, bool follow, uint64_t *ino, struct err *);

/* --- the journal --- */

/*
 * The log of WAPBL.  While FS_DOWAPBL is set its records are part of the file
 * system's state: what else is read is that without them.
 */
struct ffs_log {
	bool present;
	bool inside; /* held by inode ino; else behind the file system */
	uint64_t ino;
	uint64_t offset, bytes; /* in the partition */
	bool live; /* FS_DOWAPBL: mounted, or the machine went down */
	/* If live, records that NetBSD will replay: */
	uint64_t used_bytes;
	uint64_t blocks, inodes; /* blocks to write, unlinked inodes to free */
};

/* Fails if the log's place cannot be, or, if it is live, its records make no sense. */
int ffs_log_read(const struct ffs_reader *, struct ffs_log *, struct err *);

/* --- checking --- */

struct ffs_check_result {
	uint64_t problems;
	uint64_t files, directories, used_frags, free_frags;
};

/*
 * Every inode, block, fragment, link count, bitmap, summary and directory
 * entry.  Each problem is one line to report(): what, where, found and
 * expected.  Returns -1 only if the check itself could not go on.
 */
int ffs_check(const struct ffs_reader *, void (*report)(void *arg, const char *line), void *arg,
    struct ffs_check_result *, struct err *);

#endif
