/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU's registers at its start.
 */
#ifndef SMOL_VMM_X86_64_REGS_H
#define SMOL_VMM_X86_64_REGS_H

#include "base/err.h"

struct boot_entry;
struct vcpu;

/*
 * As PVH (Xen docs/misc/pvh.pandoc) and Linux (Documentation/arch/x86/boot.rst) enter: 32-bit flat segments,
 * protection on, paging off, interrupts off.
 */
int regs_set_entry(const struct vcpu *, const struct boot_entry *, struct err *);

/* The local APIC as firmware leaves it: LINT0 takes the 8259, LINT1 the NMI. */
int regs_set_lapic(const struct vcpu *, struct err *);

#endif
