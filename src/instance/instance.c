/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a machine: one poll(2) loop over signals, the channels with their
 * fronts, the backend's control and standard error, and clients.
 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/defs.h"
#include "instance/instance_impl.h"
#include "instance/signals.h"
#include "instance/terminal.h"
#include "instance/trace.h"

#define LOOK_MS 500 /* how often a background job looks whether it is one, and the fronts who stands still */
#define HALT_QUIET_MS 300 /* after NetBSD's last words, nothing more comes */
#define PANIC_QUIET_MS 3000 /* after a panic's, all is told, traced and dumped */

/* The backend alone holds its ends of the streams. */
static void
let_go(struct instance *in)
{
	size_t i;

	for (i = 0; i < in->nchannels; i++)
		channel_started(&in->channels[i]);
}

static void
reap(struct instance *in)
{
	/* Ours were the last: the streams now end. */
	if (!in->process.reaped && process_reap(&in->process))
		let_go(in);
	(void)process_reap(&in->net);
	if (attach_reap(&in->attach))
		instance_end(in, INSTANCE_LEFT, 0);
}

static void
suspend(struct instance *in)
{
	struct terminal *t = in->stdio == NULL ? NULL : front_stdio_terminal(in->stdio);

	if (t != NULL)
		terminal_restore(t);
	process_signal(&in->process, SIGSTOP);
	signals_stop();
	process_signal(&in->process, SIGCONT);
	if (t != NULL)
		terminal_sync(t);
}

/* The guest's console is as large as the user's terminal. */
static void
resize(struct instance *in)
{
	struct err ignored;
	uint64_t size[2];

	if (in->started && in->stdio != NULL && terminal_size(front_stdio_terminal(in->stdio), size))
		(void)control_ask(&in->control, CONTROL_SIZE, size, NULL, NULL, &ignored);
}

static void
handle_signals(struct instance *in)
{
	int sig;

	while ((sig = signals_next()) != 0) {
		switch (sig) {
		case SIGCHLD:
			reap(in);
			break;
		case SIGTSTP:
			suspend(in);
			break;
		case SIGCONT:
			if (in->stdio != NULL)
				terminal_sync(front_stdio_terminal(in->stdio));
			break;
		case SIGWINCH:
			resize(in);
			break;
		case SIGTERM:
			instance_stop(in, INSTANCE_INTERRUPTED, sig, instance_stop_timeout_ms(in));
			break;
		default:
			instance_end(in, INSTANCE_INTERRUPTED, sig);
		}
	}
}

static void
start(struct instance *in)
{
	struct err ignored;

	let_go(in);
	if (in->options->trace != NULL)
		trace_stamp(in->options->trace, TRACE_MACHINE);
	if (in->options->npty_command > 0 &&
	    attach_start(&in->attach, in->options->pty_command, in->options->npty_command, in->info.pty, in->err) < 0) {
		instance_fail(in);
		return;
	}
	in->started = true;
	(void)control_ask(&in->control, CONTROL_RESUME, NULL, NULL, NULL, &ignored);
	if (in->options->trace != NULL)
		trace_stamp(in->options->trace, TRACE_RUN);
	resize(in);
	if (in->options->started != NULL)
		in->options->started(in->options->arg, &in->info);
	if (in->stdio != NULL)
		front_stdio_start(in->stdio);
}

/* Machine and network are there. */
static void
start_if_ready(struct instance *in)
{
	if (!in->started && in->control.ready && in->net_ready_fd < 0 && !in->ending)
		start(in);
}

static void
handle_control(struct instance *in)
{
	if (control_read(&in->control, in->err) < 0) {
		(void)err_wrap(in->err, "%s failed", in->process.program);
		instance_fail(in);
	} else
		start_if_ready(in);
}

/* A byte once it has its ports; nothing if it has failed. */
static void
handle_net_ready(struct instance *in)
{
	ssize_t n;
	char byte;

	n = read(in->net_ready_fd, &byte, 1);
	if (n < 0 && errno == EINTR)
		return;
	(void)close(in->net_ready_fd);
	in->net_ready_fd = -1;
	if (n == 1) {
		start_if_ready(in);
		return;
	}
	if (!in->ending)
		(void)process_failed(&in->net, "it ended before the machine started", in->err);
	instance_fail(in);
}

static void
trace_answered(void *arg, json_t *result, const char *error)
{
	(void)error;
	if (result != NULL)
		trace_metrics(arg, result);
}

/* The boot is over: what did it take? */
static void
traced(struct instance *in)
{
	struct err ignored;

	(void)control_ask(&in->control, CONTROL_METRICS, NULL, trace_answered, in->options->trace, &ignored);
	if (in->options->trace->stops)
		instance_end(in, INSTANCE_STOPPED, 0);
}

static void
handle_channel(struct instance *in, struct channel *c, const struct pollfd p[CHANNEL_FDS])
{
	switch (channel_handle(c, p, in->err)) {
	case FRONT_FAILED:
		instance_fail(in);
		break;
	case FRONT_QUIT:
		instance_end(in, INSTANCE_INTERRUPTED, SIGINT);
		break;
	case FRONT_DONE:
		traced(in);
		break;
	case FRONT_UNREAD:
		if (!in->ending)
			instance_end(in, INSTANCE_NO_READER, SIGPIPE);
		break;
	default:
		break;
	}
	if (in->ending)
		channel_discard(c);
}

