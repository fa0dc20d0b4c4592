/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile drivers, against a device of each kind: chains that loop or lie,
 * queues that are not memory, registers in any order.  The device says that it needs a reset, counts it, and works
 * after one; the monitor's loop goes on, and its memory does not grow.
 */
#include <signal.h>

#include "vmm_machine.h"

#include "test.h"

#define NEXT 1
#define WRITE 2
#define INDIRECT 4
#define TABLE (MACHINE_SCRATCH + 65536)
#define F_MULTIPORT 2

static struct machine m;

static void
begin(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	machine_init(&m);
}

/* Whatever makes a device look into a queue; false: the loop does not come to rest. */
static bool
provoke(enum machine_kind k, unsigned q)
{
	const struct virtio_device *d = m.devices[k];
	static const uint8_t frame[100];
	unsigned i;
	bool rests;

	machine_kick(&m, k, q);
	for (i = 0; i < nitems(m.peers) && (d == &m.net.device) == (i == 0); i++)
		(void)send(m.peers[i], frame, sizeof(frame), MSG_DONTWAIT);
	for (i = 1; i < nitems(m.peers); i++)
		(void)send(m.peers[i], frame, 1, MSG_DONTWAIT);
	rests = machine_turns(&m, 1000) < 1000;
	virtio_console_resize(&m.ports, 80, 24);
	return rests && machine_settle(&m, k) && machine_turns(&m, 1000) < 1000;
}

/* --- chains --- */

static void
table_desc(unsigned i, uint64_t gpa, uint32_t len, uint16_t flags, uint16_t next)
{
	uint8_t *d = ring_at(&m.host, TABLE + 16 * i);

	put_le64(d, gpa);
	put_le32(d + 8, len);
	put_le16(d + 12, flags);
	put_le16(d + 14, next);
}

static void
loop_of_one(struct ring *r)
{
	ring_desc(r, 0, MACHINE_SCRATCH, 16, NEXT, 0);
}

static void
loop_of_two(struct ring *r)
{
	ring_desc(r, 0, MACHINE_SCRATCH, 16, NEXT, 1);
	ring_desc(r, 1, MACHINE_SCRATCH, 16, NEXT, 0);
}

static void
loop_of_all(struct ring *r)
{
	uint16_t i;

	for (i = 0; i < MACHINE_QUEUE; i++)
		ring_desc(r, i, MACHINE_SCRATCH, 0, NEXT | WRITE, (uint16_t)((i + 1) % MACHINE_QUEUE));
}

static void
next_out_of_range(struct ring *r)
{
	ring_desc(r, 0, MACHINE_SCRATCH, 16, NEXT, MACHINE_QUEUE);
}

static void
address_overflows(struct ring *r)
{
	ring_desc(r, 0, UINT64_MAX - 7, 16, 0, 0);
}

static void
length_leaves_memory(struct ring *r)
{
	ring_desc(r, 0, RING_MEM_BYTES - 8, 9, WRITE, 0);
}

static void
length_of_all_ones(struct ring *r)
{
	ring_desc(r, 0, MACHINE_SCRATCH, UINT32_MAX, 0, 0);
}

static void
in_before_out(struct ring *r)
{
	ring_desc(r, 0, MACHINE_SCRATCH, 16, NEXT | WRITE, 1);
	ring_desc(r, 1, MACHINE_SCRATCH, 16, 0, 0);
}

static void
table_odd(struct ring *r)
{
	table_desc(0, MACHINE_SCRATCH, 16, 0, 0);
	ring_desc(r, 0, TABLE, 17, INDIRECT, 0);
}

static void
table_empty(struct ring *r)
{
	ring_desc(r, 0, TABLE, 0, INDIRECT, 0);
}

static void
table_huge(struct ring *r)
{
	table_desc(0, MACHINE_SCRATCH, 16, 0, 0);
	ring_desc(r, 0, TABLE, 16 * 1025, INDIRECT, 0);
}

static void
table_outside(struct ring *r)
{
	ring_desc(r, 0, RING_MEM_BYTES - 16, 32, INDIRECT, 0);
}

static void
table_in_table(struct ring *r)
{
	table_desc(0, TABLE, 16, INDIRECT, 0);
	ring_desc(r, 0, TABLE, 16, INDIRECT, 0);
}

static void
table_and_next(struct ring *r)
{
	table_desc(0, MACHINE_SCRATCH, 16, 0, 0);
	ring_desc(r, 0, TABLE, 16, INDIRECT | NEXT, 1);
}

static void
table_loops(struct ring *r)
{
	table_desc(0, MACHINE_SCRATCH, 16, NEXT, 1);
	table_desc(1, MACHINE_SCRATCH, 16, NEXT, 0);
	ring_desc(r, 0, TABLE, 32, INDIRECT, 0);
}

