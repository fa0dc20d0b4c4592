/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a machine: one poll(2) loop over signals, the channels with their
 * fronts, the control socket and the backend's standard error.
 */
#include "instance/instance.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/defs.h"
#include "base/spawn.h"
#include "instance/attach.h"
#include "instance/channel.h"
#include "instance/ports.h"
#include "instance/preflight.h"
#include "instance/process.h"
#include "instance/qmp.h"
#include "instance/signals.h"
#include "instance/terminal.h"
#include "instance/unix_socket.h"

#define QUIT_MS 2000 /* from a polite request to SIGKILL */
#define LOOK_MS 500 /* how often a background job looks whether it is one, and the fronts who stands still */
#define HALT_QUIET_MS 300 /* after NetBSD's last words, nothing more comes */

/* sys/arch/<arch>/<arch>/machdep.c, cpu_reboot() */
static const char halted[] = "\nThe operating system has halted.\nPlease press any key to reboot.\n\n";
static const char done[] = "\nJEMATA!";

enum { P_SIGNAL, P_CONTROL, P_STDERR, P_CONSOLE, P_PORT = P_CONSOLE + CHANNEL_FDS, P_SLOTS = P_PORT + CHANNEL_FDS };

struct instance {
	const struct machine *machine;
	const struct instance_options *options;
	struct instance_result *result;
	struct instance_info info;
	struct process process;
	struct channel console, port;
	struct qmp qmp;
	struct front *stdio; /* one of the console's; NULL: none */
	struct attach attach;
	bool started;
	bool finished; /* the guest said that it is done: what it said still counts */
	bool ending; /* by us: its output no longer matters */
	uint64_t kill_at_ms, halt_at_ms; /* 0: not */
	bool failed; /* err says why */
	struct err *err;
};

static uint64_t
now_ms(void)
{
	return clock_now_ns() / 1000000;
}

static void
ask_to_quit(struct instance *in)
{
	in->kill_at_ms = now_ms() + QUIT_MS;
	if (in->qmp.state == QMP_READY && in->qmp.fd >= 0)
		qmp_command(&in->qmp, "quit");
	else
		(void)kill(in->process.pid, SIGTERM);
}

/* Ends the machine from our side; asked again, without mercy. */
static void
end(struct instance *in, enum instance_end how, int sig)
{
	bool first = !in->ending && !in->finished;

	in->ending = true;
	if (first) {
		in->result->end = how;
		in->result->signal = sig;
	}
	/* Else only its last output was still to be written. */
	if (in->process.reaped)
		return;
	if (first)
		ask_to_quit(in);
	else
		(void)kill(in->process.pid, SIGKILL);
}

static void
finish(struct instance *in, enum instance_end how)
{
	if (in->ending || in->finished)
		return;
	in->finished = true;
	in->result->end = how;
	/* It may have reset at once: then only this was still to be read. */
	if (!in->process.reaped)
		ask_to_quit(in);
}

static void
fail(struct instance *in)
{
	if (!in->failed)
		end(in, INSTANCE_ENDED, 0);
	in->failed = true;
}

static void
reap(struct instance *in)
{
	if (!in->process.reaped && process_reap(&in->process)) {
		/* Ours were the last: the streams now end. */
		channel_started(&in->console);
		channel_started(&in->port);
	}
	if (attach_reap(&in->attach))
		end(in, INSTANCE_LEFT, 0);
}

static void
suspend(struct instance *in)
{
	struct terminal *t = in->stdio == NULL ? NULL : front_stdio_terminal(in->stdio);

	if (t != NULL)
		terminal_restore(t);
	if (!in->process.reaped)
		(void)kill(in->process.pid, SIGSTOP);
	signals_stop();
	if (!in->process.reaped)
		(void)kill(in->process.pid, SIGCONT);
	if (t != NULL)
		terminal_sync(t);
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
		default:
			end(in, INSTANCE_INTERRUPTED, sig);
		}
	}
}

static void
start(struct instance *in)
{
	channel_started(&in->console);
	channel_started(&in->port);
	if (in->options->npty_command > 0 &&
	    attach_start(&in->attach, in->options->pty_command, in->options->npty_command, in->info.pty, in->err) < 0) {
		fail(in);
		return;
	}
	in->started = true;
	qmp_command(&in->qmp, "cont");
	if (in->options->started != NULL)
		in->options->started(in->options->arg, &in->info);
	if (in->stdio != NULL)
		front_stdio_start(in->stdio);
}

