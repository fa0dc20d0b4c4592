/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monotonic clock, for durations and deadlines.
 */
#ifndef SMOL_BASE_CLOCK_H
#define SMOL_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t
clock_now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

#endif
