/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calibration, clock and halting.  The LAPIC timer is left running when it
 * fires soon enough: writing it costs an exit.
 */
#include "clock.h"

#include "i8254.h"
#include "lapic.h"
#include "trap.h"
#include "x86.h"

enum {
	WINDOW_MS = 2,
	WINDOW_TICKS = I8254_HZ / 1000 * WINDOW_MS,
	PERIOD = 0xffff,
	READS_MAX = 20000,
	HALT_MAX_US = US_PER_S,
	ASSUMED_KHZ = 1000000
};

struct clock clock = { .tsc_khz = ASSUMED_KHZ, .timer_khz = ASSUMED_KHZ };
static uint64_t armed_until; /* 0: the timer is not running */
static void timer_fired(void *);
static struct trap_handler timer_handler = { .fn = timer_fired };

/* It may have fired a little early by the TSC: then it is to be armed anew. */
static void
timer_fired(void *arg)
{
	(void)arg;
	armed_until = 0;
}

/* Elapsed i8254 ticks, at least WINDOW_TICKS; 0 if it stands still. */
static uint32_t
wait_window(uint32_t start)
{
	uint32_t elapsed = 0, last = 0;

	for (int reads = 0; reads < READS_MAX; reads++) {
		elapsed = (start - i8254_count()) & 0xffff;
		if (elapsed >= WINDOW_TICKS)
			return elapsed;
		if (reads % 256 == 255) {
			if (elapsed == last)
				return 0;
			last = elapsed;
		}
	}
	return 0;
}

static uint32_t
khz(uint64_t count, uint32_t ticks)
{
	return (uint32_t)div_u64(div_u64(count * I8254_HZ, ticks, NULL), 1000, NULL);
}

void
clock_init(void)
{
	uint64_t tsc;
	uint32_t start, elapsed, timer;

	trap_attach(VECTOR_TIMER, &timer_handler);
	i8254_start(PERIOD);
	start = i8254_count();
	tsc = rdtsc();
	lapic_timer_arm(UINT32_MAX);
	elapsed = wait_window(start);
	tsc = rdtsc() - tsc;
	timer = UINT32_MAX - lapic_timer_left();
	lapic_timer_arm(0);
	if (elapsed == 0)
		return;
	clock.calibrated = true;
	clock.tsc_khz = khz(tsc, elapsed);
	clock.timer_khz = khz(timer, elapsed);
}

uint64_t
clock_us(void)
{
	return div_u64((rdtsc() - clock.tsc_boot) * 1000, clock.tsc_khz, NULL);
}

uint32_t
clock_ms(void)
{
	return (uint32_t)div_u64(clock_us(), 1000, NULL);
}

static void
timer_arm(uint64_t now, uint64_t until)
{
	uint64_t ticks;

	if (until > now + HALT_MAX_US)
		until = now + HALT_MAX_US;
	if (armed_until > now && armed_until <= until)
		return;
	ticks = div_u64((until - now) * clock.timer_khz, 1000, NULL) + 1;
	lapic_timer_arm(ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks);
	armed_until = until;
}

void
clock_halt(uint64_t until_us)
{
	uint64_t now = clock_us();

	if (until_us <= now)
		return;
	timer_arm(now, until_us);
	halt_once();
}

void
clock_sleep_us(uint32_t us)
{
	uint64_t until = clock_us() + us;

	while (clock_us() < until)
		clock_halt(until);
}
