/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a block device keeps its bytes in: a raw file, and if wanted an overlay
 * that takes the writes.
 *
 *	overlay file:	0			clusters, each at its own offset
 *			roundup(size, cluster)	bitmap, a bit a cluster: it is here
 *
 * The overlay is sparse, and whole without the monitor: whoever opens it with
 * the same raw file sees the same disk.
 */
#ifndef SMOL_VMM_DISK_H
#define SMOL_VMM_DISK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/err.h"

#define DISK_CLUSTER 4096u

struct disk {
	int fd;
	int overlay_fd; /* -1: none */
	uint64_t bytes;
	bool read_only;
	uint8_t *bitmap; /* mapped from the overlay */
	uint64_t bitmap_bytes;
};

int disk_open(struct disk *, int fd, int overlay_fd, bool read_only, struct err *);
void disk_close(struct disk *);

/* All of it or -1 with errno; the range lies within the disk. */
int disk_read(const struct disk *, const struct iovec *, unsigned n, uint64_t offset, uint64_t len);
int disk_write(struct disk *, const struct iovec *, unsigned n, uint64_t offset, uint64_t len);
int disk_zero(struct disk *, uint64_t offset, uint64_t len, bool discard);
int disk_flush(struct disk *);

#endif
