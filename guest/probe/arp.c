/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ARP: answers for our address, remembers who spoke.
 */
#include "arp.h"

#include "bytes.h"
#include "clock.h"
#include "ip.h"
#include "net.h"
#include "string.h"

enum { ARP_SIZE = 28, REQUEST = 1, REPLY = 2, ENTRIES = 16, RETRY_US = 250000 };

static struct {
	uint32_t ip;
	uint8_t mac[6];
} table[ENTRIES];
static uint32_t next_entry;
static const uint8_t everyone[6] = { 255, 255, 255, 255, 255, 255 };

static void
arp_send(const uint8_t *to, uint32_t op, const uint8_t *mac, uint32_t ip)
{
	uint8_t *frame = net_frame(to, ETHER_ARP), *p;

	if (frame == NULL)
		return;
	p = frame + ETHER_HEADER;
	put_be32(p, 1 << 16 | ETHER_IP); /* Ethernet, IPv4 */
	put_be16(p + 4, 6 << 8 | 4);
	put_be16(p + 6, op);
	memcpy(p + 8, net_mac, 6);
	put_be32(p + 14, IP_ADDRESS);
	memcpy(p + 18, mac, 6);
	put_be32(p + 24, ip);
	net_transmit(frame, ETHER_HEADER + ARP_SIZE, NULL, 0);
}

static void
arp_learn(uint32_t ip, const uint8_t *mac)
{
	uint32_t i;

	for (i = 0; i < ENTRIES && table[i].ip != ip; i++)
		continue;
	if (i == ENTRIES)
		i = next_entry++ % ENTRIES;
	table[i].ip = ip;
	memcpy(table[i].mac, mac, 6);
}

void
arp_input(const uint8_t *frame, uint32_t len)
{
	const uint8_t *p = frame + ETHER_HEADER;
	uint32_t sender;

	if (len < ETHER_HEADER + ARP_SIZE || get_be32(p) != (1 << 16 | ETHER_IP) || get_be16(p + 4) != (6 << 8 | 4) ||
	    get_be32(p + 24) != IP_ADDRESS)
		return;
	sender = get_be32(p + 14);
	arp_learn(sender, p + 8);
	if (get_be16(p + 6) == REQUEST)
		arp_send(p + 8, REPLY, p + 8, sender);
}

void
arp_announce(void)
{
	static const uint8_t nobody[6];

	arp_send(everyone, REQUEST, nobody, IP_ADDRESS);
	net_flush();
}

bool
arp_resolve(uint32_t ip, uint8_t *mac, uint32_t timeout_ms)
{
	static const uint8_t nobody[6];
	uint64_t now = clock_us(), until = now + (uint64_t)timeout_ms * 1000;
	uint64_t retry = now;

	for (; now < until; now = clock_us()) {
		for (uint32_t i = 0; i < ENTRIES; i++)
			if (table[i].ip == ip) {
				memcpy(mac, table[i].mac, 6);
				return true;
			}
		if (now >= retry) {
			arp_send(everyone, REQUEST, nobody, ip);
			net_flush();
			retry = now + RETRY_US;
		}
		if (!net_poll())
			net_wait(retry);
	}
	return false;
}