static void
handle_control(struct instance *in)
{
	if (qmp_read(&in->qmp, in->err) < 0) {
		(void)err_wrap(in->err, "%s failed", in->process.program);
		fail(in);
	} else if (!in->started && in->qmp.state == QMP_READY && !in->ending)
		start(in);
}

static void
handle_channel(struct instance *in, struct channel *c, const struct pollfd p[CHANNEL_FDS])
{
	switch (channel_handle(c, p, in->err)) {
	case FRONT_FAILED:
		fail(in);
		break;
	case FRONT_QUIT:
		end(in, INSTANCE_INTERRUPTED, SIGINT);
		break;
	case FRONT_UNREAD:
		if (!in->ending)
			end(in, INSTANCE_NO_READER, SIGPIPE);
		break;
	default:
		break;
	}
	if (in->ending)
		channel_discard(c);
}

static void
prepare(struct instance *in, struct pollfd p[P_SLOTS])
{
	bool keys = in->started && !in->ending && !in->process.reaped;
	size_t i;

	p[P_SIGNAL] = (struct pollfd){ signals_fd(), POLLIN, 0 };
	p[P_CONTROL] = (struct pollfd){ in->qmp.fd, POLLIN, 0 };
	p[P_STDERR] = (struct pollfd){ in->process.stderr_fd, POLLIN, 0 };
	channel_prepare(&in->console, keys, p + P_CONSOLE);
	channel_prepare(&in->port, keys, p + P_PORT);
	for (i = P_CONSOLE; in->ending && i < P_SLOTS; i++)
		if (i != P_CONSOLE && i != P_PORT)
			p[i].fd = -1;
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

	if (in->kill_at_ms > 0 && !in->process.reaped)
		at = in->kill_at_ms;
	if (in->halt_at_ms > 0 && !in->finished)
		at = u64_min(at, in->halt_at_ms);
	if (background(in) || in->process.reaped || channel_blocked(&in->console) || channel_blocked(&in->port))
		at = u64_min(at, now + LOOK_MS);
	return at == UINT64_MAX ? -1 : at <= now ? 0 : (int)(at - now);
}

/* What the guest said, and the clock. */
static void
act(struct instance *in)
{
	if (in->port.seen)
		finish(in, INSTANCE_DONE);
	if (!in->console.watch.ended)
		in->halt_at_ms = 0;
	else if (in->halt_at_ms == 0)
		in->halt_at_ms = now_ms() + HALT_QUIET_MS;
	else if (now_ms() >= in->halt_at_ms)
		finish(in, INSTANCE_HALTED);
	if (in->kill_at_ms > 0 && !in->process.reaped && now_ms() >= in->kill_at_ms)
		(void)kill(in->process.pid, SIGKILL);
}

static void
step(struct instance *in)
{
	struct pollfd p[P_SLOTS];
	int n;

	prepare(in, p);
	n = poll(p, P_SLOTS, timeout_ms(in));
	handle_signals(in);
	if (n > 0) {
		if (p[P_CONTROL].revents != 0)
			handle_control(in);
		if (p[P_STDERR].revents != 0)
			process_listen(&in->process);
		handle_channel(in, &in->console, p + P_CONSOLE);
		handle_channel(in, &in->port, p + P_PORT);
	}
	act(in);
	if (n == 0 && in->started && !in->ending && in->stdio != NULL)
		terminal_sync(front_stdio_terminal(in->stdio));
}

/* Told to by those whom we gave the means: the process id, the QMP port. */
static bool
stopped(const struct instance *in)
{
	const char *reason = in->qmp.shutdown_reason;

	return (in->machine->pidfile != NULL && strcmp(reason, "host-signal") == 0) ||
	       (in->machine->qmp != NULL && strcmp(reason, "host-qmp-quit") == 0);
}

