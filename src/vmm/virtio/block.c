/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio block requests.
 */
#include "vmm/virtio/block.h"

#include <stdio.h>
#include <string.h>

#include "base/endian.h"

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
	HEADER_BYTES = 16,
	RANGE_BYTES = 16,
	RANGES_MAX = 16,
	SEG_MAX = 126,
	QUEUE_SIZE = 128,
};

#define SECTOR 512ull
#define RANGE_SECTORS_MAX (1u << 22) /* 2 GiB */

#define F_SEG_MAX (1ull << 2)
#define F_RO (1ull << 5)
#define F_BLK_SIZE (1ull << 6)
#define F_FLUSH (1ull << 9)
#define F_DISCARD (1ull << 13)
#define F_WRITE_ZEROES (1ull << 14)

static bool
in_disk(const struct virtio_block *b, uint64_t sector, uint64_t len)
{
	uint64_t sectors = b->disk.bytes / SECTOR;

	return len % SECTOR == 0 && sector <= sectors && len / SECTOR <= sectors - sector;
}

static uint8_t
transfer(struct virtio_block *b, const struct virtqueue_chain *c, uint64_t sector, bool write)
{
	uint64_t len = write ? c->out_bytes - HEADER_BYTES : c->in_bytes - 1;
	struct iovec iov[VIRTQUEUE_IOV_MAX];
	unsigned n;
	int rv;

	if (len == 0 || !in_disk(b, sector, len) || (write && b->disk.read_only))
		return S_IOERR;
	/* Without the header in front, or the status at the end. */
	n = write ? iov_slice(c->iov, c->nout, HEADER_BYTES, len, iov)
		  : iov_slice(c->iov + c->nout, c->nin, 0, len, iov);
	rv = write ? disk_write(&b->disk, iov, n, sector * SECTOR, len)
		   : disk_read(&b->disk, iov, n, sector * SECTOR, len);
	if (rv < 0)
		return S_IOERR;
	if (write) {
		b->writes++;
		b->write_bytes += len;
	} else {
		b->reads++;
		b->read_bytes += len;
	}
	return S_OK;
}

/* Ranges of a discard or write zeroes request. */
static uint8_t
ranges(struct virtio_block *b, const struct virtqueue_chain *c, bool discard)
{
	uint64_t len = c->out_bytes - HEADER_BYTES, at;
	uint8_t r[RANGE_BYTES];

	if (len == 0 || len % RANGE_BYTES != 0 || len / RANGE_BYTES > RANGES_MAX)
		return S_UNSUPP;
	if (b->disk.read_only)
		return S_IOERR;
	for (at = 0; at < len; at += RANGE_BYTES) {
		uint64_t sector, bytes;

		(void)iov_read(c->iov, c->nout, HEADER_BYTES + at, r, sizeof(r));
		sector = get_le64(r);
		bytes = get_le32(r + 8) * SECTOR;
		if (get_le32(r + 12) > (discard ? 0u : 1u))
			return S_UNSUPP;
		if (bytes > RANGE_SECTORS_MAX * SECTOR || !in_disk(b, sector, bytes))
			return S_IOERR;
		if (bytes > 0 && disk_zero(&b->disk, sector * SECTOR, bytes, discard) < 0)
			return S_IOERR;
	}
	return S_OK;
}

/* Without a flush to ask for, the driver takes what is done for safe (section 5.2.6.2). */
static uint8_t
written_through(struct virtio_block *b, uint8_t status)
{
	if (status != S_OK || virtio_has(&b->device, F_FLUSH))
		return status;
	return disk_flush(&b->disk) < 0 ? S_IOERR : S_OK;
}

/* The status; *written is how much data the chain got. */
static uint8_t
request(struct virtio_block *b, const struct virtqueue_chain *c, uint32_t *written)
{
	uint8_t h[HEADER_BYTES], status;

	if (iov_read(c->iov, c->nout, 0, h, sizeof(h)) != sizeof(h))
		return S_IOERR;
	switch (get_le32(h)) {
	case T_IN:
		status = transfer(b, c, get_le64(h + 8), false);
		*written = status == S_OK ? (uint32_t)c->in_bytes - 1 : 0;
		return status;
	case T_OUT:
		return written_through(b, transfer(b, c, get_le64(h + 8), true));
	case T_FLUSH:
		return disk_flush(&b->disk) < 0 ? S_IOERR : S_OK;
	case T_GET_ID:
		if (c->in_bytes < sizeof(b->id) + 1)
			return S_IOERR;
		*written = (uint32_t)iov_write(c->iov + c->nout, c->nin, 0, b->id, sizeof(b->id));
		return S_OK;
	case T_DISCARD:
		return written_through(b, ranges(b, c, true));
	case T_WRITE_ZEROES:
		return written_through(b, ranges(b, c, false));
	default:
		return S_UNSUPP;
	}
}

