/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The supervisor's part: many clients, one agent.
 *
 *	command ──connection──┐
 *	command ──connection──┼─► struct agent_mux ──console port──► agent
 *	command ──connection──┘
 *
 * Each client speaks the agent's protocol with stream numbers of its own (it is
 * an agent_client of AGENT_LINK_CLIENT); here they become the agent's, frame
 * by frame.  Credit goes from end to end, so that what waits here is bounded by
 * it.  A client that goes away has its streams closed: their processes get
 * SIGHUP.  One that breaks the rules is hung up on; the others do not notice.
 */
#ifndef SMOL_INSTANCE_AGENT_MUX_H
#define SMOL_INSTANCE_AGENT_MUX_H

#include "instance/agent_link.h"

#define AGENT_MUX_CLIENTS 32
#define AGENT_MUX_STREAMS 64
#define AGENT_MUX_FDS (1 + AGENT_MUX_CLIENTS)

struct agent_mux;

struct agent_mux_client {
	struct agent_mux *mux;
	struct agent_link link; /* fd -1: no client */
};

struct agent_mux_stream {
	uint32_t id; /* the agent's; 0: free */
	struct agent_mux_client *client; /* NULL: gone, the agent's DONE is awaited */
	uint32_t client_id;
	uint64_t credit; /* that the client may still send */
};

struct agent_mux {
	struct agent_link port;
	/* What the service does, and that a session begins (state is the port's info.state). May be NULL */
	void (*changed)(void *arg);
	void *arg;
	struct agent_mux_client clients[AGENT_MUX_CLIENTS];
	struct agent_mux_stream streams[AGENT_MUX_STREAMS];
	uint32_t last;
};

/* fd: our end of the console port, not blocking, the caller's. The struct is not to be moved. */
void agent_mux_init(struct agent_mux *, int fd, void (*changed)(void *arg), void *arg);
/* Hangs up on the clients. */
void agent_mux_release(struct agent_mux *);
/* Takes over a connection as a client's; -1 and err: too many. */
int agent_mux_take(struct agent_mux *, int fd, struct err *);

void agent_mux_prepare(const struct agent_mux *, struct pollfd p[AGENT_MUX_FDS]);
int agent_mux_timeout(const struct agent_mux *);
/* -1: the port is closed; clients are told that their streams have failed. */
int agent_mux_handle(struct agent_mux *, const struct pollfd p[AGENT_MUX_FDS], struct err *);

#endif
