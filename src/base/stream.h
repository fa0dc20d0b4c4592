/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sequential output to a file, hashed as it goes: the caller fills buffers, a
 * second thread digests them.  Zeros become holes.  Errors stick: the first is
 * kept and reported by stream_close(), so that writers need not look at each
 * call (the functions still return -1 from then on, to end loops early).
 */
#ifndef SMOL_BASE_STREAM_H
#define SMOL_BASE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

struct stream;

/*
 * Writes to fd from its offset 0; fd stays the caller's.  name is for
 * messages.  Without a digest holes cost nothing, and stream_close() gives
 * zeros.
 */
struct stream *stream_open(int fd, const char *name, bool digest);

/* fn is called with the bytes written so far, at most once per buffer. */
void stream_progress(struct stream *, void (*fn)(void *arg, uint64_t done), void *arg);

int stream_write(struct stream *, const void *data, size_t len);
int stream_zero(struct stream *, uint64_t len);

/* len bytes of another file, which must have them, from offset. */
int stream_copy(struct stream *, int fd, uint64_t offset, uint64_t len, const char *from);

/* A caller's own failure made to stick. */
int stream_fail(struct stream *, const struct err *);

uint64_t stream_tell(const struct stream *);

/* Ends it (length set with ftruncate), gives the SHA-256 of all bytes, frees. */
int stream_close(struct stream *, uint8_t digest[SHA256_SIZE], struct err *);

#endif
