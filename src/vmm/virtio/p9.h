/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 9P transport device (virtio 1.2 section 5.9): one queue of requests for
 * a share, and the tag by which the guest mounts it.
 *
 *	config: tag_len[2] tag[tag_len]
 */
#ifndef SMOL_VMM_VIRTIO_P9_H
#define SMOL_VMM_VIRTIO_P9_H

#include "vmm/p9/share.h"
#include "vmm/virtio/worker.h"

#define VIRTIO_P9_TAG_MAX 31 /* NetBSD's vio9p takes no longer one */

struct virtio_p9 {
	struct virtio_device device;
	struct virtio_worker worker;
	struct p9_share *share;
	uint64_t requests;
	uint8_t config[2 + VIRTIO_P9_TAG_MAX];
};

/* Takes the directory in any case; tag has 1 to VIRTIO_P9_TAG_MAX bytes. */
int virtio_p9_init(struct virtio_p9 *, unsigned n, const char *tag, int root_fd, bool read_only, struct err *);
/* Stops the worker, if it was started, and frees. */
void virtio_p9_release(struct virtio_p9 *);

#endif
