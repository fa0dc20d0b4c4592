/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks of files: each fragment is claimed once, in the map of what is in
 * use; whoever claims one again is remembered.  An indirect block is followed
 * only by who claims it first, which bounds the work by the size of the file
 * system however its pointers are tangled.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "fs/ffs_check.h"

#define BAD_MAX 10 /* lines about one inode's bad blocks */
#define DUPS_MAX 10000

/* SF_SNAPSHOT inodes mark blocks that they do not hold by these addresses. */
#define SNAPSHOT_NOCOPY 1
#define SNAPSHOT_SNAP 2

void
check_reserve(struct check *c)
{
	const struct ffs_super *s = c->s;
	int64_t f, end;
	uint32_t g;

	for (g = 0; g < s->ncg; g++) {
		f = g == 0 ? 0 : ffs_cgstart(s, g) + s->sblkno;
		end = ffs_cgstart(s, g) + s->dblkno;
		for (; f < end; f++)
			ffs_bit_set(c->used, (uint64_t)f);
	}
	end = s->csaddr + howmany(s->cssize, s->fsize);
	for (f = s->csaddr; f < end; f++)
		ffs_bit_set(c->used, (uint64_t)f);
}

static void
bad_block(struct check *c, struct check_blocks *b, int64_t addr, const char *why)
{
	if (b->nbad < BAD_MAX)
		check_problem(c, b->ino, 0, "block at fragment %" PRId64 " %s", addr, why);
	else if (b->nbad == BAD_MAX)
		check_problem(c, b->ino, 0, "more than %d bad blocks, not listed", BAD_MAX);
	b->nbad++;
	b->broken = true;
}

/* Whether the address can be a file's, as fsck_ffs's chkrange(). */
static bool
in_range(struct check *c, struct check_blocks *b, int64_t addr, uint32_t frags)
{
	const struct ffs_super *s = c->s;
	int64_t start;
	uint32_t g;

	if (addr <= 0 || addr > s->size - (int64_t)frags) {
		bad_block(c, b, addr, "is outside of the file system");
		return false;
	}
	if (frags + (uint32_t)(addr & (s->frag - 1)) > (uint32_t)s->frag) {
		bad_block(c, b, addr, "is not aligned: it crosses the boundary of a block");
		return false;
	}
	g = (uint32_t)(addr / s->fpg);
	start = ffs_cgstart(s, g);
	if ((addr < start + s->dblkno && addr + (int64_t)frags > start + s->sblkno) || (g == 0 && addr < s->dblkno)) {
		bad_block(c, b, addr, "lies in the metadata of its cylinder group");
		return false;
	}
	return true;
}

static void
replay_owner(struct check *c, const struct check_blocks *b, int64_t frag)
{
	uint32_t lo = 0, hi = c->ndups, mid;

	/* First record that may reach so far: records are sorted, none is longer than a block. */
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (c->dups[mid].addr + FFS_FRAG_MAX <= frag)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < c->ndups && c->dups[lo].addr <= frag; lo++)
		if (frag < c->dups[lo].addr + c->dups[lo].frags && c->dups[lo].first == 0)
			c->dups[lo].first = (uint32_t)b->ino;
}

static void
note_dup(struct check *c, struct check_blocks *b, int64_t frag)
{
	struct check_dup *last = c->ndups > 0 ? &c->dups[c->ndups - 1] : NULL;

	b->broken = true;
	if (c->replay || b->nbad > BAD_MAX)
		return;
	if (last != NULL && last->ino == b->ino && last->addr + last->frags == frag && last->frags < FFS_FRAG_MAX) {
		last->frags++;
		return;
	}
	b->nbad++;
	if (c->ndups < DUPS_MAX)
		*vec_push(c->dups, c->ndups, c->dups_cap) =
		    (struct check_dup){ .addr = frag, .frags = 1, .ino = (uint32_t)b->ino };
	else
		check_problem(c, b->ino, 0, "fragment %" PRId64 " is in use already", frag);
}

/* True if all of it was free until now. */
bool
check_claim(struct check *c, struct check_blocks *b, int64_t addr, uint32_t frags)
{
	bool fresh = true;
	uint32_t i;

	if (b->snapshot && (addr == SNAPSHOT_NOCOPY || addr == SNAPSHOT_SNAP))
		return false;
	if (!in_range(c, b, addr, frags))
		return false;
	b->frags += frags;
	for (i = 0; i < frags; i++) {
		if (!ffs_bit(c->used, (uint64_t)addr + i)) {
			ffs_bit_set(c->used, (uint64_t)addr + i);
			if (c->replay)
				replay_owner(c, b, addr + i);
			continue;
		}
		fresh = false;
		note_dup(c, b, addr + i);
	}
	return fresh;
}

