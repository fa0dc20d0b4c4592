/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network device (virtio 1.2 section 5.1): one receive, one transmit and
 * one control queue, checksum and segmentation offloads, mergeable buffers.
 *
 * Its backend is one descriptor.  Every read or write of it is one frame behind
 * a 12-byte header (section 5.1.6), as the guest sees it:
 *
 *	tap	opened with IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, header size 12
 *	socket	SOCK_SEQPACKET (or SOCK_DGRAM, whose end is not seen): smol-net
 *
 *	guest's buffers ◄─ readv ─ backend      backend ◄─ sendmsg, writev ─ guest's buffers
 *
 * Frames wait at the backend, in the kernel's bounded queue, while the guest
 * has no buffers or is not up; a backend that takes no more leaves the guest's
 * frames in its ring.  Nothing is kept here.
 *
 * #syscalls vcpu loop: readv writev recvmsg sendmsg ioctl:1=TUNSETOFFLOAD
 */
#ifndef SMOL_VMM_VIRTIO_NET_H
#define SMOL_VMM_VIRTIO_NET_H

#include "vmm/virtio/mmio.h"

#define VIRTIO_NET_HEADER_BYTES 12
#define VIRTIO_NET_FRAME_MIN 14
#define VIRTIO_NET_FRAME_MAX (14 + 65535)
#define VIRTIO_NET_CONFIG_BYTES 8
#define VIRTIO_NET_MACS_MAX 64

#define VIRTIO_NET_F_CSUM (1ull << 0)
#define VIRTIO_NET_F_GUEST_CSUM (1ull << 1)
#define VIRTIO_NET_F_MAC (1ull << 5)
#define VIRTIO_NET_F_GUEST_TSO4 (1ull << 7)
#define VIRTIO_NET_F_GUEST_TSO6 (1ull << 8)
#define VIRTIO_NET_F_GUEST_ECN (1ull << 9)
#define VIRTIO_NET_F_HOST_TSO4 (1ull << 11)
#define VIRTIO_NET_F_HOST_TSO6 (1ull << 12)
#define VIRTIO_NET_F_HOST_ECN (1ull << 13)
#define VIRTIO_NET_F_MRG_RXBUF (1ull << 15)
#define VIRTIO_NET_F_STATUS (1ull << 16)
#define VIRTIO_NET_F_CTRL_VQ (1ull << 17)
#define VIRTIO_NET_F_CTRL_RX (1ull << 18)
#define VIRTIO_NET_F_CTRL_RX_EXTRA (1ull << 20)
#define VIRTIO_NET_F_CTRL_MAC_ADDR (1ull << 23)

/* What the guest wants to receive (section 5.1.6.5.1). */
struct virtio_net_filter {
	bool promiscuous, all_multicast, all_unicast, no_multicast, no_unicast, no_broadcast;
	uint8_t mac[6];
	uint8_t unicast[VIRTIO_NET_MACS_MAX][6], multicast[VIRTIO_NET_MACS_MAX][6];
	unsigned nunicast, nmulticast;
	bool unicast_full, multicast_full; /* the driver has more than the table holds: all are received */
};

struct virtio_net {
	struct virtio_device device;
	struct loop_source backend;
	bool tap;
	bool ended; /* the backend is gone: the link is down, frames are lost */
	bool stuck; /* the backend takes no more now */
	uint8_t config[VIRTIO_NET_CONFIG_BYTES];
	uint8_t mac[6]; /* as the machine's description says; filter.mac may be the guest's own */
	struct virtio_net_filter filter;
	uint64_t rx_frames, rx_bytes, tx_frames, tx_bytes;
	uint64_t rx_filtered; /* not for this guest */
	uint64_t rx_dropped; /* too long for its buffers */
	uint64_t tx_dropped; /* malformed, or refused by the backend */
	uint8_t overflow[VIRTIO_NET_HEADER_BYTES + VIRTIO_NET_FRAME_MAX]; /* of a frame longer than its first buffer */
};

/* Takes fd, and makes it not block; it is closed by virtio_net_release(). */
int virtio_net_init(struct virtio_net *, unsigned n, int fd, const uint8_t mac[6], struct err *);
void virtio_net_release(struct virtio_net *);

#endif