/* Each buffer is memory, all together are more than 4 GiB. */
static void
table_of_gigabytes(struct ring *r)
{
	unsigned i;

	for (i = 0; i < 200; i++)
		table_desc(
		    i, MACHINE_SCRATCH, 30u << 20, (uint16_t)(i < 199 ? NEXT | WRITE : WRITE), (uint16_t)(i + 1));
	ring_desc(r, 0, TABLE, 200 * 16, INDIRECT, 0);
}

static void (*const lies[])(struct ring *) = { loop_of_one, loop_of_two, loop_of_all, next_out_of_range,
	address_overflows, length_leaves_memory, length_of_all_ones, in_before_out, table_odd, table_empty, table_huge,
	table_outside, table_in_table, table_and_next, table_loops, table_of_gigabytes };

/* The queue is broken, once; nothing came back; a reset makes it whole. */
static void
check_broken(enum machine_kind k, unsigned q, uint64_t dropped, const char *what, unsigned number)
{
	const struct virtqueue *vq = &m.devices[k]->queues[q];
	bool rests = provoke(k, q);

	if (!rests || machine_status(&m, k) != (M_RUNNING | M_NEEDS_RESET) || vq->dropped != dropped + 1 ||
	    vq->used_idx != 0) {
		printf("# device %d, queue %u, %s %u: rests %d, status %#x, dropped %llu, used %u\n", k, q, what,
		    number, rests, machine_status(&m, k), (unsigned long long)(vq->dropped - dropped), vq->used_idx);
		CHECK(false);
	}
	/* Broken, it takes nothing more, however often it is told to. */
	CHECK(provoke(k, q) && vq->dropped == dropped + 1);
	machine_start(&m, k, UINT64_MAX);
	CHECK(machine_status(&m, k) == M_RUNNING && !vq->broken && vq->dropped == dropped + 1);
}

static void
chains(void)
{
	enum machine_kind k;
	uint64_t dropped;
	unsigned q, i;

	begin();
	for (k = 0; k < M_KINDS; k++)
		for (q = 0; q < m.devices[k]->nqueues; q++) {
			machine_start(&m, k, UINT64_MAX);
			dropped = m.devices[k]->queues[q].dropped;
			for (i = 0; i < nitems(lies); i++) {
				lies[i](&m.rings[q]);
				ring_offer(&m.rings[q], 0);
				check_broken(k, q, dropped++, "lie", i);
			}
			ring_offer(&m.rings[q], MACHINE_QUEUE);
			check_broken(k, q, dropped++, "head", 0);
			put_le16(m.rings[q].avail + 2, MACHINE_QUEUE + 1);
			check_broken(k, q, dropped++, "avail", 0);
			/* A table without the feature. */
			machine_start(&m, k, ~VIRTIO_F_INDIRECT_DESC);
			table_desc(0, MACHINE_SCRATCH, 16, 0, 0);
			ring_desc(&m.rings[q], 0, TABLE, 16, INDIRECT, 0);
			ring_offer(&m.rings[q], 0);
			check_broken(k, q, dropped++, "unasked table", 0);
		}
	machine_release(&m);
}

/* Nothing to read, nothing to write, or too little of it: no lie, so the device goes on. */
static void
empty_chains(void)
{
	enum machine_kind k;
	unsigned q, flags;

	begin();
	for (k = 0; k < M_KINDS; k++)
		for (q = 0; q < m.devices[k]->nqueues; q++)
			for (flags = 0; flags <= WRITE; flags += WRITE) {
				machine_start(&m, k, UINT64_MAX);
				ring_desc(&m.rings[q], 0, MACHINE_SCRATCH, 0, (uint16_t)flags, 0);
				ring_desc(&m.rings[q], 1, RING_MEM_BYTES, 0, (uint16_t)flags, 0);
				ring_desc(&m.rings[q], 2, MACHINE_SCRATCH, 1, (uint16_t)flags, 0);
				ring_offer(&m.rings[q], 0);
				ring_offer(&m.rings[q], 1);
				ring_offer(&m.rings[q], 2);
				CHECK(provoke(k, q));
				CHECK(machine_status(&m, k) == M_RUNNING);
				CHECK(m.devices[k]->queues[q].used_idx <= 3);
			}
	/* The console's input goes on behind them. */
	CHECK(!m.console.ports[0].ended && !m.ports.ports[1].ended);
	machine_release(&m);
}

/* --- registers --- */

struct bad_queue {
	uint64_t desc, avail, used;
	uint32_t size;
};

