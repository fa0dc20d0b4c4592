/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checksums (RFC 1071) and headers (RFC 791, 793, 768) of the guest's frames.
 */
#include "vmm/net/frame.h"

#include <netinet/in.h>
#include <string.h>

#include "base/endian.h"

enum {
	ETHER_ARP = 0x0806,
	ETHER_IP = 0x0800,
	IP_BYTES = 20,
	TCP_BYTES = 20,
	UDP_BYTES = 8,
	TCP_SUM_AT = 16,
	IP_SUM_AT = 10,
	TCP_FLAGS_OPEN = 0x37, /* those that matter to it: URG ACK RST SYN FIN */
	TCP_SYN = 0x02,
	TCP_RST_ACK = 0x14,
	ICMP_BYTES = 8,
	ICMP_UNREACHABLE = 3,
	ICMP_PROHIBITED = 13,
	QUOTED_BYTES = 8, /* of what an ICMP error is about, behind its IP header */
};

static uint16_t
get16(const uint8_t *p)
{
	return get_u16(p, true);
}

static void
put16(uint8_t *p, uint16_t v)
{
	put_u16(p, v, true);
}

/*
 * Adds big-endian 16-bit words, and a last byte as if a zero followed.  The sum
 * does not mind in which order its bytes are, so it is taken little-endian, four
 * bytes at once, and turned at the end.
 */
static uint64_t
sum(uint64_t start, const uint8_t *p, size_t len)
{
	uint64_t s = 0;
	size_t i;

	for (i = 0; i + 4 <= len; i += 4)
		s += get_le32(p + i);
	if (i + 2 <= len) {
		s += get_le16(p + i);
		i += 2;
	}
	if (i < len)
		s += p[i];
	while (s > 0xffff)
		s = (s & 0xffff) + (s >> 16);
	return start + __builtin_bswap16((uint16_t)s);
}

