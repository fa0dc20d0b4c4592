/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding a label as NetBSD's disklabel(8) does: by its two magic numbers and
 * its checksum, at any multiple of four bytes of the boot area.
 */
#include "image/disklabel.h"

#include <inttypes.h>
#include <string.h>

#include "base/defs.h"
#include "base/endian.h"
#include "base/io.h"

#define SECTOR 512
#define MBR_PARTITIONS 446
#define MBR_ENTRY 16
#define MBR_TYPE_NETBSD 0xa9

#define MAGIC UINT32_C(0x82564557)
#define MAGIC1 0 /* offsets in struct disklabel */
#define SECTOR_BYTES 40
#define MAGIC2 132
#define NPARTITIONS 138
#define PARTITIONS 148
#define PARTITION_BYTES 16
#define SECTOR_BYTES_MAX 65536

static int
decode(struct disklabel *l, const uint8_t *p, bool big, struct err *err)
{
	uint32_t sector = get_u32(p + SECTOR_BYTES, big);
	const uint8_t *q = p + PARTITIONS;
	unsigned n = get_u16(p + NPARTITIONS, big), i;

	if (sector < SECTOR || sector > SECTOR_BYTES_MAX || !powerof2(sector))
		return err_set(err, "sectors of %" PRIu32 " bytes", sector);
	for (i = 0; i < n; i++, q += PARTITION_BYTES)
		l->partitions[i] = (struct disklabel_partition){
			.bytes = (uint64_t)get_u32(q, big) * sector,
			.offset = (uint64_t)get_u32(q + 4, big) * sector,
			.fs = q[12],
		};
	l->npartitions = n;
	return 0;
}

/* The exclusive or of all 16-bit words is zero, in either byte order. */
static bool
sum_is_right(const uint8_t *p, size_t len)
{
	uint16_t sum = 0;
	size_t i;

	for (i = 0; i < len; i += 2)
		sum ^= get_le16(p + i);
	return sum == 0;
}

/* 1, 0 or -1 as disklabel_read(). */
static int
find(struct disklabel *l, const uint8_t *area, size_t len, struct err *err)
{
	bool damaged = false, big;
	const uint8_t *p;
	size_t i, n;

	for (i = 0; i + PARTITIONS <= len; i += 4) {
		p = area + i;
		big = get_u32(p + MAGIC1, true) == MAGIC;
		if (get_u32(p + MAGIC1, big) != MAGIC || get_u32(p + MAGIC2, big) != MAGIC)
			continue;
		n = get_u16(p + NPARTITIONS, big);
		if (n > 0 && n <= DISKLABEL_PARTITIONS_MAX && n * PARTITION_BYTES <= len - i - PARTITIONS &&
		    sum_is_right(p, PARTITIONS + n * PARTITION_BYTES))
			return decode(l, p, big, err) < 0 ? -1 : 1;
		damaged = true;
	}
	return damaged ? err_set(err, "wrong checksum") : 0;
}

/* The first NetBSD partition of an MBR. */
static bool
find_mbr(struct disklabel *l, const uint8_t *sector)
{
	const uint8_t *e;
	unsigned i;

	if (sector[510] != 0x55 || sector[511] != 0xaa)
		return false;
	for (i = 0; i < 4; i++) {
		e = sector + MBR_PARTITIONS + i * MBR_ENTRY;
		if (e[4] != MBR_TYPE_NETBSD || get_le32(e + 12) == 0)
			continue;
		l->mbr_offset = (uint64_t)get_le32(e + 8) * SECTOR;
		l->mbr_bytes = (uint64_t)get_le32(e + 12) * SECTOR;
		return true;
	}
	return false;
}

int
disklabel_read(struct disklabel *l, int fd, uint64_t bytes, struct err *err)
{
	uint8_t area[DISKLABEL_AREA_BYTES] = { 0 };
	struct err why = { 0 };
	size_t len;
	int found;

	memset(l, 0, sizeof(*l));
	if (bytes < SECTOR)
		return 0;
	if (pread_full(fd, area, SECTOR, 0) < 0)
		return err_sys(err, "cannot read sector 0");
	l->in_mbr = find_mbr(l, area);
	if (l->mbr_offset >= bytes)
		return err_set(err,
		    "it is truncated: its NetBSD partition begins at byte %" PRIu64 ", the file has %" PRIu64,
		    l->mbr_offset, bytes);
	len = (size_t)u64_min(sizeof(area), bytes - l->mbr_offset);
	if (pread_full(fd, area, len, l->mbr_offset) < 0)
		return err_sys(err, "cannot read the boot area");
	found = find(l, area, len, &why);
	/* Elsewhere it may be what is left of an earlier use of the disk. */
	if (found < 0 && l->in_mbr)
		return err_set(err, "its disklabel is damaged (%.200s)", why.msg);
	return found > 0 || l->in_mbr;
}
