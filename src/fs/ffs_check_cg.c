/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cylinder groups: the maps and counts that follow from the inodes and blocks
 * found in use, calculated anew (not by what the writer uses) and compared
 * with what is on disk; then the summary area and the superblock's totals.
 *
 * A v1 group's rotational tables are not looked at: no kernel of this century
 * maintains them.
 */
#include <inttypes.h>
#include <string.h>

#include "base/defs.h"
#include "base/endian.h"
#include "fs/ffs_check.h"

/* struct ocg, of 4.2BSD: everything at a fixed place. */
#define OCG_IUSED 724
#define OCG_MAGIC 980
#define OCG_FREE 984
#define POSTBL_42 (-1)

struct group {
	struct check *c;
	uint32_t g;
	bool ocg;
	struct ffs_cg got, want;
	uint8_t *block; /* as it is on disk */
	uint8_t *maps; /* the same with the maps as they must be */
	uint32_t clustersum[FFS_MAXCONTIG + 1];
};

static void
number(struct group *gr, const char *name, int64_t got, int64_t want)
{
	if (got != want)
		check_problem(gr->c, 0, 0, "cylinder group %" PRIu32 ": %s is %" PRId64 ", should be %" PRId64, gr->g,
		    name, got, want);
}

/* Where NetBSD puts the maps; false if the block has no room for them. */
static bool
place_maps(struct group *gr)
{
	const struct ffs_super *s = gr->c->s;
	struct ffs_cg *w = &gr->want;
	int64_t at = FFS_CG_BYTES;

	if (s->ver == 1) {
		if (s->old_cpg < 0 || s->old_cpg > s->bsize || s->old_nrpos < 0 || s->old_nrpos > s->bsize)
			return false;
		w->old_btotoff = (int32_t)at;
		w->old_boff = w->old_btotoff + s->old_cpg * 4;
		at = w->old_boff + (int64_t)s->old_cpg * s->old_nrpos * 2;
	}
	if (gr->ocg)
		at = OCG_IUSED;
	w->iusedoff = (uint32_t)at;
	at = gr->ocg ? OCG_FREE : at + howmany(s->ipg, 8u);
	w->freeoff = (uint32_t)at;
	at += howmany(s->fpg, 8);
	if (s->contigsumsize > 0 && !gr->ocg) {
		w->clustersumoff = (uint32_t)roundup(at - 4, 4);
		w->clusteroff = w->clustersumoff + ((uint32_t)s->contigsumsize + 1) * 4;
		at = w->clusteroff + howmany(s->fpg / s->frag, 8);
	}
	w->nextfreeoff = (uint32_t)at;
	return at <= s->cgsize && (!gr->ocg || s->ipg <= 8 * (OCG_MAGIC - OCG_IUSED));
}

/* --- what must be --- */

static void
expect_inodes(struct group *gr)
{
	const struct check_group *cg = &gr->c->groups[gr->g];
	uint32_t i;

	gr->want.cs.ndir = cg->ndirs;
	gr->want.cs.nifree = (int64_t)gr->c->s->ipg - cg->nused;
	for (i = 0; i < cg->ninodes; i++)
		if (cg->inodes[i].state != CHECK_FREE)
			ffs_bit_set(gr->maps + gr->want.iusedoff, i);
	if (gr->g != 0)
		return;
	for (i = 0; i < FFS_ROOTINO; i++) {
		ffs_bit_set(gr->maps + gr->want.iusedoff, i);
		gr->want.cs.nifree--;
	}
}

/* Free fragments of the block whose first is f (in the group): how many, and their runs if some are used. */
static uint32_t
expect_block(struct group *gr, uint32_t f)
{
	const struct ffs_super *s = gr->c->s;
	uint64_t base = (uint64_t)ffs_cgbase(s, gr->g);
	uint32_t frag = (uint32_t)s->frag, nfree = 0, run = 0, runs[FFS_FRAG_MAX + 1] = { 0 }, i;

	for (i = 0; i < frag; i++) {
		if (f + i < gr->want.ndblk && !ffs_bit(gr->c->used, base + f + i)) {
			ffs_bit_set(gr->maps + gr->want.freeoff, f + i);
			nfree++;
			run++;
			continue;
		}
		runs[run]++;
		run = 0;
	}
	runs[run]++;
	if (nfree == frag)
		return nfree;
	for (i = 1; i < frag; i++)
		gr->want.frsum[i] += runs[i];
	return nfree;
}

