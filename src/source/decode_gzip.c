/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gzip (RFC 1952) by zlib, which unlike libarchive's filter verifies the CRC
 * and length at the end of each member.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/arena.h"
#include "source/decode.h"

#define WINDOW_GZIP (15 + 16) /* largest window; gzip header and trailer */

struct gz {
	int fd;
	bool eof, ended;
	z_stream stream;
	unsigned char in[DECODE_INPUT_BYTES];
};

static void *
gz_open(int fd, struct err *err)
{
	struct gz *g = xcalloc(1, sizeof(*g));

	g->fd = fd;
	if (inflateInit2(&g->stream, WINDOW_GZIP) != Z_OK) {
		err_set(err, "cannot start zlib");
		free(g);
		return NULL;
	}
	return g;
}

static int
gz_input(struct gz *g, struct err *err)
{
	ssize_t n;

	if (g->stream.avail_in > 0 || g->eof)
		return 0;
	n = decode_input(g->fd, g->in, err);
	if (n < 0)
		return -1;
	g->eof = n == 0;
	g->stream.next_in = g->in;
	g->stream.avail_in = (unsigned)n;
	return 0;
}

/* After a member: another one follows, or what follows is padding. */
static int
gz_next_member(struct gz *g, struct err *err)
{
	if (gz_input(g, err) < 0)
		return -1;
	if (g->stream.avail_in == 0 || g->stream.next_in[0] != 0x1f)
		g->ended = true;
	else if (inflateReset(&g->stream) != Z_OK)
		return err_set(err, "its gzip data is damaged");
	return 0;
}

static int
gz_fill(void *state, unsigned char *out, size_t cap, size_t *got, struct err *err)
{
	struct gz *g = state;
	int ret;

	g->stream.next_out = out;
	g->stream.avail_out = (unsigned)cap;
	while (!g->ended && g->stream.avail_out > 0) {
		if (gz_input(g, err) < 0)
			return -1;
		ret = inflate(&g->stream, Z_NO_FLUSH);
		if (ret == Z_STREAM_END) {
			if (gz_next_member(g, err) < 0)
				return -1;
		} else if (ret == Z_BUF_ERROR && g->eof) {
			return err_set(err, "its gzip data is cut off");
		} else if (ret != Z_OK && ret != Z_BUF_ERROR) {
			return err_set(err, "its gzip data is damaged");
		}
	}
	*got = cap - g->stream.avail_out;
	return 0;
}

static void
gz_close(void *state)
{
	struct gz *g = state;

	(void)inflateEnd(&g->stream);
	free(g);
}

const struct codec codec_gzip = { "gzip", { 0x1f, 0x8b }, 2, gz_open, gz_fill, gz_close };
