/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TCP server (RFC 9293; congestion control RFC 5681, 6582; timer RFC 6298).
 *
 * A connection's life:
 *
 *	SYN -> SYN_RECEIVED -> OPEN -> (we finish) -> FIN sent -> FIN acked
 *	and the peer's FIN, in any order -> both: TIME_WAIT or gone
 *
 * Send buffer, a ring; sequence numbers una <= nxt <= max:
 *
 *	ring[start] = byte una;  used bytes follow;  fin comes after them
 */
#ifndef PROBE_TCP_H
#define PROBE_TCP_H

#include "probe.h"

enum { TCP_CONNECTIONS = 32, TCP_BUFFER = 65536, TCP_HEADER = 20 };

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };

enum tcp_state { TCP_FREE, TCP_SYN_RECEIVED, TCP_OPEN, TCP_TIME_WAIT };

struct tcp {
	enum tcp_state state;
	uint32_t index; /* 0 .. TCP_CONNECTIONS - 1 */
	uint32_t remote_ip;
	uint16_t remote_port, local_port;
	uint8_t mac[6];
	uint32_t una, nxt, max, send_window, mss, receive_next, fin_seq;
	bool finishing, fin_sent, fin_acked, peer_fin, ack_due;
	uint32_t start, used; /* the ring */
	uint32_t cwnd, ssthresh, duplicate_acks, recover;
	bool recovering, timing;
	uint32_t timed_seq; /* RTT is measured on this byte */
	uint64_t timed_at_us, deadline_us; /* deadline 0: no timer */
	uint32_t srtt_us, rttvar_us, rto_us, retries;
	uint8_t *ring;
};

/* What is served: called as connections need it. */
struct tcp_app {
	void (*opened)(struct tcp *);
	void (*received)(struct tcp *, const uint8_t *, uint32_t len);
	/* There is room in the ring; add bytes or finish. */
	void (*fill)(struct tcp *);
};

void tcp_listen(uint16_t port, const struct tcp_app *);
void tcp_input(const uint8_t *mac, uint32_t src, const uint8_t *, uint32_t len);
/* Runs what is due; returns when the next timer is, or UINT64_MAX. */
uint64_t tcp_timers(void);

/* For the application: free ring bytes in one piece, and what was written. */
uint8_t *tcp_space(struct tcp *, uint32_t *len);
void tcp_wrote(struct tcp *, uint32_t len);
/* Nothing more will be written. */
void tcp_finish(struct tcp *);

/* tcp_out.c */
void tcp_output(struct tcp *);
void tcp_retransmit_first(struct tcp *);
void tcp_arm(struct tcp *);
void tcp_send_syn_ack(struct tcp *);
void tcp_reset_reply(const uint8_t *mac, uint32_t ip, const uint8_t *seg, uint32_t data_len);

static inline bool
seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

#endif
