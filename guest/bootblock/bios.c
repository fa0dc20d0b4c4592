/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Serial line by its ports, disk by INT 13h, function 42h.
 */
#include "bios.h"

#define COM1 0x3f8

extern uint32_t disk_drive, disk_start;

static inline uint8_t
inb(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void
outb(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static void
put(char c)
{
	while ((inb(COM1 + 5) & 0x20) == 0)
		;
	outb(COM1, (uint8_t)c);
}

void
print(const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\n')
			put('\r');
		put(*s);
	}
}

void
print_number(uint32_t n)
{
	char buf[11], *p = buf + sizeof(buf) - 1;

	*p = '\0';
	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	print(p);
}

void
print_hex(uint32_t n)
{
	int i;

	for (i = 28; i >= 0; i -= 4)
		put("0123456789abcdef"[n >> i & 15]);
}

void
fail(const char *why)
{
	print("smol boot failed: ");
	print(why);
	print("\n");
	for (;;)
		__asm__ volatile("hlt");
}

void
disk_read(uint32_t sector, uint16_t segment, uint16_t offset)
{
	static struct {
		uint8_t size, zero;
		uint16_t count, offset, segment;
		uint32_t lba, lba_high;
	} packet;
	uint8_t failed;
	uint32_t ax = 0x4200;

	if (segment == OWN_SEGMENT)
		__asm__("movw %%ds, %0" : "=r"(segment));
	packet.size = 16;
	packet.count = 1;
	packet.offset = offset;
	packet.segment = segment;
	packet.lba = disk_start + sector;
	__asm__ volatile("int $0x13; setc %1"
			 : "+a"(ax), "=qm"(failed)
			 : "d"(disk_drive), "S"(&packet)
			 : "memory", "cc");
	if (failed != 0)
		fail("cannot read the disk");
}
