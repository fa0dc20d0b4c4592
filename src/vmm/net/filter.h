/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which of the guest's frames the stack sees.
 *
 * Always: ARP and IPv4 alone, and nothing to 0.0.0.0/8 or 127.0.0.0/8, which
 * would be the host's own loopback.
 *
 * Restricted, also: no fragments (they hide ports); DHCP; echo requests to the
 * host's address; of TCP, everything but the opening segment is let pass, since
 * the stack makes no connection of it; an opening segment and UDP to an allowed
 * destination; and UDP to who has sent something to that port of the guest's in
 * the last two minutes, which is how a forwarded port answers.
 */
#ifndef SMOL_VMM_NET_FILTER_H
#define SMOL_VMM_NET_FILTER_H

#include "vmm/net/config.h"
#include "vmm/net/frame.h"

#define FILTER_PEERS 1024
#define FILTER_PEER_MS 120000

struct filter_peer {
	uint32_t addr;
	uint16_t port, guest_port;
	int64_t seen_ms;
};

struct filter {
	const struct net_config *config;
	struct filter_peer peers[FILTER_PEERS]; /* by hash: a newcomer takes the place */
	uint64_t refused;
};

void filter_init(struct filter *, const struct net_config *);

/* A frame of the guest's may pass; if not, it is counted. */
bool filter_out(struct filter *, const struct frame *, int64_t now_ms);

/* A frame goes to the guest: its sender may be answered. */
void filter_in(struct filter *, const struct frame *, int64_t now_ms);

#endif
