/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices with a thread of their own, by their rings: 9P and the balloon.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/virtio/balloon.h"
#include "vmm/virtio/p9.h"
#include "vmm_p9_client.h"
#include "vmm_ring.h"

#include "test.h"

#define PAGE 4096u

/* Waits for the thread; false: it gave nothing back. */
static bool
taken(struct ring *r, uint32_t *len)
{
	uint16_t head;
	bool got = false;
	int tries;

	for (tries = 0; tries < 2000 && !got; tries++) {
		(void)pthread_mutex_lock(&r->device->lock);
		got = ring_take(r, &head, len);
		(void)pthread_mutex_unlock(&r->device->lock);
		if (!got)
			(void)usleep(1000);
	}
	return got;
}

/* --- 9P --- */

struct p9_guest {
	struct ring_host host;
	struct virtio_p9 p9;
	struct ring ring;
	uint64_t out, in;
};

static void
p9_guest_init(struct p9_guest *g, int root_fd)
{
	struct err err = { 0 };

	memset(g, 0, sizeof(*g));
	ring_host_init(&g->host);
	CHECK(virtio_p9_init(&g->p9, 0, "tag", root_fd, false, &err) == 0);
	ring_attach(&g->host, &g->p9.device, 0);
	ring_make(&g->ring, &g->host, &g->p9.device, 0, 16);
	CHECK(virtio_worker_start(&g->p9.worker, NULL, NULL, &err) == 0);
	ring_run(&g->p9.device);
	g->out = ring_alloc(&g->host, 16384);
	g->in = ring_alloc(&g->host, 16384);
}

/* Sends what begin() and put_*() gathered; the reply's length, 0 if there is none. */
static uint32_t
p9_send(struct p9_guest *g)
{
	struct ring_buffer b[] = {
		{ g->out, 3, false },
		{ g->out + 3, 16381, false },
		{ g->in, 11, true },
		{ g->in + 11, 16384 - 11, true },
	};
	uint32_t len;

	put_le32(client.out, (uint32_t)client.out_len);
	memcpy(ring_at(&g->host, g->out), client.out, client.out_len);
	(void)ring_add(&g->ring, b, 4);
	ring_kick(&g->ring);
	return taken(&g->ring, &len) ? len : 0;
}

static uint32_t
p9_send_version(struct p9_guest *g)
{
	begin(T_VERSION);
	put32(16384);
	put_text("9P2000.L");
	return p9_send(g);
}

static void
p9_by_rings(void)
{
	struct p9_guest g;
	const uint8_t *in;
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	p9_guest_init(&g, fd);
	in = ring_at(&g.host, g.in);
	CHECK(g.p9.device.config_bytes == 5 && memcmp(g.p9.config, "\3\0tag", 5) == 0);
	CHECK(p9_send_version(&g) == 21 && in[4] == T_VERSION + 1);
	CHECK(ring_interrupts(&g.p9.device) == 1);
	begin(T_ATTACH);
	put32(ROOT);
	put32(NO_FID);
	put_text("");
	put_text("");
	put32(NO_FID);
	CHECK(p9_send(&g) == 20 && in[4] == T_ATTACH + 1 && g.p9.share->nfids == 1);
	/* A reset forgets all; the next driver starts anew. */
	(void)pthread_mutex_lock(&g.p9.device.lock);
	ring_reset(&g.p9.device);
	(void)pthread_mutex_unlock(&g.p9.device.lock);
	CHECK(g.p9.share->nfids == 0 && g.p9.share->dialect == P9_NONE);
	ring_make(&g.ring, &g.host, &g.p9.device, 0, 16);
	ring_run(&g.p9.device);
	CHECK(p9_send_version(&g) == 21);
	(void)close(g.p9.device.irq_fd);
	g.p9.device.irq_fd = -1;
	virtio_p9_release(&g.p9);
	CHECK(fcntl(fd, F_GETFD) < 0); /* it was taken */
	ring_host_release(&g.host);
}

