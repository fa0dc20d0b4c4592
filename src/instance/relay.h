/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes from one descriptor to another, through a buffer of fixed size: when
 * it is full nothing more is read, and the writer on the other side waits.
 */
#ifndef SMOL_INSTANCE_RELAY_H
#define SMOL_INSTANCE_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct relay {
	uint8_t bytes[64 * 1024];
	size_t start, len; /* what is waiting to be written */
	bool ended; /* the reading side has seen its end */
	uint8_t last; /* the last byte written */
};

/* True if there is room to read into. */
bool relay_room(const struct relay *);

/* One read.  An error is an end too: a terminal or a peer that went away. */
void relay_read(struct relay *, int fd);

/* A byte from elsewhere; dropped if there is no room. */
void relay_push(struct relay *, uint8_t byte);

/* One write of at most max bytes; -1 with errno if it failed for good. */
int relay_write(struct relay *, int fd, size_t max);

/*
 * Our own way to the file behind an output descriptor, not blocking where that
 * can be had without changing what we share with others (terminals, FIFOs);
 * *max is how much a relay_write() may write to it at once.
 */
int relay_output_open(int fd, size_t *max, struct err *);

#endif
