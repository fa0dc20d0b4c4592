/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage 1: tells its parameters, and loads /boot.
 */
#include "bios.h"

#define LOADER_SEGMENT 0x1000
#define LOADER_MAX (64 * 1024)
#define MAGIC_2 0x7886b6d2

/* struct x86_boot_params: length, flags, timeout, console, speed. */
extern uint32_t params[5];

void load(void);

void
load(void)
{
	struct file f;
	uint32_t i, n, magic;

	print("smol stage1: console ");
	print_number(params[3]);
	print(", speed ");
	print_number(params[4]);
	print(", timeout ");
	print_number(params[2]);
	print("\n");
	file_open(&f, "boot");
	if (f.size > LOADER_MAX)
		fail("/boot is too large");
	for (i = 0; i < (f.size + SECTOR - 1) / SECTOR; i++) {
		n = file_sector(&f, i);
		if (n == 0)
			fail("/boot has a hole");
		disk_read(n, (uint16_t)(LOADER_SEGMENT + i * (SECTOR / 16)), 0);
	}
	__asm__("movw %1, %%fs; movl %%fs:4, %0" : "=r"(magic) : "r"((uint16_t)LOADER_SEGMENT));
	if (magic != MAGIC_2)
		fail("/boot is no loader");
}
