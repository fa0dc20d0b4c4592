/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ext2 layout into a stream, front to back: each group's superblock,
 * descriptors, maps and inodes, then as much of the files as it has room for.
 */
#include <string.h>

#include "base/defs.h"
#include "base/endian.h"
#include "base/stream.h"
#include "fs/ext2_layout.h"

#define MAGIC 0xef53
#define FEATURE_RO_LARGE_FILE 0x0002
#define STATE_CLEAN 1
#define ERRORS_CONTINUE 1
#define FLAG_SIGNED_HASH 1
#define DESCS_MAX 128 /* written at a time */

/* i_flags, and the chflags(2) bits that NetBSD makes of them. */
#define IFLAG_IMMUTABLE 0x10
#define IFLAG_APPEND 0x20
#define IFLAG_NODUMP 0x40
#define BSD_NODUMP 0x00001
#define BSD_IMMUTABLE 0x20002 /* SF_ and UF_ */
#define BSD_APPEND 0x40004

struct writer {
	const struct ext2_layout *l;
	struct stream *out;
	uint64_t ordinal; /* of the next data block */
	uint32_t group; /* that is being written */
	uint64_t left; /* data blocks that it has room for */
	uint8_t block[EXT2_BSIZE_MAX];
};

static uint32_t
clamp_time(int64_t t)
{
	return (uint32_t)(int32_t)(t > INT32_MAX ? INT32_MAX : t < INT32_MIN ? INT32_MIN : t);
}

/* --- superblock and descriptors --- */

static uint64_t
free_blocks(const struct ext2_layout *l, uint32_t g)
{
	uint64_t before = (uint64_t)g * (l->per_group - l->overhead), data = ext2_group_data(l, g);

	return data - (l->data > before ? u64_min(l->data - before, data) : 0);
}

/* How many of the inodes 1..last belong to group g. */
static uint32_t
group_inodes(const struct ext2_layout *l, uint32_t g, uint32_t last)
{
	uint64_t before = (uint64_t)g * l->inodes;

	return last > before ? (uint32_t)u64_min(last - before, l->inodes) : 0;
}

static uint32_t
last_ino(const struct ext2_layout *l)
{
	return ext2_ino(l->nfiles) - 1;
}

/* Directories are the root and the first of the other inodes. */
static uint32_t
group_dirs(const struct ext2_layout *l, uint32_t g)
{
	return group_inodes(l, g, ext2_ino(l->ndirs) - 1) - group_inodes(l, g, EXT2_FIRSTINO - 1) + (g == 0);
}

static void
write_super(struct writer *w, uint32_t g)
{
	const struct ext2_layout *l = w->l;
	uint8_t b[EXT2_SUPER_BYTES] = { 0 };
	uint32_t log = l->bsize == 1024 ? 0 : l->bsize == 2048 ? 1 : 2, time = clamp_time(l->tree->epoch);
	uint32_t inodes = l->ngroups * l->inodes;

	put_le32(b, inodes);
	put_le32(b + 4, (uint32_t)l->nblocks);
	put_le32(b + 12, (uint32_t)(ext2_room(l) - l->data));
	put_le32(b + 16, inodes - last_ino(l));
	put_le32(b + 20, l->first);
	put_le32(b + 24, log);
	put_le32(b + 28, log);
	put_le32(b + 32, l->per_group);
	put_le32(b + 36, l->per_group);
	put_le32(b + 40, l->inodes);
	put_le32(b + 48, time); /* written */
	put_le16(b + 54, 0xffff); /* mounts until a check: any number */
	put_le16(b + 56, MAGIC);
	put_le16(b + 58, STATE_CLEAN);
	put_le16(b + 60, ERRORS_CONTINUE);
	put_le32(b + 64, time); /* checked */
	put_le32(b + 76, 1); /* revision */
	put_le32(b + 84, EXT2_FIRSTINO);
	put_le16(b + 88, EXT2_INODE_BYTES);
	put_le16(b + 90, (uint16_t)g);
	put_le32(b + 100, l->large ? FEATURE_RO_LARGE_FILE : 0);
	memcpy(b + 104, l->options.uuid, 16);
	if (l->options.volname != NULL)
		memcpy(b + 120, l->options.volname, strnlen(l->options.volname, 16));
	put_le32(b + 264, time); /* made */
	put_le32(b + 352, FLAG_SIGNED_HASH);
	(void)stream_write(w->out, b, sizeof(b));
	if (l->bsize > EXT2_SUPER_BYTES)
		(void)stream_zero(w->out, l->bsize - sizeof(b) - (g == 0 ? EXT2_SUPER_AT : 0));
}

