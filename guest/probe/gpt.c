/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GPT reader.  One request brings the header and the usual 128 entries.  The
 * header's CRC is checked always, that of the entries (16 KB, slow where
 * instructions are emulated) in the tests only.
 */
#include "gpt.h"

#include "bytes.h"
#include "string.h"

enum {
	HEADER_MIN = 92,
	ENTRY_SIZE = 128,
	ENTRIES_MAX = 512,
	NAME_OFF = 56,
	NAME_CHARS = 36,
	FIRST_SECTORS = 34,
	ENTRIES_PER_SECTOR = 4
};

static uint8_t sectors[FIRST_SECTORS][SECTOR] __attribute__((aligned(16)));
static struct blk *loaded;
static uint32_t entry_count, entries_crc;
static uint64_t entries_lba;

static uint32_t
crc32_update(uint32_t crc, const uint8_t *p, uint32_t len)
{
	static const uint32_t nibble[16] = { 0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4,
		0xa00ae278, 0xbdbdf21c };

	while (len-- > 0) {
		crc ^= *p++;
		crc = crc >> 4 ^ nibble[crc & 0xf];
		crc = crc >> 4 ^ nibble[crc & 0xf];
	}
	return crc;
}

static bool
header_load(uint8_t *h)
{
	uint32_t size = get_le32(h + 12), crc = get_le32(h + 16);

	if (memcmp(h, "EFI PART", 8) != 0 || size < HEADER_MIN || size > SECTOR)
		return false;
	put_le32(h + 16, 0);
	if (~crc32_update(UINT32_MAX, h, size) != crc)
		return false;
	entries_lba = get_le64(h + 72);
	entry_count = get_le32(h + 80);
	entries_crc = get_le32(h + 88);
	return get_le32(h + 84) == ENTRY_SIZE && entry_count <= ENTRIES_MAX && entries_lba >= 2;
}

static bool
gpt_load(struct blk *b)
{
	if (loaded == b)
		return entry_count > 0;
	entry_count = 0;
	loaded = b;
	if (b->capacity < FIRST_SECTORS || !blk_read(b, 0, sectors, FIRST_SECTORS) || !header_load(sectors[1]))
		entry_count = 0;
	return entry_count > 0;
}

/* Entries behind the first 34 sectors are read one sector at a time. */
static const uint8_t *
entry_at(struct blk *b, uint32_t i)
{
	static uint8_t far[SECTOR] __attribute__((aligned(16)));
	uint64_t lba = entries_lba + i / ENTRIES_PER_SECTOR;
	uint32_t off = i % ENTRIES_PER_SECTOR * ENTRY_SIZE;

	if (lba < FIRST_SECTORS)
		return sectors[lba] + off;
	return blk_read(b, lba, far, 1) ? far + off : NULL;
}

static bool
entry_used(const uint8_t *e)
{
	return (get_le64(e) | get_le64(e + 8)) != 0;
}

static bool
entry_wedge(struct blk *b, const uint8_t *e, struct wedge *w)
{
	uint64_t first = get_le64(e + 32), last = get_le64(e + 40);
	uint32_t c;

	if (first > last || last >= b->capacity)
		return false;
	w->disk = b;
	w->start = first;
	w->sectors = last - first + 1;
	for (int i = 0; i < NAME_CHARS; i++) {
		c = get_le16(e + NAME_OFF + 2 * i);
		w->label[i] = (char)(c < 0x80 ? c : '?');
	}
	w->label[NAME_CHARS] = '\0';
	return true;
}

bool
gpt_wedge(struct blk *b, uint32_t nth, struct wedge *w)
{
	const uint8_t *e;

	if (!gpt_load(b))
		return false;
	for (uint32_t i = 0; i < entry_count; i++) {
		e = entry_at(b, i);
		if (e == NULL)
			return false;
		if (entry_used(e) && entry_wedge(b, e, w) && nth-- == 0)
			return true;
	}
	return false;
}

bool
gpt_entries_sum_ok(struct blk *b, bool *present)
{
	uint32_t crc = UINT32_MAX;
	const uint8_t *e;

	*present = gpt_load(b);
	for (uint32_t i = 0; *present && i < entry_count; i++) {
		e = entry_at(b, i);
		if (e == NULL)
			return false;
		crc = crc32_update(crc, e, ENTRY_SIZE);
	}
	return !*present || ~crc == entries_crc;
}

static bool
whole_disk(int index, struct wedge *w)
{
	if (index < 0 || index >= blk_count)
		return false;
	w->disk = blk_get(index);
	w->start = 0;
	w->sectors = w->disk->capacity;
	w->label[0] = '\0';
	return true;
}

static bool
labelled(const char *label, struct wedge *w)
{
	for (int d = 0; d < blk_count; d++)
		for (uint32_t n = 0; gpt_wedge(blk_get(d), n, w); n++)
			if (strcmp(w->label, label) == 0)
				return true;
	return false;
}

static bool
numbered(uint32_t number, struct wedge *w)
{
	for (int d = 0; d < blk_count; d++)
		for (uint32_t n = 0; gpt_wedge(blk_get(d), n, w); n++)
			if (number-- == 0)
				return true;
	return false;
}

bool
wedge_find(const char *root, struct wedge *w)
{
	size_t n;

	if ((n = has_prefix(root, "NAME=")) != 0)
		return labelled(root + n, w);
	if ((n = has_prefix(root, "dk")) != 0)
		return numbered((uint32_t)parse_number(root + n, NULL), w);
	if ((n = has_prefix(root, "ld")) != 0)
		return whole_disk((int)parse_number(root + n, NULL), w);
	if (root[0] != '\0')
		return false;
	return numbered(0, w) || whole_disk(0, w);
}