static void
hole(struct check *c, struct check_blocks *b, uint64_t lbn)
{
	if (b->dir && !b->hole)
		check_problem(c, b->ino, 0, "block %" PRIu64 " of the directory is a hole", lbn);
	b->hole = b->hole || b->dir;
}

/* A data block. */
static void
data_block(struct check *c, struct check_blocks *b, int64_t addr, uint64_t lbn, uint32_t frags)
{
	bool fresh;

	if (addr == 0) {
		hole(c, b, lbn);
		return;
	}
	fresh = check_claim(c, b, addr, frags);
	if (b->readable == lbn && !b->hole && (fresh || lbn < FFS_NDADDR))
		b->readable++;
}

/* The indirect block at addr, of that level (1..3), for logical blocks from lbn on. */
static int
indirect_block(struct check *c, struct check_blocks *b, int64_t addr, unsigned level, uint64_t lbn, struct err *err)
{
	const struct ffs_super *s = c->s;
	uint64_t nindir = (uint64_t)s->bsize / (uint64_t)ffs_ptr_bytes(s), span = 1, at;
	cleanup_free uint8_t *buf = NULL;
	bool beyond = false;
	int64_t child;
	unsigned i;
	uint32_t e;

	if (addr == 0) {
		hole(c, b, lbn);
		return 0;
	}
	if (!check_claim(c, b, addr, (uint32_t)s->frag))
		return 0;
	buf = xmalloc((size_t)s->bsize);
	if (check_read(c, buf, (uint64_t)s->bsize, (uint64_t)addr << s->fshift, "indirect block", err) < 0)
		return -1;
	for (i = 1; i < level; i++)
		span *= nindir;
	for (e = 0; e < nindir; e++) {
		child = ffs_ptr_get(s, buf, e);
		at = lbn + e * span;
		if (at >= b->nblocks) {
			beyond = beyond || child != 0;
			continue;
		}
		if (level == 1)
			data_block(c, b, child, at, (uint32_t)s->frag);
		else if (indirect_block(c, b, child, level - 1, at, err) < 0)
			return -1;
	}
	if (beyond)
		check_problem(c, b->ino, 0,
		    "the indirect block at fragment %" PRId64 " has blocks beyond the end of the file", addr);
	return 0;
}

int
check_file_blocks(struct check *c, const struct ffs_dinode *d, struct check_blocks *b, struct err *err)
{
	const struct ffs_super *s = c->s;
	uint64_t nindir = (uint64_t)s->bsize / (uint64_t)ffs_ptr_bytes(s), span = 1, lbn;
	unsigned i;

	b->nblocks = howmany(d->size, (uint64_t)s->bsize);
	for (lbn = 0; lbn < FFS_NDADDR; lbn++) {
		if (lbn < b->nblocks)
			data_block(c, b, d->db[lbn], lbn, ffs_block_bytes(s, d->size, lbn) >> s->fshift);
		else if (d->db[lbn] != 0)
			check_problem(c, b->ino, 0,
			    "direct block %" PRIu64 " is at fragment %" PRId64 ", but a size of %" PRIu64
			    " has only %" PRIu64 " blocks",
			    lbn, d->db[lbn], d->size, b->nblocks);
	}
	for (i = 0; i < FFS_NIADDR; i++) {
		span *= nindir;
		if (lbn < b->nblocks) {
			if (indirect_block(c, b, d->ib[i], i + 1, lbn, err) < 0)
				return -1;
		} else if (d->ib[i] != 0)
			check_problem(c, b->ino, 0,
			    "indirect block %u is at fragment %" PRId64 ", but a size of %" PRIu64 " needs none there",
			    i, d->ib[i], d->size);
		lbn += span;
	}
	return 0;
}

/* --- duplicates --- */

static int
dup_by_addr(const void *a, const void *b)
{
	const struct check_dup *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* Goes over all inodes again with an empty map: now who claims first is the first owner. */
int
check_report_dups(struct check *c, struct err *err)
{
	struct check_dup *d;
	uint8_t *used = c->used;
	uint32_t i;
	int rv;

	if (c->ndups == 0)
		return 0;
	qsort(c->dups, c->ndups, sizeof(*c->dups), dup_by_addr);
	c->used = xcalloc(roundup((uint64_t)c->s->size, (uint64_t)c->s->frag * 8) / 8, 1);
	c->replay = true;
	rv = check_inodes(c, err);
	c->replay = false;
	free(c->used);
	c->used = used;
	for (i = 0; i < c->ndups; i++) {
		d = &c->dups[i];
		check_problem(c, d->ino, d->first == d->ino ? 0 : d->first,
		    "duplicate block: fragments %" PRId64 " to %" PRId64 " %s", d->addr, d->addr + d->frags - 1,
		    d->first == d->ino ? "are in the file twice"
		    : d->first == 0    ? "belong to the summary area"
				       : "are also held by");
	}
	return rv;
}
