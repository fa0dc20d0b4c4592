/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU's registers at its start.
 */
#ifndef SMOL_VMM_X86_64_REGS_H
#define SMOL_VMM_X86_64_REGS_H

#include <stdint.h>

#include "base/err.h"

struct vcpu;

/* As PVH enters (Xen docs/misc/pvh.pandoc): 32-bit flat segments, protection on, paging off, interrupts off. */
int regs_set_pvh(const struct vcpu *, uint32_t entry, uint32_t start_info, struct err *);

/* The local APIC as firmware leaves it: LINT0 takes the 8259, LINT1 the NMI. */
int regs_set_lapic(const struct vcpu *, struct err *);

#endif
