/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting the other CPUs of the MP table.
 */
#ifndef PROBE_SMP_H
#define PROBE_SMP_H

#include "probe.h"

/* Counted by every started CPU (trampoline.S). */
extern volatile uint32_t smp_started;

/* Starts them all; true once each has counted itself. */
bool smp_start(void);

#endif
