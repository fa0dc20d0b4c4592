/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FFS superblock and inodes.  Every number from the disk is checked before it
 * is used to shift, divide or address.
 */
#include "ffs.h"

#include "bytes.h"
#include "string.h"

enum {
	SB_SIZE = 8192,
	MAGIC_V1 = 0x011954,
	MAGIC_V2 = 0x19540119,
	O_IBLKNO = 16,
	O_CGOFFSET = 24,
	O_CGMASK = 28,
	O_OLD_SIZE = 36,
	O_NCG = 44,
	O_BSIZE = 48,
	O_FSIZE = 52,
	O_FRAG = 56,
	O_BSHIFT = 80,
	O_FSHIFT = 84,
	O_FRAGSHIFT = 96,
	O_IPG = 184,
	O_FPG = 188,
	O_CLEAN = 209,
	O_OLD_FLAGS = 211,
	O_VOLUME = 680,
	O_SBLOCKLOC = 1000,
	O_SIZE = 1080,
	O_LINKLEN = 1320,
	O_MAGIC = 1372,
	FLAGS_UPDATED = 0x80,
	LINK_V1 = 60,
	LINK_V2 = 120,
	CACHE_SLOTS = 8
};

static struct {
	uint64_t frag;
	uint32_t len, used;
	uint8_t data[FFS_BSIZE_MAX] __attribute__((aligned(16)));
} cache[CACHE_SLOTS];
static uint32_t cache_clock;

const uint8_t *
ffs_cached(struct ffs *fs, uint64_t frag, uint32_t len)
{
	uint32_t oldest = 0;
	uint64_t sector;

	if (frag == 0 || frag >= fs->size || len > FFS_BSIZE_MAX ||
	    (len + fs->fsize - 1) >> fs->fshift > fs->size - frag)
		return NULL;
	for (uint32_t i = 0; i < CACHE_SLOTS; i++) {
		if (cache[i].frag == frag && cache[i].len >= len) {
			cache[i].used = ++cache_clock;
			return cache[i].data;
		}
		if (cache[i].used < cache[oldest].used)
			oldest = i;
	}
	sector = fs->wedge.start + (frag << fs->fshift) / SECTOR;
	cache[oldest].frag = 0;
	if (!blk_read(fs->wedge.disk, sector, cache[oldest].data, (len + SECTOR - 1) / SECTOR))
		return NULL;
	cache[oldest].frag = frag;
	cache[oldest].len = len;
	cache[oldest].used = ++cache_clock;
	return cache[oldest].data;
}

static bool
shift_is(uint32_t value, uint32_t shift)
{
	return shift < 32 && value == 1u << shift;
}

static const char *
geometry_load(struct ffs *fs, const uint8_t *sb)
{
	fs->bsize = get_le32(sb + O_BSIZE);
	fs->fsize = get_le32(sb + O_FSIZE);
	fs->bshift = get_le32(sb + O_BSHIFT);
	fs->fshift = get_le32(sb + O_FSHIFT);
	fs->fragshift = get_le32(sb + O_FRAGSHIFT);
	if (fs->bsize < 4096 || fs->bsize > FFS_BSIZE_MAX || !shift_is(fs->bsize, fs->bshift))
		return "bad block size";
	if (fs->fsize < SECTOR || !shift_is(fs->fsize, fs->fshift) || fs->fshift > fs->bshift ||
	    fs->bshift - fs->fshift > 3 || fs->fragshift != fs->bshift - fs->fshift)
		return "bad fragment size";
	fs->size = fs->v2 || (sb[O_OLD_FLAGS] & FLAGS_UPDATED) ? get_le64(sb + O_SIZE) : get_le32(sb + O_OLD_SIZE);
	if (fs->size == 0 || fs->size > (fs->wedge.sectors * SECTOR) >> fs->fshift)
		return "larger than its partition";
	return NULL;
}

