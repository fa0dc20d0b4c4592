/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xz by liblzma.  Blocks whose sizes their headers tell are decoded in
 * parallel as long as MEM_THREADS suffices; others one after the other.
 */
#include <lzma.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"
#include "source/decode.h"

#define MEM_THREADS (UINT64_C(96) << 20)
#define MEM_MAX (UINT64_C(1) << 30) /* a dictionary over this is no set's */

struct xz {
	int fd;
	bool eof, ended;
	lzma_stream stream;
	unsigned char in[DECODE_INPUT_BYTES];
};

static int
xz_error(lzma_ret ret, struct err *err)
{
	switch (ret) {
	case LZMA_MEM_ERROR:
	case LZMA_MEMLIMIT_ERROR:
		return err_set(err, "its xz data needs more than 1 GiB of memory to be unpacked");
	case LZMA_OPTIONS_ERROR:
		return err_set(err, "its xz data uses options that liblzma %s does not know", lzma_version_string());
	case LZMA_BUF_ERROR:
		return err_set(err, "its xz data is cut off");
	default:
		return err_set(err, "its xz data is damaged");
	}
}

static void *
xz_open(int fd, struct err *err)
{
	uint32_t cpus = lzma_cputhreads();
	lzma_mt options = { .flags = LZMA_CONCATENATED,
		.threads = cpus == 0 ? 1 : cpus,
		.memlimit_threading = MEM_THREADS,
		.memlimit_stop = MEM_MAX };
	struct xz *x = xcalloc(1, sizeof(*x));
	lzma_ret ret;

	x->fd = fd;
	x->stream = (lzma_stream)LZMA_STREAM_INIT;
	ret = lzma_stream_decoder_mt(&x->stream, &options);
	if (ret != LZMA_OK) {
		(void)xz_error(ret, err);
		free(x);
		return NULL;
	}
	return x;
}

static int
xz_fill(void *state, unsigned char *out, size_t cap, size_t *got, struct err *err)
{
	struct xz *x = state;
	lzma_ret ret;
	ssize_t n;

	x->stream.next_out = out;
	x->stream.avail_out = cap;
	while (!x->ended && x->stream.avail_out > 0) {
		if (x->stream.avail_in == 0 && !x->eof) {
			n = decode_input(x->fd, x->in, err);
			if (n < 0)
				return -1;
			x->eof = n == 0;
			x->stream.next_in = x->in;
			x->stream.avail_in = (size_t)n;
		}
		ret = lzma_code(&x->stream, x->eof ? LZMA_FINISH : LZMA_RUN);
		if (ret == LZMA_STREAM_END)
			x->ended = true;
		else if (ret != LZMA_OK)
			return xz_error(ret, err);
	}
	*got = cap - x->stream.avail_out;
	return 0;
}

static void
xz_close(void *state)
{
	struct xz *x = state;

	lzma_end(&x->stream);
	free(x);
}

const struct codec codec_xz = { "xz", { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, xz_open, xz_fill, xz_close };
