/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges, looked up one after the other: there are few, and the busiest
 * registers (queue notification) never come here.
 */
#include "vmm/bus.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/arena.h"

void
bus_init(struct bus *b, unsigned nlost)
{
	b->n = 0;
	b->nlost = nlost;
	b->lost = nlost == 0 ? NULL : xcalloc(nlost, sizeof(*b->lost));
}

void
bus_release(struct bus *b)
{
	free((void *)b->lost);
	b->lost = NULL;
	b->nlost = 0;
}

void
bus_add(struct bus *b, const struct bus_range *r)
{
	struct bus_range *to = &b->ranges[b->n];

	assert(b->n < BUS_RANGES_MAX);
	to->base = r->base;
	to->len = r->len;
	to->read = r->read;
	to->write = r->write;
	to->arg = r->arg;
	to->name = r->name;
	b->n++;
}

static void
count(_Atomic uint64_t *counter)
{
	(void)atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void
count_lost(struct bus *b, _Atomic uint64_t *counter, uint64_t addr)
{
	count(counter);
	if (addr < b->nlost)
		(void)atomic_fetch_add_explicit(&b->lost[addr], 1, memory_order_relaxed);
}

static struct bus_range *
find(struct bus *b, uint64_t addr, unsigned size)
{
	unsigned i;

	for (i = 0; i < b->n; i++) {
		struct bus_range *r = &b->ranges[i];

		if (addr >= r->base && addr - r->base < r->len && size <= r->len - (addr - r->base))
			return r;
	}
	return NULL;
}

uint64_t
bus_read(struct bus *b, uint64_t addr, unsigned size)
{
	struct bus_range *r = find(b, addr, size);

	if (r == NULL) {
		count_lost(b, &b->lost_reads, addr);
		return UINT64_MAX;
	}
	count(&r->reads);
	return r->read == NULL ? UINT64_MAX : r->read(r->arg, addr - r->base, size);
}

void
bus_write(struct bus *b, uint64_t addr, unsigned size, uint64_t value)
{
	struct bus_range *r = find(b, addr, size);

	if (r == NULL) {
		count_lost(b, &b->lost_writes, addr);
		return;
	}
	count(&r->writes);
	if (r->write != NULL)
		r->write(r->arg, addr - r->base, size, value);
}