static void
prepare(struct instance *in)
{
	bool keys = in->started && !in->ending && !in->process.reaped;
	struct pollfd *p = in->polls;
	size_t i, j;

	p[P_SIGNAL] = (struct pollfd){ signals_fd(), POLLIN, 0 };
	p[P_CONTROL] = (struct pollfd){ in->control.fd, POLLIN, 0 };
	p[P_STDERR] = (struct pollfd){ in->process.stderr_fd, POLLIN, 0 };
	p[P_NET_STDERR] = (struct pollfd){ in->net.stderr_fd, POLLIN, 0 };
	p[P_NET_READY] = (struct pollfd){ in->net_ready_fd, POLLIN, 0 };
	clients_prepare(&in->clients, p + P_CLIENTS);
	for (i = 0; i < in->nchannels; i++) {
		p = in->polls + P_CHANNELS + i * CHANNEL_FDS;
		channel_prepare(&in->channels[i], keys, p);
		for (j = 1; in->ending && j < CHANNEL_FDS; j++)
			p[j].fd = -1;
	}
}

static bool
background(const struct instance *in)
{
	const struct terminal *t = in->stdio == NULL ? NULL : front_stdio_terminal(in->stdio);

	return t != NULL && t->fd >= 0 && !t->raw;
}

static int
timeout_ms(const struct instance *in)
{
	uint64_t now = now_ms(), at = UINT64_MAX;
	bool blocked = false;
	size_t i;

	for (i = 0; i < in->nchannels; i++)
		blocked |= channel_blocked(&in->channels[i]);
	if (in->stop_at_ms > 0 && !in->ending)
		at = in->stop_at_ms;
	if (in->kill_at_ms > 0 && !in->process.reaped)
		at = u64_min(at, in->kill_at_ms);
	if (in->halt_at_ms > 0 && !in->finished)
		at = u64_min(at, in->halt_at_ms);
	if (in->panic_at_ms > 0 && !in->finished)
		at = u64_min(at, in->panic_at_ms);
	if (background(in) || in->process.reaped || blocked)
		at = u64_min(at, now + LOOK_MS);
	return at == UINT64_MAX ? -1 : at <= now ? 0 : (int)(at - now);
}

/* A panic whose kernel neither resets nor is looked at: its debugger waits for keys that nobody has. */
static void
act_on_panic(struct instance *in)
{
	const struct channel *c = &in->channels[0];
	const struct terminal *t = in->stdio == NULL ? NULL : front_stdio_terminal(in->stdio);

	if (!c->panicked || (t != NULL && t->fd >= 0))
		return;
	if (in->panic_at_ms == 0 || c->nbytes != in->panic_nbytes) {
		in->panic_nbytes = c->nbytes;
		in->panic_at_ms = now_ms() + PANIC_QUIET_MS;
	} else if (now_ms() >= in->panic_at_ms)
		instance_finish(in, INSTANCE_PANICKED);
}

/* What the guest said, and the clock. */
static void
act(struct instance *in)
{
	act_on_panic(in);
	if (in->nchannels > 1 && in->channels[1].seen)
		instance_finish(in, INSTANCE_DONE);
	if (!in->channels[0].watch.ended)
		in->halt_at_ms = 0;
	else if (in->halt_at_ms == 0)
		in->halt_at_ms = now_ms() + HALT_QUIET_MS;
	else if (now_ms() >= in->halt_at_ms)
		instance_finish(in, INSTANCE_HALTED);
	if (in->stop_at_ms > 0 && !in->ending && now_ms() >= in->stop_at_ms) {
		in->result->killed = true;
		instance_end(in, in->result->end, in->result->signal);
	}
	if (in->kill_at_ms > 0 && now_ms() >= in->kill_at_ms)
		process_signal(&in->process, SIGKILL);
}

static void
handle(struct instance *in)
{
	const struct pollfd *p = in->polls;
	size_t i;

	if (p[P_CONTROL].revents != 0)
		handle_control(in);
	if (p[P_STDERR].revents != 0)
		process_listen(&in->process);
	if (p[P_NET_STDERR].revents != 0)
		process_listen(&in->net);
	if (p[P_NET_READY].revents != 0)
		handle_net_ready(in);
	clients_handle(&in->clients, p + P_CLIENTS);
	for (i = 0; i < in->nchannels; i++)
		handle_channel(in, &in->channels[i], p + P_CHANNELS + i * CHANNEL_FDS);
}

static void
step(struct instance *in)
{
	int n;

	prepare(in);
	n = poll(in->polls, (nfds_t)(P_CHANNELS + in->nchannels * CHANNEL_FDS), timeout_ms(in));
	handle_signals(in);
	if (n > 0)
		handle(in);
	act(in);
	if (n == 0 && in->started && !in->ending && in->stdio != NULL)
		terminal_sync(front_stdio_terminal(in->stdio));
}

static bool
over(const struct instance *in)
{
	size_t i;

	if (!in->process.reaped)
		return false;
	for (i = 0; !in->ending && i < in->nchannels; i++)
		if (!channel_drained(&in->channels[i]))
			return false;
	return true;
}

void
instance_loop(struct instance *in)
{
	while (!over(in))
		step(in);
}
