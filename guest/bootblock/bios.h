/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the stand-in boot blocks share: the serial line, sectors by the BIOS,
 * files by their names.  16-bit code of one segment; pointers lie in it.
 */
#ifndef BOOTBLOCK_BIOS_H
#define BOOTBLOCK_BIOS_H

#include <stdint.h>

void print(const char *);
void print_number(uint32_t);
void print_hex(uint32_t);
/* Says why, and stops. */
void fail(const char *) __attribute__((noreturn));

#define SECTOR 512

/* The partition's sector to segment:offset; segment 0 is that of this program's own data. */
void disk_read(uint32_t sector, uint16_t segment, uint16_t offset);
#define OWN_SEGMENT 0

/* A file of the root directory of an FFS of either version, found by its superblock. */
struct file {
	uint32_t size;
	uint32_t db[12], ib[3];
};

void file_open(struct file *, const char *name);
/* The sector of the file, from 0 on; 0: a hole. */
uint32_t file_sector(const struct file *, uint32_t n);

#endif
