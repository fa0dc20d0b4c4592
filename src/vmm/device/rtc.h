/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MC146818 clock and its CMOS bytes, at ports 0x70 and 0x71: the host's
 * UTC, in BCD, 24 hours, the century at 0x32.  It makes no interrupts.
 */
#ifndef SMOL_VMM_DEVICE_RTC_H
#define SMOL_VMM_DEVICE_RTC_H

#include <stdint.h>

#include "vmm/vm.h"

struct rtc {
	_Atomic uint8_t index;
	uint8_t cmos[128];
};

void rtc_attach(struct rtc *, struct vm *);

#endif
