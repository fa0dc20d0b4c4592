/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loader: shows /boot.cfg, and reads the whole kernel, of which it tells
 * the size, the first four bytes and a sum (Fletcher's, of 32 bits, modulo
 * 65536).
 */
#include "bios.h"

static uint8_t data[SECTOR + 1];

void loader(void);

static uint32_t
read_sector(const struct file *f, uint32_t i)
{
	uint32_t n = file_sector(f, i), k, len = f->size - i * SECTOR;

	for (k = 0; n == 0 && k < SECTOR; k++)
		data[k] = 0;
	if (n != 0)
		disk_read(n, OWN_SEGMENT, (uint16_t)(uintptr_t)data);
	return len < SECTOR ? len : SECTOR;
}

static void
show_config(void)
{
	struct file f;
	uint32_t len;

	file_open(&f, "boot.cfg");
	len = read_sector(&f, 0);
	data[len] = '\0';
	print("boot.cfg:\n");
	print((const char *)data);
}

static void
show_kernel(void)
{
	uint32_t i, k, len, first = 0, a = 0, b = 0;
	struct file f;

	file_open(&f, "netbsd");
	for (i = 0; i * SECTOR < f.size; i++) {
		len = read_sector(&f, i);
		if (i == 0)
			first = data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
		for (k = 0; k < len; k++) {
			a = (a + data[k]) & 0xffff;
			b = (b + a) & 0xffff;
		}
	}
	print("netbsd: ");
	print_number(f.size);
	print(" bytes, begins ");
	print_hex(first);
	print(", sum ");
	print_hex(b << 16 | a);
	print("\n");
}

void
loader(void)
{
	print("smol loader\n");
	show_config();
	show_kernel();
	print("done\n");
}
