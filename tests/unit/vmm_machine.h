/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine of one device of each kind, without KVM: windows on a bus,
 * notifications and interrupts as eventfds nobody but the test writes and
 * reads.  The machine "has ended" already, so that no vCPU waits for a console.
 *
 *	machine_init ─► machine_start(kind) ─► m->rings[q]: vmm_ring.h
 *	             └► machine_write, machine_read: registers, as a vCPU does
 */
#ifndef SMOL_VMM_MACHINE_H
#define SMOL_VMM_MACHINE_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vmm/device/fwcfg.h"
#include "vmm/device/reset.h"
#include "vmm/device/rtc.h"
#include "vmm/device/uart.h"
#include "vmm/virtio/balloon.h"
#include "vmm/virtio/block.h"
#include "vmm/virtio/console.h"
#include "vmm/virtio/entropy.h"
#include "vmm/virtio/net.h"
#include "vmm/virtio/p9.h"
#include "vmm/x86_64/layout.h"
#include "vmm_ring.h"

enum machine_kind { M_ENTROPY, M_BLOCK, M_OVERLAY, M_CONSOLE, M_PORTS, M_NET, M_P9, M_BALLOON, M_KINDS };

enum {
	MACHINE_PORTS = 3,
	MACHINE_QUEUES = 2 * MACHINE_PORTS + 2,
	MACHINE_QUEUE = 16,
	MACHINE_DISK_BYTES = 256 << 10,
	MACHINE_SCRATCH = 1 << 20, /* address of what rings do not use */
};

/* The registers that tests name. */
enum {
	MR_DRIVER_FEATURES = 0x20,
	MR_DRIVER_FEATURES_SEL = 0x24,
	MR_QUEUE_SEL = 0x30,
	MR_QUEUE_NUM = 0x38,
	MR_QUEUE_READY = 0x44,
	MR_QUEUE_NOTIFY = 0x50,
	MR_STATUS = 0x70,
	MR_DESC = 0x80,
	MR_DRIVER = 0x90,
	MR_DEVICE = 0xa0,
	MR_CONFIG = 0x100,
	M_RUNNING = 0xf,
	M_NEEDS_RESET = 0x40,
};

struct machine {
	struct vm vm;
	struct ring_host host;
	struct virtio_device *devices[M_KINDS];
	struct virtio_entropy entropy;
	struct virtio_block block, overlay;
	struct virtio_console console, ports;
	struct virtio_net net;
	struct virtio_p9 p9;
	struct virtio_balloon balloon;
	int peers[1 + 1 + MACHINE_PORTS]; /* the net's, the console's, the ports' */
	struct ring rings[MACHINE_QUEUES]; /* of the device started last */
};

/* Stands in for KVM: this program calls nothing else that needs it. */
int
ioctl(int fd, unsigned long request, ...)
{
	(void)fd;
	(void)request;
	return 0;
}

static inline void
machine_need(bool ok)
{
	if (!ok)
		abort();
}