/* The backend is gone, and all it had to say is read: how did it end? */
static int
verdict(struct instance *in)
{
	bool zero = in->process.status == 0;
	const char *reason = in->qmp.shutdown_reason;
	char what[96];

	if (in->failed)
		return -1;
	if (in->ending || in->finished)
		return 0;
	if (in->qmp.panicked || strcmp(reason, "guest-panic") == 0) {
		in->result->end = INSTANCE_PANICKED;
		return 0;
	}
	if (!zero)
		return process_failed_status(&in->process, in->err);
	if (!in->started)
		return process_failed(&in->process, "it ended before the machine started", in->err);
	if (stopped(in))
		in->result->end = INSTANCE_STOPPED;
	else if (*reason != '\0' && !str_starts(reason, "guest-")) {
		/* What it was told by a signal it also says itself: ours is clearer. */
		str_release(&in->process.said);
		(void)snprintf(what, sizeof(what), "it was told to end from outside (%s)", reason);
		return process_failed(&in->process, what, in->err);
	}
	return 0;
}

static int
open_console(struct instance *in)
{
	const struct instance_options *o = in->options;
	struct channel *c = &in->console;
	const char *pty;
	int fd;

	if (channel_open(c, in->err) < 0)
		return -1;
	if (o->stdio) {
		in->stdio = front_stdio_new(o->all_keys, in->err);
		if (channel_add(c, in->stdio) < 0)
			return -1;
	}
	if (o->pty) {
		if (channel_add(c, front_pty_new(o->npty_command > 0, &pty, in->err)) < 0)
			return -1;
		(void)snprintf(in->info.pty, sizeof(in->info.pty), "%s", pty);
	}
	if (o->serial_port != 0) {
		fd = ports_listen(o->serial_port, "serial_port", in->err);
		if (fd < 0 || channel_add(c, front_listen_new(fd, true)) < 0)
			return -1;
	}
	return o->log == NULL ? 0 : channel_add(c, front_log_new(o->log, INSTANCE_LOG_MAX, in->err));
}

static int
open_port(struct instance *in)
{
	const char *path;
	int fd;

	if (in->machine->nports == 0)
		return 0;
	if (channel_open(&in->port, in->err) < 0)
		return -1;
	path = in->machine->ports[0].socket;
	if (path == NULL)
		return 0;
	fd = unix_socket_listen(path, in->err);
	return fd < 0 ? -1 : channel_add(&in->port, front_listen_new(fd, false));
}

static int
spawn_backend(struct instance *in, const struct backend_ops *backend, const struct backend_env *env)
{
	struct backend_env own = *env;
	int control[2], rv;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) < 0)
		return err_sys(in->err, "cannot make sockets");
	qmp_init(&in->qmp, control[0]);
	own.console_fd = in->console.peer;
	own.control_fd = control[1];
	own.port_fd = in->port.peer;
	rv = process_start(&in->process, in->machine, backend, &own, in->err);
	(void)close(control[1]);
	return rv;
}

static bool
over(const struct instance *in)
{
	return in->process.reaped && (in->ending || (channel_drained(&in->console) && channel_drained(&in->port)));
}

static int
run(struct instance *in, const struct backend_ops *backend, const struct backend_env *env)
{
	int rv = -1;

	if (open_console(in) < 0 || preflight(in->machine, in->err) < 0 || open_port(in) < 0)
		return -1;
	if (signals_open(in->err) == 0 && spawn_backend(in, backend, env) == 0) {
		while (!over(in))
			step(in);
		if (qmp_read(&in->qmp, in->err) < 0)
			qmp_release(&in->qmp);
		rv = verdict(in);
		in->result->mid_line = in->console.last != '\0' && in->console.last != '\n';
	}
	attach_end(&in->attach);
	preflight_undo(in->machine, in->process.pid);
	return rv;
}

int
instance_run(const struct machine *m, const struct backend_ops *backend, const struct backend_env *env,
    const struct instance_options *options, struct instance_result *result, struct err *err)
{
	struct instance *in;
	int rv;

	*result = (struct instance_result){ .end = INSTANCE_ENDED };
	if (spawn_std_open(err) < 0)
		return -1;
	in = xcalloc(1, sizeof(*in));
	in->machine = m;
	in->options = options;
	in->result = result;
	in->err = err;
	in->qmp.fd = in->process.stderr_fd = -1;
	channel_init(&in->console, m->guest == MACHINE_GUEST_NETBSD ? halted : NULL);
	channel_init(&in->port, done);
	rv = run(in, backend, env);
	/* First the terminal, then signals: one that comes now must not leave it raw. */
	channel_release(&in->console);
	channel_release(&in->port);
	signals_close();
	qmp_release(&in->qmp);
	process_release(&in->process);
	free(in);
	return rv;
}
