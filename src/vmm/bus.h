/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies at which port and at which address outside of the memory: a
 * short, fixed list, made before the first vCPU runs and never changed then.
 * Accesses come from any vCPU's thread, several at once; a device locks
 * itself.
 */
#ifndef SMOL_VMM_BUS_H
#define SMOL_VMM_BUS_H

#include <stdatomic.h>
#include <stdint.h>

#define BUS_RANGES_MAX 48

struct bus_range {
	uint64_t base, len;
	/* offset is within the range; size 1, 2, 4 or 8. */
	uint64_t (*read)(void *arg, uint64_t offset, unsigned size);
	void (*write)(void *arg, uint64_t offset, unsigned size, uint64_t value);
	void *arg;
	const char *name; /* for metrics: "uart" */
	/* Accesses, as all counters here by any thread. */
	_Atomic uint64_t reads, writes;
};

struct bus {
	struct bus_range ranges[BUS_RANGES_MAX];
	unsigned n;
	/* What nothing answers: all of it, and by address below nlost, where there is a table. */
	_Atomic uint64_t lost_reads, lost_writes;
	_Atomic uint32_t *lost; /* only pages that are touched take memory */
	unsigned nlost;
};

/* nlost 0: no table. */
void bus_init(struct bus *, unsigned nlost);
void bus_release(struct bus *);

/* Either function may be NULL: reads are then all ones, writes are lost. */
void bus_add(struct bus *, const struct bus_range *);

/* What nothing answers reads as all ones. */
uint64_t bus_read(struct bus *, uint64_t addr, unsigned size);
void bus_write(struct bus *, uint64_t addr, unsigned size, uint64_t value);

#endif
