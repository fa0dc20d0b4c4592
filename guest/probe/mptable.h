/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MultiProcessor Specification 1.4:
 *
 *	"_MP_" floating pointer (16 bytes) -> "PCMP" header (44 bytes),
 *	then entries: CPU (20 bytes), bus, IOAPIC, I/O and local interrupts (8)
 */
#ifndef PROBE_MPTABLE_H
#define PROBE_MPTABLE_H

#include "probe.h"

enum { MP_MAX_CPUS = 64 };

struct mptable {
	bool found, pointer_sum_ok, table_sum_ok, entries_ok;
	uint32_t pointer, table; /* where they lie */
	uint32_t lapic, ioapic; /* addresses, never 0 */
	int cpu_count, ioint_count;
	uint8_t cpus[MP_MAX_CPUS]; /* LAPIC ids */
	uint8_t isa_pin[16]; /* IOAPIC pin of an ISA IRQ */
};

extern struct mptable mptable;

/* Without a table: the usual addresses, pin = IRQ, no CPUs. */
void mptable_init(void);

#endif
