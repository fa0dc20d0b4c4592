/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio entropy: one queue of buffers to fill.
 */
#include "vmm/virtio/entropy.h"

#include <sys/random.h>

/* So much a chain: a guest that asks for megabytes gets them in pieces. */
#define CHAIN_MAX 4096
/* Chains in one go: the loop has others to serve. */
#define BATCH 64

static void
notify(struct virtio_device *d, unsigned queue)
{
	struct virtqueue *q = &d->queues[queue];
	static __thread struct virtqueue_chain c;
	struct virtio_entropy *e = d->self;
	uint8_t buf[CHAIN_MAX];
	unsigned i;
	ssize_t n;

	for (i = 0; i < BATCH && virtqueue_pop(q, &c) > 0; i++) {
		n = getrandom(buf, c.in_bytes < sizeof(buf) ? c.in_bytes : sizeof(buf), 0);
		if (n < 0)
			n = 0;
		e->bytes += (uint64_t)n;
		virtqueue_push(q, c.head, (uint32_t)iov_write(c.iov + c.nout, c.nin, 0, buf, (size_t)n));
	}
	if (i == BATCH)
		virtio_notify_again(d, queue);
	virtio_used(d, queue);
}

static void
reset(struct virtio_device *d)
{
	(void)d;
}

static const struct virtio_counter counters[] = {
	{ "bytes", offsetof(struct virtio_entropy, bytes) },
	{ NULL, 0 },
};

static const struct virtio_ops ops = {
	.type = VIRTIO_ENTROPY, .name = "entropy", .counters = counters, .notify = notify, .reset = reset
};

int
virtio_entropy_init(struct virtio_entropy *e, unsigned n, struct err *err)
{
	return virtio_device_init(&e->device, &ops, e, n, 1, 64, NULL, 0, err);
}
