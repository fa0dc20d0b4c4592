/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting and signals on NetBSD: kqueue(2), since a virtio console port has no
 * poll(2), and since signals then need no handler and no trampoline.  struct
 * kevent is sys/sys/event.h's; kernels before 10.99 know only the one without ext.
 */
#include "netbsd.h"

struct nb_kevent {
	uintptr_t ident;
	uint32_t filter, flags, fflags;
	int64_t data;
	void *udata;
	uint64_t ext[4];
};

struct nb_kevent50 {
	uintptr_t ident;
	uint32_t filter, flags, fflags;
	int64_t data;
	void *udata;
};

struct nb_sigaction {
	void *handler;
	uint32_t mask[4];
	int flags;
};

enum { FILTER_READ = 0, FILTER_WRITE = 1, FILTER_SIGNAL = 5 };
enum { EV_ADD = 1, EV_ONESHOT = 0x10, EV_ERROR = 0x4000 };
enum { SIG_SETMASK = 3, CHANGES = 512, EVENTS = 64 };

static int queue = -1;
static bool old_call;
static struct nb_kevent changes[CHANGES], events[EVENTS];
static size_t nchanges;

static void
change(uint32_t filter, uint32_t flags, int ident, size_t index)
{
	struct nb_kevent *c = &changes[nchanges++];

	*c = (struct nb_kevent){ .ident = (uintptr_t)ident, .filter = filter, .flags = flags, .udata = (void *)index };
}

/* By the old call: the structures are shortened in place and made long again. */
static long
wait_old(struct nb_timespec *timeout)
{
	struct nb_kevent50 *c = (void *)changes, *e = (void *)events;
	struct nb_kevent one = { 0 };
	size_t i;
	long n, k;

	for (i = 0; i < nchanges; i++)
		memmove(&c[i], &changes[i], sizeof(*c));
	n = syscall(SYS_kevent50, queue, (long)changes, (long)nchanges, (long)events, EVENTS, (long)timeout);
	for (k = n - 1; k >= 0; k--) {
		memcpy(&one, &e[k], sizeof(*e));
		memcpy(&events[k], &one, sizeof(one));
	}
	return n;
}

static long
wait_events(struct nb_timespec *timeout)
{
	long n = -ENOSYS;

	if (!old_call)
		n = syscall(SYS_kevent100, queue, (long)changes, (long)nchanges, (long)events, EVENTS, (long)timeout);
	if (n == -ENOSYS) {
		old_call = true;
		n = wait_old(timeout);
	}
	nchanges = 0;
	return n;
}

#define SIGNALS 64 /* sys/signal.h: NSIG */

static void
handle_signal(int sig, void *handler)
{
	struct nb_sigaction sa = { .handler = handler };

	(void)syscall(SYS_sigaction_sigtramp, sig, (long)&sa, 0, 0, 0);
}

long
sys_wait_init(void)
{
	static const uint32_t all[4] = { ~0U, ~0U, ~0U, ~0U };
	long fd;

	(void)syscall(SYS_sigprocmask14, SIG_SETMASK, (long)all, 0);
	/* What this kernel has not is an error, not the end. */
	handle_signal(AGENT_SIGSYS, (void *)1);
	handle_signal(AGENT_SIGCHLD, (void *)0);
	fd = syscall(SYS_kqueue1, O_CLOEXEC);
	if (fd < 0)
		return fd;
	queue = (int)fd;
	change(FILTER_SIGNAL, EV_ADD, AGENT_SIGCHLD, (size_t)-1);
	return 0;
}

void
sys_signals_default(void)
{
	static const uint32_t none[4];
	int sig;

	/* What whoever started the agent ignores (nohup), too. */
	for (sig = 1; sig < SIGNALS; sig++)
		handle_signal(sig, (void *)0);
	(void)syscall(SYS_sigprocmask14, SIG_SETMASK, (long)none, 0);
}

/* What was asked for and did not come stays in the queue: it may still be told later, when nobody wants it. */
void
sys_wait(struct sys_poll *p, size_t n, int timeout_ms, bool *signalled)
{
	struct nb_timespec ts = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
	size_t i;
	long k, got;

	for (i = 0; i < n; i++) {
		p[i].readable = p[i].writable = false;
		if (p[i].fd >= 0 && p[i].read && nchanges < CHANGES)
			change(FILTER_READ, EV_ADD | EV_ONESHOT, p[i].fd, i);
		if (p[i].fd >= 0 && p[i].write && nchanges < CHANGES)
			change(FILTER_WRITE, EV_ADD | EV_ONESHOT, p[i].fd, i);
	}
	got = wait_events(timeout_ms < 0 ? NULL : &ts);
	*signalled = got < 0;
	for (k = 0; k < got; k++) {
		const struct nb_kevent *e = &events[k];

		i = (size_t)e->udata;
		if (e->filter == FILTER_SIGNAL)
			*signalled = true;
		else if (i < n && p[i].fd == (int)e->ident && e->filter == FILTER_READ)
			p[i].readable = p[i].read;
		else if (i < n && p[i].fd == (int)e->ident && e->filter == FILTER_WRITE)
			p[i].writable = p[i].write;
	}
}
