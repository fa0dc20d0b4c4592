/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A compressed file decompressed by a thread of its own, into a ring of
 * buffers that the caller empties: xz (all blocks in parallel where the file
 * has several), gzip, zstd, bzip2, or plain; told by its content.
 *
 *	file ─► thread: codec ─► [1 MiB][1 MiB][1 MiB][1 MiB] ─► decode_next()
 */
#ifndef SMOL_SOURCE_DECODE_H
#define SMOL_SOURCE_DECODE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct decode;

/* Reads fd from its offset 0; fd stays the caller's.  NULL and err. */
struct decode *decode_open(int fd, struct err *);

/* The next bytes, valid until the next call: how many, 0 at the end, -1 and err. */
ssize_t decode_next(struct decode *, const void **buf, struct err *);

void decode_close(struct decode *);

/* --- for decode.c and its codecs --- */

/*
 * fill() writes cap bytes to out, fewer only at the end of the data; -1 and
 * err if the input is damaged, cut off or cannot be read.
 */
struct codec {
	const char *name;
	unsigned char magic[6];
	size_t magic_len;
	void *(*open)(int fd, struct err *);
	int (*fill)(void *state, unsigned char *out, size_t cap, size_t *got, struct err *);
	void (*close)(void *state);
};

extern const struct codec codec_xz, codec_gzip, codec_zstd, codec_bzip2, codec_plain;

#define DECODE_INPUT_BYTES (256 * 1024)

/* Reads up to DECODE_INPUT_BYTES; 0 is the end of the file. */
ssize_t decode_input(int fd, unsigned char *buf, struct err *);

#endif
