/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol-net without libslirp: its description, checksums that the guest left to
 * it, and what may pass.
 */
#include <string.h>

#include "base/defs.h"
#include "base/endian.h"
#include "test.h"
#include "vmm/net/filter.h"

enum { NOW = 1000, ETHER = FRAME_ETHER_BYTES, SYN = 2, ACK = 0x10 };

static struct net_config config;
static struct err err;

static bool
parses(const char *lines)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), "smol-net 1\nframes 3\n%s", lines);
	return net_config_parse(&config, text, &err) == 0;
}

static void
test_config(void)
{
	CHECK(parses("ready 4\nforward tcp 127.0.0.1 8080 10.0.2.15 80\nforward udp 0.0.0.0 53 10.0.2.16 5353\n"));
	CHECK(config.frames_fd == 3 && config.ready_fd == 4 && config.nforwards == 2 && !config.restricted);
	CHECK(!config.forwards[0].udp && config.forwards[0].host_addr == 0x7f000001 &&
	      config.forwards[0].host_port == 8080 && config.forwards[0].guest_addr == NET_GUEST &&
	      config.forwards[0].guest_port == 80);
	CHECK(config.forwards[1].udp && config.forwards[1].host_addr == 0 && config.forwards[1].guest_port == 5353);
	CHECK(parses("restrict\nallow tcp 192.0.2.0/24 80-443\nallow udp 10.0.2.3 53\nallow tcp 0.0.0.0/0 *"));
	CHECK(config.restricted && config.nrules == 3 && config.ready_fd == -1);
	CHECK(config.rules[0].addr == 0xc0000200 && config.rules[0].mask == 0xffffff00 && config.rules[0].first == 80 &&
	      config.rules[0].last == 443);
	CHECK(config.rules[1].mask == UINT32_MAX && config.rules[1].first == 53 && config.rules[1].last == 53);
	CHECK(config.rules[2].mask == 0 && config.rules[2].first == 0 && config.rules[2].last == UINT16_MAX);
}

static void
test_config_errors(void)
{
	static const char *const bad[][2] = { { "allow tcp 192.0.2.1 80\n",
						  "network description: 'allow' says nothing without 'restrict'" },
		{ "restrict\nallow tcp 192.0.2.1/24 80\n",
		    "network description:4: '192.0.2.1' has more bits than its prefix" },
		{ "restrict\nallow tcp 192.0.2.0/33 80\n", NULL },
		{ "restrict\nallow tcp 192.0.2 80\n", "network description:4: '192.0.2' is not an IPv4 address" },
		{ "restrict\nallow icmp 192.0.2.1 80\n", "network description:4: 'icmp' is neither tcp nor udp" },
		{ "restrict\nallow tcp 192.0.2.1 443-80\n",
		    "network description:4: the ports' first is above their last" },
		{ "restrict\nallow tcp 192.0.2.1 0\n", NULL }, { "restrict\nallow tcp 192.0.2.1\n", NULL },
		{ "restrict\nallow tcp 192.0.2.1  80\n", NULL },
		{ "forward tcp 127.0.0.1 80 10.0.3.15 80\n",
		    "network description:3: '10.0.3.15' is not of the guest's network" },
		{ "forward tcp 127.0.0.1 65536 10.0.2.15 80\n", NULL },
		{ "forward tcp 127.0.0.1 80\n", "network description:3: 'forward' has 4 words, not 6" },
		{ "frames x\n", NULL }, { "gateway 10.0.2.2\n", "network description:3: 'gateway' is not known" } };
	size_t i;

	for (i = 0; i < nitems(bad); i++) {
		CHECK(!parses(bad[i][0]));
		if (bad[i][1] != NULL)
			CHECK_STR(err.msg, bad[i][1]);
	}
	CHECK(
	    net_config_parse(&config, "smol-net 1\n", &err) < 0 && net_config_parse(&config, "smol-net 2\n", &err) < 0);
	CHECK(net_config_parse(&config, "", &err) < 0);
}

/* --- checksums --- */

