/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The block device (virtio 1.2 section 5.2): read, write, flush, get id,
 * discard and write zeroes, one queue; a request that must wait for the host's
 * disk does not hold up the others (doc/design/0007-block-io.md).
 */
#ifndef SMOL_VMM_VIRTIO_BLOCK_H
#define SMOL_VMM_VIRTIO_BLOCK_H

#include "vmm/disk.h"
#include "vmm/virtio/worker.h"

#define VIRTIO_BLOCK_CONFIG_BYTES 60
#define VIRTIO_BLOCK_THREADS 4

struct virtio_block {
	struct virtio_device device;
	struct virtio_worker worker;
	struct disk disk;
	uint8_t config[VIRTIO_BLOCK_CONFIG_BYTES];
	char id[20];
	_Atomic uint64_t reads, writes, read_bytes, write_bytes, errors;
};

/* Takes the disk, whatever comes of it. */
int virtio_block_init(struct virtio_block *, unsigned n, const struct disk *, struct err *);
void virtio_block_release(struct virtio_block *);

/* One request; how many bytes of the chain were filled. The worker calls it. */
uint32_t virtio_block_chain(void *self, unsigned queue, const struct virtqueue_chain *);

/*
 * disk_commit() and disk_reset() between two requests, in the caller's thread,
 * which is none of the device's.  That the guest does not use a disk that is
 * reset is the caller's business.
 */
int virtio_block_commit(struct virtio_block *, struct err *);
int virtio_block_reset(struct virtio_block *, struct err *);

#endif
