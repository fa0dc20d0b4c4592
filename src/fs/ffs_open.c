/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding and validating a superblock: the places and the order of NetBSD's
 * ffs_mountfs(), the rules of its ffs_superblock_validate(), and bounds on
 * every number that the reader calculates with, so that a hostile image can
 * lead no arithmetic astray.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/defs.h"
#include "base/io.h"
#include "fs/ffs.h"

/* sb_oldfscompat: superblocks from before FS_FLAGS_UPDATED keep these elsewhere. */
static void
fill_from_old(struct ffs_super *s)
{
	uint64_t max = (UINT64_C(0x80000000) << s->bshift) - 1;

	if (s->ver == 2 || (s->old_flags & FFS_FLAGS_UPDATED) != 0)
		return;
	s->cstotal = s->old_cstotal;
	s->maxbsize = s->bsize;
	s->time = s->old_time;
	s->size = s->old_size;
	s->dsize = s->old_dsize;
	s->csaddr = s->old_csaddr;
	s->flags = s->old_flags;
	s->journal_version = s->journal_location = FFS_JOURNAL_NONE;
	s->pendingblocks = 0;
	s->pendinginodes = 0;
	if (s->old_inodefmt < FFS_INODEFMT_44) {
		s->maxfilesize = UINT64_C(1) << 39;
		s->qbmask = ~(int64_t)s->bmask;
		s->qfmask = ~(int64_t)s->fmask;
	}
	if (s->maxfilesize > max)
		s->maxfilesize = max;
}

static int
log2_of(int32_t n)
{
	return 31 - __builtin_clz((uint32_t)n);
}

static int
check_sizes(const struct ffs_super *s, struct err *err)
{
	if (s->sbsize < FFS_SB_BYTES || s->sbsize > FFS_SBSIZE)
		return err_set(err, "superblock size %" PRId32, s->sbsize);
	if (s->bsize < FFS_BSIZE_MIN || s->bsize > FFS_BSIZE_MAX || !powerof2(s->bsize))
		return err_set(err, "block size %" PRId32, s->bsize);
	if (s->fsize < 512 || s->fsize > s->bsize || !powerof2(s->fsize))
		return err_set(err, "fragment size %" PRId32, s->fsize);
	if (s->frag != s->bsize / s->fsize || s->frag > FFS_FRAG_MAX)
		return err_set(err, "%" PRId32 " fragments in a block of %" PRId32 " of %" PRId32 " bytes", s->frag,
		    s->bsize, s->fsize);
	if (s->bshift != log2_of(s->bsize) || s->bmask != ~(s->bsize - 1))
		return err_set(err, "block shift %" PRId32 ", mask 0x%" PRIx32, s->bshift, (uint32_t)s->bmask);
	if (s->fshift != log2_of(s->fsize) || s->fmask != ~(s->fsize - 1) || s->fragshift != log2_of(s->frag))
		return err_set(err, "fragment shifts %" PRId32 " and %" PRId32 ", mask 0x%" PRIx32, s->fshift,
		    s->fragshift, (uint32_t)s->fmask);
	if (s->inopb != (uint32_t)s->bsize / ffs_dinode_bytes(s))
		return err_set(err, "%" PRIu32 " inodes in a block", s->inopb);
	if (s->cgsize < FFS_CG_BYTES || s->cgsize > s->bsize)
		return err_set(err, "cylinder group block size %" PRId32, s->cgsize);
	return 0;
}

/* Cylinder groups: where their parts lie, and that each has room for them. */
static int
check_groups(const struct ffs_super *s, struct err *err)
{
	int64_t max = (int64_t)s->bsize * 8, inode_frags, stagger = 0;

	if (s->fpg <= 0 || s->fpg > max || s->fpg % s->frag != 0)
		return err_set(err, "%" PRId32 " fragments in a cylinder group", s->fpg);
	if (s->ipg == 0 || s->ipg > max)
		return err_set(err, "%" PRIu32 " inodes in a cylinder group", s->ipg);
	if (s->ncg == 0 || s->size <= (int64_t)s->fpg * (s->ncg - 1) || s->size > (int64_t)s->fpg * s->ncg)
		return err_set(err, "%" PRIu32 " cylinder groups for %" PRId64 " fragments", s->ncg, s->size);
	if ((uint64_t)s->ncg * s->ipg > UINT32_MAX)
		return err_set(err, "%" PRIu64 " inodes", (uint64_t)s->ncg * s->ipg);
	inode_frags = howmany((int64_t)s->ipg * ffs_dinode_bytes(s), s->fsize);
	if (s->sblkno < 0 || s->cblkno <= s->sblkno || s->iblkno <= s->cblkno || s->dblkno < s->iblkno + inode_frags ||
	    s->dblkno > s->fpg)
		return err_set(err,
		    "superblock, group, inodes and data at fragments %" PRId32 ", %" PRId32 ", %" PRId32 ", %" PRId32
		    " of a cylinder group of %" PRId32,
		    s->sblkno, s->cblkno, s->iblkno, s->dblkno, s->fpg);
	if (s->ver == 1)
		stagger = (int64_t)u64_min(s->ncg - 1, ~(uint32_t)s->old_cgmask);
	if (s->ver == 1 && (s->old_cgoffset < 0 || stagger * s->old_cgoffset > s->fpg - s->dblkno))
		return err_set(err, "cylinder group offset %" PRId32 ", mask 0x%" PRIx32, s->old_cgoffset,
		    (uint32_t)s->old_cgmask);
	if (ffs_cgstart(s, s->ncg - 1) + s->dblkno > s->size)
		return err_set(err, "the last cylinder group ends inside its inodes");
	return 0;
}

