/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PVH start_info, its memory map (E820 types) and command line.
 */
#include "boot.h"

#include "bytes.h"
#include "string.h"

enum {
	MAGIC = 0x336ec578,
	OFF_VERSION = 4,
	OFF_MODULES = 12,
	OFF_MODLIST = 16,
	OFF_CMDLINE = 24,
	OFF_MEMMAP = 40,
	OFF_MEMMAP_COUNT = 48,
	SIZE_V1 = 56,
	ENTRY_SIZE = 24,
	TYPE_RAM = 1,
	MAX_ENTRIES = 128
};

extern char bss_start[], bss_end[];

struct boot_info boot = { .cmdline = "" };

static void
ram_add(uint64_t start, uint64_t bytes)
{
	boot.ram_bytes += bytes;
	if (start >> 32 != 0 && boot.high_end == 0) {
		boot.high_start = start;
		boot.high_end = start + bytes;
	}
}

static const char *
memmap_init(const uint8_t *si)
{
	const uint8_t *entry;

	if (boot.version == 0)
		return NULL;
	if (get_le32(si + OFF_MEMMAP + 4) != 0)
		return "memory map above 4 GiB";
	boot.memmap = get_le32(si + OFF_MEMMAP);
	boot.memmap_count = get_le32(si + OFF_MEMMAP_COUNT);
	if (boot.memmap_count == 0 || boot.memmap_count > MAX_ENTRIES)
		return "memory map is empty or absurd";
	entry = ptr_to(boot.memmap);
	for (uint32_t i = 0; i < boot.memmap_count; i++, entry += ENTRY_SIZE)
		if (get_le32(entry + 16) == TYPE_RAM)
			ram_add(get_le64(entry), get_le64(entry + 8));
	return NULL;
}

const char *
boot_init(uint32_t start_info)
{
	const uint8_t *si = ptr_to(start_info);

	boot.start_info = start_info;
	if (get_le32(si) != MAGIC)
		return "start_info has a wrong magic";
	boot.version = get_le32(si + OFF_VERSION);
	if (get_le32(si + OFF_CMDLINE + 4) != 0)
		return "command line above 4 GiB";
	if (get_le32(si + OFF_CMDLINE) != 0)
		boot.cmdline = ptr_to(get_le32(si + OFF_CMDLINE));
	/* The first of the list: address and size, 8 bytes each. */
	if (get_le32(si + OFF_MODULES) > 0)
		boot.initrd_bytes = get_le32((const uint8_t *)ptr_to(get_le32(si + OFF_MODLIST)) + 8);
	if (get_le32(bss_start) != 0 || get_le32(ptr_to(addr_of(bss_end) - 4)) != 0)
		return "the loader did not clear bss";
	return memmap_init(si);
}

static bool
overlap(uint32_t a, uint32_t alen, uint32_t b, uint32_t blen)
{
	return a < b + blen && b < a + alen;
}

static bool
range_is_ram(uint32_t addr, uint32_t len)
{
	const uint8_t *entry = ptr_to(boot.memmap);
	uint64_t start, size;

	for (uint32_t i = 0; i < boot.memmap_count; i++, entry += ENTRY_SIZE) {
		start = get_le64(entry);
		size = get_le64(entry + 8);
		if (get_le32(entry + 16) == TYPE_RAM && addr >= start && addr - start < size &&
		    size - (addr - start) >= len)
			return true;
	}
	return false;
}

bool
boot_range_free(uint32_t addr, uint32_t len)
{
	return range_is_ram(addr, len) && !overlap(addr, len, boot.start_info, SIZE_V1) &&
	       !overlap(addr, len, boot.memmap, boot.memmap_count * ENTRY_SIZE) &&
	       !overlap(addr, len, addr_of(boot.cmdline), (uint32_t)strlen(boot.cmdline) + 1);
}
