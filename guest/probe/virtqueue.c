/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Split virtqueue, driver side, with INDIRECT_DESC and EVENT_IDX.  What the
 * device writes (used ring) is bounds-checked: a wrong id is a monitor's bug
 * and ends the probe with a message.
 */
#include "virtqueue.h"

#include "clock.h"
#include "print.h"
#include "x86.h"

enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4, AVAIL_NO_INTERRUPT = 1, USED_NO_NOTIFY = 1 };

static volatile uint16_t *
used_event(struct virtqueue *q)
{
	return &q->avail.ring[q->size];
}

static uint16_t
avail_event(struct virtqueue *q)
{
	return (uint16_t)q->used.ring[q->size].id;
}

static bool
event_idx(const struct virtqueue *q)
{
	return (q->dev->features & VIRTIO_F_EVENT_IDX) != 0;
}

bool
virtqueue_init(struct virtqueue *q, struct virtio_device *dev, uint32_t index)
{
	uint32_t size = min_u32(virtio_queue_size(dev, index), VIRTQUEUE_MAX);

	if (size == 0 || (size & (size - 1)) != 0)
		return false;
	q->dev = dev;
	q->index = (uint16_t)index;
	q->size = q->free_count = (uint16_t)size;
	q->free_head = q->avail_idx = q->kicked_idx = q->used_idx = 0;
	q->avail.idx = q->avail.flags = q->used.idx = q->used.flags = 0;
	for (uint16_t i = 0; i < size; i++) {
		q->desc[i].next = (uint16_t)(i + 1);
		q->chain[i] = 0;
	}
	return virtio_queue_enable(dev, index, size, q->desc, &q->avail, &q->used);
}

void
virtqueue_no_interrupts(struct virtqueue *q)
{
	q->no_interrupts = true;
	if (event_idx(q))
		*used_event(q) = (uint16_t)(q->used_idx - 1);
	else
		q->avail.flags = AVAIL_NO_INTERRUPT;
}

static void
desc_fill(struct vring_desc *d, const struct segment *s, bool last)
{
	d->addr = addr_of(s->base);
	d->len = s->len;
	d->flags = (uint16_t)((s->device_writes ? DESC_WRITE : 0) | (last ? 0 : DESC_NEXT));
}

static bool
table_fits(const struct virtqueue *q, uint32_t count)
{
	return q->indirect != NULL && count <= q->indirect_max && q->free_count == q->size;
}

/* Returns the number of ring descriptors used. */
static uint16_t
chain_fill(struct virtqueue *q, const struct segment *s, uint32_t count)
{
	struct vring_desc *d = &q->desc[q->free_head];
	struct segment table;

	if (table_fits(q, count)) {
		for (uint32_t i = 0; i < count; i++) {
			desc_fill(&q->indirect[i], &s[i], i + 1 == count);
			q->indirect[i].next = (uint16_t)(i + 1);
		}
		table = (struct segment){ q->indirect, count * (uint32_t)sizeof(*q->indirect), false };
		desc_fill(d, &table, true);
		d->flags |= DESC_INDIRECT;
		q->free_head = d->next;
		return 1;
	}
	for (uint32_t i = 0; i < count; i++) {
		d = &q->desc[q->free_head];
		desc_fill(d, &s[i], i + 1 == count);
		q->free_head = d->next;
	}
	return (uint16_t)count;
}

bool
virtqueue_add(struct virtqueue *q, const struct segment *s, uint32_t count, uint32_t cookie)
{
	uint16_t head = q->free_head;

	if (count == 0 || (count > q->free_count && !table_fits(q, count)))
		return false;
	q->chain[head] = chain_fill(q, s, count);
	q->free_count = (uint16_t)(q->free_count - q->chain[head]);
	q->cookie[head] = cookie;
	q->avail.ring[q->avail_idx & (q->size - 1)] = head;
	compiler_barrier();
	q->avail.idx = ++q->avail_idx;
	return true;
}

void
virtqueue_kick(struct virtqueue *q)
{
	uint16_t added = (uint16_t)(q->avail_idx - q->kicked_idx);

	/* The device must see avail.idx before we look whether it sleeps. */
	memory_barrier();
	q->kicked_idx = q->avail_idx;
	if (event_idx(q)) {
		if ((uint16_t)(q->avail_idx - avail_event(q) - 1) >= added)
			return;
	} else if (q->used.flags & USED_NO_NOTIFY)
		return;
	virtio_notify(q->dev, q->index);
}

bool
virtqueue_pending(const struct virtqueue *q)
{
	return q->used.idx != q->used_idx;
}

static void
chain_free(struct virtqueue *q, uint16_t head)
{
	uint16_t last = head;

	for (uint16_t i = 1; i < q->chain[head]; i++)
		last = q->desc[last].next;
	q->desc[last].next = q->free_head;
	q->free_head = head;
	q->free_count = (uint16_t)(q->free_count + q->chain[head]);
	q->chain[head] = 0;
}

bool
virtqueue_take(struct virtqueue *q, uint32_t *cookie, uint32_t *len)
{
	uint32_t slot = q->used_idx & (uint32_t)(q->size - 1), id;

	if (!virtqueue_pending(q))
		return false;
	compiler_barrier();
	id = q->used.ring[slot].id;
	if (id >= q->size || q->chain[id] == 0)
		panic("%s queue %u: device returned descriptor %u", virtio_type_name(q->dev->type), (uint32_t)q->index,
		    id);
	*len = q->used.ring[slot].len;
	*cookie = q->cookie[id];
	chain_free(q, (uint16_t)id);
	q->used_idx++;
	if (event_idx(q)) {
		*used_event(q) = (uint16_t)(q->used_idx - (q->no_interrupts ? 1 : 0));
		memory_barrier();
	}
	return true;
}

bool
virtqueue_wait(struct virtqueue *q, uint32_t timeout_ms)
{
	uint64_t until = clock_us() + (uint64_t)timeout_ms * 1000;

	while (!virtqueue_pending(q)) {
		if (clock_us() >= until)
			return false;
		if (q->dev->routed)
			clock_halt(until);
		else
			cpu_pause();
	}
	return true;
}
