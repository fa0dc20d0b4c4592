/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's memory, as the monitor sees it: at most two regions, below and
 * above the hole under 4 GiB.  Every access by a guest's address goes through
 * mem_at(); what is read may change while it is read, so it is copied, then
 * checked, then used.
 */
#ifndef SMOL_VMM_MEM_H
#define SMOL_VMM_MEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct mem_region {
	uint64_t gpa, bytes;
	uint8_t *host;
};

struct mem {
	struct mem_region region[2];
	unsigned nregions;
	uint64_t bytes; /* of all */
};

/* Anonymous, untouched memory: pages come when the guest first uses them. */
int mem_init(struct mem *, uint64_t bytes, struct err *);
void mem_release(struct mem *);

/* Host address of [gpa, gpa + len), or NULL if not all of it is one region's memory. */
void *mem_at(const struct mem *, uint64_t gpa, uint64_t len);

/* Copies; false if the range is not memory. */
bool mem_read(const struct mem *, uint64_t gpa, void *buf, uint64_t len);
bool mem_write(const struct mem *, uint64_t gpa, const void *buf, uint64_t len);

#endif
