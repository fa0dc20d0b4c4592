/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * INIT, start-up IPI, and a second one where the first was not heard (Intel
 * SDM volume 3, 8.4.4).  The CPUs count themselves and halt.
 */
#include "smp.h"

#include "boot.h"
#include "clock.h"
#include "lapic.h"
#include "mptable.h"
#include "string.h"

enum { PAGE = 4096, HIGHEST = 0x90000, LOWEST = 0x1000, INIT_WAIT_US = 1000, POLL_US = 200, POLLS = 2500 };

extern const char trampoline[], trampoline_end[];
volatile uint32_t smp_started;

static uint32_t
trampoline_place(void)
{
	uint32_t len = addr_of(trampoline_end) - addr_of(trampoline);

	for (uint32_t a = LOWEST; a < HIGHEST; a += PAGE)
		if (boot_range_free(a, PAGE)) {
			memcpy(ptr_to(a), trampoline, len);
			return a;
		}
	return 0;
}

static bool
cpu_start(uint32_t cpu, uint32_t page)
{
	uint32_t before = smp_started;

	lapic_send_init(cpu);
	clock_sleep_us(INIT_WAIT_US);
	lapic_send_startup(cpu, page);
	for (int i = 0; i < POLLS && smp_started == before; i++) {
		clock_sleep_us(POLL_US);
		if (i == POLLS / 2)
			lapic_send_startup(cpu, page);
	}
	return smp_started != before;
}

bool
smp_start(void)
{
	uint32_t here = lapic_id(), place = trampoline_place();
	bool all = place != 0;

	for (int i = 0; i < mptable.cpu_count && place != 0; i++)
		if (mptable.cpus[i] != here)
			all = cpu_start(mptable.cpus[i], place / PAGE) && all;
	return all;
}
