/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading and writing a GUID partition table.  A copy counts only if its
 * header CRC, its own address and the CRC of its entries are right; the backup
 * is taken only if the primary fails, and the caller is told why.
 */
#include "image/gpt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/endian.h"
#include "base/io.h"

#define HEADER_BYTES 92
#define TABLE_MAX (1024 * 1024) /* more entries than any tool makes */
#define MBR_TYPE_PROTECTIVE 0xee

static const char signature[8] = { 'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T' };

/* 49F48D5A-B10E-11DC-B99B-0019D1879648 */
const uint8_t gpt_type_netbsd_ffs[16] = { 0x5a, 0x8d, 0xf4, 0x49, 0x0e, 0xb1, 0xdc, 0x11, 0xb9, 0x9b, 0x00, 0x19, 0xd1,
	0x87, 0x96, 0x48 };
/* 516E7CB6-6ECF-11D6-8FF8-00022D09712B */
const uint8_t gpt_type_freebsd_ufs[16] = { 0xb6, 0x7c, 0x6e, 0x51, 0xcf, 0x6e, 0xd6, 0x11, 0x8f, 0xf8, 0x00, 0x02, 0x2d,
	0x09, 0x71, 0x2b };

/* 0FC63DAF-8483-4772-8E79-3D69D8477DE4, sgdisk's 8300 */
const uint8_t gpt_type_linux[16] = { 0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84, 0x72, 0x47, 0x8e, 0x79, 0x3d, 0x69, 0xd8, 0x47,
	0x7d, 0xe4 };

/* The CRC of IEEE 802.3, a nibble at a time: tables here are small. */
uint32_t
gpt_crc32(const void *data, size_t len)
{
	static const uint32_t table[16] = { 0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4,
		0xa00ae278, 0xbdbdf21c };
	const uint8_t *p = data;
	uint32_t crc = 0xffffffff;
	size_t i;

	for (i = 0; i < len; i++) {
		crc ^= p[i];
		crc = (crc >> 4) ^ table[crc & 15];
		crc = (crc >> 4) ^ table[crc & 15];
	}
	return ~crc;
}

void
gpt_guid_derive(uint8_t guid[16], const uint8_t seed[16])
{
	memcpy(guid, seed, 16);
	guid[7] = (uint8_t)((guid[7] & 0x0f) | 0x80);
	guid[8] = (uint8_t)((guid[8] & 0x3f) | 0x80);
}

char *
gpt_guid_text(const uint8_t g[16], char text[GPT_GUID_TEXT])
{
	(void)snprintf(text, GPT_GUID_TEXT, "%08" PRIX32 "-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X", get_le32(g),
	    get_le16(g + 4), get_le16(g + 6), g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]);
	return text;
}

/* The next code point of a UTF-8 string, or -1; overlong forms and surrogates are refused. */
static int32_t
utf8_next(const char **sp)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const uint8_t *s = (const uint8_t *)*sp;
	unsigned more = s[0] < 0x80 ? 0 : (s[0] & 0xe0) == 0xc0 ? 1 : (s[0] & 0xf0) == 0xe0 ? 2 : 3, i;
	uint32_t c = more == 0 ? s[0] : s[0] & (0x3fu >> more);

	if (more == 3 && (s[0] & 0xf8) != 0xf0)
		return -1;
	for (i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return -1;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return -1;
	*sp += more + 1;
	return (int32_t)c;
}

int
gpt_label_encode(const char *s, uint8_t *utf16, unsigned max)
{
	unsigned n = 0;
	int32_t c;

	while (*s != '\0') {
		c = utf8_next(&s);
		if (c < 0 || n + (c >= 0x10000 ? 2 : 1) > max)
			return -1;
		if (c >= 0x10000) {
			put_le16(utf16 + 2 * n++, (uint16_t)(0xd800 + ((c - 0x10000) >> 10)));
			c = 0xdc00 + ((c - 0x10000) & 0x3ff);
		}
		put_le16(utf16 + 2 * n++, (uint16_t)c);
	}
	return (int)n;
}

