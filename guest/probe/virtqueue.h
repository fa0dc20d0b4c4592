/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A split virtqueue (virtio 1.2 section 2.7), driver side:
 *
 *	desc[]	buffers, chained by next	(or one indirect table)
 *	avail	driver -> device: heads of chains, then used_event
 *	used	device -> driver: head and length, then avail_event
 */
#ifndef PROBE_VIRTQUEUE_H
#define PROBE_VIRTQUEUE_H

#include "virtio.h"

enum { VIRTQUEUE_MAX = 256 };

struct vring_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct vring_avail {
	volatile uint16_t flags, idx, ring[VIRTQUEUE_MAX + 1];
};

struct vring_used {
	volatile uint16_t flags, idx;
	volatile struct {
		uint32_t id, len;
	} ring[VIRTQUEUE_MAX + 1];
};

struct segment {
	const volatile void *base;
	uint32_t len;
	bool device_writes;
};

struct virtqueue {
	struct vring_desc desc[VIRTQUEUE_MAX] __attribute__((aligned(16)));
	struct vring_avail avail __attribute__((aligned(4)));
	struct vring_used used __attribute__((aligned(4)));
	struct virtio_device *dev;
	uint16_t index, size, free_head, free_count;
	uint16_t avail_idx, kicked_idx, used_idx;
	bool no_interrupts;
	uint16_t chain[VIRTQUEUE_MAX]; /* descriptors of a busy head, or 0 */
	uint32_t cookie[VIRTQUEUE_MAX];
	/* Set for INDIRECT_DESC; one chain at a time may then be busy. */
	struct vring_desc *indirect;
	uint32_t indirect_max;
};

/* Enables queue index of the device; false if it has none. */
bool virtqueue_init(struct virtqueue *, struct virtio_device *, uint32_t index);
/* Tells the device that completions need no interrupt. */
void virtqueue_no_interrupts(struct virtqueue *);
/* Queues a chain (device-written segments last); false if there is no room. */
bool virtqueue_add(struct virtqueue *, const struct segment *, uint32_t count, uint32_t cookie);
/* Tells the device, if it wants to be told. */
void virtqueue_kick(struct virtqueue *);
/* Takes a completed chain; false if there is none. */
bool virtqueue_take(struct virtqueue *, uint32_t *cookie, uint32_t *len);
bool virtqueue_pending(const struct virtqueue *);
/* Halts until a chain completes; false after so many milliseconds. */
bool virtqueue_wait(struct virtqueue *, uint32_t timeout_ms);

#endif
