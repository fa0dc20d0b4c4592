/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A frame of the guest's, behind its virtio-net header, as bytes that nobody
 * has checked yet.
 *
 *	virtio 12 │ Ethernet 14 │ IPv4 20-60 │ TCP or UDP
 *
 * frame_finish() does what the guest left to us (checksum, segmentation: the
 * stack takes TCP segments of any length, so a long one is only made whole);
 * frame_parse() finds what a filter judges.
 */
#ifndef SMOL_VMM_NET_FRAME_H
#define SMOL_VMM_NET_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_VIRTIO_BYTES 12
#define FRAME_ETHER_BYTES 14
#define FRAME_BYTES_MAX (FRAME_ETHER_BYTES + 65535)
#define FRAME_REFUSAL_BYTES_MAX (FRAME_ETHER_BYTES + 20 + 8 + 60 + 8)

#define FRAME_FLAG_NEEDS_CSUM 1
#define FRAME_FLAG_DATA_VALID 2
#define FRAME_GSO_NONE 0
#define FRAME_GSO_TCPV4 1

enum frame_kind {
	FRAME_OTHER, /* nothing that the stack should see */
	FRAME_ARP,
	FRAME_IPV4,
};

struct frame {
	enum frame_kind kind;
	uint8_t protocol; /* IPPROTO_... */
	bool fragment; /* of several: no ports are known */
	bool ports; /* TCP or UDP whose header is there */
	uint32_t from, to; /* the host's byte order, as the ports */
	uint16_t from_port, to_port;
	bool opens; /* TCP: a new connection, SYN alone */
	uint8_t icmp_type;
};

/* virtio: the 12 bytes in front; len: of the Ethernet frame. False: it asks for what cannot be. */
bool frame_finish(const uint8_t virtio[FRAME_VIRTIO_BYTES], uint8_t *frame, size_t len);

void frame_parse(struct frame *, const uint8_t *frame, size_t len);

/*
 * Says no to a frame that may not pass, so that the guest need not wait for its
 * own timeout: a reset for a TCP connection's opening, "administratively
 * prohibited" (ICMP 3, 13) for UDP.  Bytes of the answer, or 0: there is none.
 */
size_t frame_refusal(const struct frame *, const uint8_t *frame, uint8_t answer[FRAME_REFUSAL_BYTES_MAX]);

#endif
