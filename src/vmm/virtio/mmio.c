/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-mmio registers (virtio 1.2 section 4.2.2).
 */
#include "vmm/virtio/mmio.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/io.h"
#include "vmm/x86_64/layout.h"

enum {
	R_MAGIC = 0x000,
	R_VERSION = 0x004,
	R_DEVICE_ID = 0x008,
	R_VENDOR_ID = 0x00c,
	R_DEVICE_FEATURES = 0x010,
	R_DEVICE_FEATURES_SEL = 0x014,
	R_DRIVER_FEATURES = 0x020,
	R_DRIVER_FEATURES_SEL = 0x024,
	R_QUEUE_SEL = 0x030,
	R_QUEUE_NUM_MAX = 0x034,
	R_QUEUE_NUM = 0x038,
	R_QUEUE_READY = 0x044,
	R_QUEUE_NOTIFY = 0x050,
	R_INTERRUPT_STATUS = 0x060,
	R_INTERRUPT_ACK = 0x064,
	R_STATUS = 0x070,
	R_QUEUE_DESC_LOW = 0x080,
	R_QUEUE_DESC_HIGH = 0x084,
	R_QUEUE_DRIVER_LOW = 0x090,
	R_QUEUE_DRIVER_HIGH = 0x094,
	R_QUEUE_DEVICE_LOW = 0x0a0,
	R_QUEUE_DEVICE_HIGH = 0x0a4,
	R_CONFIG_GENERATION = 0x0fc,
	R_CONFIG = 0x100,
	MAGIC = 0x74726976,
	VENDOR = 0x4c4f4d53, /* "SMOL" */
	STATUS_DRIVER_OK = 4,
	STATUS_FEATURES_OK = 8,
	STATUS_NEEDS_RESET = 0x40,
	INT_USED = 1,
	INT_CONFIG = 2,
};

/* --- interrupts --- */

static void
raise_line(struct virtio_device *d, uint32_t bit)
{
	uint64_t one = 1;

	atomic_fetch_or(&d->interrupt, bit);
	d->interrupts++;
	(void)write_full(d->irq_fd, &one, sizeof(one));
}

void
virtio_used(struct virtio_device *d, unsigned queue)
{
	if (virtqueue_wants_interrupt(&d->queues[queue]))
		raise_line(d, INT_USED);
}

void
virtio_config_changed(struct virtio_device *d)
{
	d->config_generation++;
	if (virtio_running(d))
		raise_line(d, INT_CONFIG);
}

void
virtio_needs_reset(struct virtio_device *d)
{
	if ((d->status & STATUS_NEEDS_RESET) != 0)
		return;
	d->status |= STATUS_NEEDS_RESET;
	d->needs_resets++;
	raise_line(d, INT_CONFIG);
}

/* The guest has acknowledged the interrupt, and KVM has lowered the line. */
static void
resampled(void *arg, uint32_t events)
{
	struct virtio_device *d = arg;
	uint64_t one = 1;

	(void)events;
	loop_drain(d->resample_fd);
	if (atomic_load(&d->interrupt) != 0)
		(void)write_full(d->irq_fd, &one, sizeof(one));
}

/* --- registers --- */

static struct virtqueue *
selected(struct virtio_device *d)
{
	return d->queue_select < d->nqueues ? &d->queues[d->queue_select] : NULL;
}

static uint32_t
register_read(struct virtio_device *d, uint32_t r)
{
	const struct virtqueue *q = selected(d);

	switch (r) {
	case R_MAGIC:
		return MAGIC;
	case R_VERSION:
		return 2;
	case R_DEVICE_ID:
		return d->ops->type;
	case R_VENDOR_ID:
		return VENDOR;
	case R_DEVICE_FEATURES:
		return d->device_select < 2 ? (uint32_t)(d->features >> (32 * d->device_select)) : 0;
	case R_QUEUE_NUM_MAX:
		return q == NULL ? 0 : q->size_max;
	case R_QUEUE_READY:
		return q != NULL && q->ready;
	case R_INTERRUPT_STATUS:
		return atomic_load(&d->interrupt);
	case R_STATUS:
		return d->status;
	case R_CONFIG_GENERATION:
		return d->config_generation;
	default:
		return 0;
	}
}

