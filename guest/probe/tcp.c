/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP segments in, connections, timers.
 */
#include "tcp.h"

#include "bytes.h"
#include "clock.h"
#include "ip.h"
#include "string.h"

enum {
	DEFAULT_MSS = 536,
	MAX_MSS = 1460,
	MIN_MSS = 64,
	RTO_FIRST_US = 1000000,
	RTO_MIN_US = 200000,
	RTO_MAX_US = 8000000,
	RETRIES_MAX = 10,
	TIME_WAIT_US = 1000000,
	RECEIVE_WINDOW = 8192,
	REFILL = TCP_BUFFER / 2
};

static struct tcp connections[TCP_CONNECTIONS];
static uint8_t rings[TCP_CONNECTIONS][TCP_BUFFER] __attribute__((aligned(16)));
static const struct tcp_app *app;
static uint16_t listen_port;

void
tcp_listen(uint16_t port, const struct tcp_app *a)
{
	listen_port = port;
	app = a;
}

uint8_t *
tcp_space(struct tcp *t, uint32_t *len)
{
	uint32_t end = (t->start + t->used) % TCP_BUFFER;

	*len = min_u32(TCP_BUFFER - t->used, TCP_BUFFER - end);
	return t->ring + end;
}

void
tcp_wrote(struct tcp *t, uint32_t len)
{
	t->used += len;
}

void
tcp_finish(struct tcp *t)
{
	t->finishing = true;
}

static struct tcp *
tcp_find(uint32_t ip, uint32_t remote_port, uint32_t local_port)
{
	for (struct tcp *t = connections; t < connections + TCP_CONNECTIONS; t++)
		if (t->state != TCP_FREE && t->remote_ip == ip && t->remote_port == remote_port &&
		    t->local_port == local_port)
			return t;
	return NULL;
}

/* A free place, or else the TIME_WAIT one that ends first. */
static struct tcp *
tcp_new(void)
{
	struct tcp *best = NULL;

	for (uint32_t i = 0; i < TCP_CONNECTIONS; i++) {
		struct tcp *t = &connections[i];

		if (t->state == TCP_FREE) {
			best = t;
			break;
		}
		if (t->state == TCP_TIME_WAIT && (best == NULL || t->deadline_us < best->deadline_us))
			best = t;
	}
	if (best != NULL) {
		uint32_t i = (uint32_t)(best - connections);

		*best = (struct tcp){ .index = i, .ring = rings[i] };
	}
	return best;
}

static uint32_t
mss_option(const uint8_t *seg, uint32_t header)
{
	uint32_t i = TCP_HEADER, mss = DEFAULT_MSS;

	while (i < header && seg[i] != 0) {
		if (seg[i] == 1) {
			i++;
			continue;
		}
		if (i + 1 >= header || seg[i + 1] < 2 || i + seg[i + 1] > header)
			break;
		if (seg[i] == 2 && seg[i + 1] == 4)
			mss = get_be16(seg + i + 2);
		i += seg[i + 1];
	}
	return mss < MIN_MSS ? MIN_MSS : min_u32(mss, MAX_MSS);
}

static void
tcp_accept(const uint8_t *mac, uint32_t src, const uint8_t *seg, uint32_t header)
{
	static uint32_t serial;
	struct tcp *t = tcp_new();

	if (t == NULL)
		return; /* the peer will try again */
	t->state = TCP_SYN_RECEIVED;
	t->remote_ip = src;
	t->remote_port = (uint16_t)get_be16(seg);
	t->local_port = listen_port;
	memcpy(t->mac, mac, sizeof(t->mac));
	t->receive_next = get_be32(seg + 4) + 1;
	t->una = (uint32_t)(clock_us() >> 2) + (serial += 64021);
	t->nxt = t->max = t->una + 1;
	t->mss = mss_option(seg, header);
	t->send_window = get_be16(seg + 14);
	t->cwnd = 10 * t->mss;
	t->ssthresh = UINT32_MAX;
	t->rto_us = RTO_FIRST_US;
	tcp_send_syn_ack(t);
}

