/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What smol-net is told on a descriptor: one line a fact, words divided by
 * single spaces; FD is the number of an inherited descriptor.
 *
 *	smol-net 1
 *	frames FD			SOCK_SEQPACKET, its other end smol-vmm's "net"
 *	ready FD			a byte is written there once all ports are bound
 *	forward tcp|udp ADDR PORT GUEST-ADDR GUEST-PORT
 *	restrict			nothing from the guest but answers and what is allowed:
 *	allow tcp|udp ADDR[/BITS] PORT|FIRST-LAST|*
 *
 * The guest's network is 10.0.2.0/24: it is 10.0.2.15, the host is 10.0.2.2
 * (its loopback services are found there), DNS is at 10.0.2.3 port 53.  An
 * allowed destination is an address as the guest writes it; one of 10.0.2.0/24
 * is allowed only by a prefix that lies within it, since it means the host
 * itself: "allow udp 10.0.2.3 53" for DNS.
 */
#ifndef SMOL_VMM_NET_CONFIG_H
#define SMOL_VMM_NET_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define NET_FORWARDS_MAX 256
#define NET_RULES_MAX 1024

#define NET_NETWORK 0x0a000200u /* 10.0.2.0 */
#define NET_MASK 0xffffff00u
#define NET_HOST 0x0a000202u
#define NET_DNS 0x0a000203u
#define NET_GUEST 0x0a00020fu

/* Addresses and ports are in the host's byte order. */
struct net_forward {
	bool udp;
	uint32_t host_addr, guest_addr;
	uint16_t host_port, guest_port;
};

struct net_rule {
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP */
	uint32_t addr, mask;
	uint16_t first, last; /* ports */
};

struct net_config {
	int frames_fd, ready_fd; /* ready_fd -1: nobody waits */
	bool restricted;
	struct net_forward forwards[NET_FORWARDS_MAX];
	unsigned nforwards;
	struct net_rule rules[NET_RULES_MAX];
	unsigned nrules;
};

/* text ends with a NUL.  The message names the line. */
int net_config_parse(struct net_config *, const char *text, struct err *);
/* From the descriptor that an argument names. */
int net_config_read(struct net_config *, const char *arg, struct err *);

#endif
