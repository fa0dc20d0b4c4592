/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-rng: one queue, buffers the device fills.
 */
#include "rng.h"

#include "virtqueue.h"

enum { TIMEOUT_MS = 5000 };

static struct virtqueue queue;
static struct virtio_device *dev;

bool
rng_init(void)
{
	if (dev != NULL)
		return true;
	dev = virtio_find(VIRTIO_RNG, 0);
	if (dev == NULL || !virtio_begin(dev, 0) || !virtqueue_init(&queue, dev, 0)) {
		dev = NULL;
		return false;
	}
	virtio_run(dev);
	return true;
}

bool
rng_read(void *buf, uint32_t len)
{
	uint8_t *p = buf;
	uint32_t cookie, got;

	while (len > 0) {
		if (!virtqueue_add(&queue, &(struct segment){ p, len, true }, 1, 0))
			return false;
		virtqueue_kick(&queue);
		if (!virtqueue_wait(&queue, TIMEOUT_MS) || !virtqueue_take(&queue, &cookie, &got) || got == 0 ||
		    got > len)
			return false;
		p += got;
		len -= got;
	}
	return true;
}
