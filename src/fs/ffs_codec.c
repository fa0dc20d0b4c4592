/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FFS structures between host order and disk, both versions and both byte
 * orders.  Each structure is one table of (offset, bytes, member), read for
 * decoding and for encoding; offsets are those of NetBSD's struct fs, struct
 * cg, struct ufs1_dinode and struct ufs2_dinode.
 */
#include <string.h>

#include "base/defs.h"
#include "base/endian.h"
#include "fs/ffs_format.h"

static int64_t
get_signed(const uint8_t *p, unsigned bytes, bool big)
{
	switch (bytes) {
	case 1:
		return (int8_t)*p;
	case 2:
		return (int16_t)get_u16(p, big);
	case 4:
		return (int32_t)get_u32(p, big);
	default:
		return (int64_t)get_u64(p, big);
	}
}

static uint64_t
get_unsigned(const uint8_t *p, unsigned bytes, bool big)
{
	switch (bytes) {
	case 1:
		return *p;
	case 2:
		return get_u16(p, big);
	case 4:
		return get_u32(p, big);
	default:
		return get_u64(p, big);
	}
}

static void
put(uint8_t *p, unsigned bytes, uint64_t v, bool big)
{
	switch (bytes) {
	case 1:
		*p = (uint8_t)v;
		break;
	case 2:
		put_u16(p, (uint16_t)v, big);
		break;
	case 4:
		put_u32(p, (uint32_t)v, big);
		break;
	default:
		put_u64(p, v, big);
		break;
	}
}

/* The macros that turn a row of a table into a statement; "s" is the structure. */
#define DECODE_S(off, bytes, member) s->member = (__typeof__(s->member))get_signed(buf + (off), (bytes), big);
#define DECODE_U(off, bytes, member) s->member = (__typeof__(s->member))get_unsigned(buf + (off), (bytes), big);
#define ENCODE(off, bytes, member) put(buf + (off), (bytes), (uint64_t)s->member, big);

/* Rows: offset, bytes, member; S for signed, U for unsigned. */
/* clang-format off */
#define SUPER_FIELDS(S, U) \
	S(8, 4, sblkno) S(12, 4, cblkno) S(16, 4, iblkno) S(20, 4, dblkno) S(24, 4, old_cgoffset) \
	S(28, 4, old_cgmask) S(32, 4, old_time) S(36, 4, old_size) S(40, 4, old_dsize) U(44, 4, ncg) \
	S(48, 4, bsize) S(52, 4, fsize) S(56, 4, frag) S(60, 4, minfree) S(64, 4, old_rotdelay) \
	S(68, 4, old_rps) S(72, 4, bmask) S(76, 4, fmask) S(80, 4, bshift) S(84, 4, fshift) \
	S(88, 4, maxcontig) S(92, 4, maxbpg) S(96, 4, fragshift) S(100, 4, fsbtodb) S(104, 4, sbsize) \
	S(116, 4, nindir) U(120, 4, inopb) S(124, 4, old_nspf) S(128, 4, optim) S(132, 4, old_npsect) \
	S(136, 4, old_interleave) S(140, 4, old_trackskew) S(144, 4, id[0]) S(148, 4, id[1]) \
	S(152, 4, old_csaddr) S(156, 4, cssize) S(160, 4, cgsize) S(168, 4, old_nsect) S(172, 4, old_spc) \
	S(176, 4, old_ncyl) S(180, 4, old_cpg) U(184, 4, ipg) S(188, 4, fpg) S(192, 4, old_cstotal.ndir) \
	S(196, 4, old_cstotal.nbfree) S(200, 4, old_cstotal.nifree) S(204, 4, old_cstotal.nffree) \
	U(208, 1, fmod) U(209, 1, clean) U(210, 1, ronly) U(211, 1, old_flags) S(856, 4, old_cpc) \
	S(860, 4, maxbsize) U(864, 1, journal_version) U(865, 1, journal_location) U(868, 4, journal_flags) \
	U(872, 8, journal[0]) U(880, 8, journal[1]) U(888, 8, journal[2]) U(896, 8, journal[3]) S(1000, 8, sblockloc) S(1008, 8, cstotal.ndir) S(1016, 8, cstotal.nbfree) \
	S(1024, 8, cstotal.nifree) S(1032, 8, cstotal.nffree) S(1072, 8, time) S(1080, 8, size) \
	S(1088, 8, dsize) S(1096, 8, csaddr) S(1104, 8, pendingblocks) U(1112, 4, pendinginodes) \
	U(1196, 4, avgfilesize) U(1200, 4, avgfpdir) U(1312, 4, flags) S(1316, 4, contigsumsize) \
	S(1320, 4, maxsymlinklen) S(1324, 4, old_inodefmt) U(1328, 8, maxfilesize) S(1336, 8, qbmask) \
	S(1344, 8, qfmask) S(1352, 4, state) S(1356, 4, old_postblformat) S(1360, 4, old_nrpos) \
	S(1364, 4, old_postbloff) S(1368, 4, old_rotbloff) U(1372, 4, magic)

