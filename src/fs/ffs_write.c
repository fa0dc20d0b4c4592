/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A layout into a stream, front to back in one pass: boot area, superblock,
 * then each cylinder group's superblock copy, maps, inodes and data.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/stream.h"
#include "fs/ffs_layout.h"

struct writer {
	const struct ffs_layout *l;
	const struct ffs_super *s;
	struct stream *out;
	uint64_t start; /* of the file system in the stream */
	uint32_t cursor; /* next piece of order[] to write */
	uint32_t map_cursor; /* the same, for the maps */
	uint8_t *block, *freemap, *iused;
	uint8_t *dir; /* contents of directory dir_file */
	uint32_t dir_file;
};

static void
seek_to(struct writer *w, int64_t frag)
{
	uint64_t at = stream_tell(w->out) - w->start, to = (uint64_t)frag << w->s->fshift;

	(void)stream_zero(w->out, to - at);
}

static void
write_super(struct writer *w)
{
	uint8_t buf[FFS_SBSIZE] = { 0 };

	ffs_super_encode(w->s, buf);
	(void)stream_write(w->out, buf, sizeof(buf));
}

static void
write_boot(struct writer *w)
{
	if (w->l->options.boot != NULL)
		(void)stream_write(w->out, w->l->options.boot, (size_t)w->s->sblockloc);
	else
		(void)stream_zero(w->out, (uint64_t)w->s->sblockloc);
}

/* --- inodes --- */

static uint32_t
pieces_end(const struct ffs_layout *l, uint32_t file)
{
	return file + 1 < l->nfiles ? l->files[file + 1].first_piece : l->npieces;
}

/* The pointers of a file's inode: direct blocks, and the roots of its indirect ones. */
static void
set_pointers(const struct ffs_layout *l, uint32_t file, struct ffs_dinode *d)
{
	const struct ffs_super *s = &l->super;
	uint32_t i, end = pieces_end(l, file), level;
	const struct ffs_piece *p;
	uint64_t lbn;
	int64_t addr;

	for (i = l->files[file].first_piece; i < end; i++) {
		p = &l->pieces[i];
		level = p->level;
		if (level > 0) {
			if (p->lbn == ffs_indirect_start(s, level))
				d->ib[level - 1] = p->addr;
			continue;
		}
		addr = p->addr;
		for (lbn = p->lbn; lbn < FFS_NDADDR && addr < p->addr + p->frags; lbn++, addr += s->frag)
			d->db[lbn] = addr;
	}
}

/* Version 1 holds times of 32 bits. */
static int64_t
clamp_time(const struct ffs_super *s, int64_t t)
{
	if (s->ver == 2)
		return t;
	return t > INT32_MAX ? INT32_MAX : t < INT32_MIN ? INT32_MIN : t;
}

static void
set_times(const struct ffs_super *s, struct ffs_dinode *d, const struct tree_times *t)
{
	if (t == NULL) {
		d->atime = d->ctime = d->birthtime = d->mtime;
		d->atimensec = d->ctimensec = d->birthnsec = d->mtimensec;
		return;
	}
	d->atime = clamp_time(s, t->atime);
	d->ctime = clamp_time(s, t->ctime);
	d->birthtime = t->birthtime;
	d->atimensec = (int32_t)t->atime_nsec;
	d->ctimensec = (int32_t)t->ctime_nsec;
	d->birthnsec = (int32_t)t->birth_nsec;
}

static void
make_dinode(const struct ffs_layout *l, uint32_t file, struct ffs_dinode *d)
{
	/* As wapbl_create_infs_log() makes it: no name, but a link. */
	static const struct tree_attr log_attr = { .mode = TREE_IFREG, .flags = FFS_IFLAG_LOG };
	const struct ffs_file *f = &l->files[file];
	const struct tree_attr *a = f->node != NULL ? &f->node->inode->attr : &log_attr;
	const struct ffs_super *s = &l->super;

	*d = (struct ffs_dinode){ .mode = (uint16_t)a->mode,
		.nlink = f->node != NULL ? (int16_t)f->node->inode->nlink : 1,
		.uid = a->uid,
		.gid = a->gid,
		.size = f->bytes,
		.blocks = f->sectors,
		.mtimensec = (int32_t)a->mtime_nsec,
		.flags = a->flags };
	d->mtime = clamp_time(s, f->node != NULL ? a->mtime : l->tree->epoch);
	set_times(s, d, a->times);
	if (s->ver == 2)
		d->blksize = (uint32_t)s->bsize;
	/* Any number will do that is not zero and the same every time (Knuth's multiplicative hash). */
	d->gen = (int32_t)(((file + 1) * UINT32_C(2654435761)) >> 2 | 1);
	if ((a->mode & TREE_IFMT) == TREE_IFCHR || (a->mode & TREE_IFMT) == TREE_IFBLK)
		d->db[0] = a->rdev;
	else if (ffs_link_is_inline(s, d))
		memcpy(d->link, a->target, f->bytes);
	else
		set_pointers(l, file, d);
}

static void
write_inodes(struct writer *w, uint32_t c)
{
	const struct ffs_super *s = w->s;
	uint64_t ino = (uint64_t)c * s->ipg, end = ino + s->ipg, used = (uint64_t)w->l->nfiles + FFS_ROOTINO;
	uint32_t size = ffs_dinode_bytes(s);
	struct ffs_dinode d;
	uint8_t buf[FFS_DINODE2_BYTES];

	for (; ino < end && ino < used; ino++) {
		if (ino < FFS_ROOTINO) {
			(void)stream_zero(w->out, size);
			continue;
		}
		make_dinode(w->l, (uint32_t)(ino - FFS_ROOTINO), &d);
		ffs_dinode_encode(s, &d, buf);
		(void)stream_write(w->out, buf, size);
	}
}