static void
device_reset(struct virtio_device *d)
{
	unsigned i;

	if (d->status != 0) {
		d->resets++;
		d->ops->reset(d);
	}
	d->status = 0;
	d->driver_features = 0;
	d->device_select = d->driver_select = d->queue_select = 0;
	atomic_store(&d->interrupt, 0);
	for (i = 0; i < d->nqueues; i++)
		virtqueue_reset(&d->queues[i]);
}

/* At FEATURES_OK, not when a queue becomes ready: NetBSD's network driver, restarting, readies its queues first. */
static void
queues_agree(struct virtio_device *d)
{
	unsigned q;

	for (q = 0; q < d->nqueues; q++) {
		d->queues[q].event_idx = virtio_has(d, VIRTIO_F_EVENT_IDX);
		d->queues[q].indirect = virtio_has(d, VIRTIO_F_INDIRECT_DESC);
	}
}

static void
status_write(struct virtio_device *d, uint32_t v)
{
	uint32_t before = d->status;

	if (v == 0) {
		device_reset(d);
		return;
	}
	/* Only a reset takes a bit back: features stay as they were agreed on. */
	v = (v & 0xff & ~(uint32_t)STATUS_NEEDS_RESET) | before;
	/* Without VERSION_1, or with what was not offered, there is no agreement, */
	if ((v & STATUS_FEATURES_OK) != 0 && (before & STATUS_FEATURES_OK) == 0 &&
	    ((d->driver_features & ~d->features) != 0 || !virtio_has(d, VIRTIO_F_VERSION_1)))
		v &= ~(uint32_t)STATUS_FEATURES_OK;
	/* and without an agreement no device that runs. */
	if ((v & STATUS_FEATURES_OK) == 0)
		v &= ~(uint32_t)STATUS_DRIVER_OK;
	d->status = v;
	if ((v & ~before & STATUS_FEATURES_OK) != 0)
		queues_agree(d);
	if ((v & STATUS_DRIVER_OK) != 0 && (before & STATUS_DRIVER_OK) == 0 && d->ops->start != NULL)
		d->ops->start(d);
}

static void
queue_ready(struct virtio_device *d, struct virtqueue *q, uint32_t v)
{
	if (v == 0) {
		q->ready = false;
		return;
	}
	if (q->ready)
		return;
	if (!virtqueue_start(q))
		virtio_needs_reset(d);
}

static void
set_half(uint64_t *address, uint32_t v, bool high)
{
	*address = high ? (*address & 0xffffffffu) | (uint64_t)v << 32 : (*address & ~0xffffffffull) | v;
}

/* Where the rings are: only while the queue is not in use. */
static void
queue_write(struct virtio_device *d, uint32_t r, uint32_t v)
{
	struct virtqueue *q = selected(d);

	if (q == NULL)
		return;
	if (r == R_QUEUE_READY)
		queue_ready(d, q, v);
	if (q->ready)
		return;
	switch (r) {
	case R_QUEUE_NUM:
		q->size = v <= q->size_max ? (uint16_t)v : 0;
		break;
	case R_QUEUE_DESC_LOW:
	case R_QUEUE_DESC_HIGH:
		set_half(&q->desc_gpa, v, r == R_QUEUE_DESC_HIGH);
		break;
	case R_QUEUE_DRIVER_LOW:
	case R_QUEUE_DRIVER_HIGH:
		set_half(&q->avail_gpa, v, r == R_QUEUE_DRIVER_HIGH);
		break;
	case R_QUEUE_DEVICE_LOW:
	case R_QUEUE_DEVICE_HIGH:
		set_half(&q->used_gpa, v, r == R_QUEUE_DEVICE_HIGH);
		break;
	default:
		break;
	}
}

