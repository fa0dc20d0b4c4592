/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtqueue on any memory: the first bytes say where its areas are and how
 * large it is, the rest fills a small guest from address 0.  What comes out is
 * the guest's memory and nothing else, and of a bounded number of buffers.
 */
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "vmm/virtio/queue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BYTES = 8192, HEAD = 8 };

static void
check_chain(const struct mem *m, const struct virtqueue_chain *c)
{
	const struct mem_region *r = &m->region[0];
	uint64_t out = 0, in = 0;
	unsigned i;

	if (c->nout + c->nin > VIRTQUEUE_IOV_MAX)
		abort();
	for (i = 0; i < c->nout + c->nin; i++) {
		const uint8_t *p = c->iov[i].iov_base;

		if (p < r->host || c->iov[i].iov_len > (size_t)(r->host + r->bytes - p))
			abort();
		*(i < c->nout ? &out : &in) += c->iov[i].iov_len;
	}
	if (out != c->out_bytes || in != c->in_bytes || out + in > UINT32_MAX)
		abort();
}

static void
use_chain(struct virtqueue *q, const struct virtqueue_chain *c, unsigned n)
{
	uint8_t buf[64] = { 0 };

	(void)iov_read(c->iov, c->nout, n, buf, sizeof(buf));
	virtqueue_push(q, c->head, (uint32_t)iov_write(c->iov + c->nout, c->nin, 0, buf, sizeof(buf)));
	(void)virtqueue_wants_interrupt(q);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct virtqueue_chain c;
	struct mem m = { .region = { { 0, BYTES, NULL } }, .nregions = 1, .bytes = BYTES };
	struct virtqueue q = { .mem = &m, .size_max = 256 };
	unsigned n;

	if (size < HEAD)
		return 0;
	q.size = (data[0] & 0x80) != 0 ? data[0] : (uint16_t)(1u << data[0] % 9);
	q.event_idx = (data[1] & 1) != 0;
	q.indirect = (data[1] & 2) != 0;
	q.desc_gpa = (uint64_t)get_le16(data + 2) << ((data[1] & 4) != 0 ? 48 : 0);
	q.avail_gpa = get_le16(data + 4);
	q.used_gpa = get_le16(data + 6);
	m.region[0].host = calloc(1, BYTES); /* of the heap: its ends are watched */
	memcpy(m.region[0].host, data + HEAD, size - HEAD < BYTES ? size - HEAD : BYTES);
	if (virtqueue_start(&q)) {
		/* Each chain that is given back may overwrite the ring itself: never for ever. */
		for (n = 0; n < 1000 && virtqueue_pop(&q, &c) > 0; n++) {
			check_chain(&m, &c);
			use_chain(&q, &c, n);
		}
		if (q.broken != (q.dropped == 1) || (q.broken && virtqueue_waiting(&q)))
			abort();
	}
	virtqueue_reset(&q);
	free(m.region[0].host);
	return 0;
}
