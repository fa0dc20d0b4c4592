/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PVH: an ELF kernel into memory, and what it is told at its entry (Xen
 * public/arch-x86/hvm/start_info.h): memory map, command line, modules.
 */
#ifndef SMOL_VMM_BOOT_PVH_H
#define SMOL_VMM_BOOT_PVH_H

#include <stdint.h>

#include "base/err.h"
#include "vmm/mem.h"

#define BOOT_CMDLINE_MAX 1023 /* NetBSD keeps 1024 bytes */

struct boot_pvh {
	uint32_t entry, start_info; /* out: guest physical */
	uint64_t top; /* out: end of what is loaded */
};

/*
 * kernel_fd: an ELF file with the note Xen/18; module_fd: a file loaded behind
 * it, or -1.  Nothing of the files is trusted.
 */
int
boot_pvh_load(struct boot_pvh *, const struct mem *, int kernel_fd, int module_fd, const char *cmdline, struct err *);

/* The MP table for so many CPUs, where kernels look for it. */
int boot_mptable(const struct mem *, unsigned ncpus, struct err *);

#endif