static inline int
machine_pair(struct machine *m, unsigned peer, int type)
{
	int fds[2];

	machine_need(socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
	m->peers[peer] = fds[1];
	return fds[0];
}

static inline void
machine_disk(struct virtio_block *b, unsigned n, bool overlay)
{
	int fd = memfd_create("disk", MFD_CLOEXEC), over = overlay ? memfd_create("overlay", MFD_CLOEXEC) : -1;
	struct disk disk;
	struct err err;

	machine_need(ftruncate(fd, MACHINE_DISK_BYTES) == 0 && disk_open(&disk, fd, over, false, &err) == 0 &&
		     virtio_block_init(b, n, &disk, &err) == 0);
}

static inline void
machine_devices(struct machine *m)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
	char dir[] = "/tmp/vmm-machine-XXXXXX";
	int fds[MACHINE_PORTS], console;
	struct err err;
	unsigned i;

	machine_need(virtio_entropy_init(&m->entropy, M_ENTROPY, &err) == 0);
	machine_disk(&m->block, M_BLOCK, false);
	machine_disk(&m->overlay, M_OVERLAY, true);
	console = machine_pair(m, 1, SOCK_STREAM);
	machine_need(virtio_console_init(&m->console, M_CONSOLE, &console, 1, &err) == 0);
	for (i = 0; i < MACHINE_PORTS; i++)
		fds[i] = machine_pair(m, 2 + i, SOCK_STREAM);
	machine_need(virtio_console_init(&m->ports, M_PORTS, fds, MACHINE_PORTS, &err) == 0);
	machine_need(virtio_net_init(&m->net, M_NET, machine_pair(m, 0, SOCK_SEQPACKET), mac, &err) == 0);
	/* An empty directory in which nothing can be made: it is gone. */
	machine_need(mkdtemp(dir) != NULL);
	machine_need(virtio_p9_init(&m->p9, M_P9, "tag", open(dir, O_PATH | O_CLOEXEC), false, &err) == 0);
	(void)rmdir(dir);
	machine_need(virtio_balloon_init(&m->balloon, M_BALLOON, &err) == 0);
	m->devices[M_ENTROPY] = &m->entropy.device;
	m->devices[M_BLOCK] = &m->block.device;
	m->devices[M_OVERLAY] = &m->overlay.device;
	m->devices[M_CONSOLE] = &m->console.device;
	m->devices[M_PORTS] = &m->ports.device;
	m->devices[M_NET] = &m->net.device;
	m->devices[M_P9] = &m->p9.device;
	m->devices[M_BALLOON] = &m->balloon.device;
}

static inline void
machine_init(struct machine *m)
{
	struct err err;
	unsigned i;

	memset(m, 0, sizeof(*m));
	ring_host_init(&m->host);
	m->vm.mem = m->host.mem;
	m->vm.vm_fd = m->vm.kvm_fd = -1;
	m->vm.end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	m->vm.end = VM_HALTED;
	machine_devices(m);
	for (i = 0; i < M_KINDS; i++)
		machine_need(virtio_device_attach(m->devices[i], &m->vm, &m->host.loop, &err) == 0);
	machine_need(virtio_worker_start(&m->block.worker, NULL, NULL, &err) == 0 &&
		     virtio_worker_start(&m->overlay.worker, NULL, NULL, &err) == 0 &&
		     virtio_worker_start(&m->p9.worker, NULL, NULL, &err) == 0 &&
		     virtio_worker_start(&m->balloon.worker, NULL, NULL, &err) == 0);
}

static inline void
machine_release(struct machine *m)
{
	unsigned i;

	virtio_block_release(&m->block);
	virtio_block_release(&m->overlay);
	virtio_net_release(&m->net);
	virtio_p9_release(&m->p9);
	virtio_balloon_release(&m->balloon);
	for (i = 0; i < MACHINE_PORTS; i++)
		(void)close(m->ports.ports[i].stream.fd);
	(void)close(m->console.ports[0].stream.fd);
	virtio_console_release(&m->ports);
	virtio_console_release(&m->console);
	virtio_device_release(&m->entropy.device);
	for (i = 0; i < nitems(m->peers); i++)
		(void)close(m->peers[i]);
	(void)close(m->vm.end_fd);
	ring_host_release(&m->host);
}

static inline void
machine_write(struct machine *m, enum machine_kind k, uint64_t offset, unsigned size, uint64_t v)
{
	bus_write(&m->vm.mmio, LAYOUT_VIRTIO + (uint64_t)k * LAYOUT_VIRTIO_BYTES + offset, size, v);
}

static inline uint64_t
machine_read(struct machine *m, enum machine_kind k, uint64_t offset, unsigned size)
{
	return bus_read(&m->vm.mmio, LAYOUT_VIRTIO + (uint64_t)k * LAYOUT_VIRTIO_BYTES + offset, size);
}

static inline uint32_t
machine_status(struct machine *m, enum machine_kind k)
{
	return (uint32_t)machine_read(m, k, MR_STATUS, 4);
}

static inline void
machine_address(struct machine *m, enum machine_kind k, unsigned reg, uint64_t gpa)
{
	machine_write(m, k, reg, 4, (uint32_t)gpa);
	machine_write(m, k, reg + 4, 4, gpa >> 32);
}