static void
put_desc(const struct ext2_layout *l, uint32_t g, uint8_t *p)
{
	uint32_t maps = l->first + g * l->per_group + 1 + l->desc_blocks;

	memset(p, 0, EXT2_DESC_BYTES);
	put_le32(p, maps);
	put_le32(p + 4, maps + 1);
	put_le32(p + 8, maps + 2);
	put_le16(p + 12, (uint16_t)free_blocks(l, g));
	put_le16(p + 14, (uint16_t)(l->inodes - group_inodes(l, g, last_ino(l))));
	put_le16(p + 16, (uint16_t)group_dirs(l, g));
}

static void
write_descs(struct writer *w)
{
	const struct ext2_layout *l = w->l;
	uint8_t b[DESCS_MAX * EXT2_DESC_BYTES];
	uint32_t g, n = 0;

	for (g = 0; g < l->ngroups; g++) {
		put_desc(l, g, b + (size_t)n++ * EXT2_DESC_BYTES);
		if (n == DESCS_MAX || g + 1 == l->ngroups) {
			(void)stream_write(w->out, b, (size_t)n * EXT2_DESC_BYTES);
			n = 0;
		}
	}
	(void)stream_zero(w->out, (uint64_t)l->desc_blocks * l->bsize - (uint64_t)l->ngroups * EXT2_DESC_BYTES);
}

/* A map of one block: the first used bits, and those from end on, which stand for nothing. */
static void
write_map(struct writer *w, uint32_t used, uint32_t end)
{
	uint32_t i, bits = w->l->bsize * 8;

	memset(w->block, 0, w->l->bsize);
	memset(w->block, 0xff, used / 8);
	for (i = rounddown(used, 8); i < used; i++)
		w->block[i / 8] = (uint8_t)(w->block[i / 8] | 1u << i % 8);
	for (i = end; i < bits; i++)
		w->block[i / 8] = (uint8_t)(w->block[i / 8] | 1u << i % 8);
	(void)stream_write(w->out, w->block, w->l->bsize);
}

/* --- inodes --- */

static void
put_pointers(const struct ext2_layout *l, const struct ext2_file *f, uint8_t *p)
{
	uint64_t ordinal = f->first, n, lbn;
	unsigned level;

	for (lbn = 0; lbn < EXT2_NDADDR; lbn++) {
		n = ext2_count(l, f, 0, lbn);
		put_le32(p + 4 * lbn, n > 0 ? ext2_block(l, ordinal) : 0);
		ordinal += n;
	}
	for (level = 1; level <= EXT2_NIADDR; level++) {
		n = ext2_count(l, f, level, ext2_indirect_start(l, level));
		put_le32(p + 4 * (EXT2_NDADDR + level - 1), n > 0 ? ext2_block(l, ordinal) : 0);
		ordinal += n;
	}
}

static uint32_t
inode_flags(uint32_t bsd)
{
	return ((bsd & BSD_NODUMP) != 0 ? IFLAG_NODUMP : 0) | ((bsd & BSD_IMMUTABLE) != 0 ? IFLAG_IMMUTABLE : 0) |
	       ((bsd & BSD_APPEND) != 0 ? IFLAG_APPEND : 0);
}

static void
write_inode(struct writer *w, uint32_t file)
{
	const struct ext2_layout *l = w->l;
	const struct ext2_file *f = &l->files[file];
	const struct tree_attr *a = &f->node->inode->attr;
	uint8_t b[EXT2_INODE_BYTES] = { 0 };
	uint32_t time = clamp_time(a->mtime);

	put_le16(b, (uint16_t)a->mode);
	put_le16(b + 2, (uint16_t)a->uid);
	put_le32(b + 4, (uint32_t)f->bytes);
	put_le32(b + 8, time);
	put_le32(b + 12, time);
	put_le32(b + 16, time);
	put_le16(b + 24, (uint16_t)a->gid);
	put_le16(b + 26, (uint16_t)f->node->inode->nlink);
	put_le32(b + 28, (uint32_t)(f->held * (l->bsize / 512)));
	put_le32(b + 32, inode_flags(a->flags));
	/* NetBSD has its dev_t there, which up to major 255, minor 255 is Linux's too. */
	if (tree_is(f->node, TREE_IFCHR) || tree_is(f->node, TREE_IFBLK))
		put_le32(b + 40, a->rdev);
	else if (tree_is(f->node, TREE_IFLNK) && f->nblocks == 0)
		memcpy(b + 40, a->target, f->bytes);
	else
		put_pointers(l, f, b + 40);
	/* Any number will do that is not zero and the same every time. */
	put_le32(b + 100, ((file + 1) * UINT32_C(2654435761)) | 1);
	if (tree_is(f->node, TREE_IFREG))
		put_le32(b + 108, (uint32_t)(f->bytes >> 32));
	put_le16(b + 120, (uint16_t)(a->uid >> 16));
	put_le16(b + 122, (uint16_t)(a->gid >> 16));
	(void)stream_write(w->out, b, sizeof(b));
}

