/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local APIC by its memory-mapped registers (Intel SDM volume 3, ch. 10).
 */
#ifndef PROBE_LAPIC_H
#define PROBE_LAPIC_H

#include "probe.h"

/* Software-enables it, with everything local masked. */
void lapic_init(void);
uint32_t lapic_id(void);
uint32_t lapic_version(void);
void lapic_eoi(void);
/* One-shot, in LAPIC timer ticks at divisor 1; 0 stops. */
void lapic_timer_arm(uint32_t ticks);
uint32_t lapic_timer_left(void);
void lapic_send_init(uint32_t cpu);
void lapic_send_startup(uint32_t cpu, uint32_t page);

#endif
