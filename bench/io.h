/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of bench/io share: a driver of rings that behaves as a guest
 * does.  It notifies by an eventfd where the device asks for it, and sleeps on
 * the interrupt's eventfd when there is nothing used, so each notification and
 * interrupt costs its system calls and switches, as with KVM, but no exits.
 *
 * Each request is a slot: three descriptors of its own, used again and again.
 */
#ifndef SMOL_BENCH_IO_H
#define SMOL_BENCH_IO_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "unit/vmm_ring.h"

#define SLOT_DESCS 3

struct driver {
	struct ring_host *host;
	struct virtio_device *device;
	struct ring ring;
	uint16_t kicked; /* avail_idx at the last notification */
	uint64_t kicks, interrupts;
};

/* How long one measurement lasts. */
extern double io_seconds;

static inline double
io_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Ends the program with a line; for what must not fail. */
#define IO_MUST(x)                                                                                                     \
	do {                                                                                                           \
		if (!(x)) {                                                                                            \
			perror(#x);                                                                                    \
			exit(1);                                                                                       \
		}                                                                                                      \
	} while (0)

/* One result: of the device, and of the same work without it. */
void io_result(const char *name, double raw, double device, const char *unit, const struct driver *, double ops);

/* After ring_attach() with EVENT_IDX. */
static inline void
driver_init(struct driver *d, struct ring_host *h, struct virtio_device *device, unsigned queue, uint16_t size)
{
	memset(d, 0, sizeof(*d));
	d->host = h;
	d->device = device;
	ring_make(&d->ring, h, device, queue, size);
	IO_MUST(fcntl(device->irq_fd, F_SETFL, 0) == 0);
}

static inline uint16_t
driver_load(const uint8_t *p)
{
	return __atomic_load_n((const uint16_t *)(const void *)p, __ATOMIC_ACQUIRE);
}

/* Notifies, if the device wants to know of what was offered since. */
static inline void
driver_kick(struct driver *d)
{
	const struct ring *r = &d->ring;
	const uint64_t one = 1;
	uint16_t event;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	event = driver_load(r->used + 4 + 8u * r->size);
	if ((uint16_t)(r->avail_idx - event - 1) < (uint16_t)(r->avail_idx - d->kicked)) {
		IO_MUST(write(d->device->sources[d->device->ops->threaded ? 0 : r->queue].source.fd, &one, 8) == 8);
		d->kicks++;
	}
	d->kicked = r->avail_idx;
}

static inline bool
driver_used(const struct driver *d)
{
	return driver_load(d->ring.used + 2) != d->ring.used_idx;
}

/* The next used chain's head; sleeps until there is one. */
static inline uint16_t
driver_take(struct driver *d, uint32_t *len)
{
	struct ring *r = &d->ring;
	uint64_t count;
	uint16_t head = 0;

	while (!driver_used(d)) {
		put_le16(r->avail + 4 + 2u * r->size, r->used_idx);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (driver_used(d))
			break;
		IO_MUST(read(d->device->irq_fd, &count, 8) == 8);
		atomic_store(&d->device->interrupt, 0);
		d->interrupts++;
	}
	*len = 0;
	(void)ring_take(r, &head, len);
	return head;
}

/* Offers slot i again, its descriptors as they are. */
static inline void
driver_offer(struct driver *d, unsigned slot)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
	ring_offer(&d->ring, (uint16_t)(slot * SLOT_DESCS));
}

/* A loop in a thread, for devices that have none of their own. */
struct io_loop {
	pthread_t thread;
	struct ring_host *host;
	struct loop_source end;
};

void io_loop_start(struct io_loop *, struct ring_host *, struct virtio_device *);
void io_loop_stop(struct io_loop *);

void io_block(const char *dir);
void io_net(void);
void io_p9(const char *dir);

/* The same device by io_uring in one thread, in place of its own threads (bench/io_uring.c). */
struct virtio_block;
struct io_uring_engine *io_uring_start(struct virtio_block *);
void io_uring_stop(struct io_uring_engine *);

#endif
