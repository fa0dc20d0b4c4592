/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zstd and bzip2 by libarchive's filters (its "raw" format is the bare
 * decompressed data), and no compression at all.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "source/decode.h"

/* Says what libarchive found; its words for a cut-off file are not always there. */
static int
filter_error(struct archive *a, struct err *err)
{
	const char *text = archive_error_string(a);

	return err_set(
	    err, "its compressed data is damaged or cut off%s%s", text == NULL ? "" : ": ", text == NULL ? "" : text);
}

static void *
filter_open(int fd, int (*filter)(struct archive *), struct err *err)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;

	if (a == NULL) {
		err_set(err, "cannot start libarchive");
		return NULL;
	}
	if (filter(a) != ARCHIVE_OK || archive_read_support_format_raw(a) != ARCHIVE_OK ||
	    archive_read_open_fd(a, fd, DECODE_INPUT_BYTES) != ARCHIVE_OK ||
	    archive_read_next_header(a, &entry) != ARCHIVE_OK) {
		(void)filter_error(a, err);
		(void)archive_read_free(a);
		return NULL;
	}
	return a;
}

static void *
zstd_open(int fd, struct err *err)
{
	return filter_open(fd, archive_read_support_filter_zstd, err);
}

static void *
bzip2_open(int fd, struct err *err)
{
	return filter_open(fd, archive_read_support_filter_bzip2, err);
}

static int
filter_fill(void *state, unsigned char *out, size_t cap, size_t *got, struct err *err)
{
	ssize_t n;

	*got = 0;
	do {
		n = archive_read_data(state, out + *got, cap - *got);
		if (n < 0)
			return filter_error(state, err);
		*got += (size_t)n;
	} while (n > 0 && *got < cap);
	return 0;
}

static void
filter_close(void *state)
{
	(void)archive_read_free(state);
}

const struct codec codec_zstd = { "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, zstd_open, filter_fill, filter_close };
const struct codec codec_bzip2 = { "bzip2", { 'B', 'Z', 'h' }, 3, bzip2_open, filter_fill, filter_close };

static void *
plain_open(int fd, struct err *err)
{
	int *state = xmalloc(sizeof(*state));

	(void)err;
	*state = fd;
	return state;
}

static int
plain_fill(void *state, unsigned char *out, size_t cap, size_t *got, struct err *err)
{
	ssize_t n;

	for (*got = 0; *got < cap; *got += (size_t)n) {
		n = read(*(int *)state, out + *got, cap - *got);
		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			n = 0;
		if (n < 0)
			return err_sys(err, "cannot read it");
	}
	return 0;
}

static void
plain_close(void *state)
{
	free(state);
}

const struct codec codec_plain = { "plain", { 0 }, 0, plain_open, plain_fill, plain_close };
