/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Berkeley Fast File System on disk, versions 1 and 2, either byte order.
 * Source: NetBSD sys/ufs/ffs/fs.h, sys/ufs/ufs/dinode.h, dir.h; newfs(8).
 *
 *	fragment addresses, cylinder group c begins at c * fpg:
 *
 *	+0        boot area (cg 0), data (other cgs)
 *	+sblkno   superblock copy
 *	+cblkno   cylinder group block: counts, inode map, fragment map, clusters
 *	+iblkno   inodes, ipg of them
 *	+dblkno   data (in cg 0 first the summary area: one csum a cg)
 *	+fpg      next cylinder group
 *
 * A block is frag (1..8) fragments; files take whole blocks, but the last
 * piece of a file of up to 12 blocks takes only the fragments it needs.
 * Structures are held here in host order with one name for what v1 and v2
 * keep at different places; the codec in ffs_codec.c knows offsets and widths.
 */
#ifndef SMOL_FS_FFS_FORMAT_H
#define SMOL_FS_FFS_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#define FFS_BBSIZE 8192
#define FFS_SBSIZE 8192 /* room for a superblock */
#define FFS_SB_BYTES 1376 /* of which used: sizeof(struct fs) */
#define FFS_SB_UFS1 8192 /* where it lies in the partition */
#define FFS_SB_UFS2 65536
#define FFS_SB_PIGGY 262144
#define FFS_MAGIC_UFS1 0x011954
#define FFS_MAGIC_UFS2 0x19540119
#define FFS_MAGIC_UFS2EA 0x19012038 /* v2 with extended attributes: read only by us */
#define FFS_CG_MAGIC 0x090255
#define FFS_CG_BYTES 168 /* maps follow */
#define FFS_BSIZE_MIN 4096
#define FFS_BSIZE_MAX 65536
#define FFS_FRAG_MAX 8
#define FFS_MAXCONTIG 16
#define FFS_ROOTINO 2
#define FFS_NDADDR 12
#define FFS_NIADDR 3
#define FFS_DINODE1_BYTES 128
#define FFS_DINODE2_BYTES 256
#define FFS_CSUM_BYTES 16
#define FFS_DIRBLK 512
#define FFS_NAME_MAX 255
#define FFS_VOLNAME_MAX 32
#define FFS_INODEFMT_44 2
#define FFS_FLAGS_UPDATED 0x80 /* in old_flags */
#define FFS_CLEAN 1
#define FFS_FLAG_WAPBL 0x100 /* FS_DOWAPBL: the log is in use, or was when the machine went down */
#define FFS_IFLAG_LOG 0x00400000 /* SF_LOG: the inode that holds the log */
#define FFS_OPTTIME 0
#define FFS_OPTSPACE 1

/* Where the log of WAPBL lies (sys/ufs/ufs/ufs_wapbl.h): locators of either place. */
#define FFS_JOURNAL_VERSION 1
#define FFS_JOURNAL_NONE 0
#define FFS_JOURNAL_END 1 /* behind the file system, in its partition */
#define FFS_JOURNAL_INSIDE 2 /* a nameless inode's blocks */
#define FFS_JOURNAL_ADDR 0 /* in units of BLKSZ from the start of the partition */
#define FFS_JOURNAL_COUNT 1
#define FFS_JOURNAL_BLKSZ 2
#define FFS_JOURNAL_INO 3 /* INSIDE only */
#define FFS_JOURNAL_LOCS 4

struct ffs_csum {
	int64_t ndir, nbfree, nifree, nffree;
};

