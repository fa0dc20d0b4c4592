/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal of WAPBL: where it goes in a new file system, and what lies in
 * that of another.  Source: NetBSD sys/sys/wapbl_replay.h, sys/kern/vfs_wapbl.c
 * and wapbl_log_position() in sys/ufs/ffs/ffs_wapbl.c.
 *
 *	+0       commit header; +blksz: the other one; that of the higher
 *	         generation counts
 *	+circ    records in a ring, from tail to head; each begins at a block:
 *	         a list of blocks and their contents, a list of blocks to
 *	         forget, or a list of inodes to free
 *
 * A new one needs no headers: mounting writes them unless FS_DOWAPBL says that
 * they are there.
 */
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/endian.h"
#include "base/io.h"
#include "fs/ffs_layout.h"

/* --- in a new file system --- */

/* NetBSD's choice: a 1024th of the file system, within bounds. */
#define LOG_SCALE 1024
#define LOG_AUTO_MIN (UINT64_C(1) << 20)
#define GROUPS_MIN 4 /* newfs makes more only if groups are as large as can be */

/* Fragments of group c, at its end, in which the journal may lie: whole blocks. */
static int64_t
group_room(const struct ffs_super *s, uint32_t c)
{
	int64_t start = roundup(ffs_data_start(s, c), s->frag), end = rounddown(ffs_cg_frags(s, c), s->frag);

	return end > start ? end - start : 0;
}

static bool
find_group(struct ffs_layout *l, int64_t frags)
{
	const struct ffs_super *s = &l->super;
	uint32_t c;

	/* The last one: there it cuts no file, and no growing file system needs its place. */
	for (c = s->ncg; c-- > 0;) {
		if (group_room(s, c) < frags)
			continue;
		l->log_cg = c;
		l->log_frags = frags;
		return true;
	}
	return false;
}

bool
ffs_log_place(struct ffs_layout *l)
{
	const struct ffs_super *s = &l->super;
	uint64_t want = l->options.log_bytes, room = (uint64_t)group_room(s, 0) << s->fshift;
	bool tight = l->options.bytes != FS_BYTES_AUTO || s->ncg > GROUPS_MIN;

	l->log_frags = 0;
	if (want == 0)
		return true;
	if (want == FS_LOG_AUTO) {
		want = u64_min(u64_max(((uint64_t)s->dsize << s->fshift) / LOG_SCALE, LOG_AUTO_MIN), FFS_LOG_MAX);
		/* Where groups cannot hold so much, NetBSD too is content with a quarter. */
		if (tight && want > room)
			want = u64_max(room, want / 4);
	}
	return find_group(l, (int64_t)howmany(want, (uint64_t)s->bsize) << s->fragshift);
}

int64_t
ffs_log_addr(const struct ffs_layout *l)
{
	const struct ffs_super *s = &l->super;

	return ffs_cgbase(s, l->log_cg) + rounddown(ffs_cg_frags(s, l->log_cg), s->frag) - l->log_frags;
}

/* --- in any file system --- */

#define HEADER_BYTES 80 /* sizeof(struct wapbl_wc_header) */
#define HEADER_MAGIC 0x5741424c
#define RECORD_INODES (HEADER_MAGIC + 1)
#define RECORD_REVOCATIONS (HEADER_MAGIC + 2)
#define RECORD_BLOCKS (HEADER_MAGIC + 3)
#define RECORD_COUNT 8 /* where a record has the number of its entries, */
#define RECORD_LIST 16 /* and those: 16 bytes each for blocks, 8 for inodes */
#define BLKSZ_MAX (64 * 1024)

struct ring {
	const struct ffs_reader *r;
	struct ffs_log *log;
	bool big;
	unsigned bshift;
	uint64_t head, tail, off, size;
};

static int
find_place(const struct ffs_reader *r, struct ffs_log *log, struct err *err)
{
	const struct ffs_super *s = &r->super;
	uint64_t blksz = s->journal[FFS_JOURNAL_BLKSZ], max;

	if (s->journal_version != FFS_JOURNAL_VERSION ||
	    (s->journal_location != FFS_JOURNAL_END && s->journal_location != FFS_JOURNAL_INSIDE))
		return err_set(err, "journal of version %u at place %u", s->journal_version, s->journal_location);
	if (blksz < 512 || blksz > BLKSZ_MAX || !powerof2(blksz))
		return err_set(err, "journal of blocks of %" PRIu64 " bytes", blksz);
	max = r->bytes / blksz;
	if (s->journal[FFS_JOURNAL_ADDR] > max || s->journal[FFS_JOURNAL_COUNT] > max - s->journal[FFS_JOURNAL_ADDR])
		return err_set(err,
		    "journal outside of the partition: block %" PRIu64 ", %" PRIu64 " blocks of %" PRIu64 " bytes",
		    s->journal[FFS_JOURNAL_ADDR], s->journal[FFS_JOURNAL_COUNT], blksz);
	log->inside = s->journal_location == FFS_JOURNAL_INSIDE;
	log->ino = log->inside ? s->journal[FFS_JOURNAL_INO] : 0;
	log->offset = s->journal[FFS_JOURNAL_ADDR] * blksz;
	log->bytes = s->journal[FFS_JOURNAL_COUNT] * blksz;
	if (!log->inside && log->offset < (uint64_t)s->size << s->fshift)
		return err_set(err, "journal behind the file system, but at byte %" PRIu64 " of it", log->offset);
	return 0;
}

