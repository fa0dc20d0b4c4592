/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream of bytes between the guest and those who look at it (front.h): the
 * console, and console port 1.
 *
 *	guest ──► fd ──► watch ──► each front's buffer ──► terminal, client, file
 *	guest ◄── fd ◄── keys ◄──────────────────────────┘
 *
 * The backend waits for its end: where a front waits and is full, so does the
 * guest, and no byte is lost.
 */
#ifndef SMOL_INSTANCE_CHANNEL_H
#define SMOL_INSTANCE_CHANNEL_H

#include <poll.h>

#include "instance/front.h"
#include "instance/watch.h"

#define CHANNEL_FRONTS 6
#define CHANNEL_FDS (1 + CHANNEL_FRONTS * FRONT_FDS)

struct channel {
	int fd, peer; /* our end, and the backend's until it has started; -1 */
	bool nonblocking; /* the backend's end stays so */
	bool ended; /* the backend's end is closed */
	uint8_t last; /* of the guest's bytes; 0 at first */
	struct relay keys;
	struct front *fronts[CHANNEL_FRONTS];
	size_t nfronts;
	struct watch watch, panic;
	bool seen, panicked; /* the watches have found their texts */
	uint64_t nbytes; /* that the guest has said */
};

/* No descriptors yet, no fronts; text and panic as in watch_init(). */
void channel_init(struct channel *, const char *text, const char *panic);
/* A pair of sockets; nonblocking: the backend's end does not block. */
int channel_open(struct channel *, bool nonblocking, struct err *);
/* Takes the front over; NULL (it could not be made) is -1. */
int channel_add(struct channel *, struct front *);
/* Closes, and frees the fronts. */
void channel_release(struct channel *);

/* The backend has started: it alone holds its end from now on, and blocks on it unless that is nonblocking. */
void channel_started(struct channel *);

void channel_prepare(struct channel *, bool keys, struct pollfd p[CHANNEL_FDS]);
enum front_event channel_handle(struct channel *, const struct pollfd p[CHANNEL_FDS], struct err *);

/* The stream has ended and those that the guest waits for have all of it. */
bool channel_drained(const struct channel *);

/* The guest waits for a front. */
bool channel_blocked(const struct channel *);

/* What is not yet written no longer matters. */
void channel_discard(struct channel *);

#endif
