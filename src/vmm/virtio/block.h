/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The block device (virtio 1.2 section 5.2): read, write, flush, get id,
 * discard and write zeroes, one queue, a thread of its own that does one
 * request after the other.
 */
#ifndef SMOL_VMM_VIRTIO_BLOCK_H
#define SMOL_VMM_VIRTIO_BLOCK_H

#include "vmm/disk.h"
#include "vmm/virtio/mmio.h"

#define VIRTIO_BLOCK_CONFIG_BYTES 60

struct virtio_block {
	struct virtio_device device;
	struct disk disk;
	uint8_t config[VIRTIO_BLOCK_CONFIG_BYTES];
	char id[20];
	pthread_t thread;
	pthread_cond_t wake; /* for the thread, under the device's lock */
	pthread_cond_t idle; /* from it */
	bool thread_started, work, busy, stop;
	uint64_t reads, writes, read_bytes, write_bytes, errors;
};

/* Takes the disk. */
int virtio_block_init(struct virtio_block *, unsigned n, const struct disk *, struct err *);
/* After it is attached; the thread first calls hook(arg). */
int virtio_block_start(struct virtio_block *, void (*hook)(void *), void *arg, struct err *);
void virtio_block_stop(struct virtio_block *);

#endif
