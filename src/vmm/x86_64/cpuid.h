/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPUID as the guest sees it: what KVM supports, this vCPU's own numbers, and
 * the frequencies that spare a kernel its calibration loops.
 *
 *	leaf 0x15, 0x16      TSC ratio to a crystal, MHz (Intel SDM vol. 2A)
 *	leaf 0x80000007      EDX bit 8: the TSC is invariant
 *	leaf 0x40000000..1   KVM's signature and features (kvmclock)
 *	leaf 0x40000010      EAX TSC kHz, EBX local APIC timer kHz (VMware's, which other hypervisors offer too)
 */
#ifndef SMOL_VMM_X86_64_CPUID_H
#define SMOL_VMM_X86_64_CPUID_H

#include "base/err.h"

struct vcpu;

int cpuid_set(const struct vcpu *, unsigned ncpus, struct err *);

#endif
