/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The block device by its ring: every request, many at once, failures, and
 * chains that no driver would make.
 */
#include "vmm/virtio/block.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "vmm_ring.h"

#include "test.h"

#define F_FLUSH (1ull << 9)

enum {
	T_IN = 0,
	T_OUT = 1,
	T_FLUSH = 4,
	T_GET_ID = 8,
	T_DISCARD = 11,
	T_WRITE_ZEROES = 13,
	S_OK = 0,
	S_IOERR = 1,
	S_UNSUPP = 2,
	NOTHING = 99, /* the chain did not come back */
	SECTOR = 512,
	SLOTS = 24,
	SLOT_SECTORS = 13, /* neighbours share clusters */
	SLOT_BYTES = SLOT_SECTORS * SECTOR,
	DISK_SECTORS = SLOTS * SLOT_SECTORS,
	RING_SIZE = 128,
};

struct guest {
	struct ring_host host;
	struct virtio_block block;
	struct ring ring;
	uint64_t header[SLOTS], data[SLOTS], status[SLOTS];
	int raw, overlay;
};

static void
driver_init(struct guest *g)
{
	ring_make(&g->ring, &g->host, &g->block.device, 0, RING_SIZE);
	ring_run(&g->block.device);
}

static void
guest_init(struct guest *g, bool overlay, bool read_only)
{
	struct err err = { 0 };
	struct disk d;
	unsigned i;

	memset(g, 0, sizeof(*g));
	ring_host_init(&g->host);
	g->raw = memfd_create("disk", MFD_CLOEXEC);
	g->overlay = overlay ? memfd_create("overlay", MFD_CLOEXEC) : -1;
	CHECK(ftruncate(g->raw, DISK_SECTORS * SECTOR) == 0);
	CHECK(disk_open(&d, dup(g->raw), overlay ? dup(g->overlay) : -1, read_only, &err) == 0);
	CHECK(virtio_block_init(&g->block, 3, &d, &err) == 0);
	ring_attach(&g->host, &g->block.device, VIRTIO_F_EVENT_IDX | F_FLUSH);
	driver_init(g);
	CHECK(virtio_worker_start(&g->block.worker, NULL, NULL, &err) == 0);
	for (i = 0; i < SLOTS; i++) {
		g->header[i] = ring_alloc(&g->host, 16);
		g->data[i] = ring_alloc(&g->host, SLOT_BYTES);
		g->status[i] = ring_alloc(&g->host, 1);
	}
}

static void
guest_release(struct guest *g)
{
	virtio_block_release(&g->block);
	ring_host_release(&g->host);
	(void)close(g->raw);
	if (g->overlay >= 0)
		(void)close(g->overlay);
}

static bool
takes(struct ring *r, uint32_t *len)
{
	uint16_t head;
	bool got = false;
	int tries;

	for (tries = 0; tries < 40000 && !got; tries++) {
		(void)pthread_mutex_lock(&r->device->lock);
		got = ring_take(r, &head, len);
		(void)pthread_mutex_unlock(&r->device->lock);
		if (!got)
			(void)usleep(50);
	}
	return got;
}

/* Makes a request of slot i available: len bytes of its data. */
static void
offer(struct guest *g, unsigned i, uint32_t type, uint64_t sector, uint32_t len)
{
	const bool in = type == T_IN || type == T_GET_ID;
	const struct ring_buffer b[] = { { g->header[i], 16, false }, { g->data[i], len, in },
		{ g->status[i], 1, true } };
	const struct ring_buffer bare[] = { b[0], b[2] };
	uint8_t *h = ring_at(&g->host, g->header[i]);

	put_le32(h, type);
	put_le32(h + 4, 0);
	put_le64(h + 8, sector);
	*(uint8_t *)ring_at(&g->host, g->status[i]) = NOTHING;
	(void)ring_add(&g->ring, len > 0 ? b : bare, len > 0 ? 3 : 2);
}

/* One request; its status. */
static int
ask(struct guest *g, uint32_t type, uint64_t sector, uint32_t len)
{
	uint32_t written, want;
	int status;

	offer(g, 0, type, sector, len);
	ring_kick(&g->ring);
	if (!takes(&g->ring, &written))
		return NOTHING;
	status = *(uint8_t *)ring_at(&g->host, g->status[0]);
	want = 1 + (status != S_OK ? 0 : type == T_IN ? len : type == T_GET_ID ? 20 : 0);
	CHECK(written == want);
	return status;
}