/* --- cylinder groups --- */

/* Version 2 initialises inodes late; those in use, and two blocks of them, are. */
static uint32_t
inited_inodes(const struct ffs_layout *l, uint32_t c)
{
	uint64_t first = (uint64_t)c * l->super.ipg, used = (uint64_t)l->nfiles + FFS_ROOTINO;
	uint64_t n = used > first ? used - first : 0;

	n = u64_max(roundup(n, l->super.inopb), 2 * (uint64_t)l->super.inopb);
	return (uint32_t)u64_min(n, l->super.ipg);
}

static void
write_group_block(struct writer *w, uint32_t c)
{
	struct ffs_cg cg = { .cgx = c };

	if (w->s->ver == 2) {
		cg.time = w->s->time;
		cg.initediblk = inited_inodes(w->l, c);
	} else
		cg.old_time = w->s->old_time;
	cg.cs.ndir = ffs_layout_maps(w->l, c, &w->map_cursor, w->freemap, w->iused);
	ffs_cg_build(w->s, &cg, w->freemap, w->iused, w->block);
	(void)stream_write(w->out, w->block, (size_t)w->s->cgsize);
}

static void
write_summary(struct writer *w)
{
	uint8_t buf[FFS_CSUM_BYTES];
	uint32_t c;

	for (c = 0; c < w->s->ncg; c++) {
		ffs_csum_encode(&w->l->csums[c], buf, w->s->big);
		(void)stream_write(w->out, buf, sizeof(buf));
	}
}

/* --- data --- */

/* The block of pointers: what the pieces after it, up to the end of its span, lie at. */
static void
write_indirect(struct writer *w, uint32_t piece)
{
	const struct ffs_layout *l = w->l;
	const struct ffs_super *s = w->s;
	const struct ffs_piece *self = &l->pieces[piece], *p;
	uint64_t each = ffs_span(s, self->level - 1), end = self->lbn + each * (uint64_t)s->nindir, b;
	uint32_t last = pieces_end(l, self->file);

	memset(w->block, 0, (size_t)s->bsize);
	for (p = self + 1; p < &l->pieces[last] && p->lbn < end; p++) {
		if (p->level != self->level - 1)
			continue;
		for (b = 0; b < p->frags >> s->fragshift; b++)
			ffs_ptr_put(s, w->block, (uint32_t)((p->lbn - self->lbn + b * each) / each),
			    p->addr + (int64_t)(b << s->fragshift));
	}
	(void)stream_write(w->out, w->block, (size_t)s->bsize);
}

static const uint8_t *
dir_contents(struct writer *w, uint32_t file)
{
	const struct ffs_file *f = &w->l->files[file];

	if (w->dir == NULL || w->dir_file != file) {
		free(w->dir);
		w->dir = xmalloc(f->bytes);
		w->dir_file = file;
		ffs_dir_build(w->s, f->node, w->dir, f->bytes);
	}
	return w->dir;
}

static void
write_data(struct writer *w, const struct ffs_piece *p)
{
	const struct ffs_file *f = &w->l->files[p->file];
	uint64_t from = p->lbn << w->s->bshift, room = (uint64_t)p->frags << w->s->fshift;
	uint64_t len = u64_min(room, f->bytes - from);

	if (f->node == NULL)
		(void)stream_zero(w->out, len);
	else if (tree_is(f->node, TREE_IFDIR))
		(void)stream_write(w->out, dir_contents(w, p->file) + from, len);
	else if (tree_is(f->node, TREE_IFLNK))
		(void)stream_write(w->out, f->node->inode->attr.target + from, len);
	else
		(void)tree_copy(f->node->inode, from, len, w->out);
	(void)stream_zero(w->out, room - len);
}

/* All pieces up to fragment end. */
static void
write_pieces(struct writer *w, int64_t end)
{
	for (; w->cursor < w->l->npieces; w->cursor++) {
		uint32_t i = w->l->order[w->cursor];
		const struct ffs_piece *p = &w->l->pieces[i];

		if (p->addr >= end)
			return;
		seek_to(w, p->addr);
		if (p->level > 0)
			write_indirect(w, i);
		else
			write_data(w, p);
	}
}

static void
write_group(struct writer *w, uint32_t c)
{
	const struct ffs_super *s = w->s;
	int64_t base = ffs_cgbase(s, c);

	if (c == 0) {
		write_boot(w);
		write_super(w);
	} else
		write_pieces(w, base + s->sblkno);
	seek_to(w, base + s->sblkno);
	write_super(w);
	seek_to(w, base + s->cblkno);
	write_group_block(w, c);
	seek_to(w, base + s->iblkno);
	write_inodes(w, c);
	if (c == 0) {
		seek_to(w, s->csaddr);
		write_summary(w);
	}
	write_pieces(w, base + ffs_cg_frags(s, c));
}

int
ffs_write(const struct ffs_layout *l, struct stream *out)
{
	const struct ffs_super *s = &l->super;
	struct writer w = { .l = l, .s = s, .out = out, .start = stream_tell(out) };
	uint32_t c;
	int rv;

	w.block = xmalloc((size_t)s->bsize);
	w.freemap = xmalloc(howmany((size_t)s->fpg, 8));
	w.iused = xmalloc(howmany((size_t)s->ipg, 8));
	for (c = 0; c < s->ncg; c++)
		write_group(&w, c);
	rv = stream_zero(out, w.start + ffs_layout_bytes(l) - stream_tell(out));
	free(w.block);
	free(w.freemap);
	free(w.iused);
	free(w.dir);
	return rv;
}