struct ffs_super {
	bool big; /* byte order on disk */
	unsigned ver; /* 1 or 2, from the magic */
	int64_t sblockloc; /* byte offset; v1 without FLAGS_UPDATED: where it was found */
	uint32_t magic;
	int32_t sblkno, cblkno, iblkno, dblkno;
	int32_t old_cgoffset, old_cgmask;
	uint32_t ncg;
	int32_t bsize, fsize, frag, minfree, old_rotdelay, old_rps;
	int32_t bmask, fmask, bshift, fshift;
	int32_t maxcontig, maxbpg, fragshift, fsbtodb, sbsize, nindir;
	uint32_t inopb;
	int32_t old_nspf, optim, old_npsect, old_interleave, old_trackskew;
	int32_t id[2];
	int32_t cssize, cgsize, old_nsect, old_spc, old_ncyl, old_cpg;
	uint32_t ipg;
	int32_t fpg;
	uint8_t fmod, clean, ronly, old_flags;
	char fsmnt[468];
	char volname[FFS_VOLNAME_MAX];
	int32_t old_cpc, maxbsize;
	uint8_t journal_version, journal_location;
	uint32_t journal_flags;
	uint64_t journal[FFS_JOURNAL_LOCS];
	struct ffs_csum cstotal;
	int64_t time, size, dsize, csaddr;
	int64_t pendingblocks;
	uint32_t pendinginodes;
	uint32_t avgfilesize, avgfpdir;
	uint32_t flags;
	int32_t contigsumsize, maxsymlinklen, old_inodefmt;
	uint64_t maxfilesize;
	int64_t qbmask, qfmask;
	int32_t state, old_postblformat, old_nrpos, old_postbloff, old_rotbloff;
	/* Fields of the other place, as they are on disk; v1 keeps both in step. */
	struct ffs_csum old_cstotal;
	int32_t old_time, old_size, old_dsize, old_csaddr;
};

struct ffs_cg {
	uint32_t magic, cgx;
	int32_t old_time;
	int16_t old_ncyl, old_niblk;
	uint32_t ndblk;
	struct ffs_csum cs;
	uint32_t rotor, frotor, irotor, frsum[FFS_FRAG_MAX];
	int32_t old_btotoff, old_boff;
	uint32_t iusedoff, freeoff, nextfreeoff, clustersumoff, clusteroff, nclusterblks;
	uint32_t niblk, initediblk;
	int64_t time;
};

struct ffs_dinode {
	uint16_t mode;
	int16_t nlink;
	uint32_t uid, gid;
	uint32_t blksize; /* v2 */
	uint64_t size;
	uint64_t blocks; /* 512-byte sectors held, indirect blocks included */
	int64_t atime, mtime, ctime, birthtime;
	int32_t atimensec, mtimensec, ctimensec, birthnsec;
	int32_t gen;
	uint32_t kernflags, flags;
	int32_t extsize;
	uint64_t modrev;
	int64_t db[FFS_NDADDR]; /* a device's number is db[0] */
	int64_t ib[FFS_NIADDR];
	char link[121]; /* inline symlink text (up to 60 / 120 bytes), NUL-terminated; db and ib then mean nothing */
};

/* Fragment addresses. */
static inline int64_t
ffs_cgbase(const struct ffs_super *s, uint32_t c)
{
	return (int64_t)s->fpg * c;
}

/* v1 file systems of old may stagger the metadata by cylinder group. */
static inline int64_t
ffs_cgstart(const struct ffs_super *s, uint32_t c)
{
	int64_t base = ffs_cgbase(s, c);

	return s->ver == 2 ? base : base + (int64_t)s->old_cgoffset * (int64_t)(c & ~(uint32_t)s->old_cgmask);
}

static inline uint32_t
ffs_dinode_bytes(const struct ffs_super *s)
{
	return s->ver == 2 ? FFS_DINODE2_BYTES : FFS_DINODE1_BYTES;
}

/* Fragments of cylinder group c; the last may be short. */
static inline int64_t
ffs_cg_frags(const struct ffs_super *s, uint32_t c)
{
	int64_t left = s->size - ffs_cgbase(s, c);

	return left < s->fpg ? left : s->fpg;
}

/* Byte offset of an inode in the file system. */
static inline uint64_t
ffs_inode_offset(const struct ffs_super *s, uint64_t ino)
{
	uint32_t c = (uint32_t)(ino / s->ipg);

	return ((uint64_t)(ffs_cgstart(s, c) + s->iblkno) << s->fshift) + (ino % s->ipg) * ffs_dinode_bytes(s);
}

