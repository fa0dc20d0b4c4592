/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few macros that everything uses: array length, rounding, and cleanup
 * attributes for things that live as long as a scope.
 */
#ifndef SMOL_BASE_DEFS_H
#define SMOL_BASE_DEFS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

#define howmany(x, y) (((x) + ((y)-1)) / (y))
#define roundup(x, y) (howmany(x, y) * (y))
#define rounddown(x, y) ((x) / (y) * (y))
#define powerof2(x) ((x) != 0 && ((x) & ((x)-1)) == 0)

static inline uint64_t
u64_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t
u64_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline void
cleanup_free_ptr(void *p)
{
	free(*(void **)p);
}

static inline void
cleanup_close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

#define cleanup_free __attribute__((cleanup(cleanup_free_ptr)))
#define cleanup_close __attribute__((cleanup(cleanup_close_fd)))

#endif
