/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Local APIC: identity, end of interrupt, timer, inter-processor interrupts.
 */
#include "lapic.h"

#include "mptable.h"
#include "trap.h"
#include "x86.h"

enum {
	ID = 0x20,
	VERSION = 0x30,
	TPR = 0x80,
	EOI = 0xb0,
	SVR = 0xf0,
	ICR_LOW = 0x300,
	ICR_HIGH = 0x310,
	LVT_TIMER = 0x320,
	LVT_LINT0 = 0x350,
	LVT_ERROR = 0x370,
	TIMER_INITIAL = 0x380,
	TIMER_CURRENT = 0x390,
	TIMER_DIVIDE = 0x3e0,
	MASKED = 0x10000,
	SVR_ENABLE = 0x100,
	DIVIDE_1 = 0xb,
	ICR_INIT = 0x4500,
	ICR_STARTUP = 0x4600,
	ICR_PENDING = 0x1000,
	SPIN_MAX = 10000
};

static uint32_t base;

void
lapic_init(void)
{
	base = mptable.lapic;
	mmio_write32(base + TPR, 0);
	mmio_write32(base + LVT_LINT0, MASKED);
	mmio_write32(base + LVT_ERROR, MASKED);
	mmio_write32(base + SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	mmio_write32(base + TIMER_DIVIDE, DIVIDE_1);
	mmio_write32(base + LVT_TIMER, VECTOR_TIMER);
}

uint32_t
lapic_id(void)
{
	return mmio_read32(base + ID) >> 24;
}

uint32_t
lapic_version(void)
{
	return mmio_read32(base + VERSION);
}

void
lapic_eoi(void)
{
	mmio_write32(base + EOI, 0);
}

void
lapic_timer_arm(uint32_t ticks)
{
	mmio_write32(base + TIMER_INITIAL, ticks);
}

uint32_t
lapic_timer_left(void)
{
	return mmio_read32(base + TIMER_CURRENT);
}

static void
lapic_send(uint32_t cpu, uint32_t command)
{
	mmio_write32(base + ICR_HIGH, cpu << 24);
	mmio_write32(base + ICR_LOW, command);
	for (int i = 0; i < SPIN_MAX; i++)
		if (!(mmio_read32(base + ICR_LOW) & ICR_PENDING))
			return;
}

void
lapic_send_init(uint32_t cpu)
{
	lapic_send(cpu, ICR_INIT);
}

void
lapic_send_startup(uint32_t cpu, uint32_t page)
{
	lapic_send(cpu, ICR_STARTUP | page);
}
