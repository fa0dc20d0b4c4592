/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address resolution (RFC 826).
 */
#ifndef PROBE_ARP_H
#define PROBE_ARP_H

#include "probe.h"

void arp_input(const uint8_t *frame, uint32_t len);
/* Tells everyone our address: who has frames for us need not ask. */
void arp_announce(void);
/* Asks and waits; false if nobody answers in time. */
bool arp_resolve(uint32_t ip, uint8_t *mac, uint32_t timeout_ms);

#endif
