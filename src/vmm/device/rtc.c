/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MC146818 registers.
 */
#include "vmm/device/rtc.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vmm/x86_64/layout.h"

enum {
	R_SECONDS = 0x00,
	R_MINUTES = 0x02,
	R_HOURS = 0x04,
	R_WEEKDAY = 0x06,
	R_DAY = 0x07,
	R_MONTH = 0x08,
	R_YEAR = 0x09,
	R_A = 0x0a,
	R_B = 0x0b,
	R_C = 0x0c,
	R_D = 0x0d,
	R_CENTURY = 0x32,
	A_DIVIDER = 0x26, /* 32768 Hz, 1024 Hz; no update in progress */
	B_24H = 0x02,
	B_BINARY = 0x04,
	D_VALID = 0x80,
};

static uint8_t
number(const struct rtc *r, int v)
{
	return (r->cmos[R_B] & B_BINARY) != 0 ? (uint8_t)v : (uint8_t)(v / 10 << 4 | v % 10);
}

static uint8_t
time_register(const struct rtc *r, uint8_t index)
{
	time_t now = time(NULL);
	struct tm tm;

	(void)gmtime_r(&now, &tm);
	switch (index) {
	case R_SECONDS:
		return number(r, tm.tm_sec);
	case R_MINUTES:
		return number(r, tm.tm_min);
	case R_HOURS:
		return number(r, tm.tm_hour);
	case R_WEEKDAY:
		return number(r, tm.tm_wday + 1);
	case R_DAY:
		return number(r, tm.tm_mday);
	case R_MONTH:
		return number(r, tm.tm_mon + 1);
	case R_YEAR:
		return number(r, tm.tm_year % 100);
	default:
		return number(r, 19 + tm.tm_year / 100);
	}
}

static uint64_t
port_read(void *arg, uint64_t offset, unsigned size)
{
	const struct rtc *r = arg;
	uint8_t index = r->index;

	(void)size;
	if (offset == 0)
		return 0xff;
	switch (index) {
	case R_SECONDS:
	case R_MINUTES:
	case R_HOURS:
	case R_WEEKDAY:
	case R_DAY:
	case R_MONTH:
	case R_YEAR:
	case R_CENTURY:
		return time_register(r, index);
	case R_A:
		return A_DIVIDER;
	case R_C:
		return 0;
	case R_D:
		return D_VALID;
	default:
		return r->cmos[index];
	}
}

/* The time is the host's and stays so; the other bytes keep what is written. */
static void
port_write(void *arg, uint64_t offset, unsigned size, uint64_t value)
{
	struct rtc *r = arg;

	(void)size;
	if (offset == 0)
		r->index = value & 0x7f;
	else if (r->index == R_B)
		r->cmos[R_B] = (uint8_t)((value & B_BINARY) | B_24H);
	else
		r->cmos[r->index] = (uint8_t)value;
}

void
rtc_attach(struct rtc *r, struct vm *vm)
{
	/* gmtime_r(3) else looks for the time zone's file, in the sandbox. */
	(void)setenv("TZ", "UTC0", 1);
	tzset();
	memset(r, 0, sizeof(*r));
	r->cmos[R_B] = B_24H;
	bus_add(&vm->pio, &(struct bus_range){ LAYOUT_PORT_RTC, 2, port_read, port_write, r, .name = "rtc" });
}
