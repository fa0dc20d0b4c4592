/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The block device's reads and writes by io_uring, for comparison: one thread
 * waits for completions, of which the queue's notification is one.
 */
#include "io.h"
#include "vmm/virtio/block.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define ENTRIES 256u
#define NOTIFIED UINT64_MAX

struct io_uring_engine {
	struct virtio_block *block;
	pthread_t thread;
	int fd;
	_Atomic bool stop;
	uint8_t *ring;
	struct io_uring_sqe *sqes;
	struct io_uring_params p;
	uint32_t tail, queued;
	uint64_t count; /* of the eventfd */
	struct virtqueue_chain chains[128]; /* by their heads */
	struct iovec iov[128][4];
};

static uint32_t *
at(struct io_uring_engine *e, uint32_t offset)
{
	return (uint32_t *)(void *)(e->ring + offset);
}

static void
queue(struct io_uring_engine *e, uint8_t op, int fd, const void *p, uint32_t len, uint64_t offset, uint64_t id)
{
	uint32_t i = e->tail & (ENTRIES - 1);

	e->sqes[i] = (struct io_uring_sqe){
		.opcode = op, .fd = fd, .addr = (uintptr_t)p, .len = len, .off = offset, .user_data = id
	};
	at(e, e->p.sq_off.array)[i] = i;
	e->tail++;
	e->queued++;
	__atomic_store_n(at(e, e->p.sq_off.tail), e->tail, __ATOMIC_RELEASE);
}

static void
await_notification(struct io_uring_engine *e)
{
	queue(e, IORING_OP_READ, e->block->device.sources[0].source.fd, &e->count, 8, 0, NOTIFIED);
}

/* All chains that wait; header and status are one buffer each in this bench. */
static void
take(struct io_uring_engine *e)
{
	struct virtqueue *q = &e->block->device.queues[0];
	struct virtqueue_chain c;

	while (virtqueue_pop(q, &c) > 0) {
		const uint8_t *h = c.iov[0].iov_base;
		const bool write = get_le32(h) == 1;

		e->chains[c.head].iov[2] = c.iov[2];
		e->chains[c.head].in_bytes = c.in_bytes;
		e->iov[c.head][0] = c.iov[1];
		queue(e, write ? IORING_OP_WRITEV : IORING_OP_READV, e->block->disk.fd, e->iov[c.head], 1,
		    get_le64(h + 8) * 512, c.head);
	}
}

static void
complete(struct io_uring_engine *e)
{
	struct virtio_device *d = &e->block->device;
	const uint32_t mask = *at(e, e->p.cq_off.ring_mask);
	uint32_t head = *at(e, e->p.cq_off.head), tail = __atomic_load_n(at(e, e->p.cq_off.tail), __ATOMIC_ACQUIRE);
	bool notified = false;

	(void)pthread_mutex_lock(&d->lock);
	for (; head != tail; head++) {
		const struct io_uring_cqe *c =
		    (struct io_uring_cqe *)(void *)(e->ring + e->p.cq_off.cqes) + (head & mask);

		if (c->user_data == NOTIFIED) {
			notified = true;
			continue;
		}
		*(uint8_t *)e->chains[c->user_data].iov[2].iov_base = c->res < 0 ? 1 : 0;
		virtqueue_push(&d->queues[0], (uint16_t)c->user_data, (uint32_t)c->res + 1);
	}
	__atomic_store_n(at(e, e->p.cq_off.head), head, __ATOMIC_RELEASE);
	virtio_used(d, 0);
	if (notified)
		await_notification(e);
	take(e);
	(void)pthread_mutex_unlock(&d->lock);
}

static void *
engine_main(void *arg)
{
	struct io_uring_engine *e = arg;
	long n;

	await_notification(e);
	while (!e->stop) {
		n = syscall(SYS_io_uring_enter, e->fd, e->queued, 1, IORING_ENTER_GETEVENTS, NULL, 0);
		IO_MUST(n >= 0);
		e->queued -= (uint32_t)n;
		complete(e);
	}
	return NULL;
}

struct io_uring_engine *
io_uring_start(struct virtio_block *b)
{
	struct io_uring_engine *e = calloc(1, sizeof(*e));
	size_t bytes;

	IO_MUST(e != NULL);
	e->block = b;
	e->fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &e->p);
	IO_MUST(e->fd >= 0 && (e->p.features & IORING_FEAT_SINGLE_MMAP) != 0);
	bytes = e->p.cq_off.cqes + e->p.cq_entries * sizeof(struct io_uring_cqe);
	e->ring = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, e->fd, IORING_OFF_SQ_RING);
	e->sqes = mmap(NULL, ENTRIES * sizeof(*e->sqes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, e->fd,
	    IORING_OFF_SQES);
	IO_MUST(e->ring != MAP_FAILED && e->sqes != MAP_FAILED);
	IO_MUST(pthread_create(&e->thread, NULL, engine_main, e) == 0);
	return e;
}

void
io_uring_stop(struct io_uring_engine *e)
{
	e->stop = true;
	virtio_notify_again(&e->block->device, 0);
	IO_MUST(pthread_join(e->thread, NULL) == 0);
	(void)close(e->fd);
	(void)munmap(e->sqes, ENTRIES * sizeof(*e->sqes));
	free(e);
}
