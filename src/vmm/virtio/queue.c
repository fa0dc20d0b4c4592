/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Split virtqueues.  All ring fields are little-endian, as is every host that
 * has KVM for x86; indices are read once, with the barriers that section 2.7.13
 * asks of a device.
 */
#include "vmm/virtio/queue.h"

#include <string.h>

#include "base/defs.h"
#include "base/endian.h"

enum {
	DESC_NEXT = 1,
	DESC_WRITE = 2,
	DESC_INDIRECT = 4,
	DESC_BYTES = 16,
	AVAIL_NO_INTERRUPT = 1,
	INDIRECT_MAX = 1024,
};

static uint16_t
load16(const uint8_t *p)
{
	return __atomic_load_n((const uint16_t *)(const void *)p, __ATOMIC_ACQUIRE);
}

static void
store16(uint8_t *p, uint16_t v)
{
	__atomic_store_n((uint16_t *)(void *)p, v, __ATOMIC_RELEASE);
}

bool
virtqueue_start(struct virtqueue *q)
{
	if (q->size == 0 || q->size > q->size_max || !powerof2((unsigned)q->size))
		return false;
	if (q->desc_gpa % 16 != 0 || q->avail_gpa % 2 != 0 || q->used_gpa % 4 != 0)
		return false;
	q->desc = mem_at(q->mem, q->desc_gpa, (uint64_t)q->size * DESC_BYTES);
	q->avail = mem_at(q->mem, q->avail_gpa, 6 + 2ull * q->size);
	q->used = mem_at(q->mem, q->used_gpa, 6 + 8ull * q->size);
	q->ready = q->desc != NULL && q->avail != NULL && q->used != NULL;
	return q->ready;
}

void
virtqueue_reset(struct virtqueue *q)
{
	*q = (struct virtqueue){ .mem = q->mem, .size_max = q->size_max, .size = q->size_max, .dropped = q->dropped };
}

int
virtqueue_break(struct virtqueue *q)
{
	q->broken = true;
	q->dropped++;
	return -1;
}

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

static struct desc
desc_copy(const uint8_t *table, uint16_t i)
{
	uint8_t d[DESC_BYTES];

	memcpy(d, table + (size_t)i * DESC_BYTES, sizeof(d));
	return (struct desc){ get_le64(d), get_le32(d + 8), get_le16(d + 12), get_le16(d + 14) };
}

/* One buffer into the list; what the device reads must come before what it writes. */
static bool
add_buffer(struct virtqueue *q, struct virtqueue_chain *c, const struct desc *d)
{
	bool write = (d->flags & DESC_WRITE) != 0;
	unsigned n = c->nout + c->nin;
	void *p = mem_at(q->mem, d->addr, d->len);

	if (p == NULL || n == VIRTQUEUE_IOV_MAX || (!write && c->nin > 0))
		return false;
	/* "a buffer ... longer than 2^32 bytes in total" is none (section 2.7.5). */
	if (c->out_bytes + c->in_bytes + d->len > UINT32_MAX)
		return false;
	c->iov[n] = (struct iovec){ p, d->len };
	if (write) {
		c->nin++;
		c->in_bytes += d->len;
	} else {
		c->nout++;
		c->out_bytes += d->len;
	}
	return true;
}

/* Follows a chain in a table of n descriptors from i on. */
static bool
walk(struct virtqueue *q, struct virtqueue_chain *c, const uint8_t *table, unsigned n, uint16_t i, bool inside)
{
	unsigned steps;
	const uint8_t *inner;
	struct desc d;

	for (steps = 0; steps < n; steps++) {
		if (i >= n)
			return false;
		d = desc_copy(table, i);
		if ((d.flags & DESC_INDIRECT) != 0) {
			if (inside || !q->indirect || (d.flags & DESC_NEXT) != 0 || d.len % DESC_BYTES != 0 ||
			    d.len == 0 || d.len / DESC_BYTES > INDIRECT_MAX)
				return false;
			inner = mem_at(q->mem, d.addr, d.len);
			return inner != NULL && walk(q, c, inner, d.len / DESC_BYTES, 0, true);
		}
		if (!add_buffer(q, c, &d))
			return false;
		if ((d.flags & DESC_NEXT) == 0)
			return true;
		i = d.next;
	}
	return false;
}