static void
queues_that_are_none(void)
{
	static const struct bad_queue bad[] = {
		{ RING_MEM_BYTES, 8192, 12288, 16 },
		{ RING_MEM_BYTES - 240, 8192, 12288, 16 },
		{ 4096, RING_MEM_BYTES - 36, 12288, 16 },
		{ 4096, 8192, RING_MEM_BYTES - 132, 16 },
		{ 4096, 8192, UINT64_MAX - 3, 16 },
		{ UINT64_MAX - 15, 8192, 12288, 16 },
		{ 4104, 8192, 12288, 16 },
		{ 4096, 8193, 12288, 16 },
		{ 4096, 8192, 12290, 16 },
		{ 4096, 8192, 12288, 0 },
		{ 4096, 8192, 12288, 3 },
		{ 4096, 8192, 12288, 32768 },
		{ 4096, 8192, 12288, 65536 + 16 },
	};
	enum machine_kind k;
	unsigned i;

	begin();
	for (k = 0; k < M_KINDS; k++)
		for (i = 0; i < nitems(bad); i++) {
			machine_write(&m, k, MR_STATUS, 4, 0);
			machine_write(&m, k, MR_STATUS, 4, 3);
			machine_features(&m, k, VIRTIO_F_VERSION_1);
			machine_write(&m, k, MR_STATUS, 4, 11);
			machine_write(&m, k, MR_QUEUE_SEL, 4, 0);
			machine_write(&m, k, MR_QUEUE_NUM, 4, bad[i].size);
			machine_address(&m, k, MR_DESC, bad[i].desc);
			machine_address(&m, k, MR_DRIVER, bad[i].avail);
			machine_address(&m, k, MR_DEVICE, bad[i].used);
			machine_write(&m, k, MR_QUEUE_READY, 4, 1);
			CHECK(machine_read(&m, k, MR_QUEUE_READY, 4) == 0);
			CHECK(machine_status(&m, k) == (11 | M_NEEDS_RESET));
			machine_write(&m, k, MR_STATUS, 4, M_RUNNING);
			CHECK(provoke(k, 0));
		}
	machine_release(&m);
}

/* Before the driver says so, a device does not run, and it runs with what was agreed on. */
static void
no_agreement(void)
{
	enum machine_kind k;

	begin();
	for (k = 0; k < M_KINDS; k++) {
		/* No features at all, then what was not offered. */
		machine_write(&m, k, MR_STATUS, 4, 0);
		machine_write(&m, k, MR_STATUS, 4, 4);
		CHECK(machine_status(&m, k) == 0);
		machine_features(&m, k, UINT64_MAX);
		machine_write(&m, k, MR_STATUS, 4, M_RUNNING);
		CHECK(machine_status(&m, k) == 3 && provoke(k, 0));
		/* Running, it keeps its bits and its features. */
		machine_start(&m, k, 0);
		machine_write(&m, k, MR_STATUS, 4, 4);
		CHECK(machine_status(&m, k) == M_RUNNING);
		machine_features(&m, k, UINT64_MAX);
		CHECK(m.devices[k]->driver_features == VIRTIO_F_VERSION_1);
	}
	/* A console of one port has no control queue, whatever its driver says. */
	machine_write(&m, M_CONSOLE, MR_STATUS, 4, 0);
	machine_features(&m, M_CONSOLE, F_MULTIPORT | VIRTIO_F_VERSION_1);
	machine_write(&m, M_CONSOLE, MR_STATUS, 4, 4);
	CHECK(!m.console.multiport);
	machine_release(&m);
}

/* A buffer for the entropy device, by a table; how many bytes came. */
static uint32_t
entropy_by_table(void)
{
	struct ring *r = &m.rings[0];
	uint32_t len = 0;
	uint16_t head;

	table_desc(0, MACHINE_SCRATCH, 64, WRITE, 0);
	ring_desc(r, 3, TABLE, 16, INDIRECT, 0);
	ring_offer(r, 3);
	machine_kick(&m, M_ENTROPY, 0);
	(void)machine_turns(&m, 10);
	return ring_take(r, &head, &len) && head == 3 ? len : 0;
}

/* As NetBSD's network driver does when it starts again; and notifications that come early. */
static void
queues_before_features(void)
{
	uint16_t head;
	uint32_t len;

	begin();
	machine_write(&m, M_ENTROPY, MR_STATUS, 4, 0);
	machine_write(&m, M_ENTROPY, MR_STATUS, 4, 3);
	machine_queues(&m, M_ENTROPY);
	CHECK(!m.entropy.device.queues[0].indirect);
	CHECK(entropy_by_table() == 0);
	machine_features(&m, M_ENTROPY, m.entropy.device.features);
	machine_write(&m, M_ENTROPY, MR_STATUS, 4, 11);
	CHECK(m.entropy.device.queues[0].indirect && m.entropy.device.queues[0].event_idx);
	machine_kick(&m, M_ENTROPY, 0);
	CHECK(machine_turns(&m, 10) < 10 && m.entropy.device.queues[0].used_idx == 0);
	machine_write(&m, M_ENTROPY, MR_STATUS, 4, M_RUNNING);
	machine_kick(&m, M_ENTROPY, 0);
	(void)machine_turns(&m, 10);
	CHECK(ring_take(&m.rings[0], &head, &len) && head == 3 && len == 64);
	CHECK(entropy_by_table() == 64);
	machine_release(&m);
}