/* Chains that are no requests: given back empty, and the next is answered. */
static void
p9_hostile(void)
{
	struct p9_guest g;
	struct ring_buffer b[2];
	uint32_t len;

	p9_guest_init(&g, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
	b[0] = (struct ring_buffer){ g.in, 100, true };
	(void)ring_add(&g.ring, b, 1);
	ring_kick(&g.ring);
	CHECK(taken(&g.ring, &len) && len == 0);
	b[0] = (struct ring_buffer){ g.out, 100, false };
	(void)ring_add(&g.ring, b, 1);
	ring_kick(&g.ring);
	CHECK(taken(&g.ring, &len) && len == 0);
	memset(ring_at(&g.host, g.out), 0xff, 100);
	b[1] = (struct ring_buffer){ g.in, 100, true };
	(void)ring_add(&g.ring, b, 2);
	ring_kick(&g.ring);
	CHECK(taken(&g.ring, &len) && len <= 100);
	CHECK(p9_send_version(&g) == 21);
	/* A chain that bites its tail breaks the queue, no more. */
	ring_desc(&g.ring, 0, g.out, 16, 1, 0);
	ring_offer(&g.ring, 0);
	ring_kick(&g.ring);
	CHECK(!taken(&g.ring, &len));
	CHECK((g.p9.device.status & 0x40) != 0);
	virtio_p9_release(&g.p9);
	ring_host_release(&g.host);
}

static void
p9_bad_shares(void)
{
	struct err err = { 0 };
	struct virtio_p9 p;

	CHECK(virtio_p9_init(&p, 0, "tag", open("/dev/null", O_RDONLY | O_CLOEXEC), false, &err) < 0);
	CHECK_STR(err.msg, "a share is no directory");
	virtio_p9_release(&p);
	CHECK(virtio_p9_init(&p, 0, "a-tag-of-more-than-thirty-one-bytes", open("/", O_PATH | O_CLOEXEC), false, &err) <
	      0);
	virtio_p9_release(&p);
	CHECK(virtio_p9_init(&p, 0, "tag", -1, false, &err) < 0);
	virtio_p9_release(&p);
}

/* --- the balloon --- */

static unsigned
resident(const uint8_t *p, unsigned pages)
{
	unsigned char v[64];
	unsigned i, n = 0;

	CHECK(pages <= sizeof(v) && mincore((void *)(uintptr_t)p, pages * PAGE, v) == 0);
	for (i = 0; i < pages; i++)
		n += v[i] & 1;
	return n;
}

static void
balloon(void)
{
	struct ring_host h;
	struct virtio_balloon b;
	struct ring inflate, deflate, report;
	struct vm vm = { 0 };
	struct err err = { 0 };
	struct ring_buffer buffer;
	const uint32_t first = (16u << 20) / PAGE;
	uint8_t *pages, *list;
	uint64_t gpa;
	uint32_t len, i;

	ring_host_init(&h);
	CHECK(virtio_balloon_init(&b, 0, &err) == 0);
	vm.mem = h.mem;
	b.device.vm = &vm;
	ring_attach(&h, &b.device, 1u << 5);
	ring_make(&inflate, &h, &b.device, 0, 16);
	ring_make(&deflate, &h, &b.device, 1, 16);
	ring_make(&report, &h, &b.device, 2, 16);
	CHECK(virtio_worker_start(&b.worker, NULL, NULL, &err) == 0);
	ring_run(&b.device);

	virtio_balloon_set_target(&b, 1 << 20);
	CHECK(get_le32(b.config) == 256 && ring_interrupts(&b.device) == 1);
	virtio_balloon_set_target(&b, UINT64_MAX);
	CHECK(get_le32(b.config) == RING_MEM_BYTES / PAGE);
	/* What the driver writes counts for "actual" alone. */
	memset(b.config, 0, 8);
	put_le32(b.config + 4, 7);
	b.device.ops->config_written(&b.device, 4, 4);
	CHECK(get_le32(b.config) == RING_MEM_BYTES / PAGE && virtio_balloon_actual(&b) == 7 * PAGE);

	pages = mem_at(&h.mem, (uint64_t)first * PAGE, 64 * PAGE);
	memset(pages, 0xaa, 64 * PAGE);
	gpa = ring_alloc(&h, 4 * 40);
	list = ring_at(&h, gpa);
	for (i = 0; i < 32; i++)
		put_le32(list + 4 * i, first + (i ^ 1)); /* Linux names them downwards */
	for (; i < 40; i++)
		put_le32(list + 4 * i, UINT32_MAX - i); /* not memory */
	buffer = (struct ring_buffer){ gpa, 4 * 40, false };
	(void)ring_add(&inflate, &buffer, 1);
	ring_kick(&inflate);
	CHECK(taken(&inflate, &len) && len == 0);
	CHECK(resident(pages, 32) == 0 && resident(pages + 32 * PAGE, 32) == 32);
	CHECK(b.inflated_pages == 32 && b.refused_pages == 8);
	CHECK(pages[0] == 0 && pages[33 * PAGE] == 0xaa);
	(void)ring_add(&deflate, &buffer, 1);
	ring_kick(&deflate);
	CHECK(taken(&deflate, &len) && b.deflated_pages == 40);
	/* Reported: whole pages within the buffer. */
	buffer = (struct ring_buffer){ (uint64_t)(first + 32) * PAGE + 1, 3 * PAGE, true };
	(void)ring_add(&report, &buffer, 1);
	ring_kick(&report);
	CHECK(taken(&report, &len) && b.reported_bytes == 2 * PAGE);
	CHECK(pages[32 * PAGE] == 0xaa && pages[33 * PAGE] == 0 && pages[35 * PAGE] == 0xaa);
	virtio_balloon_release(&b);
	ring_host_release(&h);
}

TEST_MAIN({ "9P by its ring", p9_by_rings }, { "9P, chains that are no requests", p9_hostile },
    { "shares that are none", p9_bad_shares }, { "balloon", balloon })
