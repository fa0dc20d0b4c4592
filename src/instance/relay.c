/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The relay's buffer, and opening of the output.
 */
#include "instance/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Room enough for one more read. */
#define READ_MIN 4096

bool
relay_room(const struct relay *r)
{
	return r->len <= sizeof(r->bytes) - READ_MIN;
}

size_t
relay_space(const struct relay *r)
{
	return sizeof(r->bytes) - r->len;
}

static void
drop(struct relay *r, size_t len)
{
	r->start += len;
	r->len -= len;
	if (r->len == 0)
		r->start = 0;
}

void
relay_add(struct relay *r, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	if (len > sizeof(r->bytes)) {
		p += len - sizeof(r->bytes);
		len = sizeof(r->bytes);
	}
	if (len > relay_space(r))
		drop(r, len - relay_space(r));
	if (len > sizeof(r->bytes) - r->start - r->len) {
		memmove(r->bytes, r->bytes + r->start, r->len);
		r->start = 0;
	}
	memcpy(r->bytes + r->start + r->len, p, len);
	r->len += len;
}

void
relay_push(struct relay *r, uint8_t byte)
{
	if (r->len < sizeof(r->bytes))
		relay_add(r, &byte, 1);
}

int
relay_write(struct relay *r, int fd, size_t max)
{
	ssize_t n = write(fd, r->bytes + r->start, r->len < max ? r->len : max);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
	if (n > 0)
		r->last = r->bytes[r->start + (size_t)n - 1];
	drop(r, (size_t)n);
	return 0;
}

int
relay_output_open(int fd, size_t *max, struct err *err)
{
	char path[32];
	struct stat st, again;
	int own;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot use the standard output");
	/* O_NONBLOCK belongs to the open file, which others share: open it anew. */
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	if (S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode)) {
		own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (own >= 0 && fstat(own, &again) == 0 && again.st_ino == st.st_ino && again.st_dev == st.st_dev) {
			*max = SIZE_MAX;
			return own;
		}
		if (own >= 0)
			(void)close(own);
	}
	/* After poll(2) said yes, a pipe takes this much without blocking. */
	*max = S_ISREG(st.st_mode) ? SIZE_MAX : PIPE_BUF;
	own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return own < 0 ? err_sys(err, "cannot use the standard output") : own;
}
