/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread of a device's own, which answers its chains one after the other, so
 * that what takes long on the host does not hold up the loop.
 *
 *	notify ─► virtio_worker_kick() ─► thread: pop, fn() without the lock, push
 */
#ifndef SMOL_VMM_VIRTIO_WORKER_H
#define SMOL_VMM_VIRTIO_WORKER_H

#include "vmm/virtio/mmio.h"

struct virtio_worker {
	struct virtio_device *device;
	/* Does what a chain asks for; how many bytes it wrote to it. Called without the device's lock. */
	uint32_t (*fn)(void *self, unsigned queue, const struct virtqueue_chain *);
	void (*hook)(void *); /* the thread's first call; NULL: none */
	void *hook_arg;
	pthread_t thread;
	pthread_cond_t wake; /* for the thread, under the device's lock */
	pthread_cond_t idle; /* from it */
	bool started, work, busy, stop;
};

void virtio_worker_init(
    struct virtio_worker *, struct virtio_device *, uint32_t (*fn)(void *, unsigned, const struct virtqueue_chain *));
/* After the device is attached. */
int virtio_worker_start(struct virtio_worker *, void (*hook)(void *), void *arg, struct err *);
/* Waits for the chain in hand; then there is no thread any more. */
void virtio_worker_stop(struct virtio_worker *);

/* Under the device's lock: there may be chains; stop using the queues, now. */
void virtio_worker_kick(struct virtio_worker *);
void virtio_worker_quiesce(struct virtio_worker *);

#endif
