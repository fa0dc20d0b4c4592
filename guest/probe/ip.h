/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv4 (RFC 791) without options or fragments, and ICMP echo (RFC 792).
 * The address is the one smolBSD's guests hard-code.
 */
#ifndef PROBE_IP_H
#define PROBE_IP_H

#include "probe.h"

enum {
	IP_ADDRESS = 10 << 24 | 2 << 8 | 15,
	IP_GATEWAY = 10 << 24 | 2 << 8 | 2,
	IP_HEADER = 20,
	IP_ICMP = 1,
	IP_TCP = 6
};

/* Ones' complement sum of bytes, to be carried on and folded at the end. */
uint32_t checksum_add(uint32_t sum, const void *p, uint32_t len);
uint32_t checksum_fold(uint32_t sum);
/* The sum of TCP's pseudo header. */
uint32_t checksum_pseudo(uint32_t src, uint32_t dst, uint32_t len);

void ip_input(const uint8_t *frame, uint32_t len);
/* A frame with its IP header filled in, for len bytes behind it; or NULL. */
uint8_t *ip_frame(const uint8_t *mac, uint32_t dst, uint32_t protocol, uint32_t len);
/* Sends an echo request and waits for its reply. */
bool icmp_ping(const uint8_t *mac, uint32_t dst, uint32_t timeout_ms);

#endif
