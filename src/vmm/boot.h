/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a kernel finds when it begins: itself and its initial ramdisk in
 * memory, the memory map, its command line, tables, and the first vCPU's
 * registers.  One file has one way to boot, told by the kernel's own magic:
 *
 *	boot_pvh.c    ELF with a PVH entry: NetBSD, Linux's vmlinux, the probe
 *	boot_linux.c  Linux's bzImage
 *
 * Nothing of the files is trusted.
 */
#ifndef SMOL_VMM_BOOT_H
#define SMOL_VMM_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "vmm/mem.h"

/* 32 bits, flat segments, paging off: where the first vCPU begins, and what of its registers is not 0. */
struct boot_entry {
	uint32_t eip, ebx, esi;
};

struct boot {
	const struct mem *mem;
	int kernel_fd, initrd_fd; /* initrd_fd -1: none */
	const char *cmdline;
	unsigned ncpus, nvirtio; /* windows in use, from the first on */
	bool acpi;
	/* out */
	uint32_t rsdp; /* boot_tables(): guest address, 0 without ACPI */
	struct boot_entry entry; /* the loader */
};

/* Tables and kernel. */
int boot_load(struct boot *, struct err *);

/* The loaders; the memory is still all zeros but for the tables. */
int boot_pvh_load(struct boot *, struct err *);
int boot_linux_load(struct boot *, struct err *);

/* The MP table, and ACPI's if wanted, where kernels look for them; the reset vector. */
int boot_tables(struct boot *, struct err *);

/* --- for the loaders --- */

struct boot_file {
	int fd;
	const char *what; /* "kernel", for messages */
	uint64_t bytes;
};

int boot_file_open(struct boot_file *, int fd, const char *what, struct err *);
/* Bytes of the file, which must have them. */
int boot_file_read(const struct boot_file *, void *buf, uint64_t len, uint64_t offset, struct err *);
/* ... into low memory at [gpa, gpa + room), which must be there: room is at least len. */
int boot_file_load(const struct boot_file *, const struct mem *, uint64_t gpa, uint64_t room, uint64_t offset,
    uint64_t len, struct err *);

#define BOOT_E820_RAM 1
#define BOOT_E820_RESERVED 2

struct boot_range {
	uint64_t gpa, bytes;
	uint32_t type; /* BOOT_E820_ */
};

#define BOOT_RANGES_MAX 4
unsigned boot_memory_map(const struct mem *, struct boot_range ranges[BOOT_RANGES_MAX]);

/*
 * The command line, with a word for each virtio window unless the kernel finds
 * them by ACPI; copied to gpa with its NUL.  More than max bytes are an error.
 */
int boot_cmdline(const struct boot *, bool finds_by_acpi, uint64_t gpa, uint32_t max, struct err *);

#endif
