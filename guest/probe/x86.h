/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor: port and memory-mapped I/O, flags, time stamp counter,
 * control registers, barriers.  Intel SDM volume 2; one instruction a function.
 */
#ifndef PROBE_X86_H
#define PROBE_X86_H

#include "probe.h"

static inline void
outb(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void
outw(uint16_t port, uint16_t v)
{
	__asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void
outl(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline uint32_t
inl(uint16_t port)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline uint8_t
inb(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

/* Several bytes of one port at once: to a monitor that is one exit. */
static inline void
outb_many(uint16_t port, const void *buf, uint32_t count)
{
	__asm__ volatile("rep outsb" : "+S"(buf), "+c"(count) : "d"(port) : "memory");
}

static inline void
inb_many(uint16_t port, void *buf, uint32_t count)
{
	__asm__ volatile("rep insb" : "+D"(buf), "+c"(count) : "d"(port) : "memory");
}

static inline uint32_t
mmio_read32(uint32_t addr)
{
	return *(volatile uint32_t *)ptr_to(addr);
}

static inline void
mmio_write32(uint32_t addr, uint32_t v)
{
	*(volatile uint32_t *)ptr_to(addr) = v;
}

static inline uint8_t
mmio_read8(uint32_t addr)
{
	return *(volatile uint8_t *)ptr_to(addr);
}

static inline uint64_t
rdtsc(void)
{
	uint64_t v;

	__asm__ volatile("rdtsc" : "=A"(v) : : "memory");
	return v;
}

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid
cpuid(uint32_t leaf)
{
	struct cpuid c = { .eax = leaf };

	__asm__ volatile("cpuid" : "+a"(c.eax), "=b"(c.ebx), "+c"(c.ecx), "=d"(c.edx));
	return c;
}

static inline void
interrupts_off(void)
{
	__asm__ volatile("cli" : : : "memory");
}

static inline void
interrupts_on(void)
{
	__asm__ volatile("sti" : : : "memory");
}

/* The shadow of sti covers hlt: an interrupt cannot slip in between. */
static inline void
halt_once(void)
{
	__asm__ volatile("sti; hlt; cli" : : : "memory");
}

static inline void
cpu_pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

static inline uint32_t
read_cr0(void)
{
	uint32_t v;

	__asm__ volatile("movl %%cr0, %0" : "=r"(v) : : "memory");
	return v;
}

/* The jump drops what was fetched ahead. */
static inline void
write_cr0(uint32_t v)
{
	__asm__ volatile("movl %0, %%cr0; jmp 1f; 1:" : : "r"(v) : "memory");
}

static inline void
write_cr3(uint32_t v)
{
	__asm__ volatile("movl %0, %%cr3" : : "r"(v) : "memory");
}

static inline uint32_t
read_cr4(void)
{
	uint32_t v;

	__asm__ volatile("movl %%cr4, %0" : "=r"(v) : : "memory");
	return v;
}

static inline void
write_cr4(uint32_t v)
{
	__asm__ volatile("movl %0, %%cr4" : : "r"(v) : "memory");
}

static inline uint64_t
read_efer(void)
{
	uint64_t v;

	__asm__ volatile("rdmsr" : "=A"(v) : "c"(0xc0000080) : "memory");
	return v;
}

static inline void
write_efer(uint64_t v)
{
	__asm__ volatile("wrmsr" : : "c"(0xc0000080), "A"(v) : "memory");
}

/* Full barrier; a locked add because mfence is not emulated everywhere. */
static inline void
memory_barrier(void)
{
	__asm__ volatile("lock; addl $0, (%%esp)" : : : "memory", "cc");
}

/* x86 keeps stores, and loads, in order among themselves. */
static inline void
compiler_barrier(void)
{
	__asm__ volatile("" : : : "memory");
}

/* 64 by 32 bits, without libgcc. */
static inline uint64_t
div_u64(uint64_t n, uint32_t d, uint32_t *rem)
{
	uint32_t hi = (uint32_t)(n >> 32), lo = (uint32_t)n, qhi, r;

	qhi = hi / d;
	r = hi % d;
	__asm__("divl %4" : "=a"(lo), "=d"(r) : "0"(lo), "1"(r), "rm"(d) : "cc");
	if (rem != NULL)
		*rem = r;
	return (uint64_t)qhi << 32 | lo;
}

#endif
