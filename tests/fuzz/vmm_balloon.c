/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: the bytes are chains for the balloon's queues: how many buffers
 * to read and to write, then for each where it lies in a small guest and how
 * long it is.  Memory beyond the guest's stays as it was.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/endian.h"
#include "vmm/virtio/balloon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	PAGES = 64,
	BYTES = PAGES * 4096,
	BUFFER = 6,
};

static uint8_t *
guest(void)
{
	static uint8_t *p;

	if (p == NULL) {
		p = mmap(NULL, BYTES + 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			abort();
	}
	p[4095] = p[4096 + BYTES] = 0x5a; /* its neighbours */
	return p + 4096;
}

static const uint8_t *
chain(struct virtqueue_chain *c, struct mem *m, const uint8_t *data, const uint8_t *end)
{
	unsigned i, nout = data[1] % 8, nin = data[2] % 8;

	memset(c, 0, offsetof(struct virtqueue_chain, iov));
	for (data += 3, i = 0; i < nout + nin && end - data >= BUFFER; i++, data += BUFFER) {
		uint32_t at = get_le32(data) % BYTES, len = get_le16(data + 4);
		void *p = mem_at(m, at, len);

		if (p == NULL)
			continue;
		/* Page numbers, so that some of them are right. */
		if (i < nout && len >= 8) {
			put_le32(p, at >> 12);
			put_le32((uint8_t *)p + 4, (at >> 12) + 1);
		}
		c->iov[c->nout + c->nin] = (struct iovec){ p, len };
		if (i < nout) {
			c->nout++;
			c->out_bytes += len;
		} else {
			c->nin++;
			c->in_bytes += len;
		}
	}
	return data;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct virtqueue_chain c;
	static struct vm vm;
	struct virtio_balloon b;
	const uint8_t *end = data + size;
	struct err err = { 0 };
	uint8_t queue;

	vm.mem = (struct mem){ .region = { { 0, BYTES, guest() } }, .nregions = 1, .bytes = BYTES };
	if (virtio_balloon_init(&b, 0, &err) < 0)
		abort();
	b.device.vm = &vm;
	b.device.driver_features = b.device.features;
	while (end - data >= 3) {
		queue = data[0] % 5;
		data = chain(&c, &vm.mem, data, end);
		(void)virtio_balloon_chain(&b, queue, &c);
	}
	if (vm.mem.region[0].host[-1] != 0x5a || vm.mem.region[0].host[BYTES] != 0x5a)
		abort();
	b.device.irq_fd = b.device.resample_fd = -1;
	virtio_balloon_release(&b);
	return 0;
}
