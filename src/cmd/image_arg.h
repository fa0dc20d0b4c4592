/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the commands that look into images share: the argument IMAGE[:PATH],
 * sorted directories, and names printed so that they cannot harm a terminal.
 */
#ifndef SMOL_CMD_IMAGE_ARG_H
#define SMOL_CMD_IMAGE_ARG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "fs/ffs.h"
#include "image/image.h"

/* An open image and a path in it. */
struct image_arg {
	char *image; /* file name */
	char *path; /* "/" if none was given */
	int fd;
	struct image_partition part;
	struct ffs_reader r;
};

/*
 * If the whole argument names a file it is the image; else it is split at the
 * last ':' before which there is the name of a file.  A note about the image
 * (a damaged GPT) is printed on stderr.  image_arg_close() in any case.
 */
int image_arg_open(struct image_arg *, const char *arg, struct err *);
void image_arg_close(struct image_arg *);

/* A note on stderr if what is read may not be what NetBSD will find: it was not unmounted, its journal not replayed. */
void image_arg_note(const struct image_arg *);

/* A file of a directory, or the one that the argument names. */
struct image_file {
	char *name;
	uint64_t ino;
	struct ffs_dinode d;
};

struct image_dir {
	struct image_file *files; /* by name */
	size_t n, cap;
};

int image_dir_load(struct image_dir *, const struct ffs_reader *, const struct ffs_dinode *, struct err *);
/* Adds one file by inode number, at the end. */
int image_dir_add(struct image_dir *, const struct ffs_reader *, const char *name, uint64_t ino, struct err *);
void image_dir_release(struct image_dir *);

static inline bool
image_file_is(const struct image_file *f, uint32_t type)
{
	return (f->d.mode & TREE_IFMT) == type;
}

/*
 * Directories seen so far, for walks: in a damaged image one may be reached
 * twice, or from inside itself.  Starts zeroed; free(seen->map).
 */
struct image_seen {
	uint8_t *map;
};
int image_seen_add(struct image_seen *, const struct ffs_reader *, uint64_t ino, struct err *);

/* Control characters and what is not UTF-8 as C escapes ("\n", "\033"); a backslash doubled if all is set. */
void str_add_escaped(struct str *, const char *, bool all);
/* A JSON string with its quotes; what is not UTF-8 becomes U+FFFD. */
void str_add_json(struct str *, const char *);

#endif
