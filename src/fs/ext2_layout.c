/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The layout of a new ext2 file system: how many blocks each file holds, and
 * the size and geometry (mke2fs's) that take them.
 */
#include "fs/ext2_layout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"

#define SMALL_BYTES (UINT64_C(512) << 20) /* below: blocks of 1 KiB */
#define FLOPPY_BYTES (UINT64_C(3) << 20)
#define LAST_GROUP_MIN 50 /* data blocks; a last group of fewer is left out */
#define SPARE_INODES_MIN 256 /* an automatic size leaves these, or an eighth of those in use */
#define LARGE_FILE (UINT64_C(1) << 31)

uint64_t
ext2_span(const struct ext2_layout *l, unsigned level)
{
	uint64_t n = 1;

	while (level-- > 0)
		n *= ext2_nindir(l);
	return n;
}

uint64_t
ext2_indirect_start(const struct ext2_layout *l, unsigned level)
{
	uint64_t lbn = EXT2_NDADDR;
	unsigned i;

	for (i = 1; i < level; i++)
		lbn += ext2_span(l, i);
	return lbn;
}

bool
ext2_data_run(const struct ext2_layout *l, const struct ext2_file *f, uint64_t *from, uint64_t *end)
{
	const struct tree_content *c = &f->node->inode->attr.content;
	uint64_t stop = u64_min(*end, f->nblocks);
	uint32_t lo = 0, hi = c->nextents, mid;

	if (*from >= stop)
		return false;
	*end = stop;
	if (!f->sparse)
		return true;
	/* The first extent that ends after the block's beginning. */
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (c->extents[mid].offset + c->extents[mid].bytes <= *from * l->bsize)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == c->nextents || c->extents[lo].offset >= stop * l->bsize)
		return false;
	*from = u64_max(*from, c->extents[lo].offset / l->bsize);
	*end = howmany(c->extents[lo].offset + c->extents[lo].bytes, (uint64_t)l->bsize);
	for (lo++; lo < c->nextents && c->extents[lo].offset < *end * l->bsize; lo++)
		*end = howmany(c->extents[lo].offset + c->extents[lo].bytes, (uint64_t)l->bsize);
	*end = u64_min(*end, stop);
	return true;
}

uint64_t
ext2_count(const struct ext2_layout *l, const struct ext2_file *f, unsigned level, uint64_t lbn)
{
	uint64_t each, from = lbn, end = lbn + ext2_span(l, level), sum = 1;
	uint32_t i;

	if (!ext2_data_run(l, f, &from, &end))
		return 0;
	if (level == 0)
		return 1;
	each = ext2_span(l, level - 1);
	for (i = 0; i < ext2_nindir(l) && lbn < f->nblocks; i++, lbn += each)
		sum += ext2_count(l, f, level - 1, lbn);
	return sum;
}

static uint64_t
count_file(const struct ext2_layout *l, const struct ext2_file *f)
{
	uint64_t lbn, n = 0;
	unsigned level;

	for (lbn = 0; lbn < EXT2_NDADDR; lbn++)
		n += ext2_count(l, f, 0, lbn);
	for (level = 1; level <= EXT2_NIADDR; level++)
		n += ext2_count(l, f, level, ext2_indirect_start(l, level));
	return n;
}

static int
place_file(struct ext2_layout *l, struct ext2_file *f, struct err *err)
{
	const struct tree_attr *a = &f->node->inode->attr;
	uint64_t max = ext2_indirect_start(l, EXT2_NIADDR + 1);
	char path[256];

	f->first = l->data;
	f->nblocks = 0;
	if (tree_is(f->node, TREE_IFDIR)) {
		f->nblocks = ext2_dir_blocks(l, f->node);
		f->bytes = f->nblocks * l->bsize;
	} else if (tree_is(f->node, TREE_IFLNK)) {
		f->bytes = strlen(a->target);
		f->nblocks = f->bytes >= EXT2_FASTLINK;
	} else if (tree_is(f->node, TREE_IFREG)) {
		f->bytes = a->size;
		f->nblocks = howmany(f->bytes, (uint64_t)l->bsize);
		f->sparse = a->content.source != NULL;
	}
	if (f->nblocks > max)
		return err_set(err, "%s: %" PRIu64 " bytes are more than a file can have (%" PRIu64 ")",
		    tree_path(f->node, path, sizeof(path)), f->bytes, max * l->bsize);
	f->held = count_file(l, f);
	l->data += f->held;
	l->large = l->large || f->bytes >= LARGE_FILE;
	return 0;
}

