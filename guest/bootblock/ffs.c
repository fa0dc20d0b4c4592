/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Just enough of FFS (ufs/ffs/fs.h, ufs/ufs/dinode.h): a sector at a time, so
 * that no block need fit into memory; file systems of under 2 TB.
 */
#include "bios.h"

#define ROOT 2
#define MAGIC1 0x00011954
#define MAGIC2 0x19540119

static uint8_t buf[SECTOR];
static uint32_t at; /* the sector in buf; 0: none */
static uint32_t version, iblkno, cgoffset, cgmask, bsize, fsize, frag, nindir, inopb, ipg, fpg;

static uint32_t
get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static const uint8_t *
sector(uint32_t n)
{
	if (at != n)
		disk_read(n, OWN_SEGMENT, (uint16_t)(uintptr_t)buf);
	at = n;
	return buf;
}

/* 4 bytes of the partition. */
static uint32_t
word(uint32_t first, uint32_t offset)
{
	return get32(sector(first + offset / SECTOR) + offset % SECTOR);
}

static void
open_fs(void)
{
	uint32_t super = 128;

	version = word(super, 1372) == MAGIC2 ? 2 : 1;
	if (version == 1)
		super = 16;
	if (version == 1 && word(super, 1372) != MAGIC1)
		fail("no file system");
	iblkno = word(super, 16);
	cgoffset = word(super, 24);
	cgmask = word(super, 28);
	bsize = word(super, 48);
	fsize = word(super, 52);
	frag = word(super, 56);
	nindir = word(super, 116);
	inopb = word(super, 120);
	ipg = word(super, 184);
	fpg = word(super, 188);
}

static void
read_inode(struct file *f, uint32_t ino)
{
	uint32_t c = ino / ipg, within = ino % ipg, bytes = version == 2 ? 256 : 128, i;
	uint32_t frag_no = fpg * c + (version == 1 ? cgoffset * (c & ~cgmask) : 0) + iblkno + within / inopb * frag;
	uint32_t first = frag_no * (fsize / SECTOR), offset = within % inopb * bytes;
	uint32_t db = version == 2 ? 112 : 40, width = version == 2 ? 8 : 4;

	f->size = word(first, offset + (version == 2 ? 16 : 8));
	for (i = 0; i < 15; i++)
		*(i < 12 ? &f->db[i] : &f->ib[i - 12]) = word(first, offset + db + i * width);
}

/* The fragment where logical block n begins. */
static uint32_t
block(const struct file *f, uint32_t n)
{
	uint32_t width = version == 2 ? 8 : 4, span = 1, level, p;

	if (n < 12)
		return f->db[n];
	n -= 12;
	for (level = 0; n >= span * nindir; level++) {
		span *= nindir;
		n -= span;
	}
	if (level > 1)
		fail("a file is too large");
	for (p = f->ib[level]; p != 0; span /= nindir) {
		p = word(p * (fsize / SECTOR), n / span * width);
		n %= span;
		if (span == 1)
			break;
	}
	return p;
}

uint32_t
file_sector(const struct file *f, uint32_t n)
{
	uint32_t each = bsize / SECTOR, p = block(f, n / each);

	return p == 0 ? 0 : p * (fsize / SECTOR) + n % each;
}

static int
is_name(const uint8_t *entry, const char *name)
{
	uint8_t len = entry[7], i;

	for (i = 0; i < len; i++)
		if (name[i] != (char)entry[8 + i])
			return 0;
	return name[len] == '\0';
}

void
file_open(struct file *f, const char *name)
{
	const uint8_t *p;
	uint32_t n, i;

	if (version == 0)
		open_fs();
	read_inode(f, ROOT);
	for (n = 0; n < f->size / SECTOR; n++) {
		p = sector(file_sector(f, n));
		for (i = 0; i + 8 < SECTOR && p[i + 4] + (p[i + 5] << 8) != 0;
		     i += p[i + 4] + ((uint32_t)p[i + 5] << 8)) {
			if (get32(p + i) == 0 || !is_name(p + i, name))
				continue;
			read_inode(f, get32(p + i));
			return;
		}
	}
	print(name);
	fail(": there is no such file");
}