/* --- time and memory --- */

static size_t
resident_pages(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long all, resident = 0;

	if (f == NULL || fscanf(f, "%lu %lu", &all, &resident) != 2)
		resident = 0;
	if (f != NULL)
		(void)fclose(f);
	return resident;
}

static uint32_t
wild(void)
{
	static uint64_t x = 0x9e3779b97f4a7c15;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 16);
}

/* Each time: lies in a fresh ring, then any registers. */
static unsigned
torment(enum machine_kind k, unsigned rounds)
{
	unsigned i, n, done = 0, q;

	for (i = 0; i < rounds; i++) {
		machine_start(&m, k, wild() | (uint64_t)wild() << 32);
		q = i % m.devices[k]->nqueues;
		lies[wild() % nitems(lies)](&m.rings[q]);
		ring_offer(&m.rings[q], (uint16_t)(wild() % (MACHINE_QUEUE + 1)));
		machine_kick(&m, k, q);
		for (n = 0; n < 200; n++) {
			machine_write(&m, k, wild() % 0x200 & (n % 2 == 0 ? ~3u : ~0u), 1u << wild() % 4, wild());
			(void)machine_read(&m, k, wild() % 0x200, 1u << wild() % 4);
			done += 2;
		}
		CHECK(machine_turns(&m, 1000) < 1000);
	}
	return done;
}

static void
memory_stays(void)
{
	enum machine_kind k;
	size_t before, after;
	unsigned n = 0;

	begin();
	memset(ring_at(&m.host, 0), 1, RING_MEM_BYTES);
	for (k = 0; k < M_KINDS; k++)
		(void)torment(k, 10);
	before = resident_pages();
	for (k = 0; k < M_KINDS; k++)
		n += torment(k, 350);
	after = resident_pages();
	printf("# %u operations; %zu pages before, %zu after\n", n, before, after);
	CHECK(n >= 1000000);
	CHECK(before > 0 && after < before + 256);
	machine_release(&m);
}

static void
notified_for_nothing(void)
{
	enum machine_kind k;
	unsigned q, i;

	begin();
	for (k = 0; k < M_KINDS; k++) {
		machine_start(&m, k, UINT64_MAX);
		for (i = 0; i < 65536; i++) {
			machine_write(&m, k, MR_QUEUE_NOTIFY, 4, i % (m.devices[k]->nqueues + 1));
			if (i % 64 == 0)
				machine_kick(&m, k, i / 64 % m.devices[k]->nqueues);
			if (i % 1024 == 0)
				CHECK(machine_turns(&m, 1000) < 1000);
		}
		CHECK(machine_settle(&m, k) && machine_status(&m, k) == M_RUNNING);
		for (q = 0; q < m.devices[k]->nqueues; q++)
			CHECK(m.devices[k]->queues[q].used_idx == 0 && m.devices[k]->queues[q].dropped == 0);
	}
	machine_release(&m);
}

/* A write of the whole disk is under way when the driver resets. */
static void
reset_in_mid_request(void)
{
	struct ring_buffer b[3] = { { TABLE, 16, false }, { MACHINE_SCRATCH, MACHINE_DISK_BYTES, false },
		{ TABLE + 16, 1, true } };
	enum machine_kind k;
	unsigned i;

	begin();
	for (k = M_BLOCK; k <= M_OVERLAY; k++)
		for (i = 0; i < 200; i++) {
			machine_start(&m, k, UINT64_MAX);
			put_le32(ring_at(&m.host, TABLE), 1);
			put_le64(ring_at(&m.host, TABLE + 8), 0);
			(void)ring_add(&m.rings[0], b, 3);
			(void)ring_add(&m.rings[0], b, 3);
			machine_kick(&m, k, 0);
			(void)machine_turns(&m, 1);
			if (i % 2 == 0)
				(void)usleep(i);
			machine_write(&m, k, MR_STATUS, 4, 0);
			CHECK(!m.devices[k]->queues[0].ready && m.devices[k]->queues[0].used == NULL);
		}
	machine_release(&m);
}

TEST_MAIN({ "chains that loop or lie", chains }, { "chains of nothing", empty_chains },
    { "queues that are no memory", queues_that_are_none }, { "a driver that agrees on nothing", no_agreement },
    { "queues ready before the features", queues_before_features }, { "a million operations", memory_stays },
    { "notified for nothing", notified_for_nothing }, { "reset in mid-request", reset_in_mid_request })