#define SUPER_FSMNT 212
#define SUPER_VOLNAME 680
#define SUPER_MAGIC 1372

#define CG_FIELDS(S, U) \
	U(4, 4, magic) S(8, 4, old_time) U(12, 4, cgx) S(16, 2, old_ncyl) S(18, 2, old_niblk) \
	U(20, 4, ndblk) S(24, 4, cs.ndir) S(28, 4, cs.nbfree) S(32, 4, cs.nifree) S(36, 4, cs.nffree) \
	U(40, 4, rotor) U(44, 4, frotor) U(48, 4, irotor) U(52, 4, frsum[0]) U(56, 4, frsum[1]) \
	U(60, 4, frsum[2]) U(64, 4, frsum[3]) U(68, 4, frsum[4]) U(72, 4, frsum[5]) U(76, 4, frsum[6]) \
	U(80, 4, frsum[7]) S(84, 4, old_btotoff) S(88, 4, old_boff) U(92, 4, iusedoff) U(96, 4, freeoff) \
	U(100, 4, nextfreeoff) U(104, 4, clustersumoff) U(108, 4, clusteroff) U(112, 4, nclusterblks) \
	U(116, 4, niblk) U(120, 4, initediblk) S(136, 8, time)

#define CSUM_FIELDS(S, U) \
	S(0, 4, ndir) S(4, 4, nbfree) S(8, 4, nifree) S(12, 4, nffree)

#define DINODE1_FIELDS(S, U) \
	U(0, 2, mode) S(2, 2, nlink) U(8, 8, size) S(16, 4, atime) S(20, 4, atimensec) S(24, 4, mtime) \
	S(28, 4, mtimensec) S(32, 4, ctime) S(36, 4, ctimensec) U(100, 4, flags) U(104, 4, blocks) \
	S(108, 4, gen) U(112, 4, uid) U(116, 4, gid) U(120, 8, modrev)

#define DINODE2_FIELDS(S, U) \
	U(0, 2, mode) S(2, 2, nlink) U(4, 4, uid) U(8, 4, gid) U(12, 4, blksize) U(16, 8, size) \
	U(24, 8, blocks) S(32, 8, atime) S(40, 8, mtime) S(48, 8, ctime) S(56, 8, birthtime) \
	S(64, 4, mtimensec) S(68, 4, atimensec) S(72, 4, ctimensec) S(76, 4, birthnsec) S(80, 4, gen) \
	U(84, 4, kernflags) U(88, 4, flags) S(92, 4, extsize) U(232, 8, modrev)

/* clang-format on */

/* Where the block pointers lie, and the room an inline symlink has over them. */
#define DINODE1_DB 40
#define DINODE2_DB 112

static unsigned
version_of(uint32_t magic)
{
	switch (magic) {
	case FFS_MAGIC_UFS1:
		return 1;
	case FFS_MAGIC_UFS2:
	case FFS_MAGIC_UFS2EA:
		return 2;
	default:
		return 0;
	}
}

bool
ffs_super_decode(struct ffs_super *s, const uint8_t *buf, int64_t loc)
{
	bool big = version_of(get_le32(buf + SUPER_MAGIC)) == 0;

	memset(s, 0, sizeof(*s));
	s->ver = version_of(get_u32(buf + SUPER_MAGIC, big));
	if (s->ver == 0)
		return false;
	SUPER_FIELDS(DECODE_S, DECODE_U)
	memcpy(s->fsmnt, buf + SUPER_FSMNT, sizeof(s->fsmnt));
	memcpy(s->volname, buf + SUPER_VOLNAME, sizeof(s->volname));
	s->big = big;
	if (s->ver == 1 && (s->old_flags & FFS_FLAGS_UPDATED) == 0)
		s->sblockloc = loc;
	return true;
}

void
ffs_super_encode(const struct ffs_super *s, uint8_t *buf)
{
	bool big = s->big;

	memset(buf, 0, FFS_SB_BYTES);
	SUPER_FIELDS(ENCODE, ENCODE)
	memcpy(buf + SUPER_FSMNT, s->fsmnt, sizeof(s->fsmnt));
	memcpy(buf + SUPER_VOLNAME, s->volname, sizeof(s->volname));
}

