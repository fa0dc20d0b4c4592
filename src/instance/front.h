/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who looks at a stream of the guest (channel.h) and types into it.  Each kind
 * is one file with its table and its front_..._new(); the channel waits for
 * their descriptors and hands them the guest's bytes.
 *
 *	stdio	our standard input and output; the guest waits for a slow reader
 *	pty	a terminal of our own making, for another program
 *	listen	a TCP port (telnet) or a Unix socket: one client at a time
 *	log	a file of bounded size
 *	trace	when the guest said what (trace.h)
 *
 * Where the guest does not wait, what nobody has read yet is kept up to the
 * size of the buffer; then the oldest goes.
 */
#ifndef SMOL_INSTANCE_FRONT_H
#define SMOL_INSTANCE_FRONT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "instance/relay.h"

#define FRONT_FDS 2

enum front_event {
	FRONT_OK,
	FRONT_FAILED, /* err says why: the instance fails */
	FRONT_QUIT, /* the user wants the machine to end */
	FRONT_UNREAD, /* nobody will read what the guest says */
	FRONT_DONE, /* the boot that is traced is over */
};

struct front;

struct front_ops {
	/* What to wait for; keys: input is wanted. Descriptors that are not needed stay -1. */
	void (*prepare)(struct front *, bool keys, struct pollfd p[FRONT_FDS]);
	/* What came of it; input goes into keys as far as there is room. */
	enum front_event (*handle)(struct front *, const struct pollfd p[FRONT_FDS], struct relay *keys, struct err *);
	/* Writes what can be written at once, and frees. */
	void (*free)(struct front *);
};

struct front {
	const struct front_ops *ops;
	bool waits; /* the guest waits until this one has written */
	struct relay out; /* from the guest */
};

struct terminal;

/* all_keys: ^C and ^Z too are the guest's; Ctrl-A x ends, Ctrl-A Ctrl-A is ^A. */
struct front *front_stdio_new(bool all_keys, struct err *);
/* The terminal that standard input is; its fd is -1 if it is none. */
struct terminal *front_stdio_terminal(struct front *);
/* From now on the user's keys are read. */
void front_stdio_start(struct front *);

/* *slave is the terminal's path, the front's. waits: somebody is known to read it. */
struct front *front_pty_new(bool waits, const char **slave, struct err *);

/* Takes over a listening socket (-1: none). telnet: speaks that protocol (RFC 854). */
struct front *front_listen_new(int fd, bool telnet);
/* Takes over a connection as its client; -1: it has one already. */
int front_listen_take(struct front *, int fd, struct err *);

/* PATH, begun anew; at limit bytes it becomes PATH.1, and PATH begins again. */
struct front *front_log_new(const char *path, uint64_t limit, struct err *);

#endif
