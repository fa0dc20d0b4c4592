/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program does with the agent of a guest: run programs, copy files,
 * ask for things.  On the console port itself (AGENT_LINK_PORT) or, as the
 * commands do, through the machine's supervisor (AGENT_LINK_CLIENT).
 *
 *	agent_client_init(&c, kind, fd, ops, arg);
 *	poll: agent_client_prepare(), agent_client_timeout(), agent_client_handle()
 *	when c.link.is_open (ops->open): agent_stream_open(&c, &request, &stream_ops, arg)
 *
 * Callbacks come from agent_client_handle() alone; in them everything may be
 * called but agent_client_release().
 */
#ifndef SMOL_INSTANCE_AGENT_CLIENT_H
#define SMOL_INSTANCE_AGENT_CLIENT_H

#include "instance/agent_link.h"

/* What we take of a stream before we have handed it on. */
#define AGENT_CREDIT_BYTES (256 * 1024)

struct agent_stream;

struct agent_client_ops {
	void (*open)(void *arg);
	void (*event)(void *arg, const struct agent_state *); /* NULL: not wanted */
	/* All streams have ended (each was told); PORT: open() comes again. */
	void (*lost)(void *arg, const char *why);
};

struct agent_stream_ops {
	/* What the program says; agent_stream_taken() when it is handed on. */
	void (*data)(void *arg, bool err, const uint8_t *, size_t);
	/* agent_stream_room() has become more; NULL: nothing is sent. */
	void (*room)(void *arg);
	/* The last call: the stream is gone. text is printable. */
	void (*done)(void *arg, enum agent_end, uint32_t status, const char *text);
};

/* An OPEN: kind and the rest as in base/agent_protocol.h. */
struct agent_request {
	enum agent_kind kind;
	uint8_t flags;
	uint16_t rows, columns;
	const char *user, *dir; /* NULL: the agent's choice */
	const char *const *argv, *const *env; /* end with NULL; env may be NULL */
};

struct agent_client {
	struct agent_link link;
	const struct agent_client_ops *ops;
	void *arg;
	struct agent_stream *streams;
	uint32_t last;
};

void agent_client_init(struct agent_client *, enum agent_link_kind, int fd, const struct agent_client_ops *, void *arg);
/* Streams end without a word. */
void agent_client_release(struct agent_client *);
void agent_client_prepare(const struct agent_client *, struct pollfd *);
int agent_client_timeout(const struct agent_client *);
int agent_client_handle(struct agent_client *, const struct pollfd *, struct err *);

/* NULL and err: too long, or there is no session. */
struct agent_stream *agent_stream_open(
    struct agent_client *, const struct agent_request *, const struct agent_stream_ops *, void *arg, struct err *);
/* How much may be written now. */
size_t agent_stream_room(const struct agent_stream *);
void agent_stream_write(struct agent_stream *, const void *, size_t);
void agent_stream_eof(struct agent_stream *);
void agent_stream_taken(struct agent_stream *, size_t);
void agent_stream_signal(struct agent_stream *, enum agent_signal);
void agent_stream_resize(struct agent_stream *, uint16_t rows, uint16_t columns);
/* Hangs up on it; done() comes all the same. */
void agent_stream_close(struct agent_stream *);

#endif
