/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words of memory above 4 GiB.  No interrupt may come between: all are off but
 * in clock_halt().
 */
#ifndef PROBE_HIGHMEM_H
#define PROBE_HIGHMEM_H

#include "probe.h"

/* The processor has what the others need. */
bool highmem_possible(void);
uint32_t highmem_read(uint64_t addr);
void highmem_write(uint64_t addr, uint32_t value);

#endif
