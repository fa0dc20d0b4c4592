/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's side of virtqueues (virtio 1.2 section 2.7), for tests of
 * devices without a guest and without KVM.  Rings and buffers are in a guest's
 * memory, taken from it in order and never given back; the device's interrupts
 * and notifications are eventfds.
 *
 *	ring_host_init ─► X_init(device) ─► ring_attach ─► ring_make, one a queue
 *	─► ring_run ─► ring_add, ring_kick, ring_turn ─► ring_take
 */
#ifndef SMOL_VMM_RING_H
#define SMOL_VMM_RING_H

#include <assert.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/defs.h"
#include "base/endian.h"
#include "vmm/virtio/mmio.h"

#define RING_MEM_BYTES (32u << 20)

/* What the device sees as machine. */
struct ring_host {
	struct mem mem;
	struct loop loop;
	uint64_t next_gpa;
};

struct ring {
	struct ring_host *host;
	struct virtio_device *device;
	unsigned queue;
	uint16_t size, next_desc, avail_idx, used_idx;
	uint8_t *desc, *avail, *used;
	uint64_t desc_gpa;
};

/* One descriptor of a chain. */
struct ring_buffer {
	uint64_t gpa;
	uint32_t len;
	bool write; /* the device writes it */
};

static inline void
ring_host_init(struct ring_host *h)
{
	struct err err;
	int failed;

	memset(h, 0, sizeof(*h));
	failed = mem_init(&h->mem, RING_MEM_BYTES, &err) < 0 || loop_init(&h->loop, &err) < 0;
	assert(!failed);
	(void)failed;
	h->next_gpa = 4096;
}

static inline void
ring_host_release(struct ring_host *h)
{
	loop_release(&h->loop);
	mem_release(&h->mem);
}

/* Zeroed memory of the guest, aligned to 16; its address there. */
static inline uint64_t
ring_alloc(struct ring_host *h, size_t bytes)
{
	uint64_t gpa = h->next_gpa;

	h->next_gpa += roundup(bytes, 16);
	assert(h->next_gpa <= RING_MEM_BYTES);
	return gpa;
}

static inline void *
ring_at(struct ring_host *h, uint64_t gpa)
{
	return mem_at(&h->mem, gpa, 1);
}

/* What virtio_device_attach() does, without KVM; features: those agreed on. */
static inline void
ring_attach(struct ring_host *h, struct virtio_device *d, uint64_t features)
{
	unsigned q;

	d->loop = &h->loop;
	d->irq_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->driver_features = features | VIRTIO_F_VERSION_1;
	for (q = 0; q < d->nqueues; q++) {
		d->queues[q].mem = &h->mem;
		d->sources[q].device = d;
		d->sources[q].source.fd = eventfd(0, EFD_CLOEXEC | (d->ops->threaded ? 0 : EFD_NONBLOCK));
	}
}

static inline void
ring_make(struct ring *r, struct ring_host *h, struct virtio_device *d, unsigned queue, uint16_t size)
{
	struct virtqueue *q = &d->queues[queue];
	bool started;

	*r = (struct ring){ .host = h, .device = d, .queue = queue, .size = size };
	q->size = size;
	q->desc_gpa = r->desc_gpa = ring_alloc(h, 16u * size);
	q->avail_gpa = ring_alloc(h, 6 + 2u * size);
	q->used_gpa = ring_alloc(h, 6 + 8u * size);
	q->event_idx = virtio_has(d, VIRTIO_F_EVENT_IDX);
	q->indirect = virtio_has(d, VIRTIO_F_INDIRECT_DESC);
	r->desc = ring_at(h, q->desc_gpa);
	r->avail = ring_at(h, q->avail_gpa);
	r->used = ring_at(h, q->used_gpa);
	started = virtqueue_start(q);
	assert(started);
	(void)started;
}

static inline void
ring_run(struct virtio_device *d)
{
	d->status = 0xf;
	if (d->ops->start != NULL)
		d->ops->start(d);
}

/* As a write of 0 to the status register. */
static inline void
ring_reset(struct virtio_device *d)
{
	unsigned q;

	d->ops->reset(d);
	d->status = 0;
	for (q = 0; q < d->nqueues; q++)
		virtqueue_reset(&d->queues[q]);
}

/* Writes descriptor i as it is told, for chains that no driver would make. */
static inline void
ring_desc(struct ring *r, uint16_t i, uint64_t gpa, uint32_t len, uint16_t flags, uint16_t next)
{
	uint8_t *d = r->desc + 16u * i;

	put_le64(d, gpa);
	put_le32(d + 8, len);
	put_le16(d + 12, flags);
	put_le16(d + 14, next);
}

/* Makes a head available that is written already. */
static inline void
ring_offer(struct ring *r, uint16_t head)
{
	put_le16(r->avail + 4 + 2 * (r->avail_idx % r->size), head);
	r->avail_idx++;
	put_le16(r->avail + 2, r->avail_idx);
}

/* A chain, in the descriptors that come next; its head.  The caller keeps fewer than the ring's size in flight. */
static inline uint16_t
ring_add(struct ring *r, const struct ring_buffer *b, unsigned n)
{
	uint16_t head = r->next_desc;
	unsigned i;

	for (i = 0; i < n; i++) {
		uint16_t at = r->next_desc;

		r->next_desc = (uint16_t)((at + 1) % r->size);
		ring_desc(
		    r, at, b[i].gpa, b[i].len, (uint16_t)((b[i].write ? 2 : 0) | (i + 1 < n ? 1 : 0)), r->next_desc);
	}
	ring_offer(r, head);
	return head;
}

/* As if the driver had written QueueNotify. */
static inline void
ring_kick(struct ring *r)
{
	struct virtio_device *d = r->device;

	(void)pthread_mutex_lock(&d->lock);
	if (virtio_running(d)) {
		d->ops->notify(d, r->queue);
		if (d->queues[r->queue].broken)
			virtio_needs_reset(d);
	}
	(void)pthread_mutex_unlock(&d->lock);
}

/* Does what the loop's descriptors ask for now; how many did. */
static inline int
ring_turn(struct ring_host *h)
{
	struct epoll_event e[16];
	int i, n = epoll_wait(h->loop.epoll_fd, e, nitems(e), 0);

	for (i = 0; i < n; i++) {
		struct loop_source *s = e[i].data.ptr;

		if (s->events != 0)
			s->fn(s->arg, e[i].events);
	}
	return n;
}

/* The next used chain; false: there is none. */
static inline bool
ring_take(struct ring *r, uint16_t *head, uint32_t *len)
{
	const uint8_t *e = r->used + 4 + 8u * (r->used_idx % r->size);

	if (get_le16(r->used + 2) == r->used_idx)
		return false;
	*head = (uint16_t)get_le32(e);
	*len = get_le32(e + 4);
	r->used_idx++;
	return true;
}

/* How often the device has interrupted since the last call. */
static inline uint64_t
ring_interrupts(struct virtio_device *d)
{
	uint64_t n = 0;

	return read(d->irq_fd, &n, sizeof(n)) == (ssize_t)sizeof(n) ? n : 0;
}

/* Did the device ask the driver to notify it of the next chain? Meaningful with EVENT_IDX. */
static inline bool
ring_wants_kick(const struct ring *r)
{
	return get_le16(r->used + 4 + 8u * r->size) == r->avail_idx;
}

#endif
