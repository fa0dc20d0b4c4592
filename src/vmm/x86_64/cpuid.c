/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPUID leaves.
 */
#include "vmm/x86_64/cpuid.h"

#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/arena.h"
#include "base/defs.h"
#include "vmm/vcpu.h"

#define ENTRIES_MAX 200
#define APIC_KHZ 1000000u /* KVM's local APIC timer counts nanoseconds */
#define CRYSTAL_HZ 1000000u

static struct kvm_cpuid_entry2 *
leaf(struct kvm_cpuid2 *c, uint32_t function, bool make)
{
	struct kvm_cpuid_entry2 *e;
	uint32_t i;

	for (i = 0; i < c->nent; i++)
		if (c->entries[i].function == function)
			return &c->entries[i];
	if (!make || c->nent == ENTRIES_MAX)
		return NULL;
	e = &c->entries[c->nent++];
	memset(e, 0, sizeof(*e));
	e->function = function;
	return e;
}

/* Topology: each vCPU a core of one package. */
static void
set_identity(struct kvm_cpuid2 *c, unsigned id, unsigned ncpus, bool tsc_deadline)
{
	uint32_t i, shift = 0;

	while ((1u << shift) < ncpus)
		shift++;
	for (i = 0; i < c->nent; i++) {
		struct kvm_cpuid_entry2 *e = &c->entries[i];

		if (e->function == 1) {
			e->ebx = (e->ebx & 0x0000ffffu) | id << 24 | ncpus << 16;
			e->ecx |= 1u << 31; /* a hypervisor is there */
			if (tsc_deadline)
				e->ecx |= 1u << 24;
			e->edx = ncpus > 1 ? e->edx | 1u << 28 : e->edx & ~(1u << 28);
		} else if (e->function == 4) {
			e->eax = (e->eax & 0x3fffu) | ((1u << shift) - 1) << 26;
		} else if (e->function == 0xb || e->function == 0x1f) {
			e->edx = id;
			e->eax = e->index == 1 ? shift : 0;
			e->ebx = e->index == 0 ? 1 : e->index == 1 ? ncpus : 0;
			e->ecx = e->index | (e->index < 2 ? (e->index + 1) << 8 : 0);
		} else if (e->function == 0x8000001e) { /* AMD's topology: no threads, one node */
			e->eax = id;
			e->ebx = id & 0xff;
			e->ecx = 0;
		} else if (e->function == 0x80000008) {
			e->ecx = (e->ecx & ~0xf0ffu) | shift << 12 | (ncpus - 1);
		}
	}
}

static void
set_frequencies(struct kvm_cpuid2 *c, uint32_t tsc_khz)
{
	struct kvm_cpuid_entry2 *e = leaf(c, 0x80000007, true);

	if (e != NULL)
		e->edx |= 1u << 8;
	if (tsc_khz == 0)
		return;
	e = leaf(c, 0x15, true);
	if (e != NULL) {
		e->eax = 1000; /* TSC Hz = crystal * ebx / eax */
		e->ebx = tsc_khz;
		e->ecx = CRYSTAL_HZ;
	}
	e = leaf(c, 0x16, true);
	if (e != NULL) {
		e->eax = e->ebx = tsc_khz / 1000;
		e->ecx = 100;
	}
	e = leaf(c, 0x40000010, true);
	if (e != NULL) {
		e->eax = tsc_khz;
		e->ebx = APIC_KHZ;
	}
	e = leaf(c, 0x40000000, false);
	if (e != NULL)
		e->eax = 0x40000010;
	/* The highest basic leaf may lie below 0x16. */
	e = leaf(c, 0, false);
	if (e != NULL && e->eax < 0x16)
		e->eax = 0x16;
}

int
cpuid_set(const struct vcpu *cpu, unsigned ncpus, struct err *err)
{
	cleanup_free struct kvm_cpuid2 *c = xcalloc(1, sizeof(*c) + ENTRIES_MAX * sizeof(c->entries[0]));
	int khz;

	c->nent = ENTRIES_MAX;
	if (ioctl(cpu->vm->kvm_fd, KVM_GET_SUPPORTED_CPUID, c) < 0)
		return err_sys(err, "KVM does not tell what CPU it has");
	khz = ioctl(cpu->fd, KVM_GET_TSC_KHZ, 0);
	/* The one feature of a local APIC in the kernel that is not among the supported ones. */
	set_identity(c, cpu->id, ncpus, ioctl(cpu->vm->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER) > 0);
	set_frequencies(c, khz > 0 ? (uint32_t)khz : 0);
	if (ioctl(cpu->fd, KVM_SET_CPUID2, c) < 0)
		return err_sys(err, "KVM refuses the guest's CPU");
	return 0;
}
