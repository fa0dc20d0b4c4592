/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The superblock's fields against each other, beyond what ffs_open() demands,
 * and every copy of it against the primary.
 */
#include <inttypes.h>
#include <string.h>

#include "base/defs.h"
#include "base/endian.h"
#include "fs/ffs_check.h"

#define FLAGS_KNOWN (0x002 | 0x010 | FFS_FLAG_WAPBL | 0x200 | 0x800) /* FS_KNOWN_FLAGS */
#define SUPER_QUOTA_INO 912 /* in struct fs, where the codec need not look */

static void
field(struct check *c, const char *name, int64_t got, int64_t want)
{
	if (got != want)
		check_problem(c, 0, 0, "superblock: %s is %" PRId64 ", should be %" PRId64, name, got, want);
}

static uint64_t
largest_file(const struct ffs_super *s)
{
	uint64_t nindir = (uint64_t)s->bsize / (uint64_t)ffs_ptr_bytes(s), span = (uint64_t)s->bsize;
	uint64_t bytes = (uint64_t)s->bsize * FFS_NDADDR - 1;
	unsigned i;

	for (i = 0; i < FFS_NIADDR; i++) {
		span *= nindir;
		bytes += span;
	}
	return bytes;
}

static void
check_derived(struct check *c)
{
	const struct ffs_super *s = c->s;
	int64_t data = s->size - s->sblkno - (int64_t)s->ncg * (s->dblkno - s->sblkno);

	field(c, "nindir", s->nindir, s->bsize / ffs_ptr_bytes(s));
	field(c, "fsbtodb", s->fsbtodb, s->fshift - 9);
	field(c, "inodes per group modulo inodes per block", s->ipg % s->inopb, 0);
	field(c, "cssize", s->cssize, (int64_t)roundup((uint64_t)s->ncg * FFS_CSUM_BYTES, (uint64_t)s->fsize));
	if (s->dsize > data || s->dsize < data - (int64_t)howmany(s->cssize, s->fsize))
		field(c, "dsize", s->dsize, data);
	if (s->ver == 1 && !c->old_format) {
		/* Linux and older kernels read v1 from these. */
		field(c, "old size", s->old_size, s->size);
		field(c, "old dsize", s->old_dsize, s->dsize);
		field(c, "old csaddr", s->old_csaddr, s->csaddr);
	}
	if (c->old_entries)
		return;
	field(c, "maxsymlinklen", s->maxsymlinklen, (FFS_NDADDR + FFS_NIADDR) * ffs_ptr_bytes(s));
	field(c, "qbmask", s->qbmask, s->bsize - 1);
	field(c, "qfmask", s->qfmask, s->fsize - 1);
	if (!c->old_format)
		field(c, "maxfilesize", (int64_t)s->maxfilesize, (int64_t)largest_file(s));
}

static void
check_parameters(struct check *c)
{
	const struct ffs_super *s = c->s;

	if (s->optim != FFS_OPTTIME && s->optim != FFS_OPTSPACE)
		check_problem(c, 0, 0, "superblock: unknown optimization %" PRId32, s->optim);
	if (s->minfree < 0 || s->minfree > 99)
		check_problem(c, 0, 0, "superblock: minfree is %" PRId32 " %%", s->minfree);
	if (s->contigsumsize < 0 || s->contigsumsize > FFS_MAXCONTIG)
		check_problem(c, 0, 0, "superblock: contigsumsize is %" PRId32 ", should be 0 to %d", s->contigsumsize,
		    FFS_MAXCONTIG);
	if (s->ver == 1 && s->old_postblformat != -1 && (s->old_interleave < 1 || s->old_interleave > s->old_nsect))
		check_problem(c, 0, 0, "superblock: interleave %" PRId32 " of %" PRId32 " sectors", s->old_interleave,
		    s->old_nsect);
	if (s->ver == 1 && s->old_postblformat != -1 &&
	    (s->old_npsect < s->old_nsect || s->old_npsect > (int64_t)s->old_nsect * 2))
		check_problem(
		    c, 0, 0, "superblock: npsect %" PRId32 " for %" PRId32 " sectors", s->old_npsect, s->old_nsect);
	if (!c->old_format && (s->flags & ~(uint32_t)FLAGS_KNOWN) != 0)
		check_problem(c, 0, 0, "superblock: flags that NetBSD does not know: 0x%" PRIx32,
		    s->flags & ~(uint32_t)FLAGS_KNOWN);
}

