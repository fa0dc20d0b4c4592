/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol image cat: the bytes of files in images.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/io.h"
#include "cmd/cmd.h"
#include "cmd/image_arg.h"

#define CHUNK_BYTES (1024 * 1024)

static int
copy_out(const struct image_arg *a, const struct ffs_dinode *d, struct err *err)
{
	cleanup_free char *buf = xmalloc(CHUNK_BYTES);
	uint64_t at, n;

	for (at = 0; at < d->size; at += n) {
		n = u64_min(CHUNK_BYTES, d->size - at);
		if (ffs_read(&a->r, d, buf, n, at, err) < 0)
			return err_wrap(err, "image '%s': '%s'", a->image, a->path);
		if (write_full(STDOUT_FILENO, buf, n) < 0)
			return err_sys(err, "cannot write the output");
	}
	return 0;
}

static int
cat(const struct image_arg *a, struct err *err)
{
	struct ffs_dinode d;
	uint64_t ino;

	if (ffs_lookup(&a->r, a->path, true, &ino, err) < 0 || ffs_read_inode(&a->r, ino, &d, err) < 0)
		return err_wrap(err, "image '%s'", a->image);
	if ((d.mode & TREE_IFMT) == TREE_IFDIR)
		return err_set(err, "image '%s': '%s' is a directory", a->image, a->path);
	if ((d.mode & TREE_IFMT) != TREE_IFREG)
		return err_set(err, "image '%s': '%s' is not a regular file", a->image, a->path);
	return copy_out(a, &d, err);
}

static int
run(int argc, char **argv, struct err *err)
{
	static const struct option longs[] = { { NULL, 0, NULL, 0 } };
	struct image_arg a;
	int rv;

	if (cmd_getopt(argc, argv, "", longs, err) != -1)
		return -1;
	if (optind == argc)
		return err_usage(err, "want IMAGE:PATH; see 'smol image cat --help'");
	for (; optind < argc; optind++) {
		rv = image_arg_open(&a, argv[optind], err);
		if (rv == 0) {
			image_arg_note(&a);
			rv = cat(&a, err);
		}
		image_arg_close(&a);
		if (rv < 0)
			return -1;
	}
	return 0;
}

const struct command cmd_image_cat = {
	.name = "image cat",
	.args = "IMAGE:PATH...",
	.summary = "print files of an image",
	.help = "The bytes as they are; symlinks are followed inside the image.\n\n"
		"  smol image cat images/base-amd64.img:/etc/rc\n",
	.run = run,
};
