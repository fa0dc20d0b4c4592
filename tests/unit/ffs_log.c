/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Journals: where ours lies, and what is told of one that was not replayed.
 * NetBSD's kernel is the only one that writes records, so they are made here,
 * by wapbl_replay.h.
 */
#include "ffs_image.h"
#include "test.h"

#define SECTOR 512
#define MAGIC 0x5741424c
#define RING (2 * SECTOR) /* where the ring begins: after two headers */

struct journal {
	uint64_t at; /* in the image */
	uint64_t ring; /* bytes */
	bool big;
};

static struct journal
journal_of(const struct img *im)
{
	const struct ffs_super *s = &im->r.super;

	return (struct journal){ .at = s->journal[FFS_JOURNAL_ADDR] * SECTOR,
		.ring = s->journal[FFS_JOURNAL_COUNT] * SECTOR - RING };
}

static void
put_header(struct img *im, const struct journal *j, unsigned slot, uint32_t generation, uint64_t head, uint64_t tail)
{
	uint8_t b[SECTOR] = { 0 };

	put_u32(b, MAGIC, j->big);
	put_u32(b + 4, SECTOR, j->big);
	put_u32(b + 12, generation, j->big);
	put_u32(b + 36, 1, j->big);
	put_u32(b + 40, 9, j->big);
	put_u32(b + 44, 9, j->big);
	put_u64(b + 48, head, j->big);
	put_u64(b + 56, tail, j->big);
	put_u64(b + 64, RING, j->big);
	put_u64(b + 72, j->ring, j->big);
	img_put(im, j->at + slot * SECTOR, b, sizeof(b));
}

/* A record at byte "at" of the journal, without the contents of its blocks; each block has 2 KiB. */
static void
put_record(struct img *im, const struct journal *j, uint64_t at, uint32_t type, uint32_t bytes, uint32_t n, bool clear)
{
	uint8_t b[SECTOR] = { 0 };
	uint32_t i;

	put_u32(b, MAGIC + type, j->big);
	put_u32(b + 4, bytes, j->big);
	put_u32(b + 8, n, j->big);
	put_u32(b + 12, clear, j->big);
	for (i = 0; i < n && type != 1; i++) {
		put_u64(b + 16 + i * 16, 1000 + i, j->big);
		put_u32(b + 16 + i * 16 + 12, 2048, j->big);
	}
	img_put(im, j->at + at, b, sizeof(b));
}

/* Mounts it, as it were: FS_DOWAPBL is set. */
static void
set_live(struct img *im)
{
	struct ffs_super s = im->r.super;

	s.flags |= FFS_FLAG_WAPBL;
	s.clean = 2;
	put_super(im, &s);
}

static int
look(struct img *im, struct ffs_log *log, struct err *err)
{
	struct ffs_reader r;

	*err = (struct err){ 0 };
	must(ffs_open(&r, im->fd, 0, im->r.bytes, err) == 0, err->msg);
	return ffs_log_read(&r, log, err);
}

static void
empty(struct img *im)
{
	const struct ffs_super *s = &im->r.super;
	struct ffs_log log;
	struct ffs_dinode d;
	struct err err;

	CHECK(look(im, &log, &err) == 0);
	CHECK(log.present && log.inside && !log.live && log.used_bytes == 0);
	CHECK(log.bytes == 1024 * 1024);
	d = get_inode(im, log.ino);
	CHECK(d.size == log.bytes && d.flags == FFS_IFLAG_LOG && d.nlink == 1 && d.mode == TREE_IFREG);
	CHECK(d.db[0] << s->fshift == (int64_t)log.offset);
	/* Mounted, nothing written yet. */
	set_live(im);
	struct journal j = journal_of(im);
	put_header(im, &j, 0, 0, 0, 0);
	put_header(im, &j, 1, 1, 0, 0);
	CHECK(look(im, &log, &err) == 0);
	CHECK(log.live && log.used_bytes == 0 && log.blocks == 0);
	img_undo(im);
}

