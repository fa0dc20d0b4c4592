/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chains that loop or lie, on every queue of a device.  Each address is
 * either safe to write to or outside of memory, with every length that is
 * used here: the device may see any mixture of old and new.
 */
#include "boot.h"
#include "hostile.h"
#include "string.h"
#include "virtqueue.h"
#include "x86.h"

enum {
	RINGS = 8,
	SLOTS = 8,
	SCRATCH = 0x2000000,
	SCRATCH_BYTES = 16384,
	NEXT = 1,
	WRITE = 2,
	INDIRECT = 4,
	BALLOON = 5,
	TVERSION = 100,
	STORM = 32
};

static struct {
	struct vring_desc desc[SLOTS];
	volatile uint16_t avail[4 + SLOTS];
	volatile uint32_t used[2 + 2 * SLOTS];
} rings[RINGS] __attribute__((aligned(16)));
static struct vring_desc table[SLOTS] __attribute__((aligned(16)));

static uint64_t
wild_address(void)
{
	switch (hostile_below(8)) {
	case 0:
		return UINT64_MAX - hostile_below(16);
	case 1:
		return boot.ram_bytes - hostile_below(16);
	case 2:
		return 0xd0000000u + hostile_below(4096);
	case 3:
		return (uint64_t)hostile_random() << 32 | hostile_random() | 1ull << 40;
	default:
		return SCRATCH + hostile_below(SCRATCH_BYTES);
	}
}

static void
wild_desc(struct vring_desc *d)
{
	static const uint32_t lengths[] = { 0, 1, 8, 12, 16, 512, 4096, 65536, 0x7fffffff, 0xffffffff };

	d->addr = wild_address();
	d->len = lengths[hostile_below(nitems(lengths))];
	d->flags = (uint16_t)hostile_below(4);
	d->next = (uint16_t)hostile_below(SLOTS);
}

/* The head of a disk's request, near or far, or of a 9P message; to the others it is noise. */
static void
fill_scratch(uint32_t type)
{
	volatile uint32_t *p = ptr_to(SCRATCH);

	/* Page numbers of no page, however the balloon reads them. */
	if (type == BALLOON) {
		memset(ptr_to(SCRATCH), 0x77, SCRATCH_BYTES + 65536);
		return;
	}
	p[0] = hostile_below(2) ? 16 : hostile_below(32);
	p[1] = hostile_random();
	if (type == VIRTIO_9P)
		p[1] = (p[1] & ~0xffu) | (TVERSION + hostile_below(28));
	else if (type == VIRTIO_BLK)
		p[0] = hostile_below(16);
	p[2] = hostile_below(2) ? hostile_below(4096) : hostile_random();
	p[3] = hostile_below(2) ? 0 : hostile_random();
}

static void
lie_of_table(struct vring_desc *d)
{
	static const uint32_t lengths[] = { 0, 16, 17, 16 * SLOTS, 16 * 1025, 0xfffffff0u };

	for (int i = 0; i < SLOTS; i++)
		wild_desc(&table[i]);
	if (hostile_below(2))
		table[0].flags |= INDIRECT;
	d->addr = hostile_below(4) ? addr_of(table) : boot.ram_bytes - 16;
	/* The two that leave the table are refused as too many. */
	d->len = lengths[hostile_below(nitems(lengths))];
	d->flags = (uint16_t)(INDIRECT | hostile_below(4));
}

static void
lie(uint32_t ring)
{
	struct vring_desc *d = rings[ring].desc;
	uint16_t heads = (uint16_t)(1 + hostile_below(SLOTS));

	for (int i = 0; i < SLOTS; i++)
		wild_desc(&d[i]);
	switch (hostile_below(10)) {
	case 0: /* a loop of one */
		d[0].flags = NEXT;
		d[0].next = 0;
		break;
	case 1: /* of two */
		d[0].flags = d[1].flags = NEXT;
		d[0].next = 1;
		d[1].next = 0;
		break;
	case 2:
		d[0].flags = NEXT;
		d[0].next = (uint16_t)(SLOTS + hostile_below(60000));
		break;
	case 3:
		lie_of_table(&d[0]);
		break;
	case 4: /* an index that jumps */
		heads = (uint16_t)hostile_random();
		break;
	case 5:
	case 6:
	case 7:
	case 8: /* as a request should be, of data that should not */
		d[0] = (struct vring_desc){ SCRATCH, 16, NEXT, 1 };
		d[1].flags = (uint16_t)(NEXT | hostile_below(2) * WRITE);
		d[1].next = 2;
		d[2] = (struct vring_desc){ SCRATCH + 8192, 1, WRITE, 0 };
		heads = 1;
		break;
	default:
		break;
	}
	for (int i = 0; i < SLOTS; i++)
		rings[ring].avail[2 + i] = (uint16_t)hostile_below(hostile_below(8) ? SLOTS : 65536);
	if (hostile_below(2))
		rings[ring].avail[2 + rings[ring].avail[1] % SLOTS] = 0;
	compiler_barrier();
	rings[ring].avail[1] = (uint16_t)(rings[ring].avail[1] + heads);
}

void
hostile_chains(struct virtio_device *d)
{
	uint32_t n = 0;

	fill_scratch(d->type);
	if (!virtio_begin(d, hostile_below(2) ? ~0ull : VIRTIO_F_INDIRECT_DESC))
		return;
	memset(rings, 0, sizeof(rings));
	while (
	    n < RINGS && virtio_queue_size(d, n) >= SLOTS &&
	    virtio_queue_enable(d, n, SLOTS, rings[n].desc, (const void *)rings[n].avail, (const void *)rings[n].used))
		n++;
	if (n == 0)
		return;
	virtio_notify(d, hostile_below(n)); /* before DRIVER_OK */
	virtio_run(d);
	for (uint32_t i = 0; i < 8 * n; i++) {
		uint32_t q = hostile_below(n);

		if (virtio_needs_reset(d))
			break;
		if (d->type != BALLOON)
			fill_scratch(d->type);
		lie(q);
		for (uint32_t j = hostile_below(4) ? 1 : STORM; j > 0; j--)
			virtio_notify(d, q);
	}
	/* In mid-request. */
	if (hostile_below(2))
		virtio_begin(d, 0);
}