static char *
utf8_put(char *p, uint32_t c)
{
	if (c < 0x80) {
		*p++ = (char)c;
		return p;
	}
	if (c < 0x800) {
		*p++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*p++ = (char)(0xe0 | c >> 12);
		} else {
			*p++ = (char)(0xf0 | c >> 18);
			*p++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*p++ = (char)(0x80 | (c & 0x3f));
	return p;
}

/* A lone surrogate becomes U+FFFD. */
void
gpt_label_decode(const uint8_t *utf16, unsigned units, char label[GPT_LABEL_MAX])
{
	char *p = label;
	unsigned i;
	uint32_t c, d;

	for (i = 0; i < units && i < GPT_LABEL_UNITS; i++) {
		c = get_le16(utf16 + 2 * i);
		if (c == 0)
			break;
		if (c >= 0xd800 && c < 0xe000) {
			d = i + 1 < units ? get_le16(utf16 + 2 * i + 2) : 0;
			if (c < 0xdc00 && d >= 0xdc00 && d < 0xe000) {
				c = 0x10000 + ((c - 0xd800) << 10) + (d - 0xdc00);
				i++;
			} else
				c = 0xfffd;
		}
		p = utf8_put(p, c);
	}
	*p = '\0';
}

static void
entry_decode(struct gpt_entry *e, const uint8_t *p)
{
	memcpy(e->type, p, 16);
	memcpy(e->unique, p + 16, 16);
	e->first_lba = get_le64(p + 32);
	e->last_lba = get_le64(p + 40);
	e->attributes = get_le64(p + 48);
	gpt_label_decode(p + 56, GPT_LABEL_UNITS, e->label);
}

static int
entries_decode(struct gpt *g, const uint8_t *table, uint32_t n, uint32_t size, struct err *err)
{
	static const uint8_t unused[16];
	struct gpt_entry *e;
	uint32_t i, cap = 0;

	for (i = 0; i < n; i++) {
		if (memcmp(table + (size_t)i * size, unused, 16) == 0)
			continue;
		e = vec_push(g->entries, g->nentries, cap);
		entry_decode(e, table + (size_t)i * size);
		if (e->first_lba > e->last_lba || e->last_lba >= UINT64_MAX / 2 / GPT_SECTOR)
			return err_set(err, "partition %" PRIu32 " is at sectors %" PRIu64 " to %" PRIu64, i + 1,
			    e->first_lba, e->last_lba);
	}
	return 0;
}

static int
header_check(uint8_t *h, uint64_t lba, struct err *err)
{
	uint32_t size = get_le32(h + 12), crc = get_le32(h + 16);

	if (memcmp(h, signature, sizeof(signature)) != 0)
		return err_set(err, "no signature");
	if (size < HEADER_BYTES || size > GPT_SECTOR)
		return err_set(err, "header size %" PRIu32, size);
	put_le32(h + 16, 0);
	if (gpt_crc32(h, size) != crc)
		return err_set(err, "wrong header CRC");
	if (get_le64(h + 24) != lba)
		return err_set(err, "it says that it lies at sector %" PRIu64, get_le64(h + 24));
	return 0;
}

/* One copy of the table, whose header is at lba. */
static int
copy_read(struct gpt *g, int fd, uint64_t bytes, uint64_t lba, struct err *err)
{
	cleanup_free uint8_t *table = NULL;
	uint8_t h[GPT_SECTOR];
	uint64_t at;
	uint32_t n, size;

	if (bytes < (lba + 1) * GPT_SECTOR || pread_full(fd, h, sizeof(h), lba * GPT_SECTOR) < 0)
		return err_set(err, "cannot read sector %" PRIu64, lba);
	if (header_check(h, lba, err) < 0)
		return -1;
	at = get_le64(h + 72);
	n = get_le32(h + 80);
	size = get_le32(h + 84);
	if (size < GPT_ENTRY_BYTES || size % 8 != 0 || n == 0 || (uint64_t)n * size > TABLE_MAX)
		return err_set(err, "%" PRIu32 " entries of %" PRIu32 " bytes", n, size);
	table = xmalloc((size_t)n * size);
	if (at > bytes / GPT_SECTOR || bytes - at * GPT_SECTOR < (uint64_t)n * size ||
	    pread_full(fd, table, (size_t)n * size, at * GPT_SECTOR) < 0)
		return err_set(err, "its entries, at sector %" PRIu64 ", are not in the file", at);
	if (gpt_crc32(table, (size_t)n * size) != get_le32(h + 88))
		return err_set(err, "wrong CRC of the entries");
	memcpy(g->disk_guid, h + 56, 16);
	g->first_usable = get_le64(h + 40);
	g->last_usable = get_le64(h + 48);
	return entries_decode(g, table, n, size, err);
}

/* Whether the first two sectors look as if a GPT were, or had been, there. */
static bool
is_gpt_disk(int fd, uint64_t bytes)
{
	uint8_t s[2 * GPT_SECTOR];

	if (bytes < sizeof(s) || pread_full(fd, s, sizeof(s), 0) < 0)
		return false;
	return (s[510] == 0x55 && s[511] == 0xaa && s[450] == MBR_TYPE_PROTECTIVE) ||
	       memcmp(s + GPT_SECTOR, signature, sizeof(signature)) == 0;
}

int
gpt_read(struct gpt *g, int fd, uint64_t bytes, struct err *err)
{
	struct err primary = { 0 }, backup = { 0 };
	uint64_t last = bytes / GPT_SECTOR - 1;
	bool expected = is_gpt_disk(fd, bytes);

	memset(g, 0, sizeof(*g));
	if (bytes < 3 * GPT_SECTOR)
		return 0;
	if (copy_read(g, fd, bytes, 1, &primary) == 0)
		return 1;
	gpt_release(g);
	if (copy_read(g, fd, bytes, last, &backup) == 0) {
		g->from_backup = true;
		(void)snprintf(g->damage, sizeof(g->damage), "%.150s", primary.msg);
		return 1;
	}
	gpt_release(g);
	if (!expected)
		return 0;
	return err_set(err, "its GPT is damaged (%.200s), and so is the backup (%.200s)", primary.msg, backup.msg);
}

void
gpt_release(struct gpt *g)
{
	free(g->entries);
	memset(g, 0, sizeof(*g));
}

static int
disk_check(const struct gpt_disk *d, struct err *err)
{
	uint64_t sectors = d->bytes / GPT_SECTOR;

	if (d->bytes % GPT_SECTOR != 0 || d->bytes < GPT_HEAD_BYTES + GPT_TAIL_BYTES + GPT_SECTOR)
		return err_set(err, "an image of %" PRIu64 " bytes cannot hold a GPT", d->bytes);
	if (d->part.first_lba < GPT_HEAD_BYTES / GPT_SECTOR || d->part.last_lba < d->part.first_lba ||
	    d->part.last_lba >= sectors - GPT_TAIL_BYTES / GPT_SECTOR)
		return err_set(err, "partition at sectors %" PRIu64 " to %" PRIu64 " does not fit in %" PRIu64,
		    d->part.first_lba, d->part.last_lba, sectors);
	return 0;
}

static int
table_encode(const struct gpt_disk *d, uint8_t *p, struct err *err)
{
	memset(p, 0, GPT_TABLE_BYTES);
	memcpy(p, d->part.type, 16);
	memcpy(p + 16, d->part.unique, 16);
	put_le64(p + 32, d->part.first_lba);
	put_le64(p + 40, d->part.last_lba);
	put_le64(p + 48, d->part.attributes);
	if (gpt_label_encode(d->part.label, p + 56, GPT_LABEL_UNITS) < 0)
		return err_set(
		    err, "bad label '%s': want UTF-8 of at most %d characters", d->part.label, GPT_LABEL_UNITS);
	return 0;
}

/* A header at lba whose twin is at other and whose entries are at table_lba. */
static void
header_encode(const struct gpt_disk *d, uint8_t *h, uint64_t lba, uint64_t other, uint64_t table_lba, uint32_t crc)
{
	memset(h, 0, GPT_SECTOR);
	memcpy(h, signature, sizeof(signature));
	put_le32(h + 8, 0x00010000); /* revision 1.0 */
	put_le32(h + 12, HEADER_BYTES);
	put_le64(h + 24, lba);
	put_le64(h + 32, other);
	put_le64(h + 40, GPT_HEAD_BYTES / GPT_SECTOR);
	put_le64(h + 48, (d->bytes - GPT_TAIL_BYTES) / GPT_SECTOR - 1);
	memcpy(h + 56, d->guid, 16);
	put_le64(h + 72, table_lba);
	put_le32(h + 80, GPT_ENTRIES);
	put_le32(h + 84, GPT_ENTRY_BYTES);
	put_le32(h + 88, crc);
	put_le32(h + 16, gpt_crc32(h, HEADER_BYTES));
}

int
gpt_encode_head(const struct gpt_disk *d, uint8_t head[GPT_HEAD_BYTES], struct err *err)
{
	static const uint8_t whole_disk[] = { 0x00, 0x00, 0x02, 0x00, MBR_TYPE_PROTECTIVE, 0xff, 0xff, 0xff };
	uint64_t last = d->bytes / GPT_SECTOR - 1;
	uint8_t *table = head + 2 * GPT_SECTOR;

	if (disk_check(d, err) < 0 || table_encode(d, table, err) < 0)
		return -1;
	memset(head, 0, GPT_SECTOR);
	memcpy(head + 446, whole_disk, sizeof(whole_disk));
	put_le32(head + 454, 1);
	put_le32(head + 458, (uint32_t)u64_min(last, UINT32_MAX));
	head[510] = 0x55;
	head[511] = 0xaa;
	header_encode(d, head + GPT_SECTOR, 1, last, 2, gpt_crc32(table, GPT_TABLE_BYTES));
	return 0;
}

int
gpt_encode_tail(const struct gpt_disk *d, uint8_t tail[GPT_TAIL_BYTES], struct err *err)
{
	uint64_t last = d->bytes / GPT_SECTOR - 1;

	if (disk_check(d, err) < 0 || table_encode(d, tail, err) < 0)
		return -1;
	header_encode(
	    d, tail + GPT_TABLE_BYTES, last, 1, last - GPT_TABLE_BYTES / GPT_SECTOR, gpt_crc32(tail, GPT_TABLE_BYTES));
	return 0;
}
