/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio block devices (virtio 1.2 section 5.2), one request at a time.
 */
#ifndef PROBE_BLK_H
#define PROBE_BLK_H

#include "virtqueue.h"

enum { BLK_MAX = 4, SECTOR = 512, BLK_SEGMENTS = 64 };

enum blk_type { BLK_IN = 0, BLK_OUT = 1, BLK_FLUSH = 4, BLK_GET_ID = 8 };

/* The device's answer; TIMEOUT and REFUSED are ours. */
enum blk_status { BLK_OK = 0, BLK_IOERR = 1, BLK_UNSUPPORTED = 2, BLK_TIMEOUT = 0x100, BLK_REFUSED };

struct blk {
	struct virtio_device *dev;
	struct virtqueue queue;
	uint64_t capacity; /* sectors */
	bool read_only, flush;
	bool dead; /* a request was never answered */
	uint32_t size_max, seg_max; /* of one request */
};

extern int blk_count;

/* Starts every block device. */
void blk_init(void);
struct blk *blk_get(int index);
/* Splits by SIZE_MAX and SEG_MAX. */
bool blk_read(struct blk *, uint64_t sector, void *buf, uint32_t sectors);
bool blk_write(struct blk *, uint64_t sector, const void *buf, uint32_t sectors);
/* One request as it is, for tests. */
enum blk_status blk_request(struct blk *, enum blk_type, uint64_t sector, const struct segment *data, uint32_t count);
/* Requests made so far, all disks. */
uint32_t blk_requests(void);

#endif