static const char *
groups_load(struct ffs *fs, const uint8_t *sb)
{
	uint32_t inopb = fs->bsize / (fs->v2 ? 256 : 128);

	fs->ncg = get_le32(sb + O_NCG);
	fs->ipg = get_le32(sb + O_IPG);
	fs->fpg = get_le32(sb + O_FPG);
	fs->iblkno = get_le32(sb + O_IBLKNO);
	fs->cg_offset = fs->v2 ? 0 : get_le32(sb + O_CGOFFSET);
	fs->cg_mask = fs->v2 ? 0 : get_le32(sb + O_CGMASK);
	if (fs->ncg == 0 || fs->ipg == 0 || fs->fpg == 0 || fs->iblkno >= fs->fpg || fs->ipg % inopb != 0)
		return "bad cylinder groups";
	fs->inline_link_max = get_le32(sb + O_LINKLEN);
	if (fs->inline_link_max > (fs->v2 ? LINK_V2 : LINK_V1))
		return "bad symbolic link length";
	fs->clean = sb[O_CLEAN] == 1;
	copy_string(fs->volume, sizeof(fs->volume), (const char *)sb + O_VOLUME, sizeof(fs->volume) - 1);
	return NULL;
}

/* True if there is a superblock here which belongs here. */
static bool
superblock_here(struct ffs *fs, uint32_t where, const uint8_t *sb)
{
	uint32_t magic = get_le32(sb + O_MAGIC);

	if (magic != MAGIC_V1 && magic != MAGIC_V2)
		return false;
	fs->v2 = magic == MAGIC_V2;
	if (fs->v2 || (sb[O_OLD_FLAGS] & FLAGS_UPDATED))
		return get_le64(sb + O_SBLOCKLOC) == where;
	return where != 65536;
}

const char *
ffs_mount(struct ffs *fs, const struct wedge *w)
{
	static const uint32_t places[] = { 65536, 8192, 0, 262144 };
	static uint8_t sb[SB_SIZE] __attribute__((aligned(16)));
	const char *why;

	fs->wedge = *w;
	for (uint32_t i = 0; i < nitems(places); i++) {
		if ((places[i] + SB_SIZE) / SECTOR > w->sectors)
			continue;
		if (!blk_read(w->disk, w->start + places[i] / SECTOR, sb, SB_SIZE / SECTOR))
			return "cannot read";
		if (!superblock_here(fs, places[i], sb))
			continue;
		why = geometry_load(fs, sb);
		return why != NULL ? why : groups_load(fs, sb);
	}
	return "no FFS superblock";
}

static void
inode_v1(const uint8_t *d, struct ffs_node *n, uint32_t link_max)
{
	for (int i = 0; i < FFS_DIRECT; i++)
		n->direct[i] = get_le32(d + 40 + 4 * i);
	for (int i = 0; i < 3; i++)
		n->indirect[i] = get_le32(d + 88 + 4 * i);
	n->size = get_le64(d + 8);
	if (ffs_kind(n) == FFS_LINK && n->size < link_max)
		memcpy(n->link, d + 40, (uint32_t)n->size);
}

static void
inode_v2(const uint8_t *d, struct ffs_node *n, uint32_t link_max)
{
	for (int i = 0; i < FFS_DIRECT; i++)
		n->direct[i] = get_le64(d + 112 + 8 * i);
	for (int i = 0; i < 3; i++)
		n->indirect[i] = get_le64(d + 208 + 8 * i);
	n->size = get_le64(d + 16);
	if (ffs_kind(n) == FFS_LINK && n->size < link_max)
		memcpy(n->link, d + 112, (uint32_t)n->size);
}

bool
ffs_inode(struct ffs *fs, uint32_t ino, struct ffs_node *n)
{
	uint32_t isize = fs->v2 ? 256 : 128, cg = ino / fs->ipg;
	uint32_t index = ino % fs->ipg, inopb = fs->bsize / isize;
	const uint8_t *block;
	uint64_t frag;

	if (ino < FFS_ROOT || cg >= fs->ncg)
		return false;
	frag = (uint64_t)fs->fpg * cg + fs->iblkno;
	frag += (uint64_t)fs->cg_offset * (cg & ~fs->cg_mask);
	frag += (uint64_t)(index / inopb) << fs->fragshift;
	block = ffs_cached(fs, frag, fs->bsize);
	if (block == NULL)
		return false;
	block += index % inopb * isize;
	*n = (struct ffs_node){ .ino = ino, .mode = get_le16(block) };
	if (fs->v2)
		inode_v2(block, n, fs->inline_link_max);
	else
		inode_v1(block, n, fs->inline_link_max);
	return n->mode != 0 && n->size >> 62 == 0;
}
