/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decompression into a sparse file.
 */
#include "source/unpack_file.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/defs.h"
#include "base/io.h"
#include "base/stream.h"
#include "source/decode.h"

#define UNPACKED_MAX (UINT64_C(1) << 40)
#define BLOCK 4096

static bool
is_zero(const uint8_t *p, size_t len)
{
	return len == BLOCK && p[0] == 0 && memcmp(p, p + 1, len - 1) == 0;
}

static int
copy(struct decode *d, struct stream *s, struct err *err)
{
	const void *buf;
	const uint8_t *p;
	ssize_t left;
	size_t n;

	while ((left = decode_next(d, &buf, err)) > 0) {
		for (p = buf; left > 0; p += n, left -= (ssize_t)n) {
			n = (size_t)u64_min((uint64_t)left, BLOCK);
			if ((is_zero(p, n) ? stream_zero(s, n) : stream_write(s, p, n)) < 0)
				return 0; /* stream_close() tells */
		}
		if (stream_tell(s) > UNPACKED_MAX)
			return err_set(err, "it is larger than 1 TiB unpacked");
	}
	return left < 0 ? -1 : 0;
}

int
unpack_file(int fd, const char *path, struct err *err)
{
	uint8_t digest[SHA256_SIZE];
	struct outfile out;
	struct decode *d;
	struct stream *s;
	struct err failed = { 0 };

	if (outfile_open(&out, path, err) < 0)
		return -1;
	d = decode_open(fd, err);
	if (d == NULL) {
		outfile_abort(&out);
		return -1;
	}
	s = stream_open(out.fd, path, false);
	if (copy(d, s, &failed) < 0)
		(void)stream_fail(s, &failed);
	decode_close(d);
	if (stream_close(s, digest, err) == 0 && outfile_commit(&out, err) == 0)
		return 0;
	outfile_abort(&out);
	return -1;
}