static void
write_inodes(struct writer *w)
{
	const struct ext2_layout *l = w->l;
	uint32_t ino = w->group * l->inodes + 1, n = group_inodes(l, w->group, last_ino(l)), i;

	for (i = 0; i < n; i++, ino++) {
		if (ino == EXT2_ROOTINO)
			write_inode(w, 0);
		else if (ino < EXT2_FIRSTINO)
			(void)stream_zero(w->out, EXT2_INODE_BYTES);
		else
			write_inode(w, ino - EXT2_FIRSTINO + 1);
	}
	(void)stream_zero(w->out, (uint64_t)(l->inodes - n) * EXT2_INODE_BYTES);
}

static void
begin_group(struct writer *w, uint32_t g)
{
	const struct ext2_layout *l = w->l;
	uint64_t data = ext2_group_data(l, g);

	w->group = g;
	w->left = data;
	write_super(w, g);
	write_descs(w);
	write_map(w, l->overhead + (uint32_t)(data - free_blocks(l, g)), l->overhead + (uint32_t)data);
	write_map(w, group_inodes(l, g, last_ino(l)), l->inodes);
	write_inodes(w);
}

/* --- data --- */

/* Room for up to want data blocks at the place where the stream is. */
static uint64_t
take(struct writer *w, uint64_t want)
{
	uint64_t got;

	if (w->left == 0)
		begin_group(w, w->group + 1);
	got = u64_min(want, w->left);
	w->left -= got;
	w->ordinal += got;
	return got;
}

/* The bytes of n whole blocks of a file from lbn on, beyond its end zeros. */
static void
write_bytes(struct writer *w, const struct ext2_file *f, uint64_t lbn, uint64_t n)
{
	uint64_t from = lbn * w->l->bsize, len = u64_min(n * w->l->bsize, f->bytes - from);

	if (tree_is(f->node, TREE_IFLNK))
		(void)stream_write(w->out, f->node->inode->attr.target, len);
	else
		(void)tree_copy(f->node->inode, from, len, w->out);
	(void)stream_zero(w->out, n * w->l->bsize - len);
}

/* The file's data in the blocks lbn..end. */
static void
write_data(struct writer *w, const struct ext2_file *f, struct ext2_dir *dir, uint64_t lbn, uint64_t end)
{
	uint64_t stop, n;

	for (; stop = end, ext2_data_run(w->l, f, &lbn, &stop); lbn = stop) {
		for (; lbn < stop; lbn += n) {
			n = take(w, tree_is(f->node, TREE_IFDIR) ? 1 : stop - lbn);
			if (!tree_is(f->node, TREE_IFDIR)) {
				write_bytes(w, f, lbn, n);
				continue;
			}
			(void)ext2_dir_block(w->l, dir, w->block);
			(void)stream_write(w->out, w->block, w->l->bsize);
		}
	}
}

/* The indirect block of a level that leads to lbn and on, and all below it. */
static void
write_indirect(struct writer *w, const struct ext2_file *f, struct ext2_dir *dir, unsigned level, uint64_t lbn)
{
	const struct ext2_layout *l = w->l;
	uint64_t each = ext2_span(l, level - 1), ordinal, n, at = lbn;
	uint32_t i;

	if (ext2_count(l, f, level, lbn) == 0)
		return;
	(void)take(w, 1);
	ordinal = w->ordinal;
	for (i = 0; i < ext2_nindir(l); i++, at += each) {
		n = ext2_count(l, f, level - 1, at);
		put_le32(w->block + (size_t)i * 4, n > 0 ? ext2_block(l, ordinal) : 0);
		ordinal += n;
	}
	(void)stream_write(w->out, w->block, l->bsize);
	if (level == 1) {
		write_data(w, f, dir, lbn, lbn + ext2_nindir(l));
		return;
	}
	for (i = 0, at = lbn; i < ext2_nindir(l) && at < f->nblocks; i++, at += each)
		write_indirect(w, f, dir, level - 1, at);
}

static void
write_file(struct writer *w, const struct ext2_file *f)
{
	struct ext2_dir dir;
	unsigned level;

	ext2_dir_begin(&dir, f->node);
	write_data(w, f, &dir, 0, EXT2_NDADDR);
	for (level = 1; level <= EXT2_NIADDR; level++)
		write_indirect(w, f, &dir, level, ext2_indirect_start(w->l, level));
}

int
ext2_write(const struct ext2_layout *l, struct stream *out)
{
	struct writer w = { .l = l, .out = out };
	uint64_t start = stream_tell(out);
	uint32_t i;

	(void)stream_zero(out, EXT2_SUPER_AT);
	begin_group(&w, 0);
	for (i = 0; i < l->nfiles; i++)
		if (l->files[i].held > 0)
			write_file(&w, &l->files[i]);
	(void)stream_zero(out, w.left * l->bsize);
	for (i = w.group + 1; i < l->ngroups; i++) {
		begin_group(&w, i);
		(void)stream_zero(out, w.left * l->bsize);
	}
	return stream_zero(out, start + l->options.bytes - stream_tell(out));
}
