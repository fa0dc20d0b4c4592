/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intel 8254: ports 0x40 (channel 0) and 0x43 (mode), as NetBSD uses it.
 */
#include "i8254.h"

#include "x86.h"

enum { CHANNEL0 = 0x40, MODE = 0x43, MODE_RATE_16BIT = 0x34, LATCH0 = 0x00, PROBE_READS = 200 };

void
i8254_start(uint32_t period)
{
	outb(MODE, MODE_RATE_16BIT);
	outb(CHANNEL0, (uint8_t)period);
	outb(CHANNEL0, (uint8_t)(period >> 8));
}

uint32_t
i8254_count(void)
{
	uint32_t low;

	outb(MODE, LATCH0);
	low = inb(CHANNEL0);
	return low | (uint32_t)inb(CHANNEL0) << 8;
}

bool
i8254_probe(void)
{
	uint32_t first = i8254_count();

	for (int i = 0; i < PROBE_READS; i++)
		if (i8254_count() != first)
			return true;
	return false;
}
