/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NetBSD's disklabel: read where ports keep it, in either byte order; damaged
 * ones; and the choice of the partition by image_open().
 */
#include "image/disklabel.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/endian.h"
#include "base/io.h"
#include "image/image.h"

#include "test.h"

#define DISK_BYTES (4 * 1024 * 1024)
#define SECTOR 512
#define START 2048 /* of the MBR's partition */

static char path[] = "/tmp/smol-label.XXXXXX";

struct part {
	uint32_t sectors, first;
	uint8_t fs;
};

/* As <sys/disklabel.h> lays it out; the number of bytes. */
static size_t
make_label(uint8_t *p, bool big, const struct part *parts, unsigned n)
{
	size_t bytes = 148 + 16 * (size_t)n, i;
	uint16_t sum = 0;

	memset(p, 0, bytes);
	put_u32(p, 0x82564557, big);
	put_u32(p + 132, 0x82564557, big);
	put_u32(p + 40, SECTOR, big);
	put_u32(p + 60, DISK_BYTES / SECTOR, big);
	put_u16(p + 138, (uint16_t)n, big);
	for (i = 0; i < n; i++) {
		put_u32(p + 148 + 16 * i, parts[i].sectors, big);
		put_u32(p + 152 + 16 * i, parts[i].first, big);
		p[160 + 16 * i] = parts[i].fs;
	}
	for (i = 0; i < bytes; i += 2)
		sum ^= get_u16(p + i, big);
	put_u16(p + 136, sum, big);
	return bytes;
}

static int
make_disk(bool mbr, uint64_t label_at, bool big, const struct part *parts, unsigned n)
{
	uint8_t sector[SECTOR] = { 0 }, label[SECTOR];
	uint8_t *entry = sector + 446 + 16;
	int fd;

	(void)strcpy(path, "/tmp/smol-label.XXXXXX");
	fd = mkstemp(path);
	CHECK(fd >= 0 && ftruncate(fd, DISK_BYTES) == 0);
	entry[4] = 0xa9;
	put_le32(entry + 8, START);
	put_le32(entry + 12, DISK_BYTES / SECTOR - START);
	sector[510] = 0x55;
	sector[511] = 0xaa;
	if (mbr)
		CHECK(pwrite_full(fd, sector, sizeof(sector), 0) == 0);
	if (n > 0)
		CHECK(pwrite_full(fd, label, make_label(label, big, parts, n), label_at) == 0);
	return fd;
}

static void
drop_disk(int fd)
{
	(void)close(fd);
	(void)unlink(path);
}

static const struct part example[] = { { 3000, START, 7 }, { 1000, START + 3000, 1 }, { 0, 0, 0 },
	{ DISK_BYTES / SECTOR, 0, 0 } };

static void
test_read(void)
{
	static const struct {
		bool mbr, big;
		uint64_t at;
	} disks[] = { { true, false, (START + 1) * SECTOR }, { true, true, START * SECTOR + 128 },
		{ false, false, 512 }, { false, true, 128 }, { true, false, START * SECTOR + 8192 - 148 - 64 } };
	struct err err = { 0 };
	struct disklabel l;
	size_t i;
	int fd;

	for (i = 0; i < nitems(disks); i++) {
		fd = make_disk(disks[i].mbr, disks[i].at, disks[i].big, example, 4);
		CHECK(disklabel_read(&l, fd, DISK_BYTES, &err) == 1);
		CHECK(l.in_mbr == disks[i].mbr && l.npartitions == 4);
		CHECK(l.partitions[0].offset == START * SECTOR && l.partitions[0].bytes == 3000 * SECTOR);
		CHECK(l.partitions[0].fs == DISKLABEL_FS_FFS && l.partitions[1].fs == 1);
		drop_disk(fd);
	}
	fd = make_disk(true, 0, false, NULL, 0);
	CHECK(disklabel_read(&l, fd, DISK_BYTES, &err) == 1 && l.npartitions == 0 && l.mbr_offset == START * SECTOR);
	CHECK(disklabel_read(&l, fd, START * SECTOR, &err) == -1 && strstr(err.msg, "truncated") != NULL);
	CHECK(disklabel_read(&l, fd, 0, &err) == 0 && disklabel_read(&l, fd, 511, &err) == 0);
	drop_disk(fd);
}

static void
test_damaged(void)
{
	static const uint64_t places[] = { 40, 60, 136, 138, 148, 148 + 63 };
	uint64_t at = (START + 1) * SECTOR;
	struct err err = { 0 };
	struct disklabel l;
	uint8_t b;
	size_t i;
	int fd = make_disk(true, at, false, example, 4);

	for (i = 0; i < nitems(places); i++) {
		CHECK(pread_full(fd, &b, 1, at + places[i]) == 0);
		b ^= 0x21;
		CHECK(pwrite_full(fd, &b, 1, at + places[i]) == 0);
		CHECK(disklabel_read(&l, fd, DISK_BYTES, &err) == -1);
		CHECK(strstr(err.msg, "wrong checksum") != NULL);
		b ^= 0x21;
		CHECK(pwrite_full(fd, &b, 1, at + places[i]) == 0);
	}
	CHECK(disklabel_read(&l, fd, DISK_BYTES, &err) == 1);
	drop_disk(fd);
	/* Without an MBR's partition around it, it may be anything. */
	fd = make_disk(false, 512, false, example, 4);
	CHECK(pwrite_full(fd, "xx", 2, 512 + 50) == 0);
	CHECK(disklabel_read(&l, fd, DISK_BYTES, &err) == 0);
	drop_disk(fd);
}

static void
test_open(void)
{
	static const struct part no_ffs[] = { { 3000, START, 1 }, { 0, 0, 7 } };
	static const struct part second[] = { { 100, START, 1 }, { 0, START, 7 }, { 64, 4096, 7 }, { 64, 5000, 7 } };
	static const struct part beyond[] = { { 0x80000000, START, 7 } };
	uint64_t at = (START + 1) * SECTOR;
	struct image_partition part;
	struct err err = { 0 };
	int fd = make_disk(true, at, false, example, 4), got;

	CHECK(image_open(path, &got, &part, &err) == 0);
	CHECK(!part.gpt && part.mbr && part.letter == 'a' && part.offset == START * SECTOR);
	CHECK(part.bytes == 3000 * SECTOR && part.others == 1);
	(void)close(got);
	drop_disk(fd);
	fd = make_disk(true, at, false, second, 4);
	CHECK(image_open(path, &got, &part, &err) == 0 && part.letter == 'c' && part.offset == 4096 * SECTOR);
	(void)close(got);
	drop_disk(fd);
	fd = make_disk(true, at, false, no_ffs, 2);
	CHECK(image_open(path, &got, &part, &err) < 0 && strstr(err.msg, "no FFS partition") != NULL);
	drop_disk(fd);
	fd = make_disk(true, at, false, beyond, 1);
	CHECK(image_open(path, &got, &part, &err) < 0 && strstr(err.msg, "truncated") != NULL);
	drop_disk(fd);
	fd = make_disk(true, 0, false, NULL, 0);
	CHECK(image_open(path, &got, &part, &err) == 0 && part.mbr && part.letter == 0);
	CHECK(part.offset == START * SECTOR && part.bytes == DISK_BYTES - START * SECTOR);
	(void)close(got);
	drop_disk(fd);
}

TEST_MAIN({ "labels of either byte order, where ports keep them", test_read },
    { "a damaged label is told, where it must be one", test_damaged },
    { "image_open chooses the partition", test_open })
