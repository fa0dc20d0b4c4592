/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entropy device (virtio 1.2 section 5.4): getrandom(2) for the guest.
 */
#ifndef SMOL_VMM_VIRTIO_ENTROPY_H
#define SMOL_VMM_VIRTIO_ENTROPY_H

#include "vmm/virtio/mmio.h"

struct virtio_entropy {
	struct virtio_device device;
	uint64_t bytes;
};

int virtio_entropy_init(struct virtio_entropy *, unsigned n, struct err *);

#endif
