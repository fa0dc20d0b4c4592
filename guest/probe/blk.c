/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-blk: header, data, status; configuration as NetBSD's ld_virtio
 * takes it.
 */
#include "blk.h"

#include "bytes.h"

#define F_SIZE_MAX (1ull << 1)
#define F_SEG_MAX (1ull << 2)
#define F_RO (1ull << 5)
#define F_BLK_SIZE (1ull << 6)
#define F_FLUSH (1ull << 9)

enum { CONFIG_CAPACITY = 0, CONFIG_SIZE_MAX = 8, CONFIG_SEG_MAX = 12, TIMEOUT_MS = 10000, BYTES_MAX = 1 << 20 };

int blk_count;
static struct blk disks[BLK_MAX];
static struct vring_desc indirect[BLK_SEGMENTS + 2];
static uint32_t requests;

static bool
disk_start(struct blk *b)
{
	if (!virtio_begin(b->dev, F_SIZE_MAX | F_SEG_MAX | F_RO | F_BLK_SIZE | F_FLUSH | VIRTIO_F_INDIRECT_DESC))
		return false;
	b->capacity = virtio_config64(b->dev, CONFIG_CAPACITY);
	b->read_only = (b->dev->features & F_RO) != 0;
	b->flush = (b->dev->features & F_FLUSH) != 0;
	b->size_max = BYTES_MAX;
	b->seg_max = 1;
	if (b->dev->features & F_SIZE_MAX)
		b->size_max = virtio_config32(b->dev, CONFIG_SIZE_MAX);
	if (b->dev->features & F_SEG_MAX)
		b->seg_max = virtio_config32(b->dev, CONFIG_SEG_MAX);
	if (b->size_max < SECTOR || b->seg_max == 0)
		return false;
	b->size_max &= ~(uint32_t)(SECTOR - 1);
	b->seg_max = min_u32(b->seg_max, BLK_SEGMENTS);
	if (!virtqueue_init(&b->queue, b->dev, 0))
		return false;
	if (b->dev->features & VIRTIO_F_INDIRECT_DESC) {
		b->queue.indirect = indirect;
		b->queue.indirect_max = nitems(indirect);
	} else
		b->seg_max = min_u32(b->seg_max, b->queue.size - 2u);
	virtio_run(b->dev);
	return true;
}

void
blk_init(void)
{
	struct virtio_device *dev;

	for (int i = 0; blk_count < BLK_MAX && (dev = virtio_find(VIRTIO_BLK, i)) != NULL; i++) {
		disks[blk_count].dev = dev;
		if (disk_start(&disks[blk_count]))
			blk_count++;
	}
}

struct blk *
blk_get(int index)
{
	return &disks[index];
}

uint32_t
blk_requests(void)
{
	return requests;
}

enum blk_status
blk_request(struct blk *b, enum blk_type type, uint64_t sector, const struct segment *data, uint32_t count)
{
	static uint8_t header[16];
	static volatile uint8_t status;
	struct segment segs[BLK_SEGMENTS + 2];
	uint32_t cookie, len;

	if (count > BLK_SEGMENTS)
		return BLK_REFUSED;
	if (b->dead)
		return BLK_TIMEOUT;
	put_le32(header, type);
	put_le32(header + 4, 0);
	put_le64(header + 8, sector);
	segs[0] = (struct segment){ header, sizeof(header), false };
	for (uint32_t i = 0; i < count; i++)
		segs[i + 1] = data[i];
	segs[count + 1] = (struct segment){ &status, 1, true };
	status = 0xff;
	if (!virtqueue_add(&b->queue, segs, count + 2, 0))
		return BLK_REFUSED;
	requests++;
	virtqueue_kick(&b->queue);
	if (!virtqueue_wait(&b->queue, TIMEOUT_MS) || !virtqueue_take(&b->queue, &cookie, &len)) {
		b->dead = true;
		return BLK_TIMEOUT;
	}
	return (enum blk_status)status;
}

static bool
blk_transfer(struct blk *b, enum blk_type type, uint64_t sector, const uint8_t *buf, uint32_t sectors)
{
	struct segment segs[BLK_SEGMENTS];
	uint32_t n, done, len;

	if (sector > b->capacity || sectors > b->capacity - sector)
		return false;
	while (sectors > 0) {
		done = 0;
		for (n = 0; n < b->seg_max && done < sectors; n++) {
			len = min_u32(b->size_max / SECTOR, sectors - done);
			segs[n] = (struct segment){ buf + done * SECTOR, len * SECTOR, type == BLK_IN };
			done += len;
		}
		if (blk_request(b, type, sector, segs, n) != BLK_OK)
			return false;
		sector += done;
		buf += done * SECTOR;
		sectors -= done;
	}
	return true;
}

bool
blk_read(struct blk *b, uint64_t sector, void *buf, uint32_t sectors)
{
	return blk_transfer(b, BLK_IN, sector, buf, sectors);
}

bool
blk_write(struct blk *b, uint64_t sector, const void *buf, uint32_t sectors)
{
	return blk_transfer(b, BLK_OUT, sector, buf, sectors);
}