static void
end_cluster(struct group *gr, uint32_t run)
{
	int32_t max = gr->c->s->contigsumsize;

	if (run > 0 && max > 0)
		gr->clustersum[u64_min(run, (uint64_t)max)]++;
}

static void
expect_blocks(struct group *gr)
{
	const struct ffs_super *s = gr->c->s;
	uint32_t f, nfree, run = 0, used = 0;

	for (f = 0; f < gr->want.ndblk; f += (uint32_t)s->frag) {
		nfree = expect_block(gr, f);
		if (nfree < (uint32_t)s->frag) {
			used += (uint32_t)s->frag - nfree;
			gr->want.cs.nffree += nfree;
			end_cluster(gr, run);
			run = 0;
			continue;
		}
		gr->want.cs.nbfree++;
		run++;
		if (gr->want.clusteroff != 0)
			ffs_bit_set(gr->maps + gr->want.clusteroff, f / (uint32_t)s->frag);
	}
	end_cluster(gr, run);
	gr->c->result->free_frags += (uint64_t)(gr->want.cs.nbfree * s->frag + gr->want.cs.nffree);
	gr->c->result->used_frags += used - (f - gr->want.ndblk);
}

static void
expect_header(struct group *gr)
{
	const struct ffs_super *s = gr->c->s;
	struct ffs_cg *w = &gr->want;

	w->cgx = gr->g;
	w->ndblk = (uint32_t)ffs_cg_frags(s, gr->g);
	if (s->contigsumsize > 0)
		w->nclusterblks = w->ndblk / (uint32_t)s->frag;
	if (s->ver == 2) {
		w->niblk = s->ipg;
		return;
	}
	w->old_niblk = (int16_t)s->ipg;
	w->old_ncyl = (int16_t)s->old_cpg;
	if (gr->g < s->ncg - 1 || s->old_cpg <= 0 || s->fpg < s->old_cpg)
		return;
	if (gr->c->old_format)
		w->old_ncyl = (int16_t)(s->old_ncyl % s->old_cpg);
	else
		w->old_ncyl = (int16_t)howmany(w->ndblk, (uint32_t)(s->fpg / s->old_cpg));
}

/* --- against what is there --- */

static void
compare_counts(struct group *gr)
{
	const struct ffs_cg *got = &gr->got, *want = &gr->want;
	char name[32];
	unsigned i;

	number(gr, "number of directories", got->cs.ndir, want->cs.ndir);
	number(gr, "number of free blocks", got->cs.nbfree, want->cs.nbfree);
	number(gr, "number of free inodes", got->cs.nifree, want->cs.nifree);
	number(gr, "number of free fragments", got->cs.nffree, want->cs.nffree);
	for (i = 0; i < FFS_FRAG_MAX; i++) {
		(void)snprintf(name, sizeof(name), "frsum[%u]", i);
		number(gr, name, got->frsum[i], want->frsum[i]);
	}
}

static void
compare_rotor(struct group *gr, const char *name, uint32_t got, uint32_t end)
{
	/* 0 is right even where there is nothing. */
	if (got >= end && got != 0)
		check_problem(gr->c, 0, 0,
		    "cylinder group %" PRIu32 ": %s is %" PRIu32 ", should be less than %" PRIu32, gr->g, name, got,
		    end);
}

/* struct cg's spare words, which fsck_ffs wants to be zero. */
static void
compare_spare(struct group *gr)
{
	static const struct {
		uint32_t at, len;
	} spare[] = { { 0, 4 }, { 124, 12 }, { 144, 24 } };
	size_t i;
	uint32_t b;

	for (i = 0; i < nitems(spare); i++)
		for (b = spare[i].at; b < spare[i].at + spare[i].len; b++)
			if (gr->block[b] != 0) {
				check_problem(gr->c, 0, 0,
				    "cylinder group %" PRIu32 ": spare byte %" PRIu32 " is 0x%02x, should be 0", gr->g,
				    b, gr->block[b]);
				break;
			}
}

