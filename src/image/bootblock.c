/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot blocks checked and filled in (usr.sbin/installboot/arch/i386.c,
 * sbin/gpt/biosboot.c).
 */
#include "image/bootblock.h"

#include <string.h>

#include "base/endian.h"

enum {
	SECTOR = 512,
	PARTITIONS = 446, /* an MBR's, which the code must leave alone */
	MAGIC = 2 * SECTOR + 4,
	PARAMS = MAGIC + 4,
	/* struct x86_boot_params */
	BP_LENGTH = 0,
	BP_TIMEOUT = 8,
	BP_CONSDEV = 12,
	BP_CONSPEED = 16,
	BP_LEAST = 20, /* length that has these */
	LOADER_MAX = 512 * 1024, /* it is loaded to 64 KiB, below the BIOS's own memory */
};

#define MAGIC_1 ((uint32_t)'x' << 24 | 0x86b << 12 | 'm' << 4 | 1) /* X86_BOOT_MAGIC(1): stage 1 */
#define MAGIC_2 (MAGIC_1 + 1) /* the loader */

static bool
is_zero(const uint8_t *p, size_t len)
{
	return len == 0 || (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0);
}

int
bootblock_mbr(struct boot_blocks *b, const char *name, const void *code, size_t len, struct err *err)
{
	if (len != BOOTBLOCK_MBR_BYTES)
		return err_set(err, "%s has %zu bytes: the boot code of an MBR has %d", name, len, BOOTBLOCK_MBR_BYTES);
	memcpy(b->mbr, code, len);
	return 0;
}

static int
check_stage1(const char *name, const uint8_t *p, size_t len, struct err *err)
{
	uint32_t params;

	if (len > BOOTBLOCK_STAGE1_MAX)
		return err_set(err, "%s has %zu bytes: there is room for %d", name, len, BOOTBLOCK_STAGE1_MAX);
	if (len < 3 * SECTOR)
		return err_set(err, "%s has %zu bytes, which is too little for a boot block", name, len);
	if (p[0] != 0xeb || p[2] != 0x90 || p[510] != 0x55 || p[511] != 0xaa)
		return err_set(err, "%s does not begin as a boot block", name);
	if (!is_zero(p + PARTITIONS, 64) || !is_zero(p + SECTOR, SECTOR))
		return err_set(err, "%s has data where the partitions and the disklabel have their places", name);
	if (get_le32(p + MAGIC) != MAGIC_1)
		return err_set(err, "%s has no boot parameters: it is no boot block of NetBSD's", name);
	params = get_le32(p + PARAMS + BP_LENGTH);
	if (params < BP_LEAST || params > SECTOR - (PARAMS - 2 * SECTOR))
		return err_set(err, "%s has boot parameters of %u bytes, which smol does not know", name, params);
	return 0;
}

int
bootblock_stage1(struct boot_blocks *b, const char *name, const void *code, size_t len,
    const struct boot_params *params, struct err *err)
{
	uint8_t *p = b->area;

	if (check_stage1(name, code, len, err) < 0)
		return -1;
	memset(p, 0, sizeof(b->area));
	memcpy(p, code, len);
	put_le32(p + PARAMS + BP_TIMEOUT, params->timeout_s);
	put_le32(p + PARAMS + BP_CONSDEV, params->consdev);
	if (params->speed != 0)
		put_le32(p + PARAMS + BP_CONSPEED, params->speed);
	return 0;
}

int
bootblock_loader_check(const char *name, const void *loader, size_t len, struct err *err)
{
	if (len < 8 || len > LOADER_MAX || get_le32((const uint8_t *)loader + 4) != MAGIC_2)
		return err_set(err, "%s is no boot loader of NetBSD's for x86", name);
	return 0;
}