static int
check_summary(const struct ffs_super *s, struct err *err)
{
	if (s->maxbpg == 0)
		return err_set(err, "maxbpg is 0");
	if (s->cssize <= 0 || (uint64_t)s->cssize < (uint64_t)s->ncg * FFS_CSUM_BYTES ||
	    (uint64_t)s->cssize > roundup((uint64_t)s->ncg * FFS_CSUM_BYTES, (uint64_t)s->bsize))
		return err_set(err, "summary area of %" PRId32 " bytes", s->cssize);
	if (s->csaddr <= 0 || s->csaddr > s->size - howmany(s->cssize, s->fsize))
		return err_set(err, "summary area at fragment %" PRId64, s->csaddr);
	return 0;
}

static int
validate(const struct ffs_super *s, uint64_t bytes, struct err *err)
{
	struct err why = { 0 };

	if (s->size > 0 && s->fshift >= 9 && s->fshift <= 16 && (uint64_t)s->size > bytes >> s->fshift)
		return err_set(err,
		    "it is truncated: the file system has %" PRId64 " fragments of %" PRId32
		    " bytes, there is room for %" PRIu64,
		    s->size, s->fsize, bytes >> s->fshift);
	if (check_sizes(s, &why) < 0 || check_groups(s, &why) < 0 || check_summary(s, &why) < 0)
		return err_set(err, "the superblock at byte %" PRId64 " is damaged: %.300s", s->sblockloc, why.msg);
	return 0;
}

/* The superblock at loc: 1 if it is one, 0 if there is none, -1 if it is damaged. */
static int
try_superblock(struct ffs_reader *r, int64_t loc, struct err *err)
{
	uint8_t buf[FFS_SB_BYTES];
	struct ffs_super s;

	if (r->bytes < (uint64_t)loc + FFS_SBSIZE)
		return 0;
	if (pread_full(r->fd, buf, sizeof(buf), r->offset + (uint64_t)loc) < 0)
		return err_sys(err, "cannot read the superblock at byte %" PRId64, loc);
	if (!ffs_super_decode(&s, buf, loc))
		return 0;
	/* The first copy of a v1 file system with 64 KiB blocks lies there. */
	if (loc == FFS_SB_UFS2 && s.ver == 1 && (s.old_flags & FFS_FLAGS_UPDATED) == 0)
		return 0;
	if (s.sblockloc != loc)
		return 0;
	if (s.bshift >= 12 && s.bshift <= 16)
		fill_from_old(&s);
	if (validate(&s, r->bytes, err) < 0)
		return -1;
	r->super = s;
	return 1;
}

int
ffs_open(struct ffs_reader *r, int fd, uint64_t offset, uint64_t bytes, struct err *err)
{
	static const int64_t places[] = { FFS_SB_UFS2, FFS_SB_UFS1, 0, FFS_SB_PIGGY };
	struct err damage = { 0 }, *why;
	size_t i;
	int rv;

	memset(r, 0, sizeof(*r));
	r->fd = fd;
	r->offset = offset;
	r->bytes = bytes;
	for (i = 0; i < nitems(places); i++) {
		why = damage.msg[0] == '\0' ? &damage : err;
		rv = try_superblock(r, places[i], why);
		if (rv > 0)
			return 0;
	}
	if (damage.msg[0] != '\0')
		return err_set(err, "%s", damage.msg);
	return err_set(err, "it holds no FFS: no superblock at 64 KiB, 8 KiB, 0 or 256 KiB");
}