/* One range of a discard or write zeroes request. */
static int
ask_range(struct guest *g, uint32_t type, uint64_t sector, uint32_t sectors, uint32_t flags)
{
	uint8_t *r = ring_at(&g->host, g->data[0]);

	put_le64(r, sector);
	put_le32(r + 8, sectors);
	put_le32(r + 12, flags);
	return ask(g, type, 0, 16);
}

static bool
data_is(struct guest *g, uint8_t want, size_t len)
{
	const uint8_t *p = ring_at(&g->host, g->data[0]);

	return p[0] == want && memcmp(p, p + 1, len - 1) == 0;
}

static void
fill(struct guest *g, uint8_t v)
{
	memset(ring_at(&g->host, g->data[0]), v, SLOT_BYTES);
}

/* --- requests --- */

static void
requests_of(bool overlay)
{
	struct guest g;

	guest_init(&g, overlay, false);
	CHECK(get_le64(g.block.config) == DISK_SECTORS);
	fill(&g, 7);
	CHECK(ask(&g, T_OUT, 5, SLOT_BYTES) == S_OK);
	fill(&g, 0);
	CHECK(ask(&g, T_IN, 6, 4096) == S_OK && data_is(&g, 7, 4096));
	CHECK(ask(&g, T_FLUSH, 0, 0) == S_OK);
	CHECK(ask(&g, T_GET_ID, 0, 20) == S_OK && strcmp(ring_at(&g.host, g.data[0]), "smol-disk3") == 0);
	CHECK(ask(&g, T_GET_ID, 0, 19) == S_IOERR);
	CHECK(ask_range(&g, T_DISCARD, 6, 2, 0) == S_OK);
	CHECK(ask(&g, T_IN, 6, 1024) == S_OK && data_is(&g, 0, 1024));
	CHECK(ask(&g, T_IN, 8, 512) == S_OK && data_is(&g, 7, 512));
	CHECK(ask_range(&g, T_WRITE_ZEROES, 8, 1, 1) == S_OK);
	CHECK(ask(&g, T_IN, 8, 512) == S_OK && data_is(&g, 0, 512));
	/* The last sector, and what lies behind. */
	CHECK(ask(&g, T_IN, DISK_SECTORS - 1, 512) == S_OK && ask(&g, T_IN, DISK_SECTORS - 1, 1024) == S_IOERR);
	CHECK(ask(&g, T_OUT, DISK_SECTORS, 512) == S_IOERR && ask(&g, T_OUT, UINT64_MAX, 512) == S_IOERR);
	CHECK(ask(&g, T_IN, 0, 100) == S_IOERR && ask(&g, T_IN, 0, 0) == S_IOERR && ask(&g, T_OUT, 0, 0) == S_IOERR);
	CHECK(ask_range(&g, T_DISCARD, DISK_SECTORS, 1, 0) == S_IOERR);
	CHECK(ask_range(&g, T_DISCARD, 0, 1, 1) == S_UNSUPP && ask_range(&g, T_WRITE_ZEROES, 0, 1, 2) == S_UNSUPP);
	CHECK(ask(&g, T_DISCARD, 0, 15) == S_UNSUPP && ask(&g, 99, 0, 512) == S_UNSUPP);
	CHECK(g.block.reads == 5 && g.block.writes == 1 && g.block.errors == 12);
	guest_release(&g);
}

static void
requests(void)
{
	requests_of(false);
	requests_of(true);
}

static void
read_only(void)
{
	struct guest g;

	guest_init(&g, false, true);
	CHECK((g.block.device.features & (1 << 5 | 1 << 13 | 1 << 14)) == 1 << 5);
	CHECK(ask(&g, T_OUT, 0, 512) == S_IOERR && ask_range(&g, T_WRITE_ZEROES, 0, 1, 0) == S_IOERR);
	CHECK(ask(&g, T_IN, 0, 512) == S_OK && ask(&g, T_FLUSH, 0, 0) == S_OK);
	guest_release(&g);
}

