/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extents of a file from its block pointers, each indirect block read
 * once.  The bounds that make this safe on a hostile image are told in
 * ffs_tree.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/io.h"
#include "fs/ffs_tree.h"

#define SLOTS_MIN 1024

/* A set of fragment addresses; 0 is an empty slot (fragment 0 is the boot area). */
struct ffs_claims {
	int64_t *slots;
	size_t n, nslots;
};

static int64_t *
claim_slot(int64_t *slots, size_t nslots, int64_t addr)
{
	size_t i = (size_t)(((uint64_t)addr * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (nslots - 1);

	while (slots[i] != 0 && slots[i] != addr)
		i = (i + 1) & (nslots - 1);
	return &slots[i];
}

static void
claims_grow(struct ffs_claims *c)
{
	size_t n = c->nslots == 0 ? SLOTS_MIN : c->nslots * 2, i;
	int64_t *slots = xcalloc(n, sizeof(*slots));

	for (i = 0; i < c->nslots; i++)
		if (c->slots[i] != 0)
			*claim_slot(slots, n, c->slots[i]) = c->slots[i];
	free(c->slots);
	c->slots = slots;
	c->nslots = n;
}

static int
claim(struct ffs_claims *c, int64_t addr, int64_t frags, struct err *err)
{
	int64_t end = addr + frags, *slot;

	for (; addr < end; addr++) {
		if (c->n * 2 >= c->nslots)
			claims_grow(c);
		slot = claim_slot(c->slots, c->nslots, addr);
		if (addr == 0 || *slot == addr)
			return err_set(err, "fragment %" PRId64 " is used twice; 'smol image check' tells more", addr);
		*slot = addr;
		c->n++;
	}
	return 0;
}

void
ffs_extents_init(struct ffs_extents *x, const struct ffs_reader *r)
{
	unsigned i;

	*x = (struct ffs_extents){ .r = r, .frags_left = (uint64_t)r->super.size };
	x->claims = xcalloc(1, sizeof(*x->claims));
	for (i = 0; i < FFS_NIADDR; i++)
		x->blocks[i] = xmalloc((size_t)r->super.bsize);
}

void
ffs_extents_release(struct ffs_extents *x)
{
	unsigned i;

	for (i = 0; i < FFS_NIADDR; i++)
		free(x->blocks[i]);
	free(x->claims->slots);
	free(x->claims);
	free(x->extents);
}

/* --- one file --- */

struct file {
	struct ffs_extents *x;
	const struct ffs_dinode *d;
	uint64_t blocks; /* logical blocks up to its size */
	bool directory;
};

/* Fragments from addr on: they must exist, and are taken off what all files may hold. */
static int
hold(struct ffs_extents *x, int64_t addr, int64_t frags, struct err *err)
{
	if (addr < 0 || addr > x->r->super.size - frags)
		return err_set(err, "block address %" PRId64 " is outside of the file system", addr);
	if (x->frags_left < (uint64_t)frags)
		return err_set(err, "its files hold more than the file system has; 'smol image check' tells more");
	x->frags_left -= (uint64_t)frags;
	return 0;
}

static int
add_block(struct file *f, uint64_t lbn, int64_t addr, struct err *err)
{
	const struct ffs_super *s = &f->x->r->super;
	uint64_t offset = lbn << s->bshift, source = f->x->r->offset + ((uint64_t)addr << s->fshift);
	uint64_t bytes = u64_min((uint64_t)s->bsize, f->d->size - offset);
	int64_t frags = ffs_block_bytes(s, f->d->size, lbn) >> s->fshift;
	struct tree_extent *last = f->x->n > 0 ? &f->x->extents[f->x->n - 1] : NULL;

	if (addr == 0)
		return 0;
	if (hold(f->x, addr, frags, err) < 0 || (f->directory && claim(f->x->claims, addr, frags, err) < 0))
		return -1;
	if (last != NULL && last->offset + last->bytes == offset && last->source_offset + last->bytes == source) {
		last->bytes += bytes;
		return 0;
	}
	*vec_push(f->x->extents, f->x->n, f->x->cap) =
	    (struct tree_extent){ .offset = offset, .bytes = bytes, .source_offset = source };
	return 0;
}

/* What the pointer block at addr leads to; lbn is the first of it, each entry spans span blocks. */
static int
add_indirect(struct file *f, unsigned level, int64_t addr, uint64_t lbn, uint64_t span, struct err *err)
{
	const struct ffs_reader *r = f->x->r;
	const struct ffs_super *s = &r->super;
	uint32_t n = (uint32_t)(s->bsize / ffs_ptr_bytes(s)), i;
	uint8_t *block = f->x->blocks[level];
	int64_t next;
	int rv;

	if (addr == 0)
		return 0;
	if (hold(f->x, addr, s->frag, err) < 0 || claim(f->x->claims, addr, s->frag, err) < 0)
		return -1;
	if (pread_full(r->fd, block, (size_t)s->bsize, r->offset + ((uint64_t)addr << s->fshift)) < 0)
		return err_sys(err, "cannot read the indirect block at fragment %" PRId64, addr);
	for (i = 0; i < n && lbn < f->blocks; i++, lbn += span) {
		next = ffs_ptr_get(s, block, i);
		rv = level == 0 ? add_block(f, lbn, next, err) : add_indirect(f, level - 1, next, lbn, span / n, err);
		if (rv < 0)
			return -1;
	}
	return 0;
}

int
ffs_extents_find(struct ffs_extents *x, const struct ffs_dinode *d, struct err *err)
{
	const struct ffs_super *s = &x->r->super;
	struct file f = { .x = x, .d = d, .directory = (d->mode & TREE_IFMT) == TREE_IFDIR };
	uint64_t n = (uint64_t)(s->bsize / ffs_ptr_bytes(s)), lbn, span = 1;
	unsigned level;

	x->n = 0;
	f.blocks = (d->size >> s->bshift) + ((d->size & ((uint64_t)s->bsize - 1)) != 0);
	for (lbn = 0; lbn < FFS_NDADDR && lbn < f.blocks; lbn++)
		if (add_block(&f, lbn, d->db[lbn], err) < 0)
			return -1;
	for (level = 0; level < FFS_NIADDR && lbn < f.blocks; level++) {
		if (add_indirect(&f, level, d->ib[level], lbn, span, err) < 0)
			return -1;
		span *= n;
		lbn += span;
	}
	if (lbn < f.blocks)
		return err_set(err, "a file of %" PRIu64 " bytes", d->size);
	return 0;
}
