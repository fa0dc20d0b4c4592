/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv4 in and out, the Internet checksum (RFC 1071), ICMP echo.
 */
#include "ip.h"

#include "bytes.h"
#include "clock.h"
#include "net.h"
#include "string.h"
#include "tcp.h"

enum {
	ICMP_ECHO_REPLY = 0,
	ICMP_ECHO = 8,
	ICMP_HEADER = 8,
	PING_ID = 0x736d,
	DONT_FRAGMENT = 0x4000,
	MORE_OR_OFFSET = 0x3fff,
	TTL = 64,
	LATE_RETRY_US = 250000
};

static uint32_t ping_answered;

/*
 * Sums in the memory's order: 32 bytes a turn, carries kept in the flag.
 * The result is byte-swapped with respect to RFC 1071's words; so is what
 * checksum_fold gives, and it is stored as it is.
 */
uint32_t
checksum_add(uint32_t sum, const void *p, uint32_t len)
{
	const uint8_t *b = p;
	uint32_t turns = len / 32, tail = 0;

	if (turns > 0)
		__asm__("clc\n"
			"1:	adcl 0(%1), %0; adcl 4(%1), %0; adcl 8(%1), %0\n"
			"	adcl 12(%1), %0; adcl 16(%1), %0; adcl 20(%1), %0\n"
			"	adcl 24(%1), %0; adcl 28(%1), %0\n"
			"	leal 32(%1), %1; decl %2; jnz 1b\n"
			"	adcl $0, %0"
			: "+r"(sum), "+r"(b), "+r"(turns)
			:
			: "memory", "cc");
	for (len %= 32; len >= 4; len -= 4, b += 4)
		__asm__("addl %1, %0; adcl $0, %0" : "+r"(sum) : "m"(*(const uint32_t *)(const void *)b) : "cc");
	for (uint32_t i = 0; i < len; i++)
		tail |= (uint32_t)b[i] << (8 * i);
	__asm__("addl %1, %0; adcl $0, %0" : "+r"(sum) : "r"(tail) : "cc");
	return sum;
}

uint32_t
checksum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

uint32_t
checksum_pseudo(uint32_t src, uint32_t dst, uint32_t len)
{
	uint8_t h[12];

	put_be32(h, src);
	put_be32(h + 4, dst);
	put_be16(h + 8, IP_TCP);
	put_be16(h + 10, len);
	return checksum_add(0, h, sizeof(h));
}

uint8_t *
ip_frame(const uint8_t *mac, uint32_t dst, uint32_t protocol, uint32_t len)
{
	static uint32_t id;
	uint8_t *frame = net_frame(mac, ETHER_IP), *p;

	if (frame == NULL)
		return NULL;
	p = frame + ETHER_HEADER;
	put_be16(p, 0x4500);
	put_be16(p + 2, IP_HEADER + len);
	put_be16(p + 4, id++);
	put_be16(p + 6, DONT_FRAGMENT);
	put_be16(p + 8, TTL << 8 | protocol);
	put_be16(p + 10, 0);
	put_be32(p + 12, IP_ADDRESS);
	put_be32(p + 16, dst);
	put_le16(p + 10, checksum_fold(checksum_add(0, p, IP_HEADER)));
	return frame;
}

static void
icmp_send(const uint8_t *mac, uint32_t dst, uint32_t type, const uint8_t *icmp, uint32_t len)
{
	uint8_t *frame = ip_frame(mac, dst, IP_ICMP, len), *p;

	if (frame == NULL)
		return;
	p = frame + ETHER_HEADER + IP_HEADER;
	memcpy(p, icmp, len);
	put_be32(p, type << 24);
	put_le16(p + 2, checksum_fold(checksum_add(0, p, len)));
	net_transmit(frame, ETHER_HEADER + IP_HEADER + len, NULL, 0);
}

static void
icmp_input(const uint8_t *frame, uint32_t src, const uint8_t *icmp, uint32_t len)
{
	if (len < ICMP_HEADER || checksum_fold(checksum_add(0, icmp, len)) != 0)
		return;
	if (icmp[0] == ICMP_ECHO)
		icmp_send(frame + 6, src, ICMP_ECHO_REPLY, icmp, len);
	else if (icmp[0] == ICMP_ECHO_REPLY && get_be16(icmp + 4) == PING_ID)
		ping_answered = get_be16(icmp + 6);
}

void
ip_input(const uint8_t *frame, uint32_t len)
{
	const uint8_t *p = frame + ETHER_HEADER;
	uint32_t header, total, src;

	if (len < ETHER_HEADER + IP_HEADER || p[0] >> 4 != 4)
		return;
	header = (p[0] & 0xfu) * 4;
	total = get_be16(p + 2);
	if (header < IP_HEADER || total < header || total > len - ETHER_HEADER ||
	    (get_be16(p + 6) & MORE_OR_OFFSET) != 0 || get_be32(p + 16) != IP_ADDRESS ||
	    checksum_fold(checksum_add(0, p, header)) != 0)
		return;
	src = get_be32(p + 12);
	if (p[9] == IP_ICMP)
		icmp_input(frame, src, p + header, total - header);
	else if (p[9] == IP_TCP)
		tcp_input(frame + 6, src, p + header, total - header);
}

bool
icmp_ping(const uint8_t *mac, uint32_t dst, uint32_t timeout_ms)
{
	static uint32_t sequence;
	uint8_t echo[ICMP_HEADER + 32] = { 0 };
	uint64_t now = clock_us(), until = now + (uint64_t)timeout_ms * 1000;
	uint64_t retry = now;

	put_be16(echo + 4, PING_ID);
	put_be16(echo + 6, ++sequence);
	for (uint8_t i = 0; i < 32; i++)
		echo[ICMP_HEADER + i] = i;
	for (; now < until && ping_answered != sequence; now = clock_us()) {
		if (now >= retry) {
			icmp_send(mac, dst, ICMP_ECHO, echo, sizeof(echo));
			net_flush();
			retry = now + LATE_RETRY_US;
		}
		if (!net_poll())
			net_wait(retry);
	}
	return ping_answered == sequence;
}
