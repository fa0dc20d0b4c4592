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

/* Gathers the free bytes at the end when less than this is left there. */
#define READ_MIN 4096

bool
relay_room(const struct relay *r)
{
	return !r->ended && r->len <= sizeof(r->bytes) - READ_MIN;
}

static void
gather(struct relay *r)
{
	if (sizeof(r->bytes) - r->start - r->len >= READ_MIN)
		return;
	memmove(r->bytes, r->bytes + r->start, r->len);
	r->start = 0;
}

void
relay_read(struct relay *r, int fd)
{
	ssize_t n;

	gather(r);
	n = read(fd, r->bytes + r->start + r->len, sizeof(r->bytes) - r->start - r->len);
	if (n > 0)
		r->len += (size_t)n;
	else if (n == 0 || (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK))
		r->ended = true;
}

void
relay_push(struct relay *r, uint8_t byte)
{
	gather(r);
	if (r->start + r->len < sizeof(r->bytes))
		r->bytes[r->start + r->len++] = byte;
}

int
relay_write(struct relay *r, int fd, size_t max)
{
	ssize_t n = write(fd, r->bytes + r->start, r->len < max ? r->len : max);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
	if (n > 0)
		r->last = r->bytes[r->start + (size_t)n - 1];
	r->start += (size_t)n;
	r->len -= (size_t)n;
	if (r->len == 0)
		r->start = 0;
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
