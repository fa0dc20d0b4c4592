/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cylinder group block: where its maps lie (newfs's initcg()), and all
 * that is counted from them: free blocks and fragments, runs of free
 * fragments by length, free clusters and their sums.
 */
#include <string.h>

#include "base/defs.h"
#include "base/endian.h"
#include "fs/ffs_format.h"

#define CG_STRUCT_BYTES 176 /* sizeof(struct cg) on 64-bit NetBSD, which newfs reserves */

uint32_t
ffs_cg_bytes(const struct ffs_super *s, uint64_t ipg, uint64_t fpg)
{
	uint64_t n = CG_STRUCT_BYTES + 4 + (uint64_t)s->old_cpg * 6 + howmany(ipg, 8) + howmany(fpg, 8);

	if (s->contigsumsize > 0)
		n += (uint64_t)s->contigsumsize * 4 + howmany(fpg >> s->fragshift, 8);
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

void
ffs_cg_offsets(const struct ffs_super *s, struct ffs_cg *cg)
{
	uint32_t fpg = (uint32_t)s->fpg;

	cg->iusedoff = FFS_CG_BYTES;
	if (s->ver == 1) {
		cg->old_btotoff = FFS_CG_BYTES;
		cg->old_boff = cg->old_btotoff + s->old_cpg * 4;
		cg->iusedoff = (uint32_t)(cg->old_boff + s->old_cpg * s->old_nrpos * 2);
	}
	cg->freeoff = cg->iusedoff + howmany(s->ipg, 8);
	cg->nextfreeoff = cg->freeoff + howmany(fpg, 8);
	if (s->contigsumsize > 0) {
		cg->clustersumoff = roundup(cg->nextfreeoff - 4, 4);
		cg->clusteroff = cg->clustersumoff + ((uint32_t)s->contigsumsize + 1) * 4;
		cg->nextfreeoff = cg->clusteroff + howmany(fpg >> s->fragshift, 8);
	}
}

/* Runs of free fragments inside one block, by length. */
static void
count_fragments(const struct ffs_super *s, struct ffs_cg *cg, const uint8_t *freemap, uint32_t first)
{
	uint32_t i, run = 0;

	for (i = 0; i < (uint32_t)s->frag; i++) {
		if (ffs_bit(freemap, first + i)) {
			run++;
			cg->cs.nffree++;
		} else if (run > 0) {
			cg->frsum[run]++;
			run = 0;
		}
	}
	if (run > 0)
		cg->frsum[run]++;
}

/* All frag bits of the block from first on, which share a byte: frag is 1, 2, 4 or 8. */
static uint8_t
block_bits(const struct ffs_super *s, const uint8_t *freemap, uint32_t first)
{
	return (uint8_t)((freemap[first >> 3] >> (first & 7)) & (0xff >> (8 - s->frag)));
}

static void
count_blocks(const struct ffs_super *s, struct ffs_cg *cg, const uint8_t *freemap, uint8_t *block)
{
	const uint8_t full = (uint8_t)(0xff >> (8 - s->frag));
	uint32_t f, run = 0, clusters[FFS_MAXCONTIG + 1] = { 0 };
	uint32_t max = (uint32_t)s->contigsumsize, i;
	uint8_t bits;

	/* fpg is a multiple of 8, so the last block's bits exist even where its fragments do not. */
	for (f = 0; f < cg->ndblk; f += (uint32_t)s->frag) {
		bits = block_bits(s, freemap, f);
		if (bits == full) {
			cg->cs.nbfree++;
			run++;
			if (max > 0)
				ffs_bit_set(block + cg->clusteroff, f >> s->fragshift);
			continue;
		}
		if (bits != 0)
			count_fragments(s, cg, freemap, f);
		clusters[run < max ? run : max]++;
		run = 0;
	}
	clusters[run < max ? run : max]++;
	for (i = 1; i <= max; i++)
		put_u32(block + cg->clustersumoff + 4 * i, clusters[i], s->big);
}

void
ffs_cg_build(const struct ffs_super *s, struct ffs_cg *cg, const uint8_t *freemap, const uint8_t *iused, uint8_t *block)
{
	uint32_t i, used = 0;

	memset(block, 0, (size_t)s->cgsize);
	cg->magic = FFS_CG_MAGIC;
	cg->ndblk = (uint32_t)ffs_cg_frags(s, cg->cgx);
	cg->nclusterblks = s->contigsumsize > 0 ? cg->ndblk >> s->fragshift : 0;
	if (s->ver == 1) {
		cg->old_ncyl = (int16_t)s->old_cpg;
		cg->old_niblk = (int16_t)s->ipg;
	} else
		cg->niblk = s->ipg;
	ffs_cg_offsets(s, cg);
	memcpy(block + cg->iusedoff, iused, howmany(s->ipg, 8));
	memcpy(block + cg->freeoff, freemap, howmany((uint32_t)s->fpg, 8));
	for (i = 0; i < howmany(s->ipg, 8); i++)
		used += (uint32_t)__builtin_popcount(iused[i]);
	cg->cs.nifree = (int64_t)s->ipg - used;
	cg->cs.nbfree = cg->cs.nffree = 0;
	memset(cg->frsum, 0, sizeof(cg->frsum));
	count_blocks(s, cg, freemap, block);
	if (s->ver == 1) {
		/* One cylinder, one rotational position: both tables are the number of free blocks. */
		put_u32(block + cg->old_btotoff, (uint32_t)cg->cs.nbfree, s->big);
		put_u16(block + cg->old_boff, (uint16_t)cg->cs.nbfree, s->big);
	}
	ffs_cg_encode(cg, block, s->big);
}