void
ffs_cg_decode(struct ffs_cg *s, const uint8_t *buf, bool big)
{
	memset(s, 0, sizeof(*s));
	CG_FIELDS(DECODE_S, DECODE_U)
}

void
ffs_cg_encode(const struct ffs_cg *s, uint8_t *buf, bool big)
{
	memset(buf, 0, FFS_CG_BYTES);
	CG_FIELDS(ENCODE, ENCODE)
}

void
ffs_csum_decode(struct ffs_csum *s, const uint8_t *buf, bool big)
{
	CSUM_FIELDS(DECODE_S, DECODE_U)
}

void
ffs_csum_encode(const struct ffs_csum *s, uint8_t *buf, bool big){ CSUM_FIELDS(ENCODE, ENCODE) }

int64_t ffs_ptr_get(const struct ffs_super *fs, const uint8_t *block, uint32_t i)
{
	return get_signed(block + i * ffs_ptr_bytes(fs), (unsigned)ffs_ptr_bytes(fs), fs->big);
}

void
ffs_ptr_put(const struct ffs_super *fs, uint8_t *block, uint32_t i, int64_t addr)
{
	put(block + i * ffs_ptr_bytes(fs), (unsigned)ffs_ptr_bytes(fs), (uint64_t)addr, fs->big);
}

static size_t
ptr_offset(const struct ffs_super *fs)
{
	return fs->ver == 2 ? DINODE2_DB : DINODE1_DB;
}

/* Short symlinks live in the inode (ufs_readlink()): see fs_maxsymlinklen. */
bool
ffs_link_is_inline(const struct ffs_super *fs, const struct ffs_dinode *d)
{
	uint64_t room = (uint64_t)(FFS_NDADDR + FFS_NIADDR) * (uint64_t)ffs_ptr_bytes(fs);

	if ((d->mode & 0170000) != 0120000 || d->size > room)
		return false;
	return d->size < (uint64_t)(fs->maxsymlinklen > 0 ? fs->maxsymlinklen : 0) ||
	       (fs->maxsymlinklen <= 0 && d->blocks == 0);
}

void
ffs_dinode_decode(const struct ffs_super *fs, struct ffs_dinode *s, const uint8_t *buf)
{
	bool big = fs->big;
	const uint8_t *ptrs = buf + ptr_offset(fs);
	uint32_t i;

	memset(s, 0, sizeof(*s));
	if (fs->ver == 2) {
		DINODE2_FIELDS(DECODE_S, DECODE_U)
	} else {
		DINODE1_FIELDS(DECODE_S, DECODE_U)
	}
	if (ffs_link_is_inline(fs, s)) {
		memcpy(s->link, ptrs, s->size);
		return;
	}
	for (i = 0; i < FFS_NDADDR; i++)
		s->db[i] = ffs_ptr_get(fs, ptrs, i);
	for (i = 0; i < FFS_NIADDR; i++)
		s->ib[i] = ffs_ptr_get(fs, ptrs, FFS_NDADDR + i);
}

void
ffs_dinode_encode(const struct ffs_super *fs, const struct ffs_dinode *s, uint8_t *buf)
{
	bool big = fs->big;
	uint8_t *ptrs = buf + ptr_offset(fs);
	uint32_t i;

	memset(buf, 0, ffs_dinode_bytes(fs));
	if (fs->ver == 2) {
		DINODE2_FIELDS(ENCODE, ENCODE)
	} else {
		DINODE1_FIELDS(ENCODE, ENCODE)
	}
	if (ffs_link_is_inline(fs, s)) {
		memcpy(ptrs, s->link, s->size);
		return;
	}
	for (i = 0; i < FFS_NDADDR; i++)
		ffs_ptr_put(fs, ptrs, i, s->db[i]);
	for (i = 0; i < FFS_NIADDR; i++)
		ffs_ptr_put(fs, ptrs, FFS_NDADDR + i, s->ib[i]);
}

void
ffs_dirent_decode(struct ffs_dirent *e, const uint8_t *buf, bool big)
{
	e->ino = get_u32(buf, big);
	e->reclen = get_u16(buf + 4, big);
	e->type = buf[6];
	e->namelen = buf[7];
	e->name = (const char *)buf + 8;
}

void
ffs_dirent_encode(const struct ffs_dirent *e, uint8_t *buf, bool big)
{
	memset(buf, 0, FFS_DIRENT_BYTES(e->namelen));
	put_u32(buf, e->ino, big);
	put_u16(buf + 4, e->reclen, big);
	buf[6] = e->type;
	buf[7] = e->namelen;
	memcpy(buf + 8, e->name, e->namelen);
}