static uint16_t
folded(uint64_t s)
{
	while (s > 0xffff)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

/* The header's length, or 0: there is no whole IPv4 header. */
static size_t
ip_header(const uint8_t *frame, size_t len)
{
	const uint8_t *ip = frame + FRAME_ETHER_BYTES;
	size_t header;

	if (len < FRAME_ETHER_BYTES + IP_BYTES || get16(frame + 12) != ETHER_IP || ip[0] >> 4 != 4)
		return 0;
	header = (size_t)(ip[0] & 15) * 4;
	return header >= IP_BYTES && FRAME_ETHER_BYTES + header <= len ? header : 0;
}

/* A segment longer than the network's: one IP packet, lengths and both checksums made right. */
static bool
finish_tcp4(uint8_t *frame, size_t len)
{
	size_t header = ip_header(frame, len), packet = len - FRAME_ETHER_BYTES;
	uint8_t *ip = frame + FRAME_ETHER_BYTES, *tcp = ip + header;
	uint64_t s;

	if (header == 0 || ip[9] != IPPROTO_TCP || packet < header + TCP_BYTES || packet > UINT16_MAX)
		return false;
	put16(ip + 2, (uint16_t)packet);
	put16(ip + IP_SUM_AT, 0);
	put16(ip + IP_SUM_AT, folded(sum(0, ip, header)));
	put16(tcp + TCP_SUM_AT, 0);
	s = sum(IPPROTO_TCP + packet - header, ip + 12, 8);
	put16(tcp + TCP_SUM_AT, folded(sum(s, tcp, packet - header)));
	return true;
}

bool
frame_finish(const uint8_t virtio[FRAME_VIRTIO_BYTES], uint8_t *frame, size_t len)
{
	size_t start = get_le16(virtio + 6), offset = get_le16(virtio + 8);
	uint16_t checksum;

	if (virtio[1] == FRAME_GSO_TCPV4)
		return finish_tcp4(frame, len);
	if (virtio[1] != FRAME_GSO_NONE)
		return false;
	if ((virtio[0] & FRAME_FLAG_NEEDS_CSUM) == 0)
		return true;
	if (start + offset + 2 > len)
		return false;
	/* The driver has left the pseudo-header's sum where the checksum goes. */
	checksum = folded(sum(0, frame + start, len - start));
	/* For UDP 0 would say that there is none. */
	put16(frame + start + offset, checksum == 0 ? 0xffff : checksum);
	return true;
}

static void
parse_ipv4(struct frame *f, const uint8_t *ip, size_t header, size_t len)
{
	const uint8_t *p = ip + header;
	size_t left = len - header;

	f->kind = FRAME_IPV4;
	f->protocol = ip[9];
	f->from = get_u32(ip + 12, true);
	f->to = get_u32(ip + 16, true);
	/* More fragments, or not the first. */
	f->fragment = (get16(ip + 6) & 0x3fff) != 0;
	if (f->fragment)
		return;
	if (f->protocol == IPPROTO_ICMP && left >= 1)
		f->icmp_type = p[0];
	f->ports =
	    (f->protocol == IPPROTO_TCP && left >= TCP_BYTES) || (f->protocol == IPPROTO_UDP && left >= UDP_BYTES);
	if (!f->ports)
		return;
	f->from_port = get16(p);
	f->to_port = get16(p + 2);
	f->opens = f->protocol == IPPROTO_TCP && (p[13] & TCP_FLAGS_OPEN) == TCP_SYN;
}

void
frame_parse(struct frame *f, const uint8_t *frame, size_t len)
{
	size_t header = ip_header(frame, len);

	memset(f, 0, sizeof(*f));
	if (header > 0)
		parse_ipv4(f, frame + FRAME_ETHER_BYTES, header, len - FRAME_ETHER_BYTES);
	else if (len >= FRAME_ETHER_BYTES && get16(frame + 12) == ETHER_ARP)
		f->kind = FRAME_ARP;
}

/* Ethernet and IPv4 headers of an answer with len bytes behind them. */
static void
answer_headers(uint8_t *a, const uint8_t *frame, uint8_t protocol, uint32_t from, uint32_t to, size_t len)
{
	uint8_t *ip = a + FRAME_ETHER_BYTES;

	memset(a, 0, FRAME_ETHER_BYTES + IP_BYTES);
	memcpy(a, frame + 6, 6);
	memcpy(a + 6, frame, 6);
	put16(a + 12, ETHER_IP);
	ip[0] = 0x45;
	put16(ip + 2, (uint16_t)(IP_BYTES + len));
	ip[8] = 64;
	ip[9] = protocol;
	put_u32(ip + 12, from, true);
	put_u32(ip + 16, to, true);
	put16(ip + IP_SUM_AT, folded(sum(0, ip, IP_BYTES)));
}

size_t
frame_refusal(const struct frame *f, const uint8_t *frame, uint8_t answer[FRAME_REFUSAL_BYTES_MAX])
{
	const uint8_t *ip = frame + FRAME_ETHER_BYTES, *transport;
	uint8_t *a = answer + FRAME_ETHER_BYTES + IP_BYTES;
	size_t quoted;

	/* What went to a group is not answered. */
	if (!f->ports || (frame[0] & 1) != 0)
		return 0;
	transport = ip + (size_t)(ip[0] & 15) * 4;
	if (f->protocol == IPPROTO_UDP) {
		quoted = (size_t)(transport - ip) + QUOTED_BYTES;
		answer_headers(answer, frame, IPPROTO_ICMP, f->to, f->from, ICMP_BYTES + quoted);
		memset(a, 0, ICMP_BYTES);
		a[0] = ICMP_UNREACHABLE;
		a[1] = ICMP_PROHIBITED;
		memcpy(a + ICMP_BYTES, ip, quoted);
		put16(a + 2, folded(sum(0, a, ICMP_BYTES + quoted)));
		return FRAME_ETHER_BYTES + IP_BYTES + ICMP_BYTES + quoted;
	}
	if (!f->opens)
		return 0;
	answer_headers(answer, frame, IPPROTO_TCP, f->to, f->from, TCP_BYTES);
	memset(a, 0, TCP_BYTES);
	put16(a, f->to_port);
	put16(a + 2, f->from_port);
	put_u32(a + 8, get_u32(transport + 4, true) + 1, true);
	a[12] = TCP_BYTES / 4 << 4;
	a[13] = TCP_RST_ACK;
	put16(a + TCP_SUM_AT, folded(sum(sum(IPPROTO_TCP + TCP_BYTES, a - 8, 8), a, TCP_BYTES)));
	return FRAME_ETHER_BYTES + IP_BYTES + TCP_BYTES;
}
