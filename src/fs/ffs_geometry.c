/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shape of a new file system: block and fragment sizes, cylinder groups
 * and the superblock's fields, as newfs(8) -m 0 computes them (NetBSD
 * sbin/newfs/newfs.c and mkfs.c).
 */
#include "base/defs.h"
#include "fs/ffs_layout.h"

#define SECTOR 512
#define MINCYLGRPS 4
#define NFPI 4 /* fragments an inode */
#define MAXPHYS 65536
#define AVFILESIZ 16384
#define AFPDIR 64

void
ffs_default_sizes(uint64_t bytes, uint32_t *bsize, uint32_t *fsize)
{
	if (bytes < UINT64_C(20) << 20)
		*fsize = 512;
	else if (bytes < UINT64_C(1000) << 20)
		*fsize = 1024;
	else if (bytes < UINT64_C(128) << 30)
		*fsize = 2048;
	else
		*fsize = 4096;
	*bsize = 8 * *fsize;
}

static int32_t
log2_of(uint64_t v)
{
	int32_t n = 0;

	while (v > 1) {
		v >>= 1;
		n++;
	}
	return n;
}

static void
set_sizes(struct ffs_super *s, const struct fs_options *o, uint64_t bytes)
{
	uint32_t bsize, fsize;

	ffs_default_sizes(bytes, &bsize, &fsize);
	if (o->bsize != 0)
		bsize = o->bsize;
	fsize = o->fsize != 0 ? o->fsize : bsize / FFS_FRAG_MAX;
	s->bsize = (int32_t)bsize;
	s->fsize = (int32_t)fsize;
	s->bmask = ~(s->bsize - 1);
	s->fmask = ~(s->fsize - 1);
	s->qbmask = ~(int64_t)s->bmask;
	s->qfmask = ~(int64_t)s->fmask;
	s->bshift = log2_of(bsize);
	s->fshift = log2_of(fsize);
	s->frag = s->bsize / s->fsize;
	s->fragshift = log2_of((uint64_t)s->frag);
	s->fsbtodb = log2_of(fsize / SECTOR);
	s->maxbsize = s->bsize;
	s->maxcontig = MAXPHYS / s->bsize > 1 ? MAXPHYS / s->bsize : 1;
	s->contigsumsize = s->maxcontig > 1 ? (s->maxcontig < FFS_MAXCONTIG ? s->maxcontig : FFS_MAXCONTIG) : 0;
	/* A file system of whole blocks: the last fragments of another size would be of little use. */
	s->size = (int64_t)(bytes / bsize) * s->frag;
}

static void
set_version(struct ffs_super *s, unsigned version)
{
	s->ver = version;
	s->old_inodefmt = FFS_INODEFMT_44;
	s->old_flags = FFS_FLAGS_UPDATED;
	s->nindir = s->bsize / (version == 2 ? 8 : 4);
	s->inopb = (uint32_t)s->bsize / ffs_dinode_bytes(s);
	s->maxsymlinklen = (FFS_NDADDR + FFS_NIADDR) * (version == 2 ? 8 : 4);
	s->maxbpg = s->nindir;
	s->magic = version == 2 ? FFS_MAGIC_UFS2 : FFS_MAGIC_UFS1;
	s->sblockloc = version == 2 ? FFS_SB_UFS2 : FFS_SB_UFS1;
	if (version == 2)
		return;
	s->old_cgmask = -1;
	s->old_rps = 60;
	s->old_nspf = s->fsize / SECTOR;
	s->old_cpg = 1;
	s->old_interleave = 1;
	s->old_postblformat = 1;
	s->old_nrpos = 1;
}

static void
set_places(struct ffs_super *s)
{
	uint64_t size = (uint64_t)s->bsize;
	unsigned i;

	s->sblkno = (int32_t)roundup(howmany(s->sblockloc + FFS_SBSIZE, s->fsize), s->frag);
	s->cblkno = s->sblkno + roundup(howmany(FFS_SBSIZE, s->fsize), s->frag);
	s->iblkno = s->cblkno + s->frag;
	s->maxfilesize = (uint64_t)s->bsize * FFS_NDADDR - 1;
	for (i = 0; i < FFS_NIADDR; i++) {
		size *= (uint64_t)s->nindir;
		s->maxfilesize += size;
	}
}

/* Blocks of inodes for the whole file system. */
static uint64_t
inode_blocks(const struct ffs_super *s, uint64_t inodes, bool density)
{
	uint64_t room = (uint64_t)(s->size - s->iblkno), blocks = howmany(inodes, s->inopb);
	uint64_t by_density = room / ((uint64_t)s->frag + (uint64_t)NFPI * s->inopb);

	if (density && by_density > blocks)
		blocks = by_density;
	if (blocks == 0)
		blocks = 1;
	return blocks;
}

