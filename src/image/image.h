/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tree into a disk image: protective MBR, GPT with one partition, the file
 * system; written front to back, once, sparse.
 *
 *	LBA 0        protective MBR
 *	LBA 1        GPT header, LBA 2..33 its 128 entries
 *	512 KiB      partition: the file system
 *	end - 33     backup entries, last LBA the backup header
 */
#ifndef SMOL_IMAGE_IMAGE_H
#define SMOL_IMAGE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "fs/ffs.h"
#include "fs/fs.h"
#include "tree/tree.h"

#define IMAGE_SIZE_AUTO 0

struct image_old;

/* One row each in image_type.c. */
enum image_fs { IMAGE_FFS, IMAGE_EXT2, IMAGE_FS_COUNT };

struct image_type {
	const char *name; /* "ffs", "ext2" */
	const struct fs_ops *ops;
	const uint8_t *gpt_type;
};

const struct image_type *image_type(enum image_fs);
/* False: there is no file system of that name. */
bool image_fs_by_name(const char *name, enum image_fs *);

struct image_options {
	enum image_fs type;
	struct fs_options fs; /* bytes, volname, id and uuid are set by image_write() */
	uint64_t bytes; /* of the whole image, or IMAGE_SIZE_AUTO */
	const char *label; /* GPT partition name; at most 36 characters */
	bool gpt;
	const uint8_t *mbr_code; /* BOOTBLOCK_MBR_BYTES that a BIOS starts, which take the partition; NULL: none */
	bool digest; /* compute the image's SHA-256; its holes count, at some GB a second */
	const struct image_old *old; /* that is written anew (image_rewrite_open()); NULL: the image is a new one */
	/* Called now and then while writing, if not NULL. */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	void *progress_arg;
};

struct image_result {
	uint64_t bytes; /* of the image file */
	struct fs_usage fs; /* used, free, and by what */
	uint8_t digest[SHA256_SIZE]; /* of the image file; zeros if not asked for */
	uint64_t layout_ns, write_ns; /* time per stage */
};

/* The tree is sorted by it.  PATH appears, or is replaced, only when all is written. */
int image_write(const char *path, struct tree *, const struct image_options *, struct image_result *, struct err *);

/* The smallest image that these options allow for the (sorted) tree; o->bytes says only whether a size is given. */
int image_bytes_needed(struct tree *, const struct image_options *o, uint64_t *bytes, struct err *);

/*
 * An image for reading: finds the FFS partition (by GPT, else by NetBSD's
 * disklabel, which an MBR may lead to, else the file is a bare FFS) of a
 * regular file.
 */
struct image_partition {
	uint64_t offset, bytes; /* in the file */
	bool gpt;
	bool mbr; /* without GPT: it lies in the NetBSD partition of an MBR */
	char letter; /* in a disklabel; 0: there is none */
	char label[37 * 3]; /* UTF-8; empty without GPT */
	char note[256]; /* what the user should know: the backup GPT was used; or empty */
	uint8_t type_guid[16], unique_guid[16], disk_guid[16];
	uint64_t attributes;
	uint32_t others; /* further partitions in the GPT or the label */
	uint64_t file_bytes;
};

int image_open(const char *path, int *fd, struct image_partition *, struct err *);

/* Fails, with what to do, if the file system was not unmounted, or has what smol cannot write anew. */
int image_check_state(const struct ffs_super *, struct err *);

/*
 * An open file that smol is about to replace or to extend: nobody else may
 * write to it meanwhile.  (machine/disk_lock.h.)
 */
struct image_lock {
	int fd;
	char *path; /* without symlinks: the name that is to be replaced */
};

/* fd, if not -1, must be the same file still.  Fails in one line if it is in use. */
int image_lock(struct image_lock *, const char *path, int fd, struct err *);
void image_unlock(struct image_lock *);

/*
 * An image to be written anew, from a tree that was read of it: what lies
 * around its files stays.  Kept are the partition's place, GUIDs, type, label
 * and attributes, boot code, and of the file system version, byte order, block
 * sizes, fs_id, volume name, density of inodes and log space.
 */
struct image_old {
	struct image_lock lock;
	int fd; /* the reader's */
	const struct image_partition *part;
	uint8_t *boot;
	uint64_t log_bytes;
};

struct ffs_tree_lost;
/*
 * Locks it, says in one line if and why it cannot be written anew, and fills
 * the options for image_write(); what the caller may still set is bytes (as
 * before), fs.spare_inodes, fs.free_bytes, progress and digest.  part and reader must
 * outlive it; image_rewrite_close() in any case.
 */
int image_rewrite_open(struct image_old *, struct image_options *, const char *path, const struct image_partition *,
    const struct ffs_reader *, struct err *);
/* Whether all of the old image is in the tree. */
int image_rewrite_lost(const struct ffs_tree_lost *, struct err *);
void image_rewrite_close(struct image_old *);

#endif