/* What the files hold in blocks of that size. */
static int
place_files(struct ext2_layout *l, uint32_t bsize, struct err *err)
{
	uint32_t i;

	l->bsize = bsize;
	l->data = 0;
	for (i = 0; i < l->nfiles; i++)
		if (place_file(l, &l->files[i], err) < 0)
			return -1;
	return 0;
}

/* --- geometry --- */

static uint64_t
inodes_wanted(const struct ext2_layout *l, uint64_t bytes)
{
	uint64_t used = (uint64_t)l->nfiles - 1 + EXT2_FIRSTINO - 1, ratio;

	if (!l->options.spare_inodes)
		return used;
	used += u64_max(used / 8, SPARE_INODES_MIN);
	if (l->options.bytes == FS_BYTES_AUTO)
		return used;
	/* /etc/mke2fs.conf */
	ratio = bytes < FLOPPY_BYTES ? 8192 : bytes < SMALL_BYTES ? 4096 : 16384;
	return u64_max(used, bytes / ratio);
}

static void
set_overhead(struct ext2_layout *l, uint64_t inodes)
{
	uint32_t per_block = l->bsize / EXT2_INODE_BYTES;

	l->ngroups = (uint32_t)howmany(l->nblocks - l->first, (uint64_t)l->per_group);
	l->desc_blocks = (uint32_t)howmany((uint64_t)l->ngroups * EXT2_DESC_BYTES, l->bsize);
	l->inodes = (uint32_t)roundup(u64_min(howmany(inodes, l->ngroups), UINT32_MAX / 2), per_block);
	l->inode_blocks = l->inodes / per_block;
	l->overhead = 1 + l->desc_blocks + 2 + l->inode_blocks;
}

/* Whether the files fit into so many blocks; l then holds the geometry. */
static bool
try_blocks(struct ext2_layout *l, uint64_t nblocks)
{
	uint64_t inodes = inodes_wanted(l, nblocks * l->bsize), room, last;

	l->first = l->bsize == 1024;
	l->nblocks = nblocks;
	l->per_group = 8 * l->bsize;
	if (nblocks <= (uint64_t)l->first + LAST_GROUP_MIN || nblocks > UINT32_MAX)
		return false;
	set_overhead(l, inodes);
	last = ext2_group_blocks(l, l->ngroups - 1);
	if (last < l->overhead + LAST_GROUP_MIN && l->ngroups > 1) {
		l->nblocks -= last;
		set_overhead(l, inodes);
	}
	if (l->inodes > 8 * l->bsize || l->overhead + LAST_GROUP_MIN > l->per_group ||
	    ext2_group_blocks(l, l->ngroups - 1) < l->overhead)
		return false;
	room = ext2_room(l);
	return l->data <= room && howmany(l->options.free_bytes, (uint64_t)l->bsize) <= room - l->data &&
	       howmany(l->data * l->options.free_percent, 100) <= room - l->data;
}

/* The smallest number of blocks up to max; 0: not even that. */
static uint64_t
smallest_blocks(struct ext2_layout *l, uint64_t max)
{
	uint64_t lo = 0, hi = l->data + LAST_GROUP_MIN, mid;

	while (hi < max && !try_blocks(l, hi)) {
		lo = hi;
		hi *= 2;
	}
	hi = u64_min(hi, max);
	if (!try_blocks(l, hi))
		return 0;
	while (lo + 1 < hi) {
		mid = lo + (hi - lo) / 2;
		if (try_blocks(l, mid))
			hi = mid;
		else
			lo = mid;
	}
	return hi;
}

static uint32_t
bsize_for(const struct ext2_layout *l, uint64_t bytes)
{
	return l->options.bsize != 0 ? l->options.bsize : bytes < SMALL_BYTES ? 1024 : 4096;
}

