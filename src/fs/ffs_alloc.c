/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks for files: whole blocks from the front of the file system, each run
 * as long as the cylinder group allows; tails of small files share blocks, the
 * best-fitting open one first.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/defs.h"
#include "fs/ffs_layout.h"

/* Blocks of which the last n fragments are still free, for n in 1..7. */
struct tails {
	int64_t *addr; /* of the first free fragment */
	uint32_t n, cap;
};

struct allocator {
	struct ffs_layout *l;
	const struct ffs_super *s;
	uint32_t cg; /* where the next block is looked for */
	int64_t at; /* relative to the group */
	struct tails tails[FFS_FRAG_MAX];
	uint32_t file;
	int64_t log; /* while the journal is placed: where its next block goes */
	uint64_t indirect[FFS_NIADDR + 1]; /* lbn that the current indirect block of a level leads to */
	bool full;
};

/* Moves to the next place a block may have; the fragments there, 0 at the end of the file system. */
static int64_t
next_room(struct allocator *a)
{
	const struct ffs_super *s = a->s;
	int64_t end, data;

	for (; a->cg < s->ncg; a->cg++, a->at = 0) {
		end = ffs_cg_frags(s, a->cg);
		data = roundup(ffs_data_start(s, a->cg), s->frag);
		if (a->cg == a->l->log_cg)
			end = rounddown(end, s->frag) - a->l->log_frags;
		if (a->cg > 0 && a->at < s->sblkno)
			return (s->sblkno < end ? s->sblkno : end) - a->at;
		if (a->at < data)
			a->at = data;
		if (a->at + s->frag <= end)
			return rounddown(end - a->at, s->frag);
	}
	a->full = true;
	return 0;
}

/* A run of up to want blocks; returns how many, and where. */
static uint64_t
take_blocks(struct allocator *a, uint64_t want, int64_t *addr)
{
	int64_t room = next_room(a);
	uint64_t got = u64_min((uint64_t)room >> a->s->fragshift, want);

	*addr = ffs_cgbase(a->s, a->cg) + a->at;
	a->at += (int64_t)(got << a->s->fragshift);
	return got;
}

/* Data blocks: of the journal they are waiting, in one piece. */
static uint64_t
take_data(struct allocator *a, uint64_t want, int64_t *addr)
{
	if (a->log == 0)
		return take_blocks(a, want, addr);
	*addr = a->log;
	a->log += (int64_t)(want << a->s->fragshift);
	return want;
}

static void
keep_tail(struct allocator *a, int64_t addr, uint32_t frags)
{
	struct tails *t = &a->tails[frags];

	if (frags > 0)
		*vec_push(t->addr, t->n, t->cap) = addr;
}

static int64_t
take_frags(struct allocator *a, uint32_t want)
{
	uint32_t have;
	int64_t addr;

	for (have = want; have < (uint32_t)a->s->frag && a->tails[have].n == 0; have++)
		;
	if (have < (uint32_t)a->s->frag)
		addr = a->tails[have].addr[--a->tails[have].n];
	else if (take_blocks(a, 1, &addr) == 0)
		return 0;
	keep_tail(a, addr + want, have - want);
	return addr;
}

static void
add_piece(struct allocator *a, unsigned level, uint64_t lbn, int64_t addr, uint32_t frags)
{
	struct ffs_layout *l = a->l;
	struct ffs_file *f = &l->files[a->file];
	struct ffs_piece *p;

	f->sectors += (uint64_t)frags << a->s->fsbtodb;
	if (level == 0 && l->npieces > f->first_piece) {
		p = &l->pieces[l->npieces - 1];
		if (p->level == 0 && p->addr + p->frags == addr && p->addr / a->s->fpg == addr / a->s->fpg &&
		    p->lbn + (p->frags >> a->s->fragshift) == lbn && p->frags % (uint32_t)a->s->frag == 0) {
			p->frags += frags;
			return;
		}
	}
	*vec_push(l->pieces, l->npieces, l->pieces_cap) =
	    (struct ffs_piece){ .addr = addr, .lbn = lbn, .frags = frags, .file = a->file, .level = level };
}

/*
 * Makes the indirect blocks that lead to lbn, those that are not there yet,
 * from the root down; returns the first lbn they do not lead to.
 */
