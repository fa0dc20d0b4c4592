/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One end of a connection that speaks the agent's protocol
 * (base/agent_protocol.h): bytes to frames and back, the beginning of a
 * session, the link's window.  What streams are it does not know.
 *
 *	AGENT_LINK_PORT		the host's end of the console port: greets the agent, and anew when
 *				either has lost the other
 *	AGENT_LINK_CLIENT	of a connection to the machine's supervisor (agent_mux.h), which begins with WELCOME
 *	AGENT_LINK_SERVER	the supervisor's end of that
 *
 * The agent is the guest's: nothing that it sends is believed.
 */
#ifndef SMOL_INSTANCE_AGENT_LINK_H
#define SMOL_INSTANCE_AGENT_LINK_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/agent_protocol.h"
#include "base/err.h"

enum agent_link_kind { AGENT_LINK_PORT, AGENT_LINK_CLIENT, AGENT_LINK_SERVER };

struct agent_frame {
	uint8_t type;
	uint32_t stream;
	const uint8_t *payload;
	size_t len;
};

/* How it is with the service, where the agent is init. */
struct agent_state {
	enum agent_service service;
	enum agent_end end; /* how it has ended */
	bool stopping; /* the guest */
	uint32_t status, pid;
};

/* What WELCOME says. */
struct agent_info {
	uint32_t version, link_window, stream_window, max_streams, features;
	struct agent_state state;
	char name[128]; /* printable: "NetBSD 10.1 amd64" */
};

struct agent_link_ops {
	/* A session has begun: info is set. */
	void (*open)(void *arg);
	/* A frame that is not the link's own. */
	void (*frame)(void *arg, const struct agent_frame *);
	/* The session is over, and all its streams; PORT: another will begin. */
	void (*lost)(void *arg, const char *why);
};

struct agent_link {
	enum agent_link_kind kind;
	int fd; /* not blocking; the caller's */
	bool is_open, failed;
	const struct agent_link_ops *ops;
	void *arg;
	struct agent_info info;
	uint64_t nonce, greet_at_ms;
	unsigned greetings;
	uint32_t sent, acked; /* bytes since START */
	uint8_t *in, *out;
	size_t in_len, out_start, out_len, out_cap;
};

void agent_link_init(struct agent_link *, enum agent_link_kind, int fd, const struct agent_link_ops *, void *arg);
/* The descriptor stays open. */
void agent_link_release(struct agent_link *);

void agent_link_prepare(const struct agent_link *, struct pollfd *);
/* How long poll(2) may wait, in ms; -1: for ever. */
int agent_link_timeout(const struct agent_link *);
/* -1: the other end has closed (message set), or breaks the rules where that is the end. */
int agent_link_handle(struct agent_link *, const struct pollfd *, struct err *);

/* Queued, and written as the window allows; without a session it goes nowhere. */
void agent_link_send(struct agent_link *, uint8_t type, uint32_t stream, const void *payload, size_t len);
/* Bytes that are not written yet. */
size_t agent_link_queued(const struct agent_link *);
/* SERVER: begins the session. */
void agent_link_welcome(struct agent_link *, const struct agent_info *);
/* The other breaks the rules: PORT greets anew, others end (agent_link_handle() says so). */
void agent_link_fail(struct agent_link *, const char *why);

/* An EVENT's payload; false: it is none. */
bool agent_state_read(struct agent_state *, const uint8_t *payload, size_t len);

#endif
