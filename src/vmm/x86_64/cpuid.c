/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPUID leaves.
 */
#include "vmm/x86_64/cpuid.h"

#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/arena.h"
#include "base/defs.h"
#include "vmm/vcpu.h"

#define APIC_KHZ 1000000u /* KVM's local APIC timer counts nanoseconds */
#define TSC_KHZ_MIN 100000u
#define CPUID_BYTES (sizeof(struct kvm_cpuid2) + CPUID_ENTRIES_MAX * sizeof(struct kvm_cpuid_entry2))
#define RATIO_MAX 4294u /* times APIC_KHZ it still fits into 32 bits, in which Linux multiplies */

static struct kvm_cpuid_entry2 *
subleaf(struct kvm_cpuid2 *c, uint32_t function, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < c->nent; i++)
		if (c->entries[i].function == function && c->entries[i].index == index)
			return &c->entries[i];
	return NULL;
}

static struct kvm_cpuid_entry2 *
make(struct kvm_cpuid2 *c, uint32_t function, uint32_t index, uint32_t flags)
{
	struct kvm_cpuid_entry2 *e = subleaf(c, function, index);

	if (e != NULL || c->nent == CPUID_ENTRIES_MAX)
		return e;
	e = &c->entries[c->nent++];
	*e = (struct kvm_cpuid_entry2){ .function = function, .index = index, .flags = flags };
	return e;
}

/* Two levels: one thread a core, all cores in the package.  Linux 6.2 and later give us only the first. */
static void
set_levels(struct kvm_cpuid2 *c, uint32_t function, unsigned id, unsigned ncpus, uint32_t shift)
{
	uint32_t i;

	if (subleaf(c, function, 0) == NULL)
		return;
	(void)make(c, function, 1, KVM_CPUID_FLAG_SIGNIFCANT_INDEX);
	for (i = 0; i < c->nent; i++) {
		struct kvm_cpuid_entry2 *e = &c->entries[i];

		if (e->function != function)
			continue;
		e->eax = e->index == 1 ? shift : 0;
		e->ebx = e->index == 0 ? 1 : e->index == 1 ? ncpus : 0;
		e->ecx = e->index | (e->index < 2 ? (e->index + 1) << 8 : 0);
		e->edx = id;
	}
}

/* Topology: each vCPU a core of one package. */
static void
set_identity(struct kvm_cpuid2 *c, unsigned id, unsigned ncpus)
{
	uint32_t i, shift = 0;

	while ((1u << shift) < ncpus)
		shift++;
	for (i = 0; i < c->nent; i++) {
		struct kvm_cpuid_entry2 *e = &c->entries[i];

		if (e->function == 1) {
			e->ebx = (e->ebx & 0x0000ffffu) | id << 24 | ncpus << 16;
			e->ecx |= 1u << 31; /* a hypervisor is there */
			e->edx = ncpus > 1 ? e->edx | 1u << 28 : e->edx & ~(1u << 28);
		} else if (e->function == 4) {
			e->eax = (e->eax & 0x3fffu) | ((1u << shift) - 1) << 26;
		} else if (e->function == 0x80000008) {
			e->ecx = (e->ecx & ~0xf0ffu) | shift << 12 | (ncpus - 1);
		} else if (e->function == 0x8000001e) { /* AMD's; older kernels give the host's own */
			e->eax = e->ebx = id;
			e->ecx = 0;
		}
	}
	set_levels(c, 0xb, id, ncpus, shift);
	set_levels(c, 0x1f, id, ncpus, shift);
}

/* The fraction *num / *den closest to khz / APIC_KHZ whose numerator is at most RATIO_MAX. */
static void
tsc_ratio(uint32_t khz, uint32_t *num, uint32_t *den)
{
	uint64_t n, off, best = UINT64_MAX;
	uint32_t d;

	for (d = 1; best != 0; d++) {
		n = ((uint64_t)khz * d + APIC_KHZ / 2) / APIC_KHZ;
		if (n > RATIO_MAX)
			break;
		off = (uint64_t)llabs((int64_t)(n * APIC_KHZ) - (int64_t)khz * d);
		if (best == UINT64_MAX || off * *den < best * d) {
			best = off;
			*num = (uint32_t)n;
			*den = d;
		}
	}
}

static void
set_frequencies(struct kvm_cpuid2 *c, uint32_t tsc_khz)
{
	struct kvm_cpuid_entry2 *e = make(c, 0x80000007, 0, 0);

	if (e != NULL)
		e->edx |= 1u << 8;
	if (tsc_khz < TSC_KHZ_MIN)
		return;
	/* TSC Hz = crystal * ebx / eax.  NetBSD and Linux take the crystal's for the local APIC timer's rate, too. */
	e = make(c, 0x15, 0, 0);
	if (e != NULL) {
		tsc_ratio(tsc_khz, &e->ebx, &e->eax);
		e->ecx = APIC_KHZ * 1000;
	}
	e = make(c, 0x16, 0, 0);
	if (e != NULL) {
		e->eax = e->ebx = tsc_khz / 1000;
		e->ecx = 100;
	}
	e = make(c, 0x40000010, 0, 0);
	if (e != NULL) {
		e->eax = tsc_khz;
		e->ebx = APIC_KHZ;
	}
	e = subleaf(c, 0x40000000, 0);
	if (e != NULL && e->eax < 0x40000010)
		e->eax = 0x40000010;
	/* The highest basic leaf may lie below 0x16. */
	e = subleaf(c, 0, 0);
	if (e != NULL && e->eax < 0x16)
		e->eax = 0x16;
}

void
cpuid_adjust(struct kvm_cpuid2 *c, unsigned id, unsigned ncpus, uint32_t tsc_khz)
{
	set_identity(c, id, ncpus);
	set_frequencies(c, tsc_khz);
}

static void
allow_tsc_deadline(struct kvm_cpuid2 *c)
{
	struct kvm_cpuid_entry2 *e = subleaf(c, 1, 0);

	if (e != NULL)
		e->ecx |= 1u << 24;
}

struct kvm_cpuid2 *
cpuid_supported(int kvm_fd, struct err *err)
{
	struct kvm_cpuid2 *c = xcalloc(1, CPUID_BYTES);

	c->nent = CPUID_ENTRIES_MAX;
	if (ioctl(kvm_fd, KVM_GET_SUPPORTED_CPUID, c) < 0) {
		free(c);
		(void)err_sys(err, "KVM does not tell what CPU it has");
		return NULL;
	}
	/* The one feature of a local APIC in the kernel that is not among the supported ones. */
	if (ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER) > 0)
		allow_tsc_deadline(c);
	return c;
}

int
cpuid_set(const struct vcpu *cpu, const struct kvm_cpuid2 *supported, unsigned ncpus, struct err *err)
{
	cleanup_free struct kvm_cpuid2 *c = xmalloc(CPUID_BYTES);
	int khz = ioctl(cpu->fd, KVM_GET_TSC_KHZ, 0);

	memcpy(c, supported, CPUID_BYTES);
	cpuid_adjust(c, cpu->id, ncpus, khz > 0 ? (uint32_t)khz : 0);
	return ioctl(cpu->fd, KVM_SET_CPUID2, c) < 0 ? err_sys(err, "KVM refuses the guest's CPU") : 0;
}