/* mke2fs's block size depends on the size, as newfs's does. */
static int
smallest(struct ext2_layout *l, uint64_t *bytes, struct err *err)
{
	static const uint64_t classes[] = { SMALL_BYTES, (uint64_t)UINT32_MAX * EXT2_BSIZE_MAX };
	uint64_t blocks;
	uint32_t bsize;
	size_t i;

	for (i = 0; i < nitems(classes); i++) {
		bsize = bsize_for(l, classes[i] - 1);
		if (place_files(l, bsize, err) < 0)
			return -1;
		blocks = smallest_blocks(l, u64_min((classes[i] - 1) / bsize, UINT32_MAX));
		if (blocks != 0) {
			*bytes = blocks * bsize;
			return 0;
		}
	}
	return err_set(err, "the files do not fit into any ext2 file system");
}

/* --- the row of functions --- */

static void
layout_free(void *arg)
{
	struct ext2_layout *l = arg;

	free(l->files);
	free(l);
}

static int
check_options(const struct fs_options *o, struct err *err)
{
	if (o->bsize != 0 && (!powerof2(o->bsize) || o->bsize < 1024 || o->bsize > EXT2_BSIZE_MAX))
		return err_usage(err, "bad block size %" PRIu32 " for ext2: 1024, 2048 or 4096", o->bsize);
	if (o->fsize != 0)
		return err_usage(err, "ext2 has no fragments");
	if (o->log_bytes != 0)
		return err_usage(err, "ext2 has no journal");
	return 0;
}

static struct ext2_layout *
prepare(struct tree *tree, const struct fs_options *o, struct err *err)
{
	struct fs_order order;
	struct ext2_layout *l;
	uint32_t i;

	if (check_options(o, err) < 0 || fs_order_make(&order, tree, err) < 0)
		return NULL;
	l = xcalloc(1, sizeof(*l));
	l->tree = tree;
	l->options = *o;
	l->files = xcalloc(order.n, sizeof(*l->files));
	l->nfiles = order.n;
	l->ndirs = order.ndirs;
	for (i = 0; i < order.n; i++)
		l->files[i].node = order.nodes[i];
	free(order.nodes);
	return l;
}

static void *
layout_new(struct tree *tree, const struct fs_options *o, struct err *err)
{
	struct ext2_layout *l = prepare(tree, o, err);
	uint64_t bytes = o->bytes;

	if (l == NULL)
		return NULL;
	if (bytes == FS_BYTES_AUTO && smallest(l, &bytes, err) < 0)
		goto fail;
	if (place_files(l, bsize_for(l, bytes), err) < 0)
		goto fail;
	if (!try_blocks(l, bytes / l->bsize)) {
		(void)err_set(err, "the files do not fit into %" PRIu64 " bytes of ext2", bytes);
		goto fail;
	}
	l->options.bytes = bytes;
	return l;
fail:
	layout_free(l);
	return NULL;
}

static int
needed(struct tree *tree, const struct fs_options *o, uint64_t *bytes, struct err *err)
{
	struct ext2_layout *l = prepare(tree, o, err);
	int rv;

	if (l == NULL)
		return -1;
	rv = smallest(l, bytes, err);
	layout_free(l);
	return rv;
}

static void
usage(const void *arg, struct fs_usage *u)
{
	const struct ext2_layout *l = arg;

	*u = (struct fs_usage){ .bytes = l->options.bytes,
		.free_bytes = (ext2_room(l) - l->data) * l->bsize,
		.file_bytes = l->data * l->bsize,
		.inodes = (uint64_t)l->ngroups * l->inodes,
		.bsize = l->bsize,
		.fsize = l->bsize };
	u->used_bytes = l->nblocks * l->bsize - u->free_bytes;
	u->free_inodes = u->inodes - ext2_ino(l->nfiles) + 1;
}

static int
write_layout(const void *l, struct stream *out)
{
	return ext2_write(l, out);
}

const struct fs_ops fs_ext2_ops = {
	.layout = layout_new,
	.needed = needed,
	.usage = usage,
	.write = write_layout,
	.free = layout_free,
};
