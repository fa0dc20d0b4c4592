/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies at which port and at which address outside of the memory: a
 * short, fixed list, made before the first vCPU runs and never changed then.
 * Accesses come from any vCPU's thread, several at once; a device locks
 * itself.
 */
#ifndef SMOL_VMM_BUS_H
#define SMOL_VMM_BUS_H

#include <stdint.h>

#define BUS_RANGES_MAX 48

struct bus_range {
	uint64_t base, len;
	/* offset is within the range; size 1, 2, 4 or 8. */
	uint64_t (*read)(void *arg, uint64_t offset, unsigned size);
	void (*write)(void *arg, uint64_t offset, unsigned size, uint64_t value);
	void *arg;
};

struct bus {
	struct bus_range ranges[BUS_RANGES_MAX];
	unsigned n;
};

/* Either function may be NULL: reads are then all ones, writes are lost. */
void bus_add(struct bus *, const struct bus_range *);

/* What nothing answers reads as all ones. */
uint64_t bus_read(const struct bus *, uint64_t addr, unsigned size);
void bus_write(const struct bus *, uint64_t addr, unsigned size, uint64_t value);

#endif
