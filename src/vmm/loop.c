/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * epoll(7).
 */
#include "vmm/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/defs.h"

int
loop_init(struct loop *l, struct err *err)
{
	*l = (struct loop){ .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
	return l->epoll_fd < 0 ? err_sys(err, "cannot wait for descriptors") : 0;
}

void
loop_release(struct loop *l)
{
	if (l->epoll_fd >= 0)
		(void)close(l->epoll_fd);
	l->epoll_fd = -1;
}

int
loop_set(struct loop *l, struct loop_source *s, uint32_t events, struct err *err)
{
	struct epoll_event e = { .events = events, .data.ptr = s };
	int op = s->events == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;

	if (events == s->events)
		return 0;
	if (epoll_ctl(l->epoll_fd, op, s->fd, &e) < 0)
		return err_sys(err, "cannot wait for a descriptor");
	s->events = events;
	return 0;
}

int
loop_run(struct loop *l, struct err *err)
{
	struct epoll_event e[16];
	int n, i;

	while (!l->done) {
		n = epoll_wait(l->epoll_fd, e, nitems(e), -1);
		if (n < 0 && errno != EINTR)
			return err_sys(err, "cannot wait for descriptors");
		for (i = 0; i < n; i++) {
			struct loop_source *s = e[i].data.ptr;

			/* An earlier one of this round may have changed its mind. */
			if (s->events != 0)
				s->fn(s->arg, e[i].events);
		}
	}
	return 0;
}

void
loop_drain(int eventfd)
{
	uint64_t count;

	while (read(eventfd, &count, sizeof(count)) < 0 && errno == EINTR)
		continue;
}
