/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals and the power button.
 * #syscalls loop: timerfd_settime
 */
#include "vmm/stop.h"

#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "vmm/vcpu.h"

int
stop_ask(struct stop *s, struct err *err)
{
	if (s->press == NULL)
		return err_set(err, "the guest has no power button");
	if (atomic_load(&s->vm->paused))
		vcpu_resume_all(s->vm);
	s->press(s->press_arg);
	return 0;
}

static void
signalled(void *arg, uint32_t events)
{
	const struct itimerspec in = { .it_value = { .tv_sec = STOP_SECONDS } };
	struct signalfd_siginfo info;
	struct stop *s = arg;
	struct err ignored;

	(void)events;
	if (read(s->signals.fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (s->asked || stop_ask(s, &ignored) < 0 || timerfd_settime(s->timer.fd, 0, &in, NULL) < 0)
		vm_end(s->vm, VM_STOPPED, NULL);
	s->asked = true;
}

static void
expired(void *arg, uint32_t events)
{
	struct stop *s = arg;

	(void)events;
	loop_drain(s->timer.fd);
	vm_end(s->vm, VM_STOPPED, NULL);
}

void
stop_init(struct stop *s, struct vm *vm, struct loop *loop)
{
	*s = (struct stop){ .vm = vm, .loop = loop, .signals.fd = -1, .timer.fd = -1 };
}

int
stop_start(struct stop *s, struct err *err)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	s->signals = (struct loop_source){ signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), signalled, s, 0 };
	s->timer = (struct loop_source){ timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), expired, s, 0 };
	if (s->signals.fd < 0 || s->timer.fd < 0)
		return err_sys(err, "cannot wait for signals");
	if (loop_set(s->loop, &s->signals, EPOLLIN, err) < 0)
		return -1;
	return loop_set(s->loop, &s->timer, EPOLLIN, err);
}

void
stop_release(struct stop *s)
{
	if (s->signals.fd >= 0)
		(void)close(s->signals.fd);
	if (s->timer.fd >= 0)
		(void)close(s->timer.fd);
}