static uint32_t
group_count(const struct ffs_super *s, uint64_t blocks)
{
	uint64_t zero = ffs_cg_bytes(s, 0, 0), all = ffs_cg_bytes(s, blocks * s->inopb, (uint64_t)s->size);
	uint64_t ncg = howmany(all - zero, (uint64_t)s->bsize - zero), few;

	if (ncg >= MINCYLGRPS)
		return (uint32_t)ncg;
	few = (uint64_t)s->size / 2 / ((uint64_t)s->iblkno + blocks * (uint64_t)s->frag);
	ncg = u64_max(ncg, u64_min(few, MINCYLGRPS));
	return (uint32_t)u64_min(ncg, blocks);
}

static uint32_t
inodes_per_group(const struct ffs_super *s, uint64_t blocks, uint32_t ncg)
{
	return (uint32_t)((blocks - 1) / ncg + 1) * s->inopb;
}

/* Cylinder groups of equal size, whose block fits into one file system block. */
static int
set_groups(struct ffs_super *s, uint64_t blocks)
{
	uint32_t ncg = group_count(s, blocks), over;
	int64_t last;

	s->fpg = (int32_t)roundup(roundup(howmany((uint64_t)s->size, ncg), (uint64_t)s->frag), 8);
	s->ipg = inodes_per_group(s, blocks, ncg);
	over = ffs_cg_bytes(s, s->ipg, (uint64_t)s->fpg);
	if (over > (uint32_t)s->bsize) {
		s->fpg -= (int32_t)(over - (uint32_t)s->bsize) * 8;
		if (s->fpg <= 0)
			return -1;
		ncg = (uint32_t)howmany(s->size, s->fpg);
		s->ipg = inodes_per_group(s, blocks, ncg);
	}
	if (ffs_cg_bytes(s, s->ipg, (uint64_t)s->fpg) > (uint32_t)s->bsize)
		return -1;
	s->dblkno = s->iblkno + (int32_t)(s->ipg / (s->inopb >> s->fragshift));
	ncg = (uint32_t)howmany(s->size, s->fpg);
	last = s->size - (int64_t)s->fpg * (ncg - 1);
	if (last < s->dblkno + s->frag) {
		ncg--;
		s->size -= last;
	}
	s->ncg = ncg;
	return ncg == 0 || s->dblkno >= s->fpg ? -1 : 0;
}

int
ffs_geometry(struct ffs_super *s, const struct fs_options *o, uint64_t bytes, uint64_t inodes, bool density)
{
	uint64_t blocks;

	*s = (struct ffs_super){ 0 };
	set_sizes(s, o, bytes);
	set_version(s, o->version);
	s->big = o->like != NULL && o->like->big;
	set_places(s);
	if (s->size < s->iblkno + 3 * s->frag || (s->ver == 1 && s->size > INT32_MAX))
		return -1;
	blocks = inode_blocks(s, inodes, density);
	if (blocks * s->inopb > INT32_MAX || (int64_t)blocks * s->frag >= s->size || set_groups(s, blocks) < 0)
		return -1;
	if ((uint64_t)s->ipg * s->ncg < inodes)
		return -1;
	s->cgsize = (int32_t)roundup(ffs_cg_bytes(s, s->ipg, (uint64_t)s->fpg), (uint32_t)s->fsize);
	s->csaddr = s->dblkno;
	s->cssize = (int32_t)roundup(s->ncg * FFS_CSUM_BYTES, (uint32_t)s->fsize);
	if (ffs_data_start(s, 0) >= ffs_cg_frags(s, 0))
		return -1;
	s->sbsize = (int32_t)u64_min(roundup(FFS_SB_BYTES, (uint32_t)s->fsize), FFS_SBSIZE);
	s->optim = FFS_OPTSPACE;
	s->clean = FFS_CLEAN;
	s->avgfilesize = AVFILESIZ;
	s->avgfpdir = AFPDIR;
	s->dsize = s->size - s->sblkno - (int64_t)s->ncg * (s->dblkno - s->sblkno) - (s->cssize >> s->fshift);
	if (s->ver == 1) {
		s->old_spc = s->old_nsect = s->old_npsect = s->fpg * s->old_nspf;
		s->old_ncyl = (int32_t)s->ncg;
		s->old_size = (int32_t)s->size;
		s->old_dsize = (int32_t)s->dsize;
		s->old_csaddr = (int32_t)s->csaddr;
	}
	return 0;
}