static void
check_clean(struct check *c)
{
	const struct ffs_super *s = c->s;

	if (s->clean != FFS_CLEAN)
		check_problem(
		    c, 0, 0, "the file system is not marked clean: fs_clean is 0x%02x, should be 0x01", s->clean);
	if (s->pendingblocks != 0 || s->pendinginodes != 0)
		check_problem(c, 0, 0, "superblock: %" PRId64 " blocks and %" PRIu32 " inodes were still to be freed",
		    s->pendingblocks, s->pendinginodes);
}

static void
find_special_inodes(struct check *c, const uint8_t *buf)
{
	bool big = c->s->big;
	unsigned i;

	if (c->old_format)
		return;
	if (c->s->journal_version == FFS_JOURNAL_VERSION && c->s->journal_location == FFS_JOURNAL_INSIDE)
		c->journal_ino = (uint32_t)c->s->journal[FFS_JOURNAL_INO];
	for (i = 0; i < 2; i++)
		c->quota_ino[i] = (uint32_t)get_u64(buf + SUPER_QUOTA_INO + 8 * i, big);
}

struct static_field {
	const char *name;
	int64_t a, b;
};

static void
check_copy(struct check *c, uint32_t g, const uint8_t *buf)
{
	const struct ffs_super *s = c->s;
	struct ffs_super t;
	size_t i;

	if (!ffs_super_decode(&t, buf, s->sblockloc) || t.big != s->big) {
		check_problem(c, 0, 0, "cylinder group %" PRIu32 ": there is no superblock copy at fragment %" PRId64,
		    g, ffs_cgstart(s, g) + s->sblkno);
		return;
	}
#define STATIC(member)                                                                                                 \
	{                                                                                                              \
#member, (int64_t)s->member, (int64_t)t.member                                                         \
	}
#define STATIC_NEW(member)                                                                                             \
	{                                                                                                              \
#member, c->old_format ? 0 : (int64_t)s->member, c->old_format ? 0 : (int64_t)t.member                 \
	}
	const struct static_field fields[] = { STATIC(magic), STATIC(sblkno), STATIC(cblkno), STATIC(iblkno),
		STATIC(dblkno), STATIC(old_cgoffset), STATIC(old_cgmask), STATIC(ncg), STATIC(bsize), STATIC(fsize),
		STATIC(frag), STATIC(bmask), STATIC(fmask), STATIC(bshift), STATIC(fshift), STATIC(fragshift),
		STATIC(fsbtodb), STATIC(sbsize), STATIC(nindir), STATIC(inopb), STATIC(cssize), STATIC(cgsize),
		STATIC(ipg), STATIC(fpg), STATIC(old_size), STATIC(old_cpg), STATIC(contigsumsize),
		STATIC(maxsymlinklen), STATIC(old_inodefmt), STATIC(old_postblformat), STATIC_NEW(size),
		STATIC_NEW(csaddr), STATIC_NEW(sblockloc) };
#undef STATIC
#undef STATIC_NEW
	for (i = 0; i < nitems(fields); i++)
		if (fields[i].a != fields[i].b)
			check_problem(c, 0, 0,
			    "superblock copy of cylinder group %" PRIu32 ": %s is %" PRId64
			    ", the primary has %" PRId64,
			    g, fields[i].name, fields[i].b, fields[i].a);
}

int
check_super(struct check *c, struct err *err)
{
	const struct ffs_super *s = c->s;
	uint8_t buf[FFS_SB_BYTES];
	uint32_t g;

	if (check_read(c, buf, sizeof(buf), (uint64_t)s->sblockloc, "superblock", err) < 0)
		return -1;
	find_special_inodes(c, buf);
	check_clean(c);
	check_derived(c);
	check_parameters(c);
	for (g = 0; g < s->ncg; g++) {
		if (check_read(c, buf, sizeof(buf), (uint64_t)(ffs_cgstart(s, g) + s->sblkno) << s->fshift,
			"superblock copy", err) < 0)
			return -1;
		check_copy(c, g, buf);
	}
	return 0;
}
