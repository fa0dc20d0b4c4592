/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MC146818: wait for UIP to clear, read BCD or binary as register B says,
 * century in register 0x32.
 */
#include "rtc.h"

#include "x86.h"

enum {
	INDEX = 0x70,
	DATA = 0x71,
	REG_A = 0x0a,
	REG_B = 0x0b,
	CENTURY = 0x32,
	A_UIP = 0x80,
	B_BINARY = 0x04,
	UIP_READS = 10000
};

static uint32_t
rtc_register(uint8_t reg)
{
	outb(INDEX, reg);
	return inb(DATA);
}

static bool
rtc_field(uint8_t reg, bool binary, uint32_t *value)
{
	uint32_t v = rtc_register(reg);

	if (!binary && ((v & 0xf) > 9 || v >> 4 > 9))
		return false;
	*value = binary ? v : (v >> 4) * 10 + (v & 0xf);
	return true;
}

bool
rtc_read(struct rtc_time *t)
{
	uint32_t century;
	bool binary;
	int i;

	for (i = 0; i < UIP_READS && (rtc_register(REG_A) & A_UIP); i++)
		cpu_pause();
	if (i == UIP_READS)
		return false;
	binary = (rtc_register(REG_B) & B_BINARY) != 0;
	if (!rtc_field(0, binary, &t->second) || !rtc_field(2, binary, &t->minute) || !rtc_field(4, binary, &t->hour) ||
	    !rtc_field(7, binary, &t->day) || !rtc_field(8, binary, &t->month) || !rtc_field(9, binary, &t->year) ||
	    !rtc_field(CENTURY, binary, &century))
		return false;
	t->year += century * 100;
	return true;
}

bool
rtc_time_sane(const struct rtc_time *t)
{
	return t->year >= 2000 && t->year < 2200 && t->month >= 1 && t->month <= 12 && t->day >= 1 && t->day <= 31 &&
	       t->hour < 24 && t->minute < 60 && t->second < 60;
}