static void
rtt_sample(struct tcp *t, uint32_t us)
{
	uint32_t delta;

	if (t->srtt_us == 0) {
		t->srtt_us = us;
		t->rttvar_us = us / 2;
	} else {
		delta = us > t->srtt_us ? us - t->srtt_us : t->srtt_us - us;
		t->rttvar_us = t->rttvar_us - t->rttvar_us / 4 + delta / 4;
		t->srtt_us = t->srtt_us - t->srtt_us / 8 + us / 8;
	}
	t->rto_us = min_u32(t->srtt_us + 4 * t->rttvar_us, RTO_MAX_US);
	if (t->rto_us < RTO_MIN_US)
		t->rto_us = RTO_MIN_US;
}

static void
congestion_acked(struct tcp *t, uint32_t acked)
{
	if (t->recovering && seq_before(t->una, t->recover)) {
		tcp_retransmit_first(t);
		return;
	}
	if (t->recovering) {
		t->recovering = false;
		t->cwnd = t->ssthresh;
	} else if (t->cwnd < t->ssthresh)
		t->cwnd += min_u32(acked, t->mss);
	else
		t->cwnd += t->mss * t->mss / t->cwnd + 1;
	t->cwnd = min_u32(t->cwnd, TCP_BUFFER);
}

static void
new_ack(struct tcp *t, uint32_t ack)
{
	uint32_t acked = ack - t->una, data = min_u32(acked, t->used);

	if (t->timing && !seq_before(ack, t->timed_seq)) {
		t->timing = false;
		rtt_sample(t, (uint32_t)(clock_us() - t->timed_at_us) + 1);
	}
	if (t->fin_sent && seq_before(t->fin_seq, ack))
		t->fin_acked = true;
	t->start = (t->start + data) % TCP_BUFFER;
	t->used -= data;
	t->una = ack;
	if (seq_before(t->nxt, ack))
		t->nxt = ack;
	t->duplicate_acks = 0;
	t->retries = 0;
	congestion_acked(t, acked);
	t->deadline_us = 0;
	if (t->una != t->max)
		tcp_arm(t);
}

static void
duplicate_ack(struct tcp *t)
{
	if (++t->duplicate_acks == 3 && !t->recovering) {
		t->recovering = true;
		t->recover = t->max;
		t->ssthresh = (t->max - t->una) / 2;
		if (t->ssthresh < 2 * t->mss)
			t->ssthresh = 2 * t->mss;
		t->cwnd = t->ssthresh + 3 * t->mss;
		tcp_retransmit_first(t);
	} else if (t->recovering)
		t->cwnd = min_u32(t->cwnd + t->mss, TCP_BUFFER);
}

static void
ack_input(struct tcp *t, const uint8_t *seg, uint32_t data_len)
{
	uint32_t ack = get_be32(seg + 8), window = get_be16(seg + 14);

	if (seq_before(t->max, ack)) {
		t->ack_due = true;
		return;
	}
	if (t->state == TCP_SYN_RECEIVED) {
		if (ack != t->max)
			return;
		t->state = TCP_OPEN;
		t->una = ack;
		t->deadline_us = 0;
		t->retries = 0;
		app->opened(t);
	} else if (seq_before(t->una, ack))
		new_ack(t, ack);
	else if (ack == t->una && t->una != t->max && data_len == 0 && window == t->send_window && window != 0)
		duplicate_ack(t);
	if (!seq_before(ack, t->una))
		t->send_window = window;
}

/* In order data only; anything else is asked for again by the ACK. */
static void
data_input(struct tcp *t, uint32_t seq, const uint8_t *data, uint32_t len, bool fin)
{
	uint32_t old = t->receive_next - seq;

	if (len == 0 && !fin)
		return;
	t->ack_due = true;
	if (seq_before(t->receive_next, seq) || old > len || t->peer_fin)
		return;
	if (len > old)
		app->received(t, data + old, len - old);
	t->receive_next += len - old;
	if (fin) {
		t->receive_next++;
		t->peer_fin = true;
	}
}

