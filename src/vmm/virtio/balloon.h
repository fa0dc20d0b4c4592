/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory balloon (virtio 1.2 section 5.5): the guest gives pages back, up
 * to a target set from outside, or reports those it does not use; the host
 * takes them, and the guest finds zeros if it uses them again.
 *
 *	config: num_pages[4] (the target) actual[4] (the driver's), of 4 KiB
 *	queues: 0 inflate, 1 deflate, 2 to 4 free page reporting: the standard
 *	gives it number 4, Linux the first that is free
 */
#ifndef SMOL_VMM_VIRTIO_BALLOON_H
#define SMOL_VMM_VIRTIO_BALLOON_H

#include "vmm/virtio/worker.h"

#define VIRTIO_BALLOON_PAGE 4096u

struct virtio_balloon {
	struct virtio_device device;
	struct virtio_worker worker;
	uint8_t config[8];
	uint32_t target_pages;
	/* The worker's. */
	_Atomic uint64_t inflated_pages, deflated_pages, reported_bytes, refused_pages;
};

int virtio_balloon_init(struct virtio_balloon *, unsigned n, struct err *);
void virtio_balloon_release(struct virtio_balloon *);

/* How much memory the guest shall give up, from any thread: whole pages, no more than it has. */
void virtio_balloon_set_target(struct virtio_balloon *, uint64_t bytes);
/* How much it says it has given up. */
uint64_t virtio_balloon_actual(struct virtio_balloon *);

/* Exported for the fuzzer: one chain of a queue. */
uint32_t virtio_balloon_chain(void *self, unsigned queue, const struct virtqueue_chain *);

#endif
