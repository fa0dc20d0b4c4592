/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The partition table: known values, what we write read back, damage to either
 * copy, and the choice of the partition by image_open().
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/endian.h"
#include "base/io.h"
#include "image/gpt.h"
#include "image/image.h"

#include "test.h"

#define DISK_BYTES (4 * 1024 * 1024)
#define PART_LBA 1024
#define LAST_LBA (DISK_BYTES / GPT_SECTOR - 1)

static char path[] = "/tmp/smol-gpt.XXXXXX";

static struct gpt_disk
example(void)
{
	struct gpt_disk d = { .bytes = DISK_BYTES };

	memset(d.guid, 0x11, 16);
	memcpy(d.part.type, gpt_type_netbsd_ffs, 16);
	memset(d.part.unique, 0x22, 16);
	d.part.first_lba = PART_LBA;
	d.part.last_lba = PART_LBA + 2047;
	d.part.attributes = GPT_ATTR_BOOTME;
	(void)snprintf(d.part.label, sizeof(d.part.label), "webroot");
	return d;
}

/* A disk in a new file; the descriptor. */
static int
make_disk(const struct gpt_disk *d)
{
	uint8_t head[GPT_HEAD_BYTES], tail[GPT_TAIL_BYTES];
	struct err err = { 0 };
	int fd;

	(void)strcpy(path, "/tmp/smol-gpt.XXXXXX");
	fd = mkstemp(path);
	CHECK(fd >= 0 && ftruncate(fd, DISK_BYTES) == 0);
	CHECK(gpt_encode_head(d, head, &err) == 0 && gpt_encode_tail(d, tail, &err) == 0);
	CHECK(pwrite_full(fd, head, sizeof(head), 0) == 0);
	CHECK(pwrite_full(fd, tail, sizeof(tail), DISK_BYTES - sizeof(tail)) == 0);
	return fd;
}

static void
drop_disk(int fd)
{
	(void)close(fd);
	(void)unlink(path);
}

static void
damage(int fd, uint64_t at)
{
	uint8_t b;

	CHECK(pread_full(fd, &b, 1, at) == 0);
	b ^= 0x40;
	CHECK(pwrite_full(fd, &b, 1, at) == 0);
}

static void
test_known(void)
{
	char text[GPT_GUID_TEXT];

	CHECK(gpt_crc32("123456789", 9) == 0xcbf43926);
	CHECK(gpt_crc32("", 0) == 0);
	CHECK_STR(gpt_guid_text(gpt_type_netbsd_ffs, text), "49F48D5A-B10E-11DC-B99B-0019D1879648");
	CHECK_STR(gpt_guid_text(gpt_type_freebsd_ufs, text), "516E7CB6-6ECF-11D6-8FF8-00022D09712B");
	CHECK(GPT_ATTR_BOOTME == UINT64_C(0x0800000000000000));
}

static void
check_label(const char *label, int units)
{
	uint8_t utf16[2 * GPT_LABEL_UNITS] = { 0 };
	char back[GPT_LABEL_MAX];

	CHECK(gpt_label_encode(label, utf16, GPT_LABEL_UNITS) == units);
	if (units < 0)
		return;
	gpt_label_decode(utf16, GPT_LABEL_UNITS, back);
	CHECK_STR(back, label);
}

static void
test_labels(void)
{
	static const uint8_t lone[] = { 'a', 0, 0x00, 0xd8, 'b', 0, 0x00, 0xdc, 0, 0 };
	char back[GPT_LABEL_MAX];

	check_label("", 0);
	check_label("webroot", 7);
	check_label("wörld €", 7);
	check_label("\xf0\x9f\x8c\x8d", 2);
	check_label("abcdefghijklmnopqrstuvwxyz0123456789", 36);
	check_label("abcdefghijklmnopqrstuvwxyz0123456789x", -1);
	check_label("abcdefghijklmnopqrstuvwxyz012345678\xf0\x9f\x8c\x8d", -1);
	check_label("\xff", -1);
	check_label("a\x80", -1);
	check_label("\xc0\x80", -1);
	check_label("\xe2\x82", -1);
	check_label("\xed\xa0\x80", -1);
	gpt_label_decode(lone, 5, back);
	CHECK_STR(back, "a\xef\xbf\xbd"
			"b\xef\xbf\xbd");
}