static uint64_t
reach(struct allocator *a, uint64_t lbn)
{
	unsigned root, level;
	uint64_t start, first;
	int64_t addr;

	if (lbn < FFS_NDADDR)
		return FFS_NDADDR;
	for (root = 1; root < FFS_NIADDR && lbn >= ffs_indirect_start(a->s, root + 1); root++)
		;
	start = ffs_indirect_start(a->s, root);
	for (level = root; level > 0; level--) {
		first = start + rounddown(lbn - start, ffs_span(a->s, level));
		if (a->indirect[level] == first)
			continue;
		a->indirect[level] = first;
		if (take_blocks(a, 1, &addr) == 1)
			add_piece(a, level, first, addr, (uint32_t)a->s->frag);
	}
	return a->indirect[1] + ffs_span(a->s, 1);
}

/* Whole blocks for lbn..end. */
static void
place_blocks(struct allocator *a, uint64_t lbn, uint64_t end)
{
	uint64_t reached, got;
	int64_t addr;

	while (lbn < end && !a->full) {
		reached = reach(a, lbn);
		got = take_data(a, u64_min(u64_min(end, reached) - lbn, UINT32_MAX / FFS_FRAG_MAX), &addr);
		if (got > 0)
			add_piece(a, 0, lbn, addr, (uint32_t)(got << a->s->fragshift));
		lbn += got;
	}
}

/* Data for the blocks lbn..end of a file; its last one may need fragments only. */
static void
place(struct allocator *a, uint64_t bytes, uint64_t lbn, uint64_t end)
{
	uint64_t last = (bytes - 1) >> a->s->bshift;
	uint32_t tail = ffs_block_bytes(a->s, bytes, last);
	int64_t addr;

	if (end <= last || tail == (uint32_t)a->s->bsize) {
		place_blocks(a, lbn, end);
		return;
	}
	place_blocks(a, lbn, last);
	addr = take_frags(a, tail >> a->s->fshift);
	if (addr != 0)
		add_piece(a, 0, last, addr, tail >> a->s->fshift);
}

/* The blocks that a file's data touches; between them are holes. */
static void
place_file(struct allocator *a, const struct ffs_file *f)
{
	const struct tree_content *c = &f->node->inode->attr.content;
	uint64_t blocks = howmany(f->bytes, (uint64_t)a->s->bsize), done = 0, lbn, end;
	uint32_t i;

	if (!tree_is(f->node, TREE_IFREG) || c->source == NULL) {
		place(a, f->bytes, 0, blocks);
		return;
	}
	for (i = 0; i < c->nextents && !a->full; i++) {
		lbn = u64_max(c->extents[i].offset >> a->s->bshift, done);
		end = u64_min(howmany(c->extents[i].offset + c->extents[i].bytes, (uint64_t)a->s->bsize), blocks);
		if (lbn >= end)
			continue;
		place(a, f->bytes, lbn, end);
		done = end;
	}
	/* A file that ends in a hole: the last block is there all the same, as truncate(2) leaves it. */
	if (done < blocks)
		place(a, f->bytes, blocks - 1, blocks);
}

static bool
has_blocks(const struct ffs_layout *l, const struct ffs_file *f)
{
	struct ffs_dinode d = { .size = f->bytes };

	if (f->bytes == 0)
		return false;
	d.mode = (uint16_t)f->node->inode->attr.mode;
	if (tree_is(f->node, TREE_IFLNK))
		return !ffs_link_is_inline(&l->super, &d);
	return tree_is(f->node, TREE_IFREG) || tree_is(f->node, TREE_IFDIR);
}

bool
ffs_alloc_files(struct ffs_layout *l)
{
	struct allocator a = { .l = l, .s = &l->super };
	int64_t summary_end = ffs_data_start(a.s, 0);
	uint32_t i;

	l->npieces = 0;
	keep_tail(&a, summary_end, (uint32_t)(roundup(summary_end, a.s->frag) - summary_end));
	for (i = 0; i < l->nfiles && !a.full; i++) {
		struct ffs_file *f = &l->files[i];
		unsigned level;

		f->first_piece = l->npieces;
		f->sectors = 0;
		a.file = i;
		for (level = 0; level <= FFS_NIADDR; level++)
			a.indirect[level] = UINT64_MAX;
		if (f->node == NULL) {
			a.log = ffs_log_addr(l);
			f->bytes = (uint64_t)l->log_frags << a.s->fshift;
			place_blocks(&a, 0, f->bytes >> a.s->bshift);
		} else if (has_blocks(l, f))
			place_file(&a, f);
	}
	for (i = 0; i < FFS_FRAG_MAX; i++)
		free(a.tails[i].addr);
	return !a.full;
}