/* Requests of one slot each, all in flight; what a slot's sectors hold is one byte's value. */
static void
many_of(bool overlay)
{
	uint8_t model[SLOTS] = { 0 };
	uint32_t type[SLOTS], len;
	struct guest g;
	unsigned round, i;

	guest_init(&g, overlay, false);
	srand(3);
	for (round = 0; round < 200; round++) {
		for (i = 0; i < SLOTS; i++) {
			type[i] = rand() % 2 == 0 ? T_IN : T_OUT;
			if (type[i] == T_OUT) {
				model[i] = (uint8_t)rand();
				memset(ring_at(&g.host, g.data[i]), model[i], SLOT_BYTES);
			}
			offer(&g, i, type[i], (uint64_t)i * SLOT_SECTORS, SLOT_BYTES);
			if (rand() % 4 == 0)
				ring_kick(&g.ring);
		}
		ring_kick(&g.ring);
		for (i = 0; i < SLOTS; i++)
			CHECK(takes(&g.ring, &len));
		for (i = 0; i < SLOTS; i++) {
			const uint8_t *p = ring_at(&g.host, g.data[i]);

			CHECK(*(uint8_t *)ring_at(&g.host, g.status[i]) == S_OK);
			CHECK(p[0] == model[i] && memcmp(p, p + 1, SLOT_BYTES - 1) == 0);
		}
		if (round % 20 == 0)
			CHECK(ask(&g, T_FLUSH, 0, 0) == S_OK);
	}
	CHECK(g.block.errors == 0);
	guest_release(&g);
}

static void
many(void)
{
	many_of(false);
	many_of(true);
}

static void
several(void)
{
	struct guest *g = calloc(3, sizeof(*g));
	unsigned i;

	for (i = 0; i < 3; i++) {
		guest_init(&g[i], i == 1, false);
		fill(&g[i], (uint8_t)(1 + i));
		CHECK(ask(&g[i], T_OUT, 0, 4096) == S_OK);
	}
	for (i = 0; i < 3; i++) {
		CHECK(ask(&g[i], T_IN, 0, 4096) == S_OK && data_is(&g[i], (uint8_t)(1 + i), 4096));
		guest_release(&g[i]);
	}
	free(g);
}

/* --- the overlay --- */

static uint8_t
raw_byte(struct guest *g, uint64_t sector)
{
	uint8_t b = 0xff;

	CHECK(pread_full(g->raw, &b, 1, sector * SECTOR) == 0);
	return b;
}

/* What is thrown away must not be the raw file's again. */
static void
discard_covers(void)
{
	static uint8_t old[DISK_SECTORS * SECTOR];
	struct guest g;

	guest_init(&g, true, false);
	memset(old, 9, sizeof(old));
	CHECK(pwrite_full(g.raw, old, sizeof(old), 0) == 0);
	CHECK(ask_range(&g, T_DISCARD, 0, 16, 0) == S_OK && ask_range(&g, T_DISCARD, 33, 3, 0) == S_OK);
	CHECK(ask(&g, T_IN, 0, 4096) == S_OK && data_is(&g, 0, 4096));
	CHECK(ask(&g, T_IN, 8, 4096) == S_OK && data_is(&g, 0, 4096));
	CHECK(ask(&g, T_IN, 33, 1536) == S_OK && data_is(&g, 0, 1536));
	CHECK(ask(&g, T_IN, 32, 512) == S_OK && data_is(&g, 9, 512));
	CHECK(ask(&g, T_IN, 36, 512) == S_OK && data_is(&g, 9, 512));
	CHECK(raw_byte(&g, 0) == 9);
	guest_release(&g);
}

static void
commit_and_reset(void)
{
	struct err err = { 0 };
	struct guest g;

	guest_init(&g, true, false);
	fill(&g, 5);
	CHECK(ask(&g, T_OUT, 3, 512) == S_OK && raw_byte(&g, 3) == 0);
	CHECK(virtio_block_commit(&g.block, &err) == 0 && raw_byte(&g, 3) == 5);
	fill(&g, 6);
	CHECK(ask(&g, T_OUT, 3, 512) == S_OK && ask(&g, T_IN, 3, 512) == S_OK && data_is(&g, 6, 512));
	CHECK(virtio_block_reset(&g.block, &err) == 0);
	CHECK(ask(&g, T_IN, 3, 512) == S_OK && data_is(&g, 5, 512));
	guest_release(&g);
	guest_init(&g, false, false);
	CHECK(virtio_block_commit(&g.block, &err) < 0);
	CHECK_STR(err.msg, "the disk has no overlay");
	CHECK(ask(&g, T_IN, 3, 512) == S_OK);
	guest_release(&g);
}

/* --- trouble --- */