/* Bytes held by logical block lbn of a file of size bytes. */
static inline uint32_t
ffs_block_bytes(const struct ffs_super *s, uint64_t size, uint64_t lbn)
{
	if (lbn >= FFS_NDADDR || size >= (lbn + 1) << s->bshift)
		return (uint32_t)s->bsize;
	if (size <= lbn << s->bshift)
		return 0;
	return (uint32_t)(((size - (lbn << s->bshift)) + (uint32_t)s->fsize - 1) & ~((uint64_t)s->fsize - 1));
}

/* --- codec: buffers of FFS_SB_BYTES, cgsize, dinode size --- */

/*
 * Decodes a superblock found at byte offset loc of its partition.  False: the
 * magic is not there in either byte order.  Nothing else is checked.
 */
bool ffs_super_decode(struct ffs_super *, const uint8_t *buf, int64_t loc);
void ffs_super_encode(const struct ffs_super *, uint8_t *buf); /* zeroes the rest */

void ffs_cg_decode(struct ffs_cg *, const uint8_t *buf, bool big);
void ffs_cg_encode(const struct ffs_cg *, uint8_t *buf, bool big); /* FFS_CG_BYTES */

void ffs_csum_decode(struct ffs_csum *, const uint8_t *buf, bool big);
void ffs_csum_encode(const struct ffs_csum *, uint8_t *buf, bool big);

void ffs_dinode_decode(const struct ffs_super *, struct ffs_dinode *, const uint8_t *buf);
void ffs_dinode_encode(const struct ffs_super *, const struct ffs_dinode *, uint8_t *buf);

static inline int64_t
ffs_ptr_bytes(const struct ffs_super *s)
{
	return s->ver == 2 ? 8 : 4;
}
/* Whether the text lies in the inode itself; by mode, size and the superblock's maxsymlinklen. */
bool ffs_link_is_inline(const struct ffs_super *, const struct ffs_dinode *);

int64_t ffs_ptr_get(const struct ffs_super *, const uint8_t *block, uint32_t i);
void ffs_ptr_put(const struct ffs_super *, uint8_t *block, uint32_t i, int64_t addr);

/*
 * Bytes of a cylinder group block with these many inodes and fragments
 * (NetBSD's CGSIZE), and the places of its maps (fills the offsets of cg).
 */
uint32_t ffs_cg_bytes(const struct ffs_super *, uint64_t ipg, uint64_t fpg);
void ffs_cg_offsets(const struct ffs_super *, struct ffs_cg *);

/*
 * Directory entry at buf, of at most left bytes: 8-byte header, name, NUL,
 * padded to 4.
 */
struct ffs_dirent {
	uint32_t ino;
	uint16_t reclen;
	uint8_t type, namelen; /* type: file mode >> 12 */
	const char *name; /* in buf, namelen bytes, not NUL-checked */
};
#define FFS_DIRENT_BYTES(namelen) (8u + (((uint32_t)(namelen) + 4u) & ~3u))
void ffs_dirent_decode(struct ffs_dirent *, const uint8_t *buf, bool big);
void ffs_dirent_encode(const struct ffs_dirent *, uint8_t *buf, bool big);

/*
 * Builds a whole cylinder group block (s->cgsize bytes, zeroed first) from the
 * free-fragment map and the used-inode map: all counts and summaries.  cg
 * brings cgx, times, initediblk, cs.ndir; the rest of it is filled in.
 */
void
ffs_cg_build(const struct ffs_super *, struct ffs_cg *cg, const uint8_t *freemap, const uint8_t *iused, uint8_t *block);

static inline bool
ffs_bit(const uint8_t *map, uint64_t i)
{
	return (map[i >> 3] >> (i & 7)) & 1;
}

static inline void
ffs_bit_set(uint8_t *map, uint64_t i)
{
	map[i >> 3] = (uint8_t)(map[i >> 3] | 1u << (i & 7));
}

static inline void
ffs_bit_clear(uint8_t *map, uint64_t i)
{
	map[i >> 3] = (uint8_t)(map[i >> 3] & ~(1u << (i & 7)));
}

#endif
