/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the monitor hands over (Xen public headers, hvm/start_info.h):
 *
 *	%ebx -> start_info { magic, version, flags, nr_modules, modlist,
 *		cmdline -> text, rsdp, [version 1:] memmap -> entries, count }
 */
#ifndef PROBE_BOOT_H
#define PROBE_BOOT_H

#include "probe.h"

struct boot_info {
	uint32_t version;
	const char *cmdline; /* "" where there is none */
	uint32_t memmap_count;
	uint64_t ram_bytes; /* the sum of the RAM entries */
	uint64_t high_start, high_end; /* the first RAM at or above 4 GiB; both 0 where there is none */
	uint32_t initrd_bytes; /* of the first module */
	uint32_t start_info, memmap; /* where they lie */
};

extern struct boot_info boot;

/* Fills boot; NULL, or what is wrong with the start_info. */
const char *boot_init(uint32_t start_info);
/* True if [addr, addr + len) is RAM by the map and holds nothing of the above. */
bool boot_range_free(uint32_t addr, uint32_t len);

#endif
