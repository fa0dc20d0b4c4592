/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every guest physical address that the monitor decides.
 *
 *	0x00005000  start_info, memory map, modules, command line: NetBSD copies
 *	            them together into one page, so together they fit into one
 *	0x00005000  boot_params, and at 0x6000 the command line: what Linux's own
 *	            boot protocol takes instead
 *	0x0009fc00  MP floating pointer and table (the EBDA's place)
 *	0x000e0000  ACPI tables, the RSDP first
 *	0x000ffff0  where real mode begins after a reset
 *	0x00100000  RAM, the kernel where its ELF headers say
 *	0xc0000000  end of low RAM; the rest of the RAM begins at 4 GiB
 *	0xd0000000  virtio-mmio windows, 512 bytes each, the console first: NetBSD's
 *	            early console maps one page, that of the first window, and looks there
 *	0xfec00000  IOAPIC    0xfee00000  local APICs
 *	0xfffbc000  KVM's identity map page, then three TSS pages
 */
#ifndef SMOL_VMM_X86_64_LAYOUT_H
#define SMOL_VMM_X86_64_LAYOUT_H

#define LAYOUT_BOOT_PAGE 0x5000u
#define LAYOUT_LINUX_CMDLINE 0x6000u
#define LAYOUT_MPTABLE 0x9fc00u
#define LAYOUT_LOW_END 0xa0000u
#define LAYOUT_ACPI 0xe0000u
#define LAYOUT_RESET_VECTOR 0xffff0u
#define LAYOUT_HIGH_START 0x100000u
#define LAYOUT_RAM_LOW_MAX 0xc0000000ull
#define LAYOUT_RAM_HIGH 0x100000000ull

#define LAYOUT_VIRTIO 0xd0000000u
#define LAYOUT_VIRTIO_BYTES 0x200u
#define LAYOUT_VIRTIO_MAX 18

#define LAYOUT_IOAPIC 0xfec00000u
#define LAYOUT_LAPIC 0xfee00000u
#define LAYOUT_KVM_IDENTITY 0xfffbc000u
#define LAYOUT_KVM_TSS 0xfffbd000u

#define LAYOUT_PORT_RTC 0x70u
#define LAYOUT_PORT_UART 0x3f8u
#define LAYOUT_PORT_EXIT 0x501u
#define LAYOUT_PORT_PANIC 0x505u

/* Power: device/power.h has its registers; the second UART, which is not there, leaves its line. */
#define LAYOUT_PORT_POWER 0x600u
#define LAYOUT_PORT_POWER_BYTES 3u
#define LAYOUT_POWER_CONTROL 0u
#define LAYOUT_POWER_STATUS 1u
#define LAYOUT_POWER_EVENTS 2u
#define LAYOUT_POWER_EVENT_BUTTON 1u
#define LAYOUT_POWER_S5 5u /* the state "off", as the sleep control register and \_S5 have it */
#define LAYOUT_IRQ_POWER 3

/* Interrupt lines: an ISA machine's for the UART and the clock, the rest of the IOAPIC's 24 pins for virtio. */
#define LAYOUT_IOAPIC_PINS 24
#define LAYOUT_IRQ_UART 4

/* The pin of the nth virtio device: 5-7, 9-15, 16-23; 8 is the RTC's. */
static inline unsigned
layout_virtio_irq(unsigned n)
{
	return n < 3 ? 5 + n : 6 + n;
}

#endif