static void
full_of(bool overlay)
{
	struct rlimit l;
	struct guest g;

	guest_init(&g, overlay, false);
	(void)signal(SIGXFSZ, SIG_IGN);
	CHECK(getrlimit(RLIMIT_FSIZE, &l) == 0);
	l.rlim_cur = 8192 + (overlay ? 8192 : 0);
	CHECK(setrlimit(RLIMIT_FSIZE, &l) == 0);
	fill(&g, 5);
	CHECK(ask(&g, T_OUT, 20, 4096) == S_IOERR && g.block.errors == 1);
	CHECK(ask(&g, T_OUT, 8, 4096) == S_OK && ask(&g, T_IN, 8, 4096) == S_OK && data_is(&g, 5, 4096));
	CHECK(ask(&g, T_IN, 20, 4096) == S_OK && data_is(&g, 0, 4096));
	l.rlim_cur = RLIM_INFINITY;
	CHECK(setrlimit(RLIMIT_FSIZE, &l) == 0);
	fill(&g, 6);
	CHECK(ask(&g, T_OUT, 20, 4096) == S_OK && ask(&g, T_IN, 20, 4096) == S_OK && data_is(&g, 6, 4096));
	guest_release(&g);
}

static void
full(void)
{
	full_of(false);
	full_of(true);
}

static void
shortened(void)
{
	struct guest g;

	guest_init(&g, false, false);
	CHECK(ftruncate(g.raw, 4096) == 0);
	CHECK(ask(&g, T_IN, 0, 4096) == S_OK && ask(&g, T_IN, 7, 1024) == S_IOERR);
	guest_release(&g);
}

static bool
needs_reset(struct guest *g)
{
	bool yes = false;
	int tries;

	for (tries = 0; tries < 2000 && !yes; tries++) {
		(void)usleep(1000);
		(void)pthread_mutex_lock(&g->block.device.lock);
		yes = (g->block.device.status & 0x40) != 0;
		(void)pthread_mutex_unlock(&g->block.device.lock);
	}
	return yes;
}

static void
hostile(void)
{
	struct ring_buffer b[2];
	struct guest g;
	uint32_t len;

	guest_init(&g, false, false);
	/* No room for a status; no header; half a header. */
	b[0] = (struct ring_buffer){ g.header[0], 16, false };
	(void)ring_add(&g.ring, b, 1);
	ring_kick(&g.ring);
	CHECK(takes(&g.ring, &len) && len == 0 && g.block.device.queues[0].dropped == 1);
	b[0] = (struct ring_buffer){ g.status[0], 1, true };
	(void)ring_add(&g.ring, b, 1);
	ring_kick(&g.ring);
	CHECK(takes(&g.ring, &len) && len == 1 && *(uint8_t *)ring_at(&g.host, g.status[0]) == S_IOERR);
	b[1] = b[0];
	b[0] = (struct ring_buffer){ g.header[0], 15, false };
	(void)ring_add(&g.ring, b, 2);
	ring_kick(&g.ring);
	CHECK(takes(&g.ring, &len) && len == 1 && *(uint8_t *)ring_at(&g.host, g.status[0]) == S_IOERR);
	/* A buffer that is no memory breaks the queue; a reset mends it. */
	b[0] = (struct ring_buffer){ UINT64_MAX - 4, 16, false };
	(void)ring_add(&g.ring, b, 2);
	ring_kick(&g.ring);
	CHECK(needs_reset(&g) && g.block.device.queues[0].dropped == 2);
	(void)pthread_mutex_lock(&g.block.device.lock);
	ring_reset(&g.block.device);
	driver_init(&g);
	(void)pthread_mutex_unlock(&g.block.device.lock);
	CHECK(ask(&g, T_IN, 0, 512) == S_OK);
	guest_release(&g);
}

/* Resets while requests are in hand: none of them writes after the reset. */
static void
resets(void)
{
	struct guest g;
	unsigned round, i;
	uint64_t mark;

	guest_init(&g, true, false);
	mark = g.host.next_gpa;
	for (round = 0; round < 100; round++) {
		for (i = 0; i < SLOTS; i++)
			offer(&g, i, i % 2 == 0 ? T_IN : T_OUT, (uint64_t)i * SLOT_SECTORS, SLOT_BYTES);
		ring_kick(&g.ring);
		(void)usleep(round % 8 * 20);
		(void)pthread_mutex_lock(&g.block.device.lock);
		ring_reset(&g.block.device);
		CHECK(g.block.worker.busy == 0);
		g.host.next_gpa = mark;
		memset(ring_at(&g.host, mark), 0, 16384);
		driver_init(&g);
		(void)pthread_mutex_unlock(&g.block.device.lock);
	}
	CHECK(ask(&g, T_IN, 0, 512) == S_OK);
	guest_release(&g);
}

TEST_MAIN({ "requests", requests }, { "read-only", read_only }, { "many at once", many }, { "several disks", several },
    { "a discard covers the raw file", discard_covers }, { "commit and reset", commit_and_reset },
    { "a full disk", full }, { "a file that became shorter", shortened }, { "hostile chains", hostile },
    { "resets under load", resets })