static int
read_at(const struct ring *ring, uint64_t at, void *buf, size_t len, struct err *err)
{
	if (at > ring->log->bytes || len > ring->log->bytes - at)
		return err_set(err, "journal ends at byte %" PRIu64, ring->log->bytes);
	if (pread_full(ring->r->fd, buf, len, ring->r->offset + ring->log->offset + at) < 0)
		return err_sys(err, "cannot read the journal");
	return 0;
}

/* The header that counts: where the records are. */
static int
read_headers(struct ring *ring, struct err *err)
{
	uint64_t blksz = ring->r->super.journal[FFS_JOURNAL_BLKSZ];
	uint8_t first[HEADER_BYTES], second[HEADER_BYTES], *h = first;

	if (read_at(ring, 0, first, sizeof(first), err) < 0 || read_at(ring, blksz, second, sizeof(second), err) < 0)
		return -1;
	ring->big = get_le32(first) != HEADER_MAGIC;
	if (get_u32(first, ring->big) != HEADER_MAGIC)
		return err_set(err, "journal without a header");
	if (get_u32(second, ring->big) == HEADER_MAGIC &&
	    get_u32(second + 12, ring->big) > get_u32(first + 12, ring->big))
		h = second;
	ring->bshift = get_u32(h + 40, ring->big);
	ring->head = get_u64(h + 48, ring->big);
	ring->tail = get_u64(h + 56, ring->big);
	ring->off = get_u64(h + 64, ring->big);
	ring->size = get_u64(h + 72, ring->big);
	if (ring->bshift < 9 || ring->bshift > 16 || ring->size == 0 || ring->off > ring->log->bytes ||
	    ring->size > ring->log->bytes - ring->off)
		return err_set(
		    err, "journal with a bad header: ring of %" PRIu64 " bytes at %" PRIu64, ring->size, ring->off);
	if (ring->tail != 0 && (ring->tail < ring->off || ring->tail >= ring->off + ring->size ||
				   ring->head < ring->off || ring->head >= ring->off + ring->size))
		return err_set(
		    err, "journal with a bad header: records from %" PRIu64 " to %" PRIu64, ring->tail, ring->head);
	return 0;
}

/* What the record adds to the counts; its length, or 0 and err. */
static uint64_t
count_record(struct ring *ring, const uint8_t *p, uint64_t blklen, struct err *err)
{
	uint32_t type = get_u32(p, ring->big), n = get_u32(p + RECORD_COUNT, ring->big), i;
	uint32_t len = get_u32(p + 4, ring->big), each = type == RECORD_INODES ? 8 : 16;

	if (type < RECORD_INODES || type > RECORD_BLOCKS || len == 0 || len % blklen != 0 || len > INT32_MAX ||
	    n > (blklen - RECORD_LIST) / each) {
		(void)err_set(err,
		    "journal with a bad record: type 0x%08" PRIx32 ", %" PRIu32 " bytes, %" PRIu32 " entries", type,
		    len, n);
		return 0;
	}
	if (type == RECORD_INODES) {
		/* "clear": those listed before no longer count. */
		ring->log->inodes = n + (get_u32(p + 12, ring->big) != 0 ? 0 : ring->log->inodes);
		return len;
	}
	for (i = 0; i < n && type == RECORD_BLOCKS; i++)
		ring->log->blocks += get_u32(p + RECORD_LIST + (size_t)i * 16 + 12, ring->big) >> 9;
	return len;
}

static int
count_records(struct ring *ring, struct err *err)
{
	uint64_t blklen = UINT64_C(1) << ring->bshift, at = ring->tail, left, len;
	cleanup_free uint8_t *buf = xmalloc(blklen);

	if (ring->tail == 0)
		return 0;
	left = (ring->head + ring->size - 1 - ring->tail) % ring->size + 1;
	ring->log->used_bytes = left;
	for (; left > 0; left -= len) {
		if (read_at(ring, at, buf, blklen, err) < 0)
			return -1;
		len = count_record(ring, buf, blklen, err);
		if (len == 0)
			return -1;
		if (len > left)
			return err_set(
			    err, "journal with a record of %" PRIu64 " bytes, %" PRIu64 " are left", len, left);
		at += len;
		if (at >= ring->off + ring->size)
			at -= ring->size;
	}
	return 0;
}

int
ffs_log_read(const struct ffs_reader *r, struct ffs_log *log, struct err *err)
{
	struct ring ring = { .r = r, .log = log };

	*log = (struct ffs_log){ .live = (r->super.flags & FFS_FLAG_WAPBL) != 0 };
	/* A size without a place is a wish, as tunefs -l leaves it for the next mount. */
	if (!log->live && (r->super.journal_version == 0 || r->super.journal_location == FFS_JOURNAL_NONE))
		return 0;
	if (find_place(r, log, err) < 0)
		return -1;
	log->present = true;
	if (!log->live)
		return 0;
	return read_headers(&ring, err) < 0 ? -1 : count_records(&ring, err);
}
