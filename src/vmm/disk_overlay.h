/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file that takes a disk's writes in place of its raw file: sparse, all
 * numbers little-endian, in clusters of 4096 bytes:
 *
 *	0			header: magic[16], bytes of the raw file (8), of a cluster (4), emptying (4)
 *	4096			bitmap: a bit a cluster, lowest first: it is here
 *	+ roundup(bitmap, 4096)	the clusters, each at its place in the disk
 *
 * A bit reaches the file only after the cluster it speaks for is on the disk:
 * bits are set in memory, and written by overlay_flush() between two syncs.  So
 * after a crash every cluster is the old or the new one, and all that was
 * flushed is there.  Emptying is marked in the header first, and finished by
 * whoever opens it next.
 */
#ifndef SMOL_VMM_DISK_OVERLAY_H
#define SMOL_VMM_DISK_OVERLAY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define OVERLAY_CLUSTER 4096u

struct overlay {
	int fd; /* -1: there is none */
	uint64_t bytes; /* of the disk */
	uint64_t data_at; /* where the clusters begin */
	uint8_t *bitmap; /* of the file, what is written to it private until it is flushed */
	uint64_t bitmap_bytes;
	uint8_t *dirty; /* a byte a page of the bitmap */
	bool any_dirty;
	pthread_mutex_t lock; /* of all that changes; readers take none */
};

/* An empty file becomes an overlay; one that was not made for so many bytes is refused. */
int overlay_open(struct overlay *, int fd, uint64_t bytes, bool read_only, struct err *);
void overlay_close(struct overlay *);

/* Bytes from offset on, at most len, that are all here, or all not: *here. */
uint64_t overlay_run(const struct overlay *, uint64_t offset, uint64_t len, bool *here);

/* Under the lock.  The clusters that a write covers in part, taken over from the raw file; then, once it is written,
 * marked. */
int overlay_copy_ends(struct overlay *, int raw_fd, uint64_t offset, uint64_t len);
void overlay_mark(struct overlay *, uint64_t offset, uint64_t len);

/* All that was written is on the disk.  -1 with errno. */
int overlay_flush(struct overlay *);

/* Nothing is here any more.  -1 with errno. */
int overlay_empty(struct overlay *);

#endif