static void
records(struct img *im, bool big)
{
	struct journal j = journal_of(im);
	struct ffs_log log;
	struct err err;

	j.big = big;
	set_live(im);
	put_header(im, &j, 0, 4, 0, 0);
	put_header(im, &j, 1, 5, RING + 9 * SECTOR + SECTOR, RING);
	put_record(im, &j, RING, 3, 9 * SECTOR, 2, false);
	put_record(im, &j, RING + 9 * SECTOR, 1, SECTOR, 3, true);
	CHECK(look(im, &log, &err) == 0);
	CHECK(log.live && log.used_bytes == 10 * SECTOR && log.blocks == 8 && log.inodes == 3);
	/* The other header is newer: the records are done with. */
	put_header(im, &j, 0, 6, 0, 0);
	CHECK(look(im, &log, &err) == 0);
	CHECK(log.live && log.used_bytes == 0 && log.blocks == 0);
	/* Around the end of the ring. */
	put_header(im, &j, 1, 7, RING + 2 * SECTOR, RING + j.ring - 3 * SECTOR);
	put_record(im, &j, RING + j.ring - 3 * SECTOR, 3, 5 * SECTOR, 1, false);
	CHECK(look(im, &log, &err) == 0);
	CHECK(log.used_bytes == 5 * SECTOR && log.blocks == 4);
	img_undo(im);
}

static void
bad(struct img *im)
{
	struct journal j = journal_of(im);
	struct ffs_log log;
	struct err err;

	set_live(im);
	CHECK(look(im, &log, &err) < 0);
	CHECK_STR(err.msg, "journal without a header");
	put_header(im, &j, 0, 1, RING + 5 * SECTOR, RING);
	CHECK(look(im, &log, &err) < 0); /* zeros are no record */
	put_record(im, &j, RING, 3, 6 * SECTOR, 2, false);
	CHECK(look(im, &log, &err) < 0);
	CHECK_STR(err.msg, "journal with a record of 3072 bytes, 2560 are left");
	put_record(im, &j, RING, 3, 0, 2, false);
	CHECK(look(im, &log, &err) < 0);
	put_record(im, &j, RING, 3, 5 * SECTOR, 2, false);
	CHECK(look(im, &log, &err) == 0);
	put_header(im, &j, 0, 1, RING + j.ring + SECTOR, RING);
	CHECK(look(im, &log, &err) < 0);
	put_header(im, &j, 0, 1, SECTOR, RING);
	CHECK(look(im, &log, &err) < 0);
	img_undo(im);
}

/* Behind the file system, where the kernel puts it if there is room. */
static void
behind(struct img *im)
{
	struct ffs_super s = im->r.super;
	struct ffs_log log;
	struct ffs_reader r;
	struct err err = { 0 };
	uint64_t end = (uint64_t)s.size << s.fshift;

	s.journal_location = FFS_JOURNAL_END;
	s.journal[FFS_JOURNAL_ADDR] = end / SECTOR;
	s.journal[FFS_JOURNAL_COUNT] = 2048;
	put_super(im, &s);
	must(ffs_open(&r, im->fd, 0, end + 2048 * SECTOR, &err) == 0, err.msg);
	CHECK(ffs_log_read(&r, &log, &err) == 0);
	CHECK(log.present && !log.inside && log.ino == 0 && log.offset == end && log.bytes == 2048 * SECTOR);
	r.bytes--;
	CHECK(ffs_log_read(&r, &log, &err) < 0);
	img_undo(im);
}

/* What tunefs -l leaves is a wish for the next mount, no journal. */
static void
wish(struct img *im)
{
	struct ffs_super s = im->r.super;
	struct ffs_log log;
	struct err err;

	s.journal_version = 0;
	s.journal_flags = 1;
	memset(s.journal, 0, sizeof(s.journal));
	s.journal[FFS_JOURNAL_COUNT] = 1024 * 1024;
	put_super(im, &s);
	CHECK(look(im, &log, &err) == 0);
	CHECK(!log.present && !log.live);
	img_undo(im);
}

static void
journals(void)
{
	struct img im;
	unsigned ver;

	for (ver = 1; ver <= 2; ver++) {
		make_image(&im, ver);
		empty(&im);
		records(&im, false);
		records(&im, true);
		bad(&im);
		behind(&im);
		wish(&im);
		(void)close(im.fd);
	}
}

TEST_MAIN({ "journals are found, and what they hold is counted", journals })
