/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio network device (virtio 1.2 section 5.1) and Ethernet frames.
 *
 *	net_poll -> arp_input | ip_input -> tcp_input ...
 *	net_frame -> fill in -> net_transmit ... -> net_flush
 */
#ifndef PROBE_NET_H
#define PROBE_NET_H

#include "virtqueue.h"

enum { ETHER_HEADER = 14, ETHER_MTU = 1500, ETHER_ARP = 0x0806, ETHER_IP = 0x0800 };

struct net_stats {
	uint32_t received, sent, dropped; /* dropped: no transmit buffer */
};

extern struct net_stats net_stats;
extern uint8_t net_mac[6];

/* False if there is no device. */
bool net_init(void);
struct virtio_device *net_device(void);
/* A buffer of header + MTU bytes, the addresses and type filled in, or NULL. */
uint8_t *net_frame(const uint8_t *to, uint32_t type);
/* Queues the frame's first len bytes, then payload, which must stay as it is. */
void net_transmit(uint8_t *frame, uint32_t len, const void *payload, uint32_t payload_len);
void net_flush(void);
/* Hands over all frames that have come; true if there were any. */
bool net_poll(void);
/* Halts until a frame comes or the moment does. */
void net_wait(uint64_t until_us);

#endif
