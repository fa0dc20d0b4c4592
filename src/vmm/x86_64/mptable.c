/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MP table, entry by entry.
 */
#include "vmm/x86_64/mptable.h"

#include <string.h>

#include "base/endian.h"
#include "vmm/x86_64/layout.h"

enum {
	POINTER_BYTES = 16,
	HEADER_BYTES = 44,
	CPU_BYTES = 20,
	ENTRY_BYTES = 8,
	ENTRY_CPU = 0,
	ENTRY_BUS = 1,
	ENTRY_IOAPIC = 2,
	ENTRY_IOINT = 3,
	ENTRY_LINT = 4,
	CPU_ENABLED = 1,
	CPU_BOOT = 2,
	INT_INT = 0,
	INT_NMI = 1,
	INT_EXTINT = 3,
	APIC_VERSION = 0x14,
};

static uint8_t
checksum(const uint8_t *p, size_t n)
{
	uint8_t sum = 0;

	while (n-- > 0)
		sum = (uint8_t)(sum + *p++);
	return (uint8_t)-sum;
}

/* An interrupt entry: its kind, the bus's line, the APIC and its pin. */
static uint8_t *
interrupt(uint8_t *p, uint8_t entry, uint8_t kind, uint8_t line, uint8_t apic, uint8_t pin)
{
	const uint8_t e[ENTRY_BYTES] = { entry, kind, 0, 0, 0, line, apic, pin };

	memcpy(p, e, sizeof(e));
	return p + sizeof(e);
}

size_t
mptable_build(uint8_t buf[MPTABLE_BYTES_MAX], uint32_t at, unsigned ncpus)
{
	uint8_t *table = buf + POINTER_BYTES, *p = table + HEADER_BYTES, ioapic = (uint8_t)ncpus;
	unsigned i, entries = ncpus + 2;

	memset(buf, 0, MPTABLE_BYTES_MAX);
	for (i = 0; i < ncpus; i++, p += CPU_BYTES) {
		p[0] = ENTRY_CPU;
		p[1] = (uint8_t)i;
		p[2] = APIC_VERSION;
		p[3] = CPU_ENABLED | (i == 0 ? CPU_BOOT : 0);
		put_le32(p + 4, 0x600); /* family 6 */
		put_le32(p + 8, 0x201); /* APIC, FPU */
	}
	p[0] = ENTRY_BUS;
	memcpy(p + 2, "ISA   ", 6);
	p += ENTRY_BYTES;
	p[0] = ENTRY_IOAPIC;
	p[1] = ioapic;
	p[2] = 0x11;
	p[3] = 1;
	put_le32(p + 4, LAYOUT_IOAPIC);
	p += ENTRY_BYTES;
	/* Line N is pin N; the timer's line 0 is pin 2, as on every PC. */
	for (i = 0; i < LAYOUT_IOAPIC_PINS; i++) {
		if (i == 2)
			continue;
		p = interrupt(p, ENTRY_IOINT, INT_INT, (uint8_t)i, ioapic, (uint8_t)(i == 0 ? 2 : i));
		entries++;
	}
	p = interrupt(p, ENTRY_LINT, INT_EXTINT, 0, 0xff, 0);
	p = interrupt(p, ENTRY_LINT, INT_NMI, 0, 0xff, 1);
	entries += 2;

	memcpy(table, "PCMP", 4);
	put_le16(table + 4, (uint16_t)(p - table));
	table[6] = 4;
	memcpy(table + 8, "SMOL    ", 8);
	memcpy(table + 16, "SMOL-VMM    ", 12);
	put_le16(table + 34, (uint16_t)entries);
	put_le32(table + 36, LAYOUT_LAPIC);
	table[7] = checksum(table, (size_t)(p - table));

	memcpy(buf, "_MP_", 4);
	put_le32(buf + 4, at + POINTER_BYTES);
	buf[8] = 1; /* of 16 bytes */
	buf[9] = 4;
	buf[10] = checksum(buf, POINTER_BYTES);
	return (size_t)(p - buf);
}
