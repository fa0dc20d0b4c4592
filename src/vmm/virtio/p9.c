/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio 9P: chains to the server, in a thread of the device's own.
 */
#include "vmm/virtio/p9.h"

#include <string.h>
#include <unistd.h>

#include "base/endian.h"

#define F_MOUNT_TAG 1ull
#define QUEUE_SIZE 128

static uint32_t
request(void *self, unsigned queue, const struct virtqueue_chain *c)
{
	struct virtio_p9 *p = self;
	const struct p9_buffers b = {
		.out = c->iov,
		.nout = c->nout,
		.out_bytes = c->out_bytes,
		.in = c->iov + c->nout,
		.nin = c->nin,
		.in_bytes = c->in_bytes,
	};

	(void)queue;
	p->requests++;
	return p9_serve(p->share, &b);
}

static void
notify(struct virtio_device *d, unsigned queue)
{
	struct virtio_p9 *p = d->self;

	(void)queue;
	virtio_worker_kick(&p->worker);
}

static void
reset(struct virtio_device *d)
{
	struct virtio_p9 *p = d->self;

	virtio_worker_quiesce(&p->worker);
	p9_share_reset(p->share);
}

static const struct virtio_counter counters[] = {
	{ "requests", offsetof(struct virtio_p9, requests) },
	{ NULL, 0 },
};

static const struct virtio_ops ops = {
	.type = VIRTIO_9P,
	.name = "9p",
	.counters = counters,
	.features = F_MOUNT_TAG,
	.threaded = true,
	.notify = notify,
	.reset = reset,
};

int
virtio_p9_init(struct virtio_p9 *p, unsigned n, const char *tag, int root_fd, bool read_only, struct err *err)
{
	size_t len = strlen(tag);

	memset(p, 0, sizeof(*p));
	p->share = p9_share_new(root_fd, read_only, err);
	if (p->share == NULL)
		return -1;
	if (len == 0 || len > VIRTIO_P9_TAG_MAX)
		return err_set(err, "the tag '%s' of a share must have 1 to %d bytes", tag, VIRTIO_P9_TAG_MAX);
	put_le16(p->config, (uint16_t)len);
	memcpy(p->config + 2, tag, len);
	if (virtio_device_init(&p->device, &ops, p, n, 1, QUEUE_SIZE, p->config, (uint32_t)(2 + len), err) < 0)
		return -1;
	virtio_worker_init(&p->worker, &p->device, request);
	return 0;
}

void
virtio_p9_release(struct virtio_p9 *p)
{
	virtio_worker_stop(&p->worker);
	p9_share_free(p->share);
	if (p->device.ops != NULL)
		virtio_device_release(&p->device);
}
