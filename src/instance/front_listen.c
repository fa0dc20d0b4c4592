/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One client at a time on a listening socket.  Others are told so and sent
 * away.  The guest waits for a client, but not for one that stands still.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "instance/front.h"
#include "instance/telnet.h"

#define STALL_NS UINT64_C(1000000000)

enum { LISTEN, CLIENT };

struct listen {
	struct front front;
	int fd, client;
	bool speaks_telnet;
	struct telnet telnet;
	bool iac; /* a 255 of the guest was sent: its double comes next */
	uint64_t progress_ns; /* when the client last took something, or had nothing to take */
};

static void
client_close(struct listen *l)
{
	(void)close(l->client);
	l->client = -1;
	l->front.waits = false;
}

static void
client_take(struct listen *l, int fd)
{
	l->client = fd;
	l->telnet = (struct telnet){ 0 };
	l->iac = false;
	l->front.waits = true;
	l->progress_ns = clock_now_ns();
	/* A new connection takes as little at once. */
	if (l->speaks_telnet)
		(void)send(fd, telnet_greeting, sizeof(telnet_greeting), MSG_NOSIGNAL);
}

static void
client_accept(struct listen *l)
{
	static const char busy[] = "smol: busy: another client is connected\r\n";
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (l->client >= 0) {
		(void)send(fd, busy, sizeof(busy) - 1, MSG_NOSIGNAL);
		(void)close(fd);
		return;
	}
	client_take(l, fd);
}

static void
client_read(struct listen *l, struct relay *keys)
{
	uint8_t buf[1024];
	ssize_t n = recv(l->client, buf, sizeof(buf), 0);

	if (n > 0 && l->speaks_telnet)
		n = (ssize_t)telnet_input(&l->telnet, buf, (size_t)n);
	else if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		client_close(l);
	if (n > 0)
		relay_add(keys, buf, (size_t)n);
}

/* What may be sent in one go: for telnet, up to a byte 255, which is sent twice. */
static size_t
run_length(const struct listen *l)
{
	const struct relay *out = &l->front.out;
	const uint8_t *start = out->bytes + out->start, *iac;

	iac = l->speaks_telnet ? memchr(start, TELNET_IAC, out->len) : NULL;
	return iac == NULL ? out->len : (size_t)(iac - start) + 1;
}

/* False if the client takes no more now. */
static bool
send_some(struct listen *l)
{
	static const uint8_t iac = TELNET_IAC;
	struct relay *out = &l->front.out;
	size_t before = out->len;

	if (l->iac) {
		if (send(l->client, &iac, 1, MSG_NOSIGNAL) != 1)
			return false;
		l->iac = false;
		return true;
	}
	if (relay_write(out, l->client, run_length(l)) < 0 || out->len == before)
		return false;
	l->iac = l->speaks_telnet && out->last == TELNET_IAC;
	return true;
}

static void
client_write(struct listen *l)
{
	while (l->front.out.len > 0 || l->iac) {
		if (!send_some(l))
			return;
		l->progress_ns = clock_now_ns();
		l->front.waits = true;
	}
}

static void
listen_prepare(struct front *f, bool keys, struct pollfd p[FRONT_FDS])
{
	struct listen *l = (struct listen *)f;
	bool pending = f->out.len > 0 || l->iac;

	if (!pending)
		l->progress_ns = clock_now_ns();
	else if (l->client >= 0 && clock_now_ns() - l->progress_ns > STALL_NS)
		f->waits = false;
	p[LISTEN] = (struct pollfd){ l->fd, POLLIN, 0 };
	p[CLIENT] = (struct pollfd){ l->client, (short)((keys ? POLLIN : 0) | (pending ? POLLOUT : 0)), 0 };
}

static enum front_event
listen_handle(struct front *f, const struct pollfd p[FRONT_FDS], struct relay *keys, struct err *err)
{
	struct listen *l = (struct listen *)f;
	short client = p[CLIENT].revents;

	(void)err;
	if ((client & POLLOUT) != 0)
		client_write(l);
	if ((client & (POLLIN | POLLHUP | POLLERR)) != 0 && relay_room(keys))
		client_read(l, keys);
	else if ((client & (POLLHUP | POLLERR)) != 0 && l->client >= 0)
		client_close(l); /* gone, while the guest takes nothing */
	if (p[LISTEN].revents != 0)
		client_accept(l);
	return FRONT_OK;
}

static void
listen_free(struct front *f)
{
	struct listen *l = (struct listen *)f;

	if (l->client >= 0) {
		client_write(l);
		client_close(l);
	}
	if (l->fd >= 0)
		(void)close(l->fd);
	free(l);
}

static const struct front_ops listen_ops = {
	.prepare = listen_prepare,
	.handle = listen_handle,
	.free = listen_free,
};

struct front *
front_listen_new(int fd, bool telnet)
{
	struct listen *l = xcalloc(1, sizeof(*l));

	l->front.ops = &listen_ops;
	l->fd = fd;
	l->client = -1;
	l->speaks_telnet = telnet;
	return &l->front;
}

int
front_listen_take(struct front *f, int fd, struct err *err)
{
	struct listen *l = (struct listen *)f;

	if (l->client >= 0)
		return err_set(err, "another client is connected to the console");
	client_take(l, fd);
	return 0;
}
