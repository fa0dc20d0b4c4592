/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges, looked up one after the other: there are few, and the busiest
 * registers (queue notification) never come here.
 */
#include "vmm/bus.h"

#include <assert.h>
#include <stddef.h>

void
bus_add(struct bus *b, const struct bus_range *r)
{
	assert(b->n < BUS_RANGES_MAX);
	b->ranges[b->n++] = *r;
}

static const struct bus_range *
find(const struct bus *b, uint64_t addr, unsigned size)
{
	unsigned i;

	for (i = 0; i < b->n; i++) {
		const struct bus_range *r = &b->ranges[i];

		if (addr >= r->base && addr - r->base < r->len && size <= r->len - (addr - r->base))
			return r;
	}
	return NULL;
}

uint64_t
bus_read(const struct bus *b, uint64_t addr, unsigned size)
{
	const struct bus_range *r = find(b, addr, size);

	return r == NULL || r->read == NULL ? UINT64_MAX : r->read(r->arg, addr - r->base, size);
}

void
bus_write(const struct bus *b, uint64_t addr, unsigned size, uint64_t value)
{
	const struct bus_range *r = find(b, addr, size);

	if (r != NULL && r->write != NULL)
		r->write(r->arg, addr - r->base, size, value);
}
