/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPUID leaves as kernels read them: NetBSD's cpu_tsc_freq_cpuid() and
 * tsc_is_invariant() (sys/arch/x86/x86), Linux's native_calibrate_tsc(), and
 * the topology.
 */
#include "vmm/x86_64/cpuid.h"

#include <linux/kvm.h>
#include <stdlib.h>

#include "test.h"

enum { PPM_MAX = 60, APIC_HZ = 1000000000, INTEL_MAX = 0x1f, AMD_MAX = 0xd };

static union {
	struct kvm_cpuid2 c;
	uint8_t room[sizeof(struct kvm_cpuid2) + CPUID_ENTRIES_MAX * sizeof(struct kvm_cpuid_entry2)];
} table;

static void
add(uint32_t function, uint32_t index, uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	table.c.entries[table.c.nent++] = (struct kvm_cpuid_entry2){
		.function = function, .index = index, .eax = eax, .ebx = ebx, .ecx = ecx, .edx = edx
	};
}

/* As KVM tells of a host: topology leaves of newer Linux (one empty subleaf), AMD's of an older one. */
static void
host(bool intel)
{
	memset(&table, 0, sizeof(table));
	add(0, 0, intel ? INTEL_MAX : AMD_MAX, 0, 0, 0);
	add(1, 0, intel ? 0x806f8 : 0x00a20f12, 0x05100800, 1u << 21, 1u << 28);
	add(0xb, 0, 0, 0, 0, 0);
	add(0x80000000, 0, 0x80000021, 0, 0, 0);
	add(0x80000008, 0, 0x3030, 0, 0x700f, 0);
	if (intel)
		add(0x1f, 0, 0, 0, 0, 0);
	else
		add(0x8000001e, 0, 5, 0x102, 0x301, 0);
	add(0x40000000, 0, 0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d);
}

static const struct kvm_cpuid_entry2 *
leaf(uint32_t function, uint32_t index)
{
	static const struct kvm_cpuid_entry2 none;
	const struct kvm_cpuid_entry2 *found = NULL;
	uint32_t i;

	for (i = 0; i < table.c.nent; i++)
		if (table.c.entries[i].function == function && table.c.entries[i].index == index) {
			CHECK(found == NULL); /* twice the same */
			found = &table.c.entries[i];
		}
	return found == NULL ? &none : found;
}

static void
frequencies(uint32_t khz)
{
	const struct kvm_cpuid_entry2 *e;
	uint64_t netbsd, wanted = khz * 1000ull;
	uint32_t linux_khz;

	host(true);
	cpuid_adjust(&table.c, 0, 1, khz);
	CHECK(leaf(0, 0)->eax == INTEL_MAX);
	e = leaf(0x15, 0);
	CHECK(e->eax != 0 && e->ebx != 0);
	if (e->eax == 0)
		return;
	/* Both take it for the local APIC timer's. */
	CHECK(e->ecx == APIC_HZ);
	netbsd = (uint64_t)(e->ecx / 1000) * 1000 * e->ebx / e->eax;
	CHECK(labs((long)netbsd - (long)wanted) <= (long)(wanted * PPM_MAX / 1000000));
	linux_khz = e->ecx / 1000 * e->ebx / e->eax; /* in 32 bits */
	CHECK(linux_khz == netbsd / 1000);
	CHECK(leaf(0x16, 0)->eax == khz / 1000);
	CHECK(leaf(0x40000010, 0)->eax == khz && leaf(0x40000010, 0)->ebx == APIC_HZ / 1000);
	CHECK(leaf(0x40000000, 0)->eax == 0x40000010 && leaf(0x40000000, 0)->ebx == 0x4b4d564b);
	CHECK((leaf(0x80000007, 0)->edx & 1u << 8) != 0);
}

static void
test_frequencies(void)
{
	uint32_t khz;

	for (khz = 400000; khz < 6500000; khz += 7919)
		frequencies(khz);
	frequencies(2400100); /* next to a simple fraction: none is near */
	frequencies(3000000);
	CHECK(leaf(0x15, 0)->ebx == 3 && leaf(0x15, 0)->eax == 1);
}

/* Basic leaves end below 0x15 there; NetBSD on it looks at 0x40000010 alone. */
static void
test_amd(void)
{
	host(false);
	cpuid_adjust(&table.c, 0, 1, 2596128);
	CHECK(leaf(0, 0)->eax == 0x16);
	CHECK(leaf(0x40000010, 0)->eax == 2596128);
	CHECK(leaf(0x80000000, 0)->eax >= 0x80000007 && (leaf(0x80000007, 0)->edx & 1u << 8) != 0);
}

static void
test_unknown(void)
{
	host(true);
	cpuid_adjust(&table.c, 0, 1, 0);
	CHECK(leaf(0x15, 0)->ebx == 0 && leaf(0x40000010, 0)->eax == 0);
	CHECK(leaf(0x40000000, 0)->eax == 0x40000001);
}

static void
topology(bool intel, uint32_t function)
{
	host(intel);
	cpuid_adjust(&table.c, 3, 6, 2596128);
	CHECK(leaf(function, 0)->eax == 0 && leaf(function, 0)->ebx == 1 && leaf(function, 0)->ecx == 0x100);
	CHECK(leaf(function, 1)->eax == 3 && leaf(function, 1)->ebx == 6 && leaf(function, 1)->ecx == 0x201);
	CHECK(leaf(function, 0)->edx == 3 && leaf(function, 1)->edx == 3);
	CHECK((leaf(function, 1)->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) != 0);
	CHECK(leaf(1, 0)->ebx >> 24 == 3 && (leaf(1, 0)->ebx >> 16 & 0xff) == 6 && (leaf(1, 0)->edx & 1u << 28) != 0);
}

static void
test_topology(void)
{
	topology(true, 0xb);
	topology(true, 0x1f);
	topology(false, 0xb);
	CHECK(leaf(0x1f, 0)->ebx == 0);
	CHECK((leaf(0x80000008, 0)->ecx & 0xf0ff) == (3u << 12 | 5));
	CHECK(leaf(0x8000001e, 0)->eax == 3 && leaf(0x8000001e, 0)->ebx == 3 && leaf(0x8000001e, 0)->ecx == 0);
	host(false);
	cpuid_adjust(&table.c, 0, 1, 2596128);
	CHECK((leaf(1, 0)->edx & 1u << 28) == 0 && (leaf(1, 0)->ecx & 1u << 31) != 0);
}

static void
test_full(void)
{
	host(true);
	while (table.c.nent < CPUID_ENTRIES_MAX)
		add(0x50000000 + table.c.nent, 0, 0, 0, 0, 0);
	cpuid_adjust(&table.c, 0, 4, 2596128);
	CHECK(table.c.nent == CPUID_ENTRIES_MAX);
}

TEST_MAIN({ "TSC and local APIC frequencies, as NetBSD and Linux read them", test_frequencies }, { "AMD", test_amd },
    { "an unknown frequency is not told", test_unknown }, { "topology: cores of one package", test_topology },
    { "no room for more leaves", test_full })
