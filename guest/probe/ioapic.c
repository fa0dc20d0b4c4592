/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IOAPIC redirection entries.  Level pins are programmed active low, as
 * NetBSD does for what it takes for PCI-like lines.
 */
#include "ioapic.h"

#include "lapic.h"
#include "mptable.h"
#include "trap.h"
#include "x86.h"

enum {
	SELECT = 0x00,
	WINDOW = 0x10,
	VERSION = 1,
	REDIRECTION = 0x10,
	MASKED = 0x10000,
	LEVEL = 0x8000,
	ACTIVE_LOW = 0x2000
};

static uint32_t base, pins;

static uint32_t
ioapic_read(uint32_t reg)
{
	mmio_write32(base + SELECT, reg);
	return mmio_read32(base + WINDOW);
}

static void
ioapic_write(uint32_t reg, uint32_t v)
{
	mmio_write32(base + SELECT, reg);
	mmio_write32(base + WINDOW, v);
}

void
ioapic_init(void)
{
	uint32_t version;

	base = mptable.ioapic;
	version = ioapic_read(VERSION);
	pins = version == UINT32_MAX || version == 0 ? 0 : (version >> 16 & 0xff) + 1;
	if (pins > VECTOR_PINS)
		pins = VECTOR_PINS;
	for (uint32_t i = 0; i < pins; i++)
		ioapic_mask(i);
}

uint32_t
ioapic_pins(void)
{
	return pins;
}

void
ioapic_mask(uint32_t pin)
{
	ioapic_write(REDIRECTION + 2 * pin, MASKED);
}

bool
ioapic_route(uint32_t pin, uint32_t vector, enum ioapic_trigger trigger)
{
	if (pin >= pins)
		return false;
	ioapic_write(REDIRECTION + 2 * pin + 1, lapic_id() << 24);
	ioapic_write(REDIRECTION + 2 * pin, vector | (trigger == IOAPIC_LEVEL ? LEVEL | ACTIVE_LOW : 0));
	return true;
}
