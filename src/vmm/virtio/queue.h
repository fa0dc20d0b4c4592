/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device's side of a split virtqueue (virtio 1.2 section 2.7).  The driver
 * is not trusted: what it writes is copied, checked, then used; chains are
 * followed for a bounded number of steps into a bounded list.  A queue that
 * lies is broken: it gives nothing more until the device is reset.
 *
 *	virtqueue_pop ─► chain: iov[0..nout) to read, iov[nout..nout+nin) to write
 *	virtqueue_push ─► used ring ─► virtqueue_wants_interrupt
 */
#ifndef SMOL_VMM_VIRTIO_QUEUE_H
#define SMOL_VMM_VIRTIO_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "vmm/mem.h"

#define VIRTQUEUE_SIZE_MAX 1024
#define VIRTQUEUE_IOV_MAX 260

struct virtqueue {
	const struct mem *mem;
	uint16_t size_max, size;
	bool ready, broken, event_idx, indirect;
	uint64_t desc_gpa, avail_gpa, used_gpa;
	const uint8_t *desc, *avail; /* host addresses, once ready */
	uint8_t *used;
	uint16_t avail_idx; /* the next entry to take */
	uint16_t used_idx;
	uint16_t signalled; /* used_idx at the last interrupt */
	bool signalled_valid;
	uint64_t dropped; /* chains that were not taken */
};

struct virtqueue_chain {
	uint16_t head;
	unsigned nout, nin;
	uint64_t out_bytes, in_bytes;
	struct iovec iov[VIRTQUEUE_IOV_MAX];
};

/* Checks the three areas and starts it; false: they are not memory, or not aligned. */
bool virtqueue_start(struct virtqueue *);
void virtqueue_reset(struct virtqueue *);

/* Is there a chain to take?  If not, the driver is asked to tell of the next. */
bool virtqueue_waiting(struct virtqueue *);

/* The same without asking the driver for anything. */
bool virtqueue_peek(const struct virtqueue *);

/* 1: the next chain; 0: there is none; -1: the queue is broken. */
int virtqueue_pop(struct virtqueue *, struct virtqueue_chain *);

/* The driver lies, as a device sees: the queue gives nothing more. -1. */
int virtqueue_break(struct virtqueue *);

/* The n chains taken last, none of them given back, are the next again. */
void virtqueue_unpop(struct virtqueue *, unsigned n);

/* Gives a chain back, written bytes of it filled. */
void virtqueue_push(struct virtqueue *, uint16_t head, uint32_t written);

/* The same for several that the driver must find all at once: the ith (from 0) of n, then all n. */
void virtqueue_stage(struct virtqueue *, unsigned i, uint16_t head, uint32_t written);
void virtqueue_publish(struct virtqueue *, unsigned n);

/* After some pushes: does the driver want to be told? */
bool virtqueue_wants_interrupt(struct virtqueue *);

/* Copies between a list of buffers and memory, from byte "at" of the list; how many bytes went. */
size_t iov_read(const struct iovec *, unsigned n, size_t at, void *buf, size_t len);
size_t iov_write(const struct iovec *, unsigned n, size_t at, const void *buf, size_t len);
/* The part of a list that holds len bytes from byte "at" on, in out; how many buffers that are. */
unsigned iov_slice(const struct iovec *, unsigned n, size_t at, size_t len, struct iovec *out);

#endif