uint32_t
virtio_block_chain(void *self, unsigned queue, const struct virtqueue_chain *c)
{
	struct virtio_block *b = self;
	uint32_t written = 0;
	uint8_t status;

	if (c->in_bytes == 0) { /* nowhere to say how it went */
		(void)pthread_mutex_lock(&b->device.lock);
		b->device.queues[queue].dropped++;
		(void)pthread_mutex_unlock(&b->device.lock);
		return 0;
	}
	status = request(b, c, &written);
	b->errors += status != S_OK;
	(void)iov_write(c->iov + c->nout, c->nin, c->in_bytes - 1, &status, 1);
	return written + 1;
}

static void
blocks(void *arg)
{
	struct virtio_block *b = arg;

	virtio_worker_blocks(&b->worker);
}

static void
notify(struct virtio_device *d, unsigned queue)
{
	struct virtio_block *b = d->self;

	(void)queue;
	virtio_worker_kick(&b->worker);
}

static void
reset(struct virtio_device *d)
{
	struct virtio_block *b = d->self;

	virtio_worker_quiesce(&b->worker);
}

static const struct virtio_counter counters[] = {
	{ "reads", offsetof(struct virtio_block, reads) },
	{ "read_bytes", offsetof(struct virtio_block, read_bytes) },
	{ "writes", offsetof(struct virtio_block, writes) },
	{ "written_bytes", offsetof(struct virtio_block, write_bytes) },
	{ "errors", offsetof(struct virtio_block, errors) },
	{ NULL, 0 },
};

static const struct virtio_ops ops = {
	.type = VIRTIO_BLOCK,
	.name = "block",
	.counters = counters,
	.features = F_SEG_MAX | F_BLK_SIZE | F_FLUSH | F_DISCARD | F_WRITE_ZEROES,
	.threaded = true,
	.notify = notify,
	.reset = reset,
};

int
virtio_block_init(struct virtio_block *b, unsigned n, const struct disk *disk, struct err *err)
{
	memset(b, 0, sizeof(*b));
	b->disk = *disk;
	if (virtio_device_init(&b->device, &ops, b, n, 1, QUEUE_SIZE, b->config, sizeof(b->config), err) < 0)
		return -1;
	if (disk->read_only)
		b->device.features = (b->device.features | F_RO) & ~(F_DISCARD | F_WRITE_ZEROES);
	put_le64(b->config, disk->bytes / SECTOR);
	put_le32(b->config + 12, SEG_MAX);
	put_le32(b->config + 20, SECTOR);
	put_le32(b->config + 36, RANGE_SECTORS_MAX); /* max_discard_sectors */
	put_le32(b->config + 40, RANGES_MAX);
	put_le32(b->config + 44, OVERLAY_CLUSTER / SECTOR); /* discard_sector_alignment */
	put_le32(b->config + 48, RANGE_SECTORS_MAX); /* max_write_zeroes_sectors */
	put_le32(b->config + 52, RANGES_MAX);
	b->config[56] = 1; /* write_zeroes_may_unmap */
	(void)snprintf(b->id, sizeof(b->id), "smol-disk%u", n);
	virtio_worker_init(&b->worker, &b->device, virtio_block_chain);
	b->worker.nthreads = VIRTIO_BLOCK_THREADS;
	b->disk.blocks = blocks;
	b->disk.blocks_arg = b;
	return 0;
}

void
virtio_block_release(struct virtio_block *b)
{
	virtio_worker_stop(&b->worker);
	disk_close(&b->disk);
	virtio_device_release(&b->device);
}

static int
between_requests(struct virtio_block *b, int (*fn)(struct disk *, struct err *), struct err *err)
{
	int rv;

	virtio_worker_pause(&b->worker);
	rv = fn(&b->disk, err);
	virtio_worker_resume(&b->worker);
	return rv;
}

int
virtio_block_commit(struct virtio_block *b, struct err *err)
{
	return between_requests(b, disk_commit, err);
}

int
virtio_block_reset(struct virtio_block *b, struct err *err)
{
	return between_requests(b, disk_reset, err);
}
