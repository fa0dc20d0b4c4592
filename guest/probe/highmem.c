/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Long mode (Intel SDM volume 3, 4.5 and 10.8.5), on for one access alone; the
 * probe knows no other addresses than physical ones.  Its code stays 32-bit
 * code ("compatibility mode").  Not PAE by itself: a KVM without hardware help
 * has no paging but long mode's.
 *
 *	0 to the end of the image	itself
 *	WINDOW				the 2 MiB page of the address that is asked for
 */
#include "highmem.h"

#include "x86.h"

enum {
	PAGE_SHIFT = 21,
	WINDOW_PAGE = 511,
	PRESENT = 1,
	WRITABLE = 2,
	LARGE = 1 << 7,
	CR4_PAE = 1 << 5,
	EFER_LME = 1 << 8,
	CPUID_EXTENDED = 0x80000001,
	CPUID_LONG_MODE = 1 << 29
};

#define PAGE_BYTES (1u << PAGE_SHIFT)
#define WINDOW ((uint32_t)WINDOW_PAGE << PAGE_SHIFT)
#define CR0_PG 0x80000000u

extern char image_end[];

/* Levels 4 to 2; of the first two, one entry. */
static uint64_t level4[512] __attribute__((aligned(4096)));
static uint64_t level3[512] __attribute__((aligned(4096)));
static uint64_t pages[512] __attribute__((aligned(4096)));

bool
highmem_possible(void)
{
	uint32_t a = CPUID_EXTENDED, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return (d & CPUID_LONG_MODE) != 0;
}

/* Where the address is seen. */
static uint32_t
window_open(uint64_t addr)
{
	for (uint32_t i = 0; i <= addr_of(image_end) >> PAGE_SHIFT; i++)
		pages[i] = (uint64_t)i << PAGE_SHIFT | PRESENT | WRITABLE | LARGE;
	pages[WINDOW_PAGE] = (addr & ~(uint64_t)(PAGE_BYTES - 1)) | PRESENT | WRITABLE | LARGE;
	level3[0] = addr_of(pages) | PRESENT | WRITABLE;
	level4[0] = addr_of(level3) | PRESENT | WRITABLE;
	write_cr3(addr_of(level4));
	write_cr4(read_cr4() | CR4_PAE);
	write_efer(read_efer() | EFER_LME);
	write_cr0(read_cr0() | CR0_PG);
	return WINDOW | ((uint32_t)addr & (PAGE_BYTES - 1));
}

static void
window_close(void)
{
	write_cr0(read_cr0() & ~CR0_PG);
	write_efer(read_efer() & ~(uint64_t)EFER_LME);
	write_cr4(read_cr4() & ~(uint32_t)CR4_PAE);
}

uint32_t
highmem_read(uint64_t addr)
{
	uint32_t value = mmio_read32(window_open(addr));

	window_close();
	return value;
}

void
highmem_write(uint64_t addr, uint32_t value)
{
	mmio_write32(window_open(addr), value);
	window_close();
}
