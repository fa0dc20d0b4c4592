/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes on their way to a descriptor, in a buffer of fixed size: when it is
 * full either nothing more is read, and the writer on the other side waits, or
 * the oldest bytes go.
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
	uint8_t last; /* the last byte written */
};

/* True if there is room to read into. */
bool relay_room(const struct relay *);

/* How many bytes relay_add() takes without dropping any. */
size_t relay_space(const struct relay *);

/* Bytes at the end; where there is no room for them the oldest go. */
void relay_add(struct relay *, const void *, size_t);

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
