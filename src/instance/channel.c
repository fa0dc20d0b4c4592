/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The relay between one socket of the backend and its fronts.
 */
#include "instance/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/defs.h"

void
channel_init(struct channel *c, const char *text, const char *panic)
{
	c->fd = c->peer = -1;
	watch_init(&c->watch, text);
	watch_init(&c->panic, panic);
}

int
channel_open(struct channel *c, bool nonblocking, struct err *err)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, "cannot make sockets");
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	if (nonblocking)
		(void)fcntl(ends[1], F_SETFL, O_NONBLOCK);
	c->nonblocking = nonblocking;
	c->fd = ends[0];
	c->peer = ends[1];
	return 0;
}

int
channel_add(struct channel *c, struct front *f)
{
	if (f == NULL)
		return -1;
	c->fronts[c->nfronts++] = f;
	return 0;
}

void
channel_release(struct channel *c)
{
	while (c->nfronts > 0) {
		struct front *f = c->fronts[--c->nfronts];

		f->ops->free(f);
	}
	if (c->fd >= 0)
		(void)close(c->fd);
	if (c->peer >= 0)
		(void)close(c->peer);
	c->fd = c->peer = -1;
}

void
channel_started(struct channel *c)
{
	int flags;

	if (c->peer < 0)
		return;
	/*
	 * QEMU's virtio console drops what a socket does not take at once.  The
	 * flag is the open file's, which we share with it: let it wait instead.
	 */
	flags = c->nonblocking ? -1 : fcntl(c->peer, F_GETFL);
	if (flags >= 0)
		(void)fcntl(c->peer, F_SETFL, flags & ~O_NONBLOCK);
	(void)close(c->peer);
	c->peer = -1;
}

/* How much the guest may say now. */
static size_t
space(const struct channel *c)
{
	size_t min = SIZE_MAX, i;

	for (i = 0; i < c->nfronts; i++)
		if (c->fronts[i]->waits && relay_space(&c->fronts[i]->out) < min)
			min = relay_space(&c->fronts[i]->out);
	return min;
}

void
channel_prepare(struct channel *c, bool keys, struct pollfd p[CHANNEL_FDS])
{
	short events;
	size_t i;

	for (i = 0; i < CHANNEL_FDS; i++)
		p[i] = (struct pollfd){ .fd = -1 };
	keys = keys && !c->ended && relay_room(&c->keys);
	for (i = 0; i < c->nfronts; i++)
		c->fronts[i]->ops->prepare(c->fronts[i], keys, p + 1 + i * FRONT_FDS);
	events = (short)((space(c) > 0 ? POLLIN : 0) | (c->keys.len > 0 ? POLLOUT : 0));
	p[0] = (struct pollfd){ c->ended || events == 0 ? -1 : c->fd, events, 0 };
}

static void
listen_to_guest(struct channel *c)
{
	uint8_t buf[16 * 1024];
	ssize_t n = read(c->fd, buf, space(c) < sizeof(buf) ? space(c) : sizeof(buf));
	size_t i;

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		c->ended = true;
	if (n <= 0)
		return;
	c->last = buf[n - 1];
	c->nbytes += (size_t)n;
	if (watch_feed(&c->watch, buf, (size_t)n))
		c->seen = true;
	if (watch_feed(&c->panic, buf, (size_t)n))
		c->panicked = true;
	for (i = 0; i < c->nfronts; i++)
		relay_add(&c->fronts[i]->out, buf, (size_t)n);
}

enum front_event
channel_handle(struct channel *c, const struct pollfd p[CHANNEL_FDS], struct err *err)
{
	enum front_event event = FRONT_OK, e;
	size_t i;

	if ((p[0].revents & POLLOUT) != 0 && c->keys.len > 0 && relay_write(&c->keys, c->fd, SIZE_MAX) < 0)
		c->keys.len = 0;
	if ((p[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && space(c) > 0)
		listen_to_guest(c);
	for (i = 0; i < c->nfronts; i++) {
		e = c->fronts[i]->ops->handle(c->fronts[i], p + 1 + i * FRONT_FDS, &c->keys, err);
		if (event == FRONT_OK)
			event = e;
	}
	return event;
}

bool
channel_drained(const struct channel *c)
{
	size_t i;

	if (c->fd < 0)
		return true;
	for (i = 0; i < c->nfronts; i++)
		if (c->fronts[i]->waits && c->fronts[i]->out.len > 0)
			return false;
	return c->ended;
}

bool
channel_blocked(const struct channel *c)
{
	return space(c) == 0;
}

void
channel_discard(struct channel *c)
{
	size_t i;

	for (i = 0; i < c->nfronts; i++)
		if (c->fronts[i]->waits)
			c->fronts[i]->out.start = c->fronts[i]->out.len = 0;
}
