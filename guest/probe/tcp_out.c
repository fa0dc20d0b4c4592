/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP segments out: as much as peer's window and congestion window allow,
 * straight from the ring (the checksum is the only pass over the data).
 */
#include "tcp.h"

#include "bytes.h"
#include "clock.h"
#include "ip.h"
#include "net.h"

enum { WINDOW = 8192, OUR_MSS = 1460, MSS_OPTION = 2 << 8 | 4 };

static bool
segment_send(struct tcp *t, uint32_t seq, uint32_t flags, const void *data, uint32_t len)
{
	uint32_t header = flags & TCP_SYN ? TCP_HEADER + 4 : TCP_HEADER, sum;
	uint8_t *frame, *p;

	frame = ip_frame(t->mac, t->remote_ip, IP_TCP, header + len);
	if (frame == NULL)
		return false;
	p = frame + ETHER_HEADER + IP_HEADER;
	put_be16(p, t->local_port);
	put_be16(p + 2, t->remote_port);
	put_be32(p + 4, seq);
	put_be32(p + 8, t->receive_next);
	put_be16(p + 12, header << 10 | flags | TCP_ACK);
	put_be16(p + 14, WINDOW);
	put_be32(p + 16, 0);
	if (flags & TCP_SYN)
		put_be32(p + 20, MSS_OPTION << 16 | OUR_MSS);
	sum = checksum_pseudo(IP_ADDRESS, t->remote_ip, header + len);
	sum = checksum_add(sum, p, header);
	sum = checksum_add(sum, data, len);
	put_le16(p + 16, checksum_fold(sum));
	net_transmit(frame, ETHER_HEADER + IP_HEADER + header, data, len);
	t->ack_due = false;
	return true;
}

void
tcp_send_syn_ack(struct tcp *t)
{
	segment_send(t, t->una, TCP_SYN, NULL, 0);
	tcp_arm(t);
}

void
tcp_arm(struct tcp *t)
{
	t->deadline_us = clock_us() + t->rto_us;
}

/* Sends up to len bytes at seq, fewer where the ring wraps; bytes or 0. */
static uint32_t
data_send(struct tcp *t, uint32_t seq, uint32_t len)
{
	uint32_t off = seq - t->una;
	uint32_t at = (t->start + off) % TCP_BUFFER, flags = 0;

	len = min_u32(min_u32(len, t->mss), TCP_BUFFER - at);
	if (off + len == t->used)
		flags = TCP_PSH | (t->finishing ? TCP_FIN : 0);
	if (!segment_send(t, seq, flags, t->ring + at, len))
		return 0;
	if (flags & TCP_FIN) {
		t->fin_sent = true;
		t->fin_seq = seq + len;
	}
	if (!t->timing && seq == t->max) {
		t->timing = true;
		t->timed_seq = seq + len;
		t->timed_at_us = clock_us();
	}
	return len + (flags & TCP_FIN ? 1 : 0);
}

static void
advance(struct tcp *t, uint32_t n)
{
	t->nxt += n;
	if (seq_before(t->max, t->nxt))
		t->max = t->nxt;
	if (t->deadline_us == 0)
		tcp_arm(t);
}

static void
fin_send(struct tcp *t)
{
	if (!segment_send(t, t->nxt, TCP_FIN, NULL, 0))
		return;
	t->fin_sent = true;
	t->fin_seq = t->nxt;
	advance(t, 1);
}

void
tcp_output(struct tcp *t)
{
	uint32_t limit = min_u32(t->send_window, t->cwnd), off, len, sent;

	for (;;) {
		off = t->nxt - t->una;
		if (off >= t->used || off >= limit)
			break;
		len = min_u32(t->used - off, limit - off);
		/* No small pieces while others are on their way. */
		if (len < t->mss && len < t->used - off && off > 0)
			break;
		sent = data_send(t, t->nxt, len);
		if (sent == 0)
			break;
		advance(t, sent);
	}
	if (t->finishing && t->nxt - t->una == t->used && !t->fin_acked &&
	    !(t->fin_sent && seq_before(t->fin_seq, t->nxt)))
		fin_send(t);
	/* A closed window is probed by the same timer. */
	if (t->used > 0 && t->deadline_us == 0)
		tcp_arm(t);
	if (t->ack_due)
		segment_send(t, t->nxt, 0, NULL, 0);
}

/* The first unacknowledged segment again, or one byte into a closed window. */
void
tcp_retransmit_first(struct tcp *t)
{
	uint32_t len = t->used, sent;

	t->timing = false;
	if (t->state == TCP_SYN_RECEIVED) {
		tcp_send_syn_ack(t);
		return;
	}
	if (len == 0) {
		segment_send(t, t->una, t->finishing ? TCP_FIN : 0, NULL, 0);
		t->nxt = t->max;
		return;
	}
	if (t->send_window == 0)
		len = 1;
	sent = data_send(t, t->una, len);
	if (seq_before(t->nxt, t->una + sent))
		t->nxt = t->una + sent;
	if (seq_before(t->max, t->nxt))
		t->max = t->nxt;
}

/* RFC 9293, 3.10.7.1: to a segment that belongs to no connection. */
void
tcp_reset_reply(const uint8_t *mac, uint32_t ip, const uint8_t *seg, uint32_t data_len)
{
	uint8_t *frame = ip_frame(mac, ip, IP_TCP, TCP_HEADER), *p;
	uint32_t flags = get_be16(seg + 12);

	if (frame == NULL)
		return;
	p = frame + ETHER_HEADER + IP_HEADER;
	put_be16(p, get_be16(seg + 2));
	put_be16(p + 2, get_be16(seg));
	put_be32(p + 4, flags & TCP_ACK ? get_be32(seg + 8) : 0);
	put_be32(p + 8,
	    flags & TCP_ACK ? 0 : get_be32(seg + 4) + data_len + (flags & TCP_SYN ? 1 : 0) + (flags & TCP_FIN ? 1 : 0));
	put_be16(p + 12, TCP_HEADER << 10 | TCP_RST | (flags & TCP_ACK ? 0 : TCP_ACK));
	put_be16(p + 14, 0);
	put_be32(p + 16, 0);
	put_le16(p + 16, checksum_fold(checksum_add(checksum_pseudo(IP_ADDRESS, ip, TCP_HEADER), p, TCP_HEADER)));
	net_transmit(frame, ETHER_HEADER + IP_HEADER + TCP_HEADER, NULL, 0);
}
