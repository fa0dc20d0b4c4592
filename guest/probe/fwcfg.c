/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fw_cfg: selector at 0x510, data a byte at a time at 0x511.
 */
#include "fwcfg.h"

#include "bytes.h"
#include "string.h"
#include "x86.h"

enum {
	SELECTOR = 0x510,
	DATA = 0x511,
	SELECT_SIGNATURE = 0,
	SELECT_DIRECTORY = 0x19,
	ENTRY_SIZE = 64,
	FILES_MAX = 4096
};

bool
fwcfg_probe(void)
{
	char signature[4];

	outw(SELECTOR, SELECT_SIGNATURE);
	inb_many(DATA, signature, sizeof(signature));
	return memcmp(signature, "QEMU", sizeof(signature)) == 0;
}

uint32_t
fwcfg_directory_start(void)
{
	uint8_t count[4];
	uint32_t n;

	outw(SELECTOR, SELECT_DIRECTORY);
	inb_many(DATA, count, sizeof(count));
	n = get_be32(count);
	return n > FILES_MAX ? UINT32_MAX : n;
}

void
fwcfg_directory_next(struct fwcfg_file *f)
{
	uint8_t entry[ENTRY_SIZE];

	inb_many(DATA, entry, sizeof(entry));
	f->size = get_be32(entry);
	f->select = (uint16_t)get_be16(entry + 4);
	copy_string(f->name, sizeof(f->name), (char *)entry + 8, sizeof(f->name) - 1);
}

void
fwcfg_read(const struct fwcfg_file *f, void *buf, uint32_t len)
{
	outw(SELECTOR, f->select);
	inb_many(DATA, buf, min_u32(len, f->size));
}