static void
queue_notify(struct virtio_device *d, unsigned q)
{
	if (!virtio_running(d))
		return;
	d->ops->notify(d, q);
	if (d->queues[q].broken)
		virtio_needs_reset(d);
}

static void
register_write(struct virtio_device *d, uint32_t r, uint32_t v)
{
	switch (r) {
	case R_DEVICE_FEATURES_SEL:
		d->device_select = v;
		break;
	case R_DRIVER_FEATURES_SEL:
		d->driver_select = v;
		break;
	case R_DRIVER_FEATURES:
		if (d->driver_select < 2 && (d->status & STATUS_FEATURES_OK) == 0)
			set_half(&d->driver_features, v, d->driver_select == 1);
		break;
	case R_QUEUE_SEL:
		d->queue_select = v;
		break;
	case R_QUEUE_NOTIFY: /* only where no ioeventfd catches it */
		if (v < d->nqueues)
			queue_notify(d, v);
		break;
	case R_INTERRUPT_ACK:
		atomic_fetch_and(&d->interrupt, ~v);
		break;
	case R_STATUS:
		status_write(d, v);
		break;
	default:
		queue_write(d, r, v);
	}
}

static uint64_t
window_read(void *arg, uint64_t offset, unsigned size)
{
	struct virtio_device *d = arg;
	uint64_t v = 0, at;

	(void)pthread_mutex_lock(&d->lock);
	if (offset < R_CONFIG) {
		v = size == 4 && offset % 4 == 0 ? register_read(d, (uint32_t)offset) : 0;
	} else {
		at = offset - R_CONFIG;
		if (at < d->config_bytes)
			memcpy(&v, d->config + at, size < d->config_bytes - at ? size : d->config_bytes - at);
	}
	(void)pthread_mutex_unlock(&d->lock);
	return v;
}

static void
window_write(void *arg, uint64_t offset, unsigned size, uint64_t value)
{
	struct virtio_device *d = arg;
	uint64_t at = offset - R_CONFIG;

	(void)pthread_mutex_lock(&d->lock);
	if (offset < R_CONFIG) {
		if (size == 4 && offset % 4 == 0)
			register_write(d, (uint32_t)offset, (uint32_t)value);
	} else if (d->ops->config_written != NULL && at < d->config_bytes && size <= d->config_bytes - at) {
		memcpy(d->config + at, &value, size);
		d->ops->config_written(d, (uint32_t)at, size);
	}
	(void)pthread_mutex_unlock(&d->lock);
}

/* --- notifications --- */

static void
notified(void *arg, uint32_t events)
{
	struct virtio_queue_source *s = arg;
	struct virtio_device *d = s->device;
	unsigned q = (unsigned)(s - d->sources);

	(void)events;
	loop_drain(s->source.fd);
	(void)pthread_mutex_lock(&d->lock);
	queue_notify(d, q);
	(void)pthread_mutex_unlock(&d->lock);
}

void
virtio_notify_again(struct virtio_device *d, unsigned queue)
{
	const uint64_t one = 1;

	(void)write_full(d->sources[queue].source.fd, &one, sizeof(one));
}

static int
attach_queue(struct virtio_device *d, unsigned q, uint64_t window, struct err *err)
{
	struct virtio_queue_source *s = &d->sources[q];
	struct kvm_ioeventfd e = {
		.addr = window + R_QUEUE_NOTIFY, .len = 4, .datamatch = q, .flags = KVM_IOEVENTFD_FLAG_DATAMATCH
	};
	const int flags = EFD_CLOEXEC | (d->ops->threaded ? 0 : EFD_NONBLOCK);

	s->device = d;
	s->source = (struct loop_source){ .fd = -1, .fn = notified, .arg = s };
	if (q == 0 || !d->ops->threaded)
		s->source.fd = eventfd(0, flags);
	e.fd = d->ops->threaded ? d->sources[0].source.fd : s->source.fd;
	if (e.fd < 0)
		return err_sys(err, "cannot make an eventfd");
	if (ioctl(d->vm->vm_fd, KVM_IOEVENTFD, &e) < 0)
		return err_sys(err, "KVM refuses a notification");
	return d->ops->threaded ? 0 : loop_set(d->loop, &s->source, EPOLLIN, err);
}