static void
compare_header(struct group *gr)
{
	const struct ffs_cg *got = &gr->got, *want = &gr->want;
	const struct ffs_super *s = gr->c->s;

	number(gr, "cgx", got->cgx, want->cgx);
	number(gr, "ndblk", got->ndblk, want->ndblk);
	number(gr, "ncyl", got->old_ncyl, want->old_ncyl);
	number(gr, "niblk (16 bits)", got->old_niblk, want->old_niblk);
	compare_rotor(gr, "rotor", got->rotor, want->ndblk);
	compare_rotor(gr, "frotor", got->frotor, want->ndblk);
	compare_rotor(gr, "irotor", got->irotor, s->ipg);
	if (gr->ocg)
		return;
	number(gr, "niblk", got->niblk, want->niblk);
	if (s->ver == 1)
		number(gr, "initediblk", got->initediblk, 0);
	else if (got->initediblk > s->ipg)
		number(gr, "initediblk", got->initediblk, s->ipg);
	number(gr, "nclusterblks", got->nclusterblks, want->nclusterblks);
	number(gr, "btotoff", got->old_btotoff, want->old_btotoff);
	number(gr, "boff", got->old_boff, want->old_boff);
	number(gr, "iusedoff", got->iusedoff, want->iusedoff);
	number(gr, "freeoff", got->freeoff, want->freeoff);
	number(gr, "nextfreeoff", got->nextfreeoff, want->nextfreeoff);
	number(gr, "clustersumoff", got->clustersumoff, want->clustersumoff);
	number(gr, "clusteroff", got->clusteroff, want->clusteroff);
	compare_spare(gr);
}

/* Runs of bits that differ in the same way, each one problem. */
static void
compare_map(struct group *gr, uint32_t off, uint32_t nbits, uint64_t first, const char *what, const char *set_wrongly,
    const char *clear_wrongly)
{
	const uint8_t *got = gr->block + off, *want = gr->maps + off;
	uint32_t i, start;
	bool is;

	for (i = 0; i < nbits; i++) {
		if (i % 8 == 0 && got[i / 8] == want[i / 8]) {
			i += 7;
			continue;
		}
		if (ffs_bit(got, i) == ffs_bit(want, i))
			continue;
		is = ffs_bit(got, i);
		for (start = i; i + 1 < nbits && ffs_bit(got, i + 1) == is && ffs_bit(want, i + 1) != is; i++)
			continue;
		if (start == i)
			check_problem(gr->c, 0, 0, "cylinder group %" PRIu32 ": %s %" PRIu64 " is %s", gr->g, what,
			    first + i, is ? set_wrongly : clear_wrongly);
		else
			check_problem(gr->c, 0, 0, "cylinder group %" PRIu32 ": %ss %" PRIu64 " to %" PRIu64 " are %s",
			    gr->g, what, first + start, first + i, is ? set_wrongly : clear_wrongly);
	}
}

static void
compare_clusters(struct group *gr)
{
	const struct ffs_super *s = gr->c->s;
	uint64_t first = (uint64_t)ffs_cgbase(s, gr->g) / (uint64_t)s->frag;
	char name[64];
	int32_t i;

	for (i = 1; i <= s->contigsumsize; i++) {
		(void)snprintf(name, sizeof(name), "number of clusters of %" PRId32 "%s", i,
		    i == s->contigsumsize ? " or more" : "");
		number(
		    gr, name, get_u32(gr->block + gr->want.clustersumoff + 4 * (uint32_t)i, s->big), gr->clustersum[i]);
	}
	compare_map(gr, gr->want.clusteroff, (uint32_t)(s->fpg / s->frag), first, "block",
	    "in the cluster map, but not free", "free, but not in the cluster map");
}

/* Bits and bytes of the maps that stand for nothing. */
static void
compare_padding(struct group *gr)
{
	const struct ffs_super *s = gr->c->s;
	const struct ffs_cg *w = &gr->want;
	uint32_t fend = w->freeoff + (uint32_t)howmany(s->fpg, 8), i;

	for (i = s->ipg; i % 8 != 0; i++)
		if (ffs_bit(gr->block + w->iusedoff, i))
			check_problem(gr->c, 0, 0,
			    "cylinder group %" PRIu32 ": the inode map goes beyond its %" PRIu32 " inodes", gr->g,
			    s->ipg);
	for (i = fend; w->clusteroff != 0 && i < w->clustersumoff + 4; i++)
		if (gr->block[i] != 0)
			check_problem(gr->c, 0, 0,
			    "cylinder group %" PRIu32 ": byte %" PRIu32
			    " behind the fragment map is 0x%02x, should be 0",
			    gr->g, i, gr->block[i]);
}