static void
test_round_trip(void)
{
	struct gpt_disk d = example();
	struct err err = { 0 };
	struct gpt g;
	uint8_t mbr[GPT_SECTOR];
	int fd = make_disk(&d);

	CHECK(gpt_read(&g, fd, DISK_BYTES, &err) == 1);
	CHECK(!g.from_backup);
	CHECK(g.nentries == 1 && g.first_usable == 34 && g.last_usable == LAST_LBA - 33);
	CHECK(memcmp(g.disk_guid, d.guid, 16) == 0);
	CHECK(g.nentries == 1 && memcmp(g.entries[0].unique, d.part.unique, 16) == 0);
	CHECK(g.entries[0].first_lba == PART_LBA && g.entries[0].last_lba == PART_LBA + 2047);
	CHECK(g.entries[0].attributes == GPT_ATTR_BOOTME);
	CHECK_STR(g.entries[0].label, "webroot");
	gpt_release(&g);
	CHECK(pread_full(fd, mbr, sizeof(mbr), 0) == 0);
	CHECK(mbr[510] == 0x55 && mbr[511] == 0xaa && mbr[450] == 0xee);
	CHECK(get_le32(mbr + 454) == 1 && get_le32(mbr + 458) == LAST_LBA);
	drop_disk(fd);
}

static void
test_refused(void)
{
	uint8_t head[GPT_HEAD_BYTES], tail[GPT_TAIL_BYTES];
	struct gpt_disk d = example();
	struct err err = { 0 };

	d.part.first_lba = 33;
	CHECK(gpt_encode_head(&d, head, &err) < 0);
	d = example();
	d.part.last_lba = LAST_LBA - 32;
	CHECK(gpt_encode_tail(&d, tail, &err) < 0);
	d = example();
	d.bytes = DISK_BYTES + 1;
	CHECK(gpt_encode_head(&d, head, &err) < 0);
	d = example();
	d.part.label[0] = '\xff';
	CHECK(gpt_encode_head(&d, head, &err) < 0);
}

/* Every byte that a CRC covers, in the primary: the backup must take over and tell why. */
static void
test_primary_damaged(void)
{
	static const uint64_t places[] = { 512, 516, 520, 528, 536, 568, 584, 592, 596, 600, 1024, 1056, 1080, 17000 };
	struct gpt_disk d = example();
	struct err err = { 0 };
	struct gpt g;
	size_t i;
	int fd = make_disk(&d);

	for (i = 0; i < nitems(places); i++) {
		damage(fd, places[i]);
		CHECK(gpt_read(&g, fd, DISK_BYTES, &err) == 1);
		CHECK(g.from_backup && g.damage[0] != '\0');
		CHECK(g.nentries == 1 && strcmp(g.entries[0].label, "webroot") == 0);
		gpt_release(&g);
		damage(fd, places[i]);
	}
	CHECK(gpt_read(&g, fd, DISK_BYTES, &err) == 1 && !g.from_backup);
	gpt_release(&g);
	drop_disk(fd);
}

static void
test_both_damaged(void)
{
	struct gpt_disk d = example();
	struct err err = { 0 };
	struct gpt g;
	int fd = make_disk(&d);

	damage(fd, 600);
	damage(fd, DISK_BYTES - 512 + 88);
	CHECK(gpt_read(&g, fd, DISK_BYTES, &err) == -1);
	CHECK(strstr(err.msg, "wrong header CRC") != NULL);
	CHECK(ftruncate(fd, 0) == 0 && ftruncate(fd, DISK_BYTES) == 0);
	CHECK(gpt_read(&g, fd, DISK_BYTES, &err) == 0);
	CHECK(gpt_read(&g, fd, 100, &err) == 0);
	CHECK(gpt_read(&g, fd, 0, &err) == 0);
	drop_disk(fd);
}

static void
test_open(void)
{
	struct gpt_disk d = example();
	struct image_partition part;
	struct err err = { 0 };
	int fd = make_disk(&d), got;

	CHECK(image_open(path, &got, &part, &err) == 0);
	CHECK(part.gpt && part.offset == PART_LBA * GPT_SECTOR && part.bytes == 1024 * 1024);
	CHECK_STR(part.label, "webroot");
	CHECK_STR(part.note, "");
	(void)close(got);
	damage(fd, 600);
	CHECK(image_open(path, &got, &part, &err) == 0);
	CHECK(strstr(part.note, "backup was used") != NULL);
	(void)close(got);
	damage(fd, 600);
	CHECK(ftruncate(fd, 1024 * 1024) == 0);
	CHECK(image_open(path, &got, &part, &err) < 0);
	CHECK(strstr(err.msg, "truncated") != NULL);
	drop_disk(fd);
	memset(d.part.type, 0x33, 16);
	fd = make_disk(&d);
	CHECK(image_open(path, &got, &part, &err) < 0);
	CHECK(strstr(err.msg, "no NetBSD FFS partition") != NULL);
	drop_disk(fd);
	CHECK(image_open("/nonexistent", &got, &part, &err) < 0);
	CHECK(image_open("/tmp", &got, &part, &err) < 0);
}

TEST_MAIN({ "known values", test_known }, { "labels in UTF-8 and UTF-16", test_labels },
    { "what is written is read back", test_round_trip }, { "what cannot be written is refused", test_refused },
    { "a damaged primary: the backup is used", test_primary_damaged },
    { "both damaged, or none there", test_both_damaged }, { "image_open finds the partition", test_open })