int
virtio_device_connect(struct virtio_device *d, struct err *err)
{
	struct kvm_irqfd i = { .fd = (uint32_t)d->irq_fd,
		.gsi = d->irq,
		.flags = KVM_IRQFD_FLAG_RESAMPLE,
		.resamplefd = (uint32_t)d->resample_fd };

	return ioctl(d->vm->vm_fd, KVM_IRQFD, &i) < 0 ? err_sys(err, "KVM refuses an interrupt") : 0;
}

static int
attach_interrupt(struct virtio_device *d, struct err *err)
{
	d->irq_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->resample_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (d->irq_fd < 0 || d->resample_fd < 0)
		return err_sys(err, "cannot make an eventfd");
	d->resample = (struct loop_source){ .fd = d->resample_fd, .fn = resampled, .arg = d };
	return loop_set(d->loop, &d->resample, EPOLLIN, err);
}

int
virtio_device_attach(struct virtio_device *d, struct vm *vm, struct loop *loop, struct err *err)
{
	uint64_t window = LAYOUT_VIRTIO + (uint64_t)d->index * LAYOUT_VIRTIO_BYTES;
	unsigned q;

	d->vm = vm;
	d->loop = loop;
	for (q = 0; q < d->nqueues; q++) {
		d->queues[q].mem = &vm->mem;
		if (!d->ops->synchronous && attach_queue(d, q, window, err) < 0)
			return -1;
	}
	if (attach_interrupt(d, err) < 0)
		return -1;
	(void)snprintf(d->name, sizeof(d->name), "virtio%u %s", d->index, d->ops->name);
	bus_add(&vm->mmio,
	    &(struct bus_range){ window, LAYOUT_VIRTIO_BYTES, window_read, window_write, d, .name = d->name });
	return 0;
}

int
virtio_device_init(struct virtio_device *d, const struct virtio_ops *ops, void *self, unsigned n, unsigned nqueues,
    uint16_t queue_size, void *config, uint32_t config_bytes, struct err *err)
{
	unsigned q;

	memset(d, 0, sizeof(*d));
	d->irq_fd = d->resample_fd = -1;
	if (n >= LAYOUT_VIRTIO_MAX)
		return err_set(err, "a machine takes %d virtio devices", LAYOUT_VIRTIO_MAX);
	d->ops = ops;
	d->self = self;
	d->index = n;
	d->irq = layout_virtio_irq(n);
	d->features = ops->features | VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX;
	d->config = config;
	d->config_bytes = config_bytes;
	d->nqueues = nqueues;
	d->queues = xcalloc(nqueues, sizeof(*d->queues));
	d->sources = xcalloc(nqueues, sizeof(*d->sources));
	for (q = 0; q < nqueues; q++) {
		d->queues[q].size_max = d->queues[q].size = queue_size;
		d->sources[q].source.fd = -1;
	}
	(void)pthread_mutex_init(&d->lock, NULL);
	return 0;
}

void
virtio_device_release(struct virtio_device *d)
{
	unsigned q;

	for (q = 0; q < d->nqueues; q++)
		if (d->sources[q].source.fd >= 0)
			(void)close(d->sources[q].source.fd);
	if (d->irq_fd >= 0)
		(void)close(d->irq_fd);
	if (d->resample_fd >= 0)
		(void)close(d->resample_fd);
	free(d->sources);
	free(d->queues);
	if (d->ops != NULL)
		(void)pthread_mutex_destroy(&d->lock);
}
