/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of clocks and timers: i8254, LAPIC timer, time of day.
 */
#include "tests.h"

#include "clock.h"
#include "cmdline.h"
#include "i8254.h"
#include "lapic.h"
#include "rtc.h"
#include "trap.h"
#include "x86.h"

enum { TICK_POLL_US = 20000, TICK_MAX_US = 1100000 };
#define HYPERVISOR (1u << 31)

static enum test_result
i8254_counts(struct test_context *c)
{
	return test_because(c, test_pass_if(i8254_probe() && clock.calibrated), "the counter stands still");
}

static enum test_result
lapic_identity(struct test_context *c)
{
	uint32_t v = lapic_version();

	return test_because(c, test_pass_if((v & 0xf0) == 0x10 && (v >> 16 & 0xff) >= 3), "version register %x", v);
}

static enum test_result
lapic_interrupts(struct test_context *c)
{
	uint32_t before = trap_count(VECTOR_TIMER);
	uint64_t start = clock_us();

	for (int i = 0; i < 3; i++)
		clock_sleep_us(1000);
	return test_because(c, test_pass_if(trap_count(VECTOR_TIMER) - before >= 3 && clock_us() - start >= 3000),
	    "%u interrupts in %u us", trap_count(VECTOR_TIMER) - before, (uint32_t)(clock_us() - start));
}

/* Early is wrong; late may be a busy host. */
static enum test_result
lapic_rate(struct test_context *c)
{
	uint32_t before = trap_count(VECTOR_TIMER), took;
	uint64_t start = clock_us();

	lapic_timer_arm(clock.timer_khz * 10);
	for (int i = 0; i < 10 && trap_count(VECTOR_TIMER) == before; i++)
		halt_once();
	took = (uint32_t)(clock_us() - start);
	return test_because(
	    c, test_pass_if(took >= 9000 && took < 500000), "10 ms took %u us (timer %u kHz)", took, clock.timer_khz);
}

/* Measured while others run: half and double are near. */
static bool
near(uint64_t told, uint64_t measured)
{
	return told <= 2 * measured && measured <= 2 * told;
}

static enum test_result
cpuid_told(struct test_context *c, uint64_t tsc_khz, uint64_t timer_khz)
{
	return test_because(c, test_pass_if(near(tsc_khz, clock.tsc_khz) && near(timer_khz, clock.timer_khz)),
	    "TSC %u kHz, timer %u kHz; measured %u, %u", (uint32_t)tsc_khz, (uint32_t)timer_khz, clock.tsc_khz,
	    clock.timer_khz);
}

/* As NetBSD and Linux read it on Intel: the crystal is the LAPIC timer's. */
static enum test_result
cpuid_crystal(struct test_context *c)
{
	struct cpuid r = cpuid(0).eax >= 0x15 ? cpuid(0x15) : (struct cpuid){ 0 };

	if (r.eax == 0 || r.ebx == 0 || r.ecx == 0 || !clock.calibrated)
		return test_because(c, TEST_SKIP, "no leaf 0x15");
	return cpuid_told(c, div_u64((uint64_t)(r.ecx / 1000) * r.ebx, r.eax, NULL), r.ecx / 1000);
}

static enum test_result
cpuid_hypervisor(struct test_context *c)
{
	struct cpuid r = { 0 };

	if ((cpuid(1).ecx & HYPERVISOR) != 0 && cpuid(0x40000000).eax >= 0x40000010)
		r = cpuid(0x40000010);
	if (r.eax == 0 || r.ebx == 0 || !clock.calibrated)
		return test_because(c, TEST_SKIP, "no leaf 0x40000010");
	return cpuid_told(c, r.eax, r.ebx);
}

static enum test_result
rtc_date(struct test_context *c)
{
	struct rtc_time t;

	if (!rtc_read(&t))
		return test_because(c, TEST_FAIL, "cannot be read");
	return test_because(c, test_pass_if(rtc_time_sane(&t)), "%04u-%02u-%02u %02u:%02u:%02u", t.year, t.month, t.day,
	    t.hour, t.minute, t.second);
}

static enum test_result
rtc_ticks(struct test_context *c)
{
	uint64_t until = clock_us() + TICK_MAX_US;
	struct rtc_time first, t;

	if (cmdline.fast)
		return test_because(c, TEST_SKIP, "probe.fast=1");
	if (!rtc_read(&first))
		return TEST_FAIL;
	while (clock_us() < until) {
		if (rtc_read(&t) && t.second != first.second)
			return TEST_PASS;
		clock_sleep_us(TICK_POLL_US);
	}
	return test_because(c, TEST_FAIL, "no new second in 1.1 s");
}

static const struct test tests[] = { { "i8254 counts", i8254_counts }, { "lapic version", lapic_identity },
	{ "lapic timer interrupts", lapic_interrupts }, { "lapic timer rate", lapic_rate },
	{ "cpuid 0x15 tells the clocks", cpuid_crystal }, { "cpuid 0x40000010 tells the clocks", cpuid_hypervisor },
	{ "rtc date", rtc_date }, { "rtc ticks", rtc_ticks } };

const struct test_group test_time = { tests, nitems(tests) };
