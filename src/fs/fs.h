/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file systems that smol writes, a row of functions each: a tree and
 * options become a layout, in which every file has its place and the size is
 * known; a layout goes into a stream, front to back, once.
 *
 *	tree + fs_options ─► layout() ─► usage() ─► write() ─► free()
 */
#ifndef SMOL_FS_FS_H
#define SMOL_FS_FS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "tree/tree.h"

#define FS_BYTES_AUTO 0 /* as small as the tree allows */
#define FS_LOG_AUTO UINT64_MAX

struct ffs_super;

struct fs_options {
	uint64_t bytes; /* of the file system, or FS_BYTES_AUTO */
	bool spare_inodes; /* leave some for a guest that writes (with a given size: as newfs, mke2fs) */
	/* With FS_BYTES_AUTO, room to leave: at least so much, and at least that part of what the files take. */
	uint64_t free_bytes;
	unsigned free_percent;
	uint32_t bsize, fsize; /* 0: as newfs(8), mke2fs(8) choose for the size; ext2 has no fragments */
	const char *volname; /* may be NULL */
	uint32_t id; /* these two are derived from the content: fs_id of FFS, */
	uint8_t uuid[16]; /* UUID of ext2 */
	/* FFS only: */
	unsigned version; /* 1 or 2 */
	uint64_t log_bytes; /* WAPBL journal; 0: none; FS_LOG_AUTO: as large as NetBSD would make it */
	/*
	 * To be written anew, if not NULL: its byte order, fs_id and volume
	 * name, and with given bytes its density of inodes, are kept.
	 */
	const struct ffs_super *like;
	const uint8_t *boot; /* the bytes before the superblock, may be NULL: zeros */
};

/* What a layout amounts to. */
struct fs_usage {
	uint64_t bytes; /* size of the file system */
	uint64_t used_bytes; /* metadata, files and journal */
	uint64_t free_bytes; /* what df shows as available */
	uint64_t file_bytes; /* what du counts: blocks of files and directories */
	uint64_t log_bytes;
	uint64_t inodes, free_inodes;
	uint32_t bsize, fsize;
};

struct stream;

struct fs_ops {
	/*
	 * Gives every file of the sorted tree its place.  The tree must live,
	 * unchanged, as long as the layout.  NULL and err: it does not fit.
	 */
	void *(*layout)(struct tree *, const struct fs_options *, struct err *);
	/* The smallest size for this tree and these options, in bytes of file system. */
	int (*needed)(struct tree *, const struct fs_options *, uint64_t *bytes, struct err *);
	void (*usage)(const void *layout, struct fs_usage *);
	/* Writes exactly usage.bytes to the stream, which keeps what goes wrong. */
	int (*write)(const void *layout, struct stream *);
	void (*free)(void *layout);
};

extern const struct fs_ops fs_ffs_ops;
extern const struct fs_ops fs_ext2_ops;

#endif