/* RFC 1071 as it is written, as a second opinion. */
static uint16_t
checksum(uint32_t s, const uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		s += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	while (s >> 16 != 0)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static uint32_t
pseudo(const uint8_t *ip, size_t len)
{
	return (uint16_t)~checksum((uint32_t)(ip[9] + len), ip + 12, 8);
}

/* An IPv4 packet from the guest with n bytes behind its header of that length. */
static size_t
packet(uint8_t *f, uint8_t protocol, uint32_t to, size_t header, size_t n)
{
	uint8_t *ip = f + ETHER;
	size_t i;

	memset(f, 0, ETHER + header + n);
	put_u16(f + 12, 0x0800, true);
	ip[0] = (uint8_t)(0x40 | header / 4);
	put_u16(ip + 2, (uint16_t)(header + n), true);
	ip[8] = 64;
	ip[9] = protocol;
	put_u32(ip + 12, NET_GUEST, true);
	put_u32(ip + 16, to, true);
	for (i = 0; i < n; i++)
		ip[header + i] = (uint8_t)(i * 31 + n);
	return ETHER + header + n;
}

static void
test_checksum(void)
{
	static const size_t lens[] = { 20, 21, 22, 23, 24, 1460, 1461, 65515 };
	static uint8_t f[FRAME_BYTES_MAX];
	uint8_t virtio[FRAME_VIRTIO_BYTES] = { FRAME_FLAG_NEEDS_CSUM };
	size_t i, len, n;

	put_le16(virtio + 6, ETHER + 20);
	put_le16(virtio + 8, 16);
	for (i = 0; i < nitems(lens); i++) {
		n = lens[i];
		len = packet(f, IPPROTO_TCP, NET_HOST, 20, n);
		put_u16(f + ETHER + 20 + 16, (uint16_t)pseudo(f + ETHER, n), true);
		CHECK(frame_finish(virtio, f, len));
		CHECK(checksum(pseudo(f + ETHER, n), f + ETHER + 20, n) == 0);
	}
	/* Where there is nothing to do nothing is done, and what lies outside is refused. */
	virtio[0] = 0;
	f[ETHER + 36] ^= 1;
	CHECK(frame_finish(virtio, f, len) && checksum(pseudo(f + ETHER, n), f + ETHER + 20, n) != 0);
	virtio[0] = FRAME_FLAG_NEEDS_CSUM;
	CHECK(frame_finish(virtio, f, ETHER + 38) && !frame_finish(virtio, f, ETHER + 37));
	put_le16(virtio + 8, 65535);
	CHECK(!frame_finish(virtio, f, len));
}

static void
test_segment(void)
{
	static uint8_t f[FRAME_BYTES_MAX];
	uint8_t virtio[FRAME_VIRTIO_BYTES] = { FRAME_FLAG_NEEDS_CSUM, FRAME_GSO_TCPV4 };
	static const size_t headers[] = { 20, 24, 60 };
	size_t i, len, n = 40001;

	for (i = 0; i < nitems(headers); i++) {
		len = packet(f, IPPROTO_TCP, NET_HOST, headers[i], n);
		/* Drivers differ in what they leave here. */
		put_u16(f + ETHER + 2, 0, true);
		CHECK(frame_finish(virtio, f, len));
		CHECK(get_u16(f + ETHER + 2, true) == headers[i] + n && checksum(0, f + ETHER, headers[i]) == 0);
		CHECK(checksum(pseudo(f + ETHER, n), f + ETHER + headers[i], n) == 0);
	}
	CHECK(!frame_finish(virtio, f, ETHER + 60 + 19));
	CHECK(!frame_finish(virtio, f, ETHER + 19) && !frame_finish(virtio, f, ETHER));
	f[ETHER + 9] = IPPROTO_UDP;
	CHECK(!frame_finish(virtio, f, len));
	virtio[1] = 4; /* TCP over IPv6 was not offered */
	CHECK(!frame_finish(virtio, f, len));
}

static void
test_refusal(void)
{
	static const size_t headers[] = { 20, 60 };
	uint8_t f[ETHER + 60 + 20], no[FRAME_REFUSAL_BYTES_MAX], *ip = no + ETHER, *p = ip + 20;
	struct frame parsed;
	size_t i, len, header;

	for (i = 0; i < nitems(headers); i++) {
		header = headers[i];
		len = packet(f, IPPROTO_TCP, 0xc0000201, header, 20);
		put_u32(f + ETHER + header + 4, 0xffffffff, true);
		f[ETHER + header + 13] = SYN;
		memset(f, 2, 6);
		memset(f + 6, 4, 6);
		frame_parse(&parsed, f, len);
		CHECK(frame_refusal(&parsed, f, no) == ETHER + 40);
		CHECK(no[0] == 4 && no[6] == 2 && get_u32(ip + 12, true) == 0xc0000201 &&
		      get_u32(ip + 16, true) == NET_GUEST && checksum(0, ip, 20) == 0);
		CHECK(memcmp(p, f + ETHER + header + 2, 2) == 0 && memcmp(p + 2, f + ETHER + header, 2) == 0);
		CHECK(get_u32(p + 8, true) == 0 && p[13] == 0x14 && checksum(pseudo(ip, 20), p, 20) == 0);
		f[ETHER + header + 13] = ACK;
		frame_parse(&parsed, f, len);
		CHECK(frame_refusal(&parsed, f, no) == 0);
		len = packet(f, IPPROTO_UDP, 0xc0000201, header, 20);
		frame_parse(&parsed, f, len);
		CHECK(frame_refusal(&parsed, f, no) == ETHER + 20 + 8 + header + 8);
		CHECK(p[0] == 3 && p[1] == 13 && checksum(0, p, 16 + header) == 0 && checksum(0, ip, 20) == 0);
		CHECK(memcmp(p + 8, f + ETHER, header + 8) == 0);
		f[0] = 1;
		CHECK(frame_refusal(&parsed, f, no) == 0);
	}
	len = packet(f, IPPROTO_ICMP, 0xc0000201, 20, 20);
	frame_parse(&parsed, f, len);
	CHECK(frame_refusal(&parsed, f, no) == 0);
}

/* --- the filter --- */

static struct filter filter;

static bool
passes(uint8_t protocol, uint32_t to, uint16_t from_port, uint16_t to_port, uint8_t flags)
{
	uint8_t f[ETHER + 60];
	struct frame parsed;
	size_t len = packet(f, protocol, to, 20, 20);

	put_u16(f + ETHER + 20, from_port, true);
	put_u16(f + ETHER + 22, to_port, true);
	f[ETHER + 33] = flags;
	frame_parse(&parsed, f, len);
	return filter_out(&filter, &parsed, NOW);
}

static bool
tcp(uint32_t to, uint16_t port)
{
	return passes(IPPROTO_TCP, to, 40000, port, SYN);
}

static bool
udp(uint32_t to, uint16_t port)
{
	return passes(IPPROTO_UDP, to, 40000, port, 0);
}

static void
test_open(void)
{
	CHECK(parses(""));
	filter_init(&filter, &config);
	CHECK(tcp(0xc0000201, 80) && udp(0xc0000201, 53) && tcp(NET_HOST, 22) && udp(NET_DNS, 53));
	CHECK(passes(IPPROTO_ICMP, 0xc0000201, 0, 0, 0));
	/* The host's loopback is not reached by its own name. */
	CHECK(!tcp(0x7f000001, 22) && !udp(0x7f123456, 53) && !tcp(0, 22) && filter.refused == 3);
}

static void
test_kinds(void)
{
	uint8_t f[60] = { 0 };
	struct frame parsed;
	static const uint16_t types[] = { 0x86dd, 0x88f8, 0x8100, 0x0805, 46 };
	size_t i;

	CHECK(parses(""));
	filter_init(&filter, &config);
	for (i = 0; i < nitems(types); i++) {
		put_u16(f + 12, types[i], true);
		frame_parse(&parsed, f, sizeof(f));
		CHECK(!filter_out(&filter, &parsed, NOW));
	}
	put_u16(f + 12, 0x0806, true);
	frame_parse(&parsed, f, sizeof(f));
	CHECK(filter_out(&filter, &parsed, NOW));
	/* An IPv4 header that is none. */
	put_u16(f + 12, 0x0800, true);
	f[ETHER] = 0x44;
	frame_parse(&parsed, f, sizeof(f));
	CHECK(!filter_out(&filter, &parsed, NOW));
	f[ETHER] = 0x4f;
	frame_parse(&parsed, f, sizeof(f));
	CHECK(!filter_out(&filter, &parsed, NOW));
}

static void
test_restricted(void)
{
	CHECK(parses("restrict\n"));
	filter_init(&filter, &config);
	CHECK(!tcp(0xc0000201, 80) && !udp(0xc0000201, 53) && !tcp(NET_HOST, 22) && !udp(NET_DNS, 53));
	/* Answers of forwarded connections, and what opens nothing. */
	CHECK(passes(IPPROTO_TCP, 0xc0000201, 80, 40000, SYN | ACK));
	CHECK(passes(IPPROTO_TCP, 0xc0000201, 80, 40000, ACK) && passes(IPPROTO_TCP, 0xc0000201, 80, 40000, 4));
	/* A push or reserved bits beside SYN do not hide it. */
	CHECK(!passes(IPPROTO_TCP, 0xc0000201, 80, 40000, SYN | 8) &&
	      !passes(IPPROTO_TCP, 0xc0000201, 80, 40000, SYN | 0xc0));
	/* DHCP and the gateway's echo. */
	CHECK(passes(IPPROTO_UDP, UINT32_MAX, 68, 67, 0) && passes(IPPROTO_UDP, NET_HOST, 68, 67, 0));
	CHECK(!passes(IPPROTO_UDP, 0xc0000201, 68, 67, 0) && !passes(IPPROTO_UDP, NET_HOST, 68, 69, 0));
	CHECK(passes(IPPROTO_ICMP, NET_HOST, 0x0800, 0, 0) && !passes(IPPROTO_ICMP, NET_HOST, 0x0300, 0, 0));
	CHECK(!passes(IPPROTO_ICMP, 0xc0000201, 0x0800, 0, 0) && !passes(IPPROTO_IGMP, NET_HOST, 0, 0, 0));
}

static void
test_allowed(void)
{
	CHECK(parses("restrict\nallow tcp 192.0.2.0/24 80-90\nallow udp 10.0.2.3 53\nallow tcp 0.0.0.0/0 443\n"));
	filter_init(&filter, &config);
	CHECK(tcp(0xc0000201, 80) && tcp(0xc00002ff, 90) && !tcp(0xc0000201, 79) && !tcp(0xc0000201, 91));
	CHECK(!tcp(0xc0000301, 80) && !udp(0xc0000201, 80) && udp(NET_DNS, 53) && !tcp(NET_DNS, 53));
	CHECK(tcp(0x08080808, 443) && !udp(0x08080808, 443));
	/* All the world is not the host itself. */
	CHECK(!tcp(NET_HOST, 443) && !tcp(NET_DNS, 443) && !tcp(0x7f000001, 443) && !tcp(0, 443) &&
	      !tcp(UINT32_MAX, 443));
	CHECK(parses("restrict\nallow tcp 10.0.2.2 443\n"));
	CHECK(tcp(NET_HOST, 443) && !tcp(NET_DNS, 443));
}

static void
test_fragments(void)
{
	uint8_t f[ETHER + 60];
	struct frame parsed;
	size_t len;
	static const uint16_t fields[] = { 0x2000, 0x0001, 0x1fff };
	size_t i;

	CHECK(parses("restrict\nallow udp 192.0.2.1 *\n"));
	filter_init(&filter, &config);
	for (i = 0; i < nitems(fields); i++) {
		len = packet(f, IPPROTO_UDP, 0xc0000201, 20, 20);
		put_u16(f + ETHER + 6, fields[i], true);
		frame_parse(&parsed, f, len);
		CHECK(parsed.fragment && !parsed.ports && !filter_out(&filter, &parsed, NOW));
	}
	put_u16(f + ETHER + 6, 0x4000, true); /* only "do not fragment" */
	frame_parse(&parsed, f, len);
	CHECK(filter_out(&filter, &parsed, NOW));
}

static void
test_udp_answers(void)
{
	struct frame in = { .kind = FRAME_IPV4,
		.protocol = IPPROTO_UDP,
		.ports = true,
		.from = 0xc0000207,
		.to = NET_GUEST,
		.from_port = 5000,
		.to_port = 40000 };
	struct frame out = { .kind = FRAME_IPV4,
		.protocol = IPPROTO_UDP,
		.ports = true,
		.from = NET_GUEST,
		.to = 0xc0000207,
		.from_port = 40000,
		.to_port = 5000 };

	CHECK(parses("restrict\n"));
	filter_init(&filter, &config);
	CHECK(!filter_out(&filter, &out, NOW));
	filter_in(&filter, &in, NOW);
	CHECK(filter_out(&filter, &out, NOW) && filter_out(&filter, &out, NOW + FILTER_PEER_MS));
	CHECK(!filter_out(&filter, &out, NOW + FILTER_PEER_MS + 1));
	out.to_port = 5001;
	CHECK(!filter_out(&filter, &out, NOW));
	out.to_port = 5000;
	out.from_port = 40001;
	CHECK(!filter_out(&filter, &out, NOW));
	/* An empty place is nobody's. */
	filter_init(&filter, &config);
	out.from_port = out.to_port = 0;
	out.to = 0x01000000;
	CHECK(!filter_out(&filter, &out, 0));
}

TEST_MAIN({ "the description", test_config }, { "its errors", test_config_errors }, { "checksums", test_checksum },
    { "long segments", test_segment }, { "what may not pass is answered", test_refusal },
    { "an open network", test_open }, { "only ARP and IPv4", test_kinds }, { "a restricted one", test_restricted },
    { "allowed destinations", test_allowed }, { "fragments hide ports", test_fragments },
    { "answers to UDP", test_udp_answers })
