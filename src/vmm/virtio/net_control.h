/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network device's control queue (virtio 1.2 section 5.1.6.5), and what it
 * sets: which frames the guest receives, and its address.
 */
#ifndef SMOL_VMM_VIRTIO_NET_CONTROL_H
#define SMOL_VMM_VIRTIO_NET_CONTROL_H

#include "vmm/virtio/net.h"

/* As after a reset: everything is received until the driver asks for less. */
void virtio_net_filter_reset(struct virtio_net_filter *, const uint8_t mac[6]);

/* A frame to that address is for the guest. */
bool virtio_net_wants(const struct virtio_net_filter *, const uint8_t to[6]);

/* Carries out the waiting commands of that queue. */
void virtio_net_control(struct virtio_net_filter *, struct virtio_device *, unsigned queue);

#endif
