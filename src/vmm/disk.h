/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a block device keeps its bytes in: a raw file, and if wanted an overlay
 * (vmm/disk_overlay.h) that takes the writes.  Whoever opens both files again
 * sees the same disk.  Requests may come from several threads at once.
 *
 * What was not flushed may be lost where the monitor is killed, as with any
 * disk that has a cache.
 *
 * #syscalls disk loop: preadv preadv2 pwritev pread64 pwrite64 fallocate fdatasync ftruncate fstat newfstatat
 * #syscalls disk loop: fcntl:1=F_GETFL
 */
#ifndef SMOL_VMM_DISK_H
#define SMOL_VMM_DISK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/err.h"
#include "vmm/disk_overlay.h"

struct disk {
	int fd;
	uint64_t bytes;
	bool read_only;
	struct overlay overlay;
	void (*blocks)(void *arg); /* told before a request waits for the host's disk; NULL: nobody */
	void *blocks_arg;
};

/* Takes the descriptors, whatever comes of it; overlay_fd -1: none. */
int disk_open(struct disk *, int fd, int overlay_fd, bool read_only, struct err *);
void disk_close(struct disk *);

/* All of it or -1 with errno; the range lies within the disk. */
int disk_read(const struct disk *, const struct iovec *, unsigned n, uint64_t offset, uint64_t len);
int disk_write(struct disk *, const struct iovec *, unsigned n, uint64_t offset, uint64_t len);
int disk_zero(struct disk *, uint64_t offset, uint64_t len, bool discard);
int disk_flush(struct disk *);

/*
 * While nothing else uses the disk: the overlay written into the raw file and
 * emptied, or only emptied.  Interrupted at any moment, the disk reads as before
 * or as after (commit), and it can be done again.
 */
int disk_commit(struct disk *, struct err *);
int disk_reset(struct disk *, struct err *);

#endif
