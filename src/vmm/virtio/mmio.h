/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio device behind a virtio-mmio window, version 2 (virtio 1.2 sections
 * 2 and 4.2): features, status, queues, configuration space and interrupts
 * live here once, for every device.
 *
 *	driver ─ QueueNotify ─► ioeventfd ─► loop ─► ops->notify ─► queue
 *	driver ◄─ IOAPIC pin ◄─ irqfd ◄─ virtio_interrupt()
 *
 * The pin is level-triggered: KVM keeps it up until the guest's EOI and then
 * tells resample_fd; it goes up again if InterruptStatus is not yet zero.
 *
 * Registers are touched by vCPU threads, queues by the loop's: everything of a
 * device happens under its lock.
 */
#ifndef SMOL_VMM_VIRTIO_MMIO_H
#define SMOL_VMM_VIRTIO_MMIO_H

#include <pthread.h>

#include "vmm/loop.h"
#include "vmm/virtio/queue.h"
#include "vmm/vm.h"

#define VIRTIO_QUEUES_MAX 68 /* a console of 32 ports */

#define VIRTIO_F_INDIRECT_DESC (1ull << 28)
#define VIRTIO_F_EVENT_IDX (1ull << 29)
#define VIRTIO_F_VERSION_1 (1ull << 32)

enum virtio_type {
	VIRTIO_NET = 1,
	VIRTIO_BLOCK = 2,
	VIRTIO_CONSOLE = 3,
	VIRTIO_ENTROPY = 4,
	VIRTIO_BALLOON = 5,
	VIRTIO_9P = 9
};

struct virtio_device;

/* A number for metrics: a uint64_t of the device proper, which one thread writes. */
struct virtio_counter {
	const char *name;
	size_t offset; /* from self */
};

/* Every function is called under the device's lock. */
struct virtio_ops {
	enum virtio_type type;
	const char *name; /* "block" */
	const struct virtio_counter *counters; /* the last has no name; NULL: none */
	uint64_t features; /* of the device; the transport adds its own */
	/* notify() in the vCPU's own thread, before its write to QueueNotify is done; else in the loop's. */
	bool synchronous;
	/* It has threads of its own (virtio/worker.h): they read the first queue's eventfd, which is every queue's. */
	bool threaded;
	/* A chain, or several, may be waiting in queue q. */
	void (*notify)(struct virtio_device *, unsigned q);
	/* DRIVER_OK was set: the queues can be used. NULL: nothing to do. */
	void (*start)(struct virtio_device *);
	/* The driver resets it: nothing may touch the queues any more. */
	void (*reset)(struct virtio_device *);
	/* The driver wrote to the configuration space, which holds it already; NULL: it may not. */
	void (*config_written)(struct virtio_device *, uint32_t offset, uint32_t len);
};

struct virtio_queue_source {
	struct loop_source source; /* the ioeventfd */
	struct virtio_device *device;
};

struct virtio_device {
	const struct virtio_ops *ops;
	void *self; /* the device proper */
	struct vm *vm;
	struct loop *loop;
	pthread_mutex_t lock;
	uint64_t features, driver_features;
	uint32_t device_select, driver_select, queue_select, status;
	_Atomic uint32_t interrupt; /* InterruptStatus */
	uint32_t config_generation;
	uint8_t *config;
	uint32_t config_bytes;
	struct virtqueue *queues;
	unsigned nqueues;
	struct virtio_queue_source *sources;
	unsigned index, irq;
	int irq_fd, resample_fd;
	struct loop_source resample;
	char name[24]; /* "virtio3 block" */
	uint64_t interrupts, resets, needs_resets;
};

/*
 * The nth window.  features are added to those of ops; config is the device's
 * memory.  queue_size is a power of two.
 */
int virtio_device_init(struct virtio_device *, const struct virtio_ops *, void *self, unsigned n, unsigned nqueues,
    uint16_t queue_size, void *config, uint32_t config_bytes, struct err *);
/* Into the machine: window and notifications. */
int virtio_device_attach(struct virtio_device *, struct vm *, struct loop *, struct err *);
/*
 * Its interrupt: one that was raised before comes now.  The loop's thread may
 * do it while the guest runs; KVM waits for a grace period each time.
 *
 * #syscalls loop: ioctl:1=KVM_IRQFD
 */
int virtio_device_connect(struct virtio_device *, struct err *);
void virtio_device_release(struct virtio_device *);

/* The driver has agreed on it. */
static inline bool
virtio_has(const struct virtio_device *d, uint64_t feature)
{
	return (d->driver_features & feature) == feature;
}

static inline bool
virtio_running(const struct virtio_device *d)
{
	return (d->status & 4) != 0 && (d->status & 0x40) == 0;
}

/* From notify(): there is more in the queue, for after the others' turn. */
void virtio_notify_again(struct virtio_device *, unsigned queue);

/* Tells the driver of used buffers, if it wants to know; of a changed configuration; that it must reset the device. */
void virtio_used(struct virtio_device *, unsigned queue);
void virtio_config_changed(struct virtio_device *);
void virtio_needs_reset(struct virtio_device *);

#endif