static void
tcp_settle(struct tcp *t)
{
	if (t->state == TCP_OPEN && !t->finishing && t->used <= REFILL)
		app->fill(t);
	tcp_output(t);
	if (t->fin_acked && t->peer_fin && t->state == TCP_OPEN) {
		t->state = TCP_TIME_WAIT;
		t->deadline_us = clock_us() + TIME_WAIT_US;
	}
}

static void
segment_input(struct tcp *t, const uint8_t *seg, uint32_t header, uint32_t len)
{
	uint32_t seq = get_be32(seg + 4), flags = get_be16(seg + 12);

	if (flags & TCP_RST) {
		if (seq - t->receive_next < RECEIVE_WINDOW)
			t->state = TCP_FREE;
		return;
	}
	if (flags & TCP_SYN) {
		if (t->state == TCP_SYN_RECEIVED && seq + 1 == t->receive_next)
			tcp_send_syn_ack(t);
		else
			t->ack_due = true;
		tcp_output(t);
		return;
	}
	if (!(flags & TCP_ACK))
		return;
	if (t->state == TCP_TIME_WAIT) {
		t->ack_due = (flags & TCP_FIN) != 0;
		tcp_output(t);
		return;
	}
	ack_input(t, seg, len);
	if (t->state == TCP_OPEN)
		data_input(t, seq, seg + header, len, (flags & TCP_FIN) != 0);
	tcp_settle(t);
}

void
tcp_input(const uint8_t *mac, uint32_t src, const uint8_t *seg, uint32_t len)
{
	uint32_t header, flags, sum;
	struct tcp *t;

	if (len < TCP_HEADER)
		return;
	header = (uint32_t)(seg[12] >> 4) * 4;
	sum = checksum_pseudo(src, IP_ADDRESS, len);
	if (header < TCP_HEADER || header > len || checksum_fold(checksum_add(sum, seg, len)) != 0)
		return;
	flags = seg[13];
	t = tcp_find(src, get_be16(seg), get_be16(seg + 2));
	/* A new SYN may reuse the ports of a connection that is over. */
	if (t != NULL && t->state == TCP_TIME_WAIT && (flags & TCP_SYN)) {
		t->state = TCP_FREE;
		t = NULL;
	}
	if (t != NULL)
		segment_input(t, seg, header, len - header);
	else if (app != NULL && get_be16(seg + 2) == listen_port && (flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN)
		tcp_accept(mac, src, seg, header);
	else if (!(flags & TCP_RST))
		tcp_reset_reply(mac, src, seg, len - header);
}

static void
timer_expired(struct tcp *t)
{
	t->deadline_us = 0;
	if (t->state == TCP_TIME_WAIT || ++t->retries > RETRIES_MAX) {
		t->state = TCP_FREE;
		return;
	}
	if (t->una == t->max && t->used == 0)
		return;
	if (t->send_window != 0) {
		t->ssthresh = (t->max - t->una) / 2;
		if (t->ssthresh < 2 * t->mss)
			t->ssthresh = 2 * t->mss;
		t->cwnd = t->mss;
		t->nxt = t->state == TCP_OPEN ? t->una : t->nxt;
	}
	t->recovering = false;
	t->duplicate_acks = 0;
	tcp_retransmit_first(t);
	t->rto_us = min_u32(t->rto_us * 2, RTO_MAX_US);
	tcp_arm(t);
}

uint64_t
tcp_timers(void)
{
	uint64_t now = clock_us(), next = UINT64_MAX;

	for (struct tcp *t = connections; t < connections + TCP_CONNECTIONS; t++) {
		if (t->state == TCP_FREE || t->deadline_us == 0)
			continue;
		if (t->deadline_us <= now)
			timer_expired(t);
		if (t->state != TCP_FREE && t->deadline_us != 0 && t->deadline_us < next)
			next = t->deadline_us;
	}
	return next;
}
