/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The i8254 timer, channel 0: a clock of known frequency.
 */
#ifndef PROBE_I8254_H
#define PROBE_I8254_H

#include "probe.h"

enum { I8254_HZ = 1193182 };

/* Starts channel 0 in mode 2 (rate generator) with this period. */
void i8254_start(uint32_t period);
/* The count, by latch and two reads. */
uint32_t i8254_count(void);
/* True if the counter moves. */
bool i8254_probe(void);

#endif
