/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MC146818 real time clock at ports 0x70 and 0x71.
 */
#ifndef PROBE_RTC_H
#define PROBE_RTC_H

#include "probe.h"

struct rtc_time {
	uint32_t year, month, day, hour, minute, second;
};

/* False where there is no clock, its update never ends, or a digit is no digit. */
bool rtc_read(struct rtc_time *);
bool rtc_time_sane(const struct rtc_time *);

#endif
