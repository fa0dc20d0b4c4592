/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio balloon: madvise(2) on the pages that the guest names, if they are
 * its memory.
 */
#include "vmm/virtio/balloon.h"

#include <string.h>
#include <sys/mman.h>

#include "base/defs.h"
#include "base/endian.h"

#define F_PAGE_REPORTING (1ull << 5)

enum {
	INFLATE = 0,
	DEFLATE = 1,
	QUEUES = 5,
	QUEUE_SIZE = 128,
	PFN_SHIFT = 12,
	CHAIN_PAGES_MAX = 16384, /* Linux and NetBSD name 256 at a time */
	COPY_PAGES = 256,
};

/* Pages side by side, taken at once. */
struct run {
	uint8_t *start;
	size_t bytes;
};

static void
run_end(struct run *r)
{
	if (r->bytes > 0)
		(void)madvise(r->start, r->bytes, MADV_DONTNEED);
	r->bytes = 0;
}

static void
inflate(struct virtio_balloon *b, struct run *r, uint32_t pfn)
{
	uint8_t *p = mem_at(&b->device.vm->mem, (uint64_t)pfn << PFN_SHIFT, VIRTIO_BALLOON_PAGE);

	if (p == NULL) {
		b->refused_pages++;
		return;
	}
	b->inflated_pages++;
	if (r->bytes > 0 && p == r->start + r->bytes) {
		r->bytes += VIRTIO_BALLOON_PAGE;
		return;
	}
	run_end(r);
	*r = (struct run){ p, VIRTIO_BALLOON_PAGE };
}

static void
page_numbers(struct virtio_balloon *b, const struct virtqueue_chain *c, bool give)
{
	uint8_t buf[COPY_PAGES * 4];
	struct run r = { 0 };
	size_t at, n, i, end = u64_min(c->out_bytes, CHAIN_PAGES_MAX * 4);

	for (at = 0; at < end; at += n) {
		n = iov_read(c->iov, c->nout, at, buf, u64_min(sizeof(buf), end - at));
		for (i = 0; i + 4 <= n; i += 4) {
			if (give)
				inflate(b, &r, get_le32(buf + i));
			else
				b->deflated_pages++; /* they come back when they are touched */
		}
	}
	run_end(&r);
}

/* The buffers themselves are the free pages. */
static void
report(struct virtio_balloon *b, const struct virtqueue_chain *c)
{
	unsigned i;

	for (i = c->nout; i < c->nout + c->nin; i++) {
		uintptr_t start = roundup((uintptr_t)c->iov[i].iov_base, VIRTIO_BALLOON_PAGE);
		uintptr_t end = rounddown((uintptr_t)c->iov[i].iov_base + c->iov[i].iov_len, VIRTIO_BALLOON_PAGE);

		if (end > start && madvise((void *)start, end - start, MADV_DONTNEED) == 0)
			b->reported_bytes += end - start;
	}
}

uint32_t
virtio_balloon_chain(void *self, unsigned queue, const struct virtqueue_chain *c)
{
	struct virtio_balloon *b = self;

	if (queue == INFLATE || queue == DEFLATE)
		page_numbers(b, c, queue == INFLATE);
	else if (virtio_has(&b->device, F_PAGE_REPORTING))
		report(b, c);
	return 0;
}

static void
notify(struct virtio_device *d, unsigned queue)
{
	struct virtio_balloon *b = d->self;

	(void)queue;
	virtio_worker_kick(&b->worker);
}

static void
reset(struct virtio_device *d)
{
	struct virtio_balloon *b = d->self;

	virtio_worker_quiesce(&b->worker);
	put_le32(b->config + 4, 0);
}

/* "actual" is the driver's to write, the target is not. */
static void
config_written(struct virtio_device *d, uint32_t offset, uint32_t len)
{
	struct virtio_balloon *b = d->self;

	(void)offset;
	(void)len;
	put_le32(b->config, b->target_pages);
}

static const struct virtio_counter counters[] = {
	{ "inflated_pages", offsetof(struct virtio_balloon, inflated_pages) },
	{ "deflated_pages", offsetof(struct virtio_balloon, deflated_pages) },
	{ "reported_bytes", offsetof(struct virtio_balloon, reported_bytes) },
	{ "refused_pages", offsetof(struct virtio_balloon, refused_pages) },
	{ NULL, 0 },
};

static const struct virtio_ops ops = {
	.type = VIRTIO_BALLOON,
	.name = "balloon",
	.counters = counters,
	.features = F_PAGE_REPORTING,
	.threaded = true,
	.notify = notify,
	.reset = reset,
	.config_written = config_written,
};

int
virtio_balloon_init(struct virtio_balloon *b, unsigned n, struct err *err)
{
	memset(b, 0, sizeof(*b));
	if (virtio_device_init(&b->device, &ops, b, n, QUEUES, QUEUE_SIZE, b->config, sizeof(b->config), err) < 0)
		return -1;
	virtio_worker_init(&b->worker, &b->device, virtio_balloon_chain);
	return 0;
}

void
virtio_balloon_release(struct virtio_balloon *b)
{
	virtio_worker_stop(&b->worker);
	virtio_device_release(&b->device);
}

void
virtio_balloon_set_target(struct virtio_balloon *b, uint64_t bytes)
{
	struct virtio_device *d = &b->device;

	(void)pthread_mutex_lock(&d->lock);
	b->target_pages = (uint32_t)(u64_min(bytes, d->vm->mem.bytes) / VIRTIO_BALLOON_PAGE);
	put_le32(b->config, b->target_pages);
	virtio_config_changed(d);
	(void)pthread_mutex_unlock(&d->lock);
}

uint64_t
virtio_balloon_actual(struct virtio_balloon *b)
{
	uint64_t pages;

	(void)pthread_mutex_lock(&b->device.lock);
	pages = get_le32(b->config + 4);
	(void)pthread_mutex_unlock(&b->device.lock);
	return pages * VIRTIO_BALLOON_PAGE;
}
