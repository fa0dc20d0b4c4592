/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FFS's row among the file systems that are written (fs.h).
 */
#include "fs/ffs_layout.h"

static void *
layout(struct tree *tree, const struct fs_options *o, struct err *err)
{
	return ffs_layout_new(tree, o, err);
}

static void
usage(const void *arg, struct fs_usage *u)
{
	const struct ffs_layout *l = arg;
	const struct ffs_super *s = &l->super;
	uint64_t files, log;

	ffs_layout_count(l, &files, &log);
	*u = (struct fs_usage){ .bytes = ffs_layout_bytes(l),
		.free_bytes = (uint64_t)(s->cstotal.nbfree << s->bshift) + (uint64_t)(s->cstotal.nffree << s->fshift),
		.file_bytes = files << s->fshift,
		.log_bytes = (uint64_t)l->log_frags << s->fshift,
		.inodes = (uint64_t)s->ncg * s->ipg,
		.free_inodes = (uint64_t)s->cstotal.nifree,
		.bsize = (uint32_t)s->bsize,
		.fsize = (uint32_t)s->fsize };
	u->used_bytes = (uint64_t)(s->size << s->fshift) - u->free_bytes;
}

static int
write_layout(const void *l, struct stream *out)
{
	return ffs_write(l, out);
}

static void
free_layout(void *l)
{
	ffs_layout_free(l);
}

const struct fs_ops fs_ffs_ops = {
	.layout = layout,
	.needed = ffs_bytes_needed,
	.usage = usage,
	.write = write_layout,
	.free = free_layout,
};
