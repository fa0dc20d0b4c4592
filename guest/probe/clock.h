/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time since boot by the time stamp counter, and waiting for a moment or an
 * interrupt.  Both rates (TSC, LAPIC timer) are measured against the i8254;
 * where that stands still, 1 GHz is assumed for both, as KVM's LAPIC has.
 */
#ifndef PROBE_CLOCK_H
#define PROBE_CLOCK_H

#include "probe.h"

enum { US_PER_S = 1000000 };

struct clock {
	bool calibrated; /* by the i8254 */
	uint32_t tsc_khz, timer_khz;
	uint64_t tsc_boot;
};

extern struct clock clock;

/* Needs the LAPIC; takes about 2 ms. */
void clock_init(void);
uint64_t clock_us(void);
uint32_t clock_ms(void);
/* Halts until an interrupt, at most until the moment. */
void clock_halt(uint64_t until_us);
/* Waits, halting. */
void clock_sleep_us(uint32_t us);

#endif
