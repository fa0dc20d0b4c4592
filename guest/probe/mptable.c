/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MP table: searched where NetBSD searches (EBDA, last KB of base memory,
 * 0x9fc00, BIOS area), checked, read.
 */
#include "mptable.h"

#include "bytes.h"
#include "string.h"

enum {
	MP_SIGNATURE = 0x5f504d5f,
	PCMP_SIGNATURE = 0x504d4350,
	HEADER_SIZE = 44,
	CPU_SIZE = 20,
	OTHER_SIZE = 8,
	ENTRY_CPU = 0,
	ENTRY_BUS = 1,
	ENTRY_IOAPIC = 2,
	ENTRY_IOINT = 3,
	ENTRY_LINT = 4,
	CPU_ENABLED = 1
};

struct mptable mptable;
static uint8_t isa_bus;

static uint8_t
byte_sum(const uint8_t *p, uint32_t len)
{
	uint8_t sum = 0;

	while (len-- > 0)
		sum = (uint8_t)(sum + *p++);
	return sum;
}

static uint32_t
search(uint32_t start, uint32_t len)
{
	for (uint32_t a = start; a < start + len; a += 16)
		if (get_le32(ptr_to(a)) == MP_SIGNATURE)
			return a;
	return 0;
}

static uint32_t
search_everywhere(void)
{
	uint32_t ebda, base_kb, found = 0;

	ebda = get_le16(ptr_to(0x40e)) << 4;
	base_kb = get_le16(ptr_to(0x413));
	if (ebda >= 0x80000 && ebda < 0xa0000)
		found = search(ebda, 1024);
	if (found == 0 && base_kb >= 512 && base_kb <= 640)
		found = search(base_kb * 1024 - 1024, 1024);
	if (found == 0)
		found = search(0x9fc00, 1024);
	if (found == 0)
		found = search(0xf0000, 0x10000);
	return found;
}

static void
entry_read(const uint8_t *e)
{
	switch (e[0]) {
	case ENTRY_CPU:
		if ((e[3] & CPU_ENABLED) && mptable.cpu_count < MP_MAX_CPUS)
			mptable.cpus[mptable.cpu_count++] = e[1];
		break;
	case ENTRY_BUS:
		if (memcmp(e + 2, "ISA", 3) == 0)
			isa_bus = e[1];
		break;
	case ENTRY_IOAPIC:
		if (get_le32(e + 4) != 0)
			mptable.ioapic = get_le32(e + 4);
		break;
	case ENTRY_IOINT:
		mptable.ioint_count++;
		if (e[1] == 0 && e[4] == isa_bus && e[5] < 16)
			mptable.isa_pin[e[5]] = e[7];
		break;
	}
}

static void
table_read(const uint8_t *table)
{
	uint32_t len = get_le16(table + 4), count = get_le16(table + 34), n;
	const uint8_t *e = table + HEADER_SIZE, *end = table + len;

	mptable.table_sum_ok = len >= HEADER_SIZE && byte_sum(table, len) == 0;
	if (get_le32(table + 36) != 0)
		mptable.lapic = get_le32(table + 36);
	/* By length, as NetBSD walks it: QEMU's qboot leaves the count 0. */
	for (n = 0; e < end && e[0] <= ENTRY_LINT; n++) {
		entry_read(e);
		e += e[0] == ENTRY_CPU ? CPU_SIZE : OTHER_SIZE;
	}
	mptable.entries_ok = e == end && (count == 0 || count == n);
}

void
mptable_init(void)
{
	const uint8_t *pointer, *table;

	mptable.lapic = 0xfee00000;
	mptable.ioapic = 0xfec00000;
	for (uint8_t i = 0; i < nitems(mptable.isa_pin); i++)
		mptable.isa_pin[i] = i;
	mptable.pointer = search_everywhere();
	if (mptable.pointer == 0)
		return;
	pointer = ptr_to(mptable.pointer);
	mptable.pointer_sum_ok = byte_sum(pointer, 16) == 0;
	mptable.table = get_le32(pointer + 4);
	if (!mptable.pointer_sum_ok || mptable.table == 0)
		return;
	table = ptr_to(mptable.table);
	mptable.found = get_le32(table) == PCMP_SIGNATURE;
	if (mptable.found)
		table_read(table);
}
