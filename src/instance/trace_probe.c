/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * User-mode networks take a connection before the guest does, so only bytes
 * count.  A connection made before the guest listens is lost to it, or waits
 * for a retransmission: so there is a new one again and again, and the first
 * that brings a byte wins.  The later, the rarer: a slow guest must be able to
 * answer, and a twentieth of the time is exact enough.
 */
#include "instance/trace_probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/defs.h"
#include "base/io.h"

#define ASK_NS_MIN UINT64_C(10000000)
#define ASK_SHARE 20
#define OPEN_MAX_ASKED 64

struct asked {
	struct pollfd p[OPEN_MAX_ASKED]; /* events: POLLOUT until the request is sent, then POLLIN */
	size_t next;
	uint64_t next_ns; /* when there is another */
};

static void
ask(struct asked *a, uint16_t port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	struct pollfd *p = &a->p[a->next++ % OPEN_MAX_ASKED];

	if (p->fd >= 0)
		(void)close(p->fd);
	*p = (struct pollfd){ socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), POLLOUT, 0 };
	if (p->fd >= 0 && connect(p->fd, (const struct sockaddr *)&sin, sizeof(sin)) < 0 && errno != EINPROGRESS) {
		(void)close(p->fd);
		p->fd = -1;
	}
}

/* True if there is an answer. */
static bool
look(struct pollfd *p, bool listens)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	char byte;
	ssize_t n;

	if (p->fd < 0 || p->revents == 0)
		return false;
	if (p->events == POLLOUT && (p->revents & (POLLERR | POLLHUP)) == 0) {
		if (!listens)
			(void)send(p->fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
		p->events = POLLIN;
		return false;
	}
	n = recv(p->fd, &byte, 1, 0);
	if (n == 1)
		return true;
	if (n == 0 || errno != EAGAIN) {
		(void)close(p->fd);
		p->fd = -1;
	}
	return false;
}

static bool
answered(struct asked *a, const struct trace *t)
{
	uint64_t now_ns = clock_now_ns();
	size_t i;

	if (t->port != 0 && now_ns >= a->next_ns) {
		ask(a, t->port);
		a->next_ns = now_ns + u64_max(ASK_NS_MIN, (now_ns - t->begin_ns) / ASK_SHARE);
	}
	/* It comes back at once where a connection was refused. */
	if (poll(a->p, OPEN_MAX_ASKED, 1) > 0)
		(void)usleep(100);
	for (i = 0; i < OPEN_MAX_ASKED; i++)
		if (look(&a->p[i], t->listens))
			return true;
	return false;
}

static void *
thread_main(void *arg)
{
	struct trace *t = arg;
	uint64_t end_ns = t->timeout_ms == 0 ? UINT64_MAX : clock_now_ns() + t->timeout_ms * UINT64_C(1000000);
	struct asked a = { .next = 0 };
	size_t i;

	for (i = 0; i < OPEN_MAX_ASKED; i++)
		a.p[i].fd = -1;
	while (!atomic_load(&t->thread_stop) && clock_now_ns() < end_ns) {
		if (answered(&a, t)) {
			atomic_store(&t->answered_ns, clock_now_ns());
			break;
		}
	}
	(void)write_full(t->pipe[1], "!", 1);
	for (i = 0; i < OPEN_MAX_ASKED; i++)
		if (a.p[i].fd >= 0)
			(void)close(a.p[i].fd);
	return NULL;
}

int
trace_probe_start(struct trace *t, struct err *err)
{
	sigset_t all, old;
	int rv;

	if (t->port == 0 && t->timeout_ms == 0)
		return 0;
	if (pipe2(t->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(err, "cannot make a pipe");
	/* Signals are the loop's. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	rv = pthread_create(&t->thread, NULL, thread_main, t);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	t->thread_started = rv == 0;
	errno = rv;
	return rv == 0 ? 0 : err_sys(err, "cannot start a thread");
}

void
trace_probe_stop(struct trace *t)
{
	size_t i;

	atomic_store(&t->thread_stop, true);
	if (t->thread_started)
		(void)pthread_join(t->thread, NULL);
	t->thread_started = false;
	for (i = 0; i < nitems(t->pipe); i++) {
		if (t->pipe[i] >= 0)
			(void)close(t->pipe[i]);
		t->pipe[i] = -1;
	}
}
