/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPUID as the guest sees it: what KVM supports, this vCPU's own numbers, and
 * the frequencies that spare a kernel its calibration loops.
 *
 *	leaf 0x15, 0x16      TSC ratio to a crystal, MHz (Intel SDM vol. 2A); the crystal
 *	                     clocks the local APIC timer (vol. 3A 11.5.4), which KVM runs at 1 GHz
 *	leaf 0x80000007      EDX bit 8: the TSC is invariant
 *	leaf 0x40000000..1   KVM's signature and features (kvmclock)
 *	leaf 0x40000010      EAX TSC kHz, EBX local APIC timer kHz (VMware's, which other hypervisors offer too)
 */
#ifndef SMOL_VMM_X86_64_CPUID_H
#define SMOL_VMM_X86_64_CPUID_H

#include <stdint.h>

#include "base/err.h"

#define CPUID_ENTRIES_MAX 200

struct kvm_cpuid2;
struct vcpu;

/* What KVM supports becomes what vCPU id of ncpus shows; room for CPUID_ENTRIES_MAX. tsc_khz 0: not known. */
void cpuid_adjust(struct kvm_cpuid2 *, unsigned id, unsigned ncpus, uint32_t tsc_khz);

/* What KVM supports, for free(); slow where the host is a guest itself: each leaf is asked of the host's host. */
struct kvm_cpuid2 *cpuid_supported(int kvm_fd, struct err *);
int cpuid_set(const struct vcpu *, const struct kvm_cpuid2 *supported, unsigned ncpus, struct err *);

#endif
