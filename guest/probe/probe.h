/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe: a test guest, not NetBSD.
 *
 * A freestanding 32-bit kernel with a PVH entry which wants of a monitor what
 * NetBSD wants of it, drives every device, reads its root from an FFS wedge,
 * runs /etc/rc in a language of its own, and prints TAP.  Flat protected
 * mode, no paging (but for the words of highmem.c), interrupts by LAPIC and IOAPIC, nothing but static memory.
 *
 * The boot road, and the files along it:
 *
 *	entry.S		PVH entry, stack, interrupt stubs; trampoline.S for APs
 *	   |
 *	main.c		the order of everything below
 *	   |-- boot.c		start_info, memory map, command line
 *	   |-- cmdline.c	root= console= probe.*= virtio_mmio.device=
 *	   |-- print.c		printf -> uart.c | viocon.c
 *	   |-- trap.c		IDT, exceptions, interrupt handlers
 *	   |-- mptable.c	_MP_ -> CPUs, IOAPIC, interrupt pins
 *	   |-- lapic.c ioapic.c i8254.c clock.c	interrupts and time
 *	   |-- virtio.c		virtio-mmio transport	virtqueue.c	rings
 *	   |	  blk.c net.c rng.c p9.c viocon.c	one file a device
 *	   |-- gpt.c ffs.c ffs_read.c ffs_dir.c		blk -> wedge -> files
 *	   |-- script.c		/etc/rc: print cat ls sleep serve test exit
 *	   |	  arp.c ip.c tcp.c tcp_out.c http.c	net -> pages
 *	   |-- tap.c test_*.c	the self-tests
 *	   |-- hostile.c hostile_chain.c	instead of all that, an attack on the devices
 *	   `-- smp.c rtc.c fwcfg.c highmem.c reset.c	the rest of the machine
 *
 * Two habits come from a KVM without hardware help, where KVM's instruction
 * emulator runs all of a guest that has no paging: paths are short, and no
 * instruction is used which that emulator lacks (int, iret, mfence, SSE).
 */
#ifndef PROBE_H
#define PROBE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

/*
 * A buffer's bus address is its address: there is no paging.  The empty
 * assembler keeps the compiler from knowing what lies at a fixed address.
 */
static inline uint32_t
addr_of(const volatile void *p)
{
	return (uint32_t)(uintptr_t)p;
}

static inline void *
ptr_to(uint32_t addr)
{
	void *p = (void *)(uintptr_t)addr;

	__asm__("" : "+r"(p));
	return p;
}

static inline uint32_t
min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

#endif
