/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads of a device's own, which answer its chains, so that what takes long
 * on the host does not hold up the loop.  They are told of chains by KVM
 * directly: all queues' notifications are one eventfd, which the leader reads.
 *
 *	ioeventfd ─► leader: pop, fn() without the lock, push, interrupt
 *
 * One thread leads.  If fn() says by virtio_worker_blocks() that it is going to
 * wait, another one leads from then on, and the first joins the others when it
 * is done: requests that do not wait cost no switch of threads.
 */
#ifndef SMOL_VMM_VIRTIO_WORKER_H
#define SMOL_VMM_VIRTIO_WORKER_H

#include "vmm/virtio/mmio.h"

#define VIRTIO_WORKER_THREADS_MAX 8

struct virtio_worker {
	struct virtio_device *device;
	/* Does what a chain asks for; how many bytes it wrote to it. Called without the device's lock. */
	uint32_t (*fn)(void *self, unsigned queue, const struct virtqueue_chain *);
	unsigned nthreads; /* 1 unless the device sets it before the start */
	void (*hook)(void *); /* a thread's first call; NULL: none */
	void *hook_arg;
	pthread_t threads[VIRTIO_WORKER_THREADS_MAX];
	unsigned started;
	/* The rest under the device's lock. */
	pthread_cond_t wake; /* for those that do not lead: nobody does */
	pthread_cond_t idle; /* no chain is in hand */
	unsigned busy, paused;
	uint64_t untold_bytes; /* of chains that the driver has back without an interrupt */
	bool led, stop;
};

/* The device's ops say that it is threaded. */
void virtio_worker_init(
    struct virtio_worker *, struct virtio_device *, uint32_t (*fn)(void *, unsigned, const struct virtqueue_chain *));
/* After the device is attached. */
int virtio_worker_start(struct virtio_worker *, void (*hook)(void *), void *arg, struct err *);
/* Waits for the chains in hand; then there is no thread any more. */
void virtio_worker_stop(struct virtio_worker *);

/* From fn(): what follows may wait. */
void virtio_worker_blocks(struct virtio_worker *);

/* Under the device's lock: there may be chains; stop using the queues, now. */
void virtio_worker_kick(struct virtio_worker *);
void virtio_worker_quiesce(struct virtio_worker *);

/* No chain is in hand and none is taken, until as many resumes. Any other thread, without the lock. */
void virtio_worker_pause(struct virtio_worker *);
void virtio_worker_resume(struct virtio_worker *);

#endif
