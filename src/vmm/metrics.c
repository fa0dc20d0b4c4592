/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON by hand: every name is one of ours and needs no escape.
 */
#include "vmm/metrics.h"

#include <inttypes.h>

#include "base/defs.h"

/* Ends an object or an array in which every member is followed by a comma. */
static void
close_with(struct str *out, const char *end)
{
	if (out->p[out->len - 1] == ',')
		out->p[--out->len] = '\0';
	str_add(out, end);
}

static void
number(struct str *out, const char *name, uint64_t v)
{
	str_addf(out, "\"%s\":%" PRIu64 ",", name, v);
}

static void
kvm(const struct metrics *m, struct str *out)
{
	uint64_t sums[KVMSTATS];
	unsigned i;

	if (!kvmstats_read(m->kvm, sums))
		return;
	str_add(out, "\"kvm\":{");
	for (i = 0; i < KVMSTATS; i++)
		if (sums[i] != UINT64_MAX)
			number(out, kvmstats_names[i], sums[i]);
	close_with(out, "},");
}

static void
bus(struct bus *b, const char *name, struct str *out)
{
	uint64_t reads, writes;
	unsigned i;

	str_addf(out, "\"%s\":[", name);
	for (i = 0; i < b->n; i++) {
		reads = atomic_load_explicit(&b->ranges[i].reads, memory_order_relaxed);
		writes = atomic_load_explicit(&b->ranges[i].writes, memory_order_relaxed);
		if (reads == 0 && writes == 0)
			continue;
		str_addf(out, "{\"name\":\"%s\",", b->ranges[i].name == NULL ? "" : b->ranges[i].name);
		number(out, "reads", reads);
		number(out, "writes", writes);
		close_with(out, "},");
	}
	close_with(out, "],");
}

/* The busiest ports, most first. */
static void
busiest(struct bus *b, struct str *out)
{
	struct {
		unsigned port;
		uint32_t n;
	} top[METRICS_PORTS] = { { 0, 0 } }, t;
	unsigned i, k;

	for (i = 0; i < b->nlost; i++) {
		t.port = i;
		t.n = atomic_load_explicit(&b->lost[i], memory_order_relaxed);
		if (t.n <= top[METRICS_PORTS - 1].n)
			continue;
		for (k = METRICS_PORTS - 1; k > 0 && top[k - 1].n < t.n; k--)
			top[k] = top[k - 1];
		top[k] = t;
	}
	str_add(out, "\"ports\":[");
	for (k = 0; k < METRICS_PORTS && top[k].n > 0; k++)
		str_addf(out, "{\"port\":%u,\"accesses\":%" PRIu32 "},", top[k].port, top[k].n);
	close_with(out, "],");
}

static void
unclaimed(const struct metrics *m, struct str *out)
{
	str_add(out, "\"unclaimed\":{");
	number(out, "port_reads", atomic_load(&m->vm->pio.lost_reads));
	number(out, "port_writes", atomic_load(&m->vm->pio.lost_writes));
	number(out, "mmio_reads", atomic_load(&m->vm->mmio.lost_reads));
	number(out, "mmio_writes", atomic_load(&m->vm->mmio.lost_writes));
	busiest(&m->vm->pio, out);
	close_with(out, "},");
}

static void
device(struct virtio_device *d, struct str *out)
{
	const struct virtio_counter *c;
	uint64_t dropped = 0;
	unsigned i;

	(void)pthread_mutex_lock(&d->lock);
	for (i = 0; i < d->nqueues; i++)
		dropped += d->queues[i].dropped;
	str_addf(out, "{\"type\":\"%s\",\"index\":%u,", d->ops->name, d->index);
	number(out, "interrupts", d->interrupts);
	number(out, "resets", d->resets);
	number(out, "needs_reset", d->needs_resets);
	number(out, "dropped", dropped);
	for (c = d->ops->counters; c != NULL && c->name != NULL; c++)
		number(out, c->name,
		    __atomic_load_n(
			(const uint64_t *)(const void *)((const char *)d->self + c->offset), __ATOMIC_RELAXED));
	(void)pthread_mutex_unlock(&d->lock);
	close_with(out, "},");
}

static void
memory(const struct metrics *m, struct str *out)
{
	str_add(out, "\"memory\":{");
	number(out, "bytes", m->vm->mem.bytes);
	if (m->devices->balloon != NULL)
		number(out, "balloon", virtio_balloon_actual(m->devices->balloon));
	close_with(out, "},");
}

void
metrics_print(const struct metrics *m, struct str *out)
{
	struct vm *vm = m->vm;
	unsigned i;

	str_addf(out, "{\"state\":\"%s\",", atomic_load(&vm->paused) ? "paused" : "running");
	number(out, "start_ns", m->start_ns);
	number(out, "vm_ns", vm->made_ns);
	number(out, "run_ns", atomic_load(&vm->run_ns));
	number(out, "now_ns", vm_now_ns());
	number(out, "cpus", vm->ncpus);
	str_add(out, "\"exits\":{");
	number(out, "port", atomic_load(&vm->exits_pio));
	number(out, "mmio", atomic_load(&vm->exits_mmio));
	number(out, "other", atomic_load(&vm->exits_other));
	close_with(out, "},");
	kvm(m, out);
	memory(m, out);
	bus(&vm->pio, "ports", out);
	bus(&vm->mmio, "mmio", out);
	unclaimed(m, out);
	str_add(out, "\"devices\":[");
	for (i = 0; i < m->devices->nvirtio; i++)
		device(m->devices->virtio[i], out);
	close_with(out, "]}");
}