/* Asks the driver to tell us of the next chain; true if there is one already. */
static bool
ask_notification(struct virtqueue *q)
{
	if (q->event_idx)
		store16(q->used + 4 + 8 * (size_t)q->size, q->avail_idx);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return load16(q->avail + 2) != q->avail_idx;
}

bool
virtqueue_waiting(struct virtqueue *q)
{
	if (!q->ready || q->broken)
		return false;
	/* Empty: the driver shall tell of the next; one may have come before it saw that. */
	return load16(q->avail + 2) != q->avail_idx || ask_notification(q);
}

bool
virtqueue_peek(const struct virtqueue *q)
{
	return q->ready && !q->broken && load16(q->avail + 2) != q->avail_idx;
}

int
virtqueue_pop(struct virtqueue *q, struct virtqueue_chain *c)
{
	uint16_t waiting;

	if (!virtqueue_waiting(q))
		return q->broken ? -1 : 0;
	waiting = (uint16_t)(load16(q->avail + 2) - q->avail_idx);
	if (waiting == 0)
		return 0;
	if (waiting > q->size)
		return virtqueue_break(q);
	c->head = load16(q->avail + 4 + 2 * (q->avail_idx % q->size));
	c->nout = c->nin = 0;
	c->out_bytes = c->in_bytes = 0;
	if (!walk(q, c, q->desc, q->size, c->head, false))
		return virtqueue_break(q);
	q->avail_idx++;
	return 1;
}

void
virtqueue_unpop(struct virtqueue *q, unsigned n)
{
	q->avail_idx = (uint16_t)(q->avail_idx - n);
}

void
virtqueue_stage(struct virtqueue *q, unsigned i, uint16_t head, uint32_t written)
{
	uint8_t *e = q->used + 4 + 8 * (size_t)((uint16_t)(q->used_idx + i) % q->size);

	put_le32(e, head);
	put_le32(e + 4, written);
}

void
virtqueue_publish(struct virtqueue *q, unsigned n)
{
	q->used_idx = (uint16_t)(q->used_idx + n);
	store16(q->used + 2, q->used_idx);
}

void
virtqueue_push(struct virtqueue *q, uint16_t head, uint32_t written)
{
	virtqueue_stage(q, 0, head, written);
	virtqueue_publish(q, 1);
}

bool
virtqueue_wants_interrupt(struct virtqueue *q)
{
	uint16_t old = q->signalled, event;
	bool valid = q->signalled_valid;

	if (!q->ready || q->used_idx == old)
		return false;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	q->signalled = q->used_idx;
	q->signalled_valid = true;
	if (!q->event_idx)
		return (load16(q->avail) & AVAIL_NO_INTERRUPT) == 0;
	event = load16(q->avail + 4 + 2 * (size_t)q->size);
	return !valid || (uint16_t)(q->used_idx - event - 1) < (uint16_t)(q->used_idx - old);
}

static size_t
iov_copy(const struct iovec *iov, unsigned n, size_t at, void *buf, size_t len, bool write)
{
	size_t done = 0, part;
	unsigned i;

	for (i = 0; i < n && done < len; i++) {
		if (at >= iov[i].iov_len) {
			at -= iov[i].iov_len;
			continue;
		}
		part = iov[i].iov_len - at < len - done ? iov[i].iov_len - at : len - done;
		if (write)
			memcpy((uint8_t *)iov[i].iov_base + at, (uint8_t *)buf + done, part);
		else
			memcpy((uint8_t *)buf + done, (uint8_t *)iov[i].iov_base + at, part);
		done += part;
		at = 0;
	}
	return done;
}

size_t
iov_read(const struct iovec *iov, unsigned n, size_t at, void *buf, size_t len)
{
	return iov_copy(iov, n, at, buf, len, false);
}

size_t
iov_write(const struct iovec *iov, unsigned n, size_t at, const void *buf, size_t len)
{
	return iov_copy(iov, n, at, (void *)(uintptr_t)buf, len, true);
}

unsigned
iov_slice(const struct iovec *iov, unsigned n, size_t at, size_t len, struct iovec *out)
{
	unsigned i, nout = 0;
	size_t part;

	for (i = 0; i < n && len > 0; i++) {
		if (at >= iov[i].iov_len) {
			at -= iov[i].iov_len;
			continue;
		}
		part = u64_min(iov[i].iov_len - at, len);
		out[nout++] = (struct iovec){ (uint8_t *)iov[i].iov_base + at, part };
		len -= part;
		at = 0;
	}
	return nout;
}