/* A queue of so many entries, whose areas come next in memory. */
static inline void
machine_queue(struct machine *m, enum machine_kind k, unsigned q, uint16_t size)
{
	struct ring *r = &m->rings[q];
	uint64_t avail = ring_alloc(&m->host, 16u * size), used;

	*r = (struct ring){ .host = &m->host, .device = m->devices[k], .queue = q, .size = size, .desc_gpa = avail };
	r->desc = ring_at(&m->host, r->desc_gpa);
	avail = ring_alloc(&m->host, 6 + 2u * size);
	used = ring_alloc(&m->host, 6 + 8u * size);
	r->avail = ring_at(&m->host, avail);
	r->used = ring_at(&m->host, used);
	machine_write(m, k, MR_QUEUE_SEL, 4, q);
	machine_write(m, k, MR_QUEUE_NUM, 4, size);
	machine_address(m, k, MR_DESC, r->desc_gpa);
	machine_address(m, k, MR_DRIVER, avail);
	machine_address(m, k, MR_DEVICE, used);
	machine_write(m, k, MR_QUEUE_READY, 4, 1);
}

static inline void
machine_features(struct machine *m, enum machine_kind k, uint64_t features)
{
	machine_write(m, k, MR_DRIVER_FEATURES_SEL, 4, 0);
	machine_write(m, k, MR_DRIVER_FEATURES, 4, (uint32_t)features);
	machine_write(m, k, MR_DRIVER_FEATURES_SEL, 4, 1);
	machine_write(m, k, MR_DRIVER_FEATURES, 4, features >> 32);
}

static inline void
machine_queues(struct machine *m, enum machine_kind k)
{
	unsigned q;

	m->host.next_gpa = 4096;
	memset(ring_at(&m->host, 0), 0, 32768);
	for (q = 0; q < m->devices[k]->nqueues; q++)
		machine_queue(m, k, q, MACHINE_QUEUE);
}

/* As a driver does it, from a reset to DRIVER_OK; features are those of the offered ones that it wants. */
static inline void
machine_start(struct machine *m, enum machine_kind k, uint64_t features)
{
	machine_write(m, k, MR_STATUS, 4, 0);
	machine_write(m, k, MR_STATUS, 4, 3);
	machine_features(m, k, (features & m->devices[k]->features) | VIRTIO_F_VERSION_1);
	machine_write(m, k, MR_STATUS, 4, 11);
	machine_queues(m, k);
	machine_write(m, k, MR_STATUS, 4, M_RUNNING);
}

/* A write to QueueNotify, as KVM hands it on. */
static inline void
machine_kick(struct machine *m, enum machine_kind k, unsigned q)
{
	struct virtio_device *d = m->devices[k];

	if (d->ops->synchronous)
		machine_write(m, k, MR_QUEUE_NOTIFY, 4, q);
	else
		virtio_notify_again(d, d->ops->threaded ? 0 : q);
}

/* What the loop's descriptors ask for, at most so many turns. */
static inline int
machine_turns(struct machine *m, int max)
{
	int n = 0;

	while (n < max && ring_turn(&m->host) > 0)
		n++;
	return n;
}

/* The worker of a device that has one. */
static inline struct virtio_worker *
machine_worker(struct machine *m, enum machine_kind k)
{
	switch (k) {
	case M_BLOCK:
		return &m->block.worker;
	case M_OVERLAY:
		return &m->overlay.worker;
	case M_P9:
		return &m->p9.worker;
	case M_BALLOON:
		return &m->balloon.worker;
	default:
		return NULL;
	}
}

/* Is there a chain that a device's threads have not taken, or not given back? */
static inline bool
machine_works(struct machine *m, enum machine_kind k)
{
	struct virtio_device *d = m->devices[k];
	bool works;
	unsigned q;

	(void)pthread_mutex_lock(&d->lock);
	works = machine_worker(m, k)->busy > 0;
	for (q = 0; q < d->nqueues && virtio_running(d); q++)
		works = works || virtqueue_peek(&d->queues[q]);
	(void)pthread_mutex_unlock(&d->lock);
	return works;
}

/* Until a device's threads have done what there is; false: they do not. */
static inline bool
machine_settle(struct machine *m, enum machine_kind k)
{
	int tries;

	if (machine_worker(m, k) == NULL)
		return true;
	for (tries = 0; tries < 20000; tries++) {
		if (!machine_works(m, k))
			return true;
		(void)usleep(tries < 100 ? 1 : 100);
	}
	return false;
}

#endif