static void
compare_maps(struct group *gr)
{
	const struct ffs_super *s = gr->c->s;

	compare_map(gr, gr->want.iusedoff, s->ipg, (uint64_t)gr->g * s->ipg, "inode", "marked used, but not allocated",
	    "allocated, but marked free");
	compare_map(gr, gr->want.freeoff, (uint32_t)s->fpg, (uint64_t)ffs_cgbase(s, gr->g), "fragment",
	    "marked free, but in use", "marked used, but nothing holds it");
	compare_padding(gr);
	if (s->contigsumsize > 0 && !gr->ocg)
		compare_clusters(gr);
}

/* The group's line of the summary area. */
static int
compare_summary(struct group *gr, struct err *err)
{
	const struct ffs_super *s = gr->c->s;
	const struct ffs_csum *want = &gr->want.cs;
	uint64_t at = ((uint64_t)s->csaddr << s->fshift) + (uint64_t)gr->g * FFS_CSUM_BYTES;
	uint8_t buf[FFS_CSUM_BYTES];
	struct ffs_csum got;

	if (check_read(gr->c, buf, sizeof(buf), at, "summary area", err) < 0)
		return -1;
	ffs_csum_decode(&got, buf, s->big);
	number(gr, "summary area's number of directories", got.ndir, want->ndir);
	number(gr, "summary area's number of free blocks", got.nbfree, want->nbfree);
	number(gr, "summary area's number of free inodes", got.nifree, want->nifree);
	number(gr, "summary area's number of free fragments", got.nffree, want->nffree);
	return 0;
}

static int
check_group(struct group *gr, struct err *err)
{
	const struct ffs_super *s = gr->c->s;
	uint64_t at = (uint64_t)(ffs_cgstart(s, gr->g) + s->cblkno) << s->fshift;
	bool fits;

	memset(&gr->want, 0, sizeof(gr->want));
	memset(gr->clustersum, 0, sizeof(gr->clustersum));
	memset(gr->maps, 0, (size_t)s->bsize);
	if (check_read(gr->c, gr->block, (uint64_t)s->cgsize, at, "cylinder group block", err) < 0)
		return -1;
	ffs_cg_decode(&gr->got, gr->block, s->big);
	expect_header(gr);
	fits = place_maps(gr);
	if (!fits) {
		check_problem(gr->c, 0, 0,
		    "cylinder group %" PRIu32 ": its maps do not fit in its block of %" PRId32 " bytes", gr->g,
		    s->cgsize);
		return 0;
	}
	expect_inodes(gr);
	expect_blocks(gr);
	if ((gr->ocg ? get_u32(gr->block + OCG_MAGIC, s->big) : gr->got.magic) != FFS_CG_MAGIC)
		check_problem(gr->c, 0, 0, "cylinder group %" PRIu32 ": magic is 0x%" PRIx32 ", should be 0x%x", gr->g,
		    gr->got.magic, FFS_CG_MAGIC);
	else {
		compare_header(gr);
		compare_counts(gr);
		compare_maps(gr);
	}
	return compare_summary(gr, err);
}

static void
check_totals(struct check *c, const struct ffs_csum *sum)
{
	const struct ffs_csum *got = &c->s->cstotal;
	const struct {
		const char *name;
		int64_t got, want;
	} fields[] = { { "directories", got->ndir, sum->ndir }, { "free blocks", got->nbfree, sum->nbfree },
		{ "free inodes", got->nifree, sum->nifree }, { "free fragments", got->nffree, sum->nffree } };
	size_t i;

	for (i = 0; i < nitems(fields); i++)
		if (fields[i].got != fields[i].want)
			check_problem(c, 0, 0, "superblock: number of %s is %" PRId64 ", should be %" PRId64,
			    fields[i].name, fields[i].got, fields[i].want);
}

int
check_groups(struct check *c, struct err *err)
{
	cleanup_free uint8_t *block = xcalloc(1, (size_t)c->s->bsize), *maps = xcalloc(1, (size_t)c->s->bsize);
	struct group gr = { .c = c, .block = block, .maps = maps };
	struct ffs_csum sum = { 0 };

	if (c->s->contigsumsize > FFS_MAXCONTIG)
		return 0; /* reported; the maps cannot be where they should */
	gr.ocg = c->old_format && c->s->old_postblformat == POSTBL_42;
	for (gr.g = 0; gr.g < c->s->ncg; gr.g++) {
		if (check_group(&gr, err) < 0)
			return -1;
		sum.ndir += gr.want.cs.ndir;
		sum.nbfree += gr.want.cs.nbfree;
		sum.nifree += gr.want.cs.nifree;
		sum.nffree += gr.want.cs.nffree;
	}
	check_totals(c, &sum);
	return 0;
}
