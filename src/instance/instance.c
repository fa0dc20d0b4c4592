/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The foreground instance: one poll(2) loop over signals, console, the user's
 * input and output, the control socket and the backend's standard error.
 */
#include "instance/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/defs.h"
#include "base/spawn.h"
#include "base/str.h"
#include "instance/ports.h"
#include "instance/qmp.h"
#include "instance/relay.h"
#include "instance/signals.h"
#include "instance/terminal.h"

#define QUIT_MS 2000 /* from a polite request to SIGKILL */
#define FOREGROUND_MS 500 /* how often a background job looks whether it is one */
#define DIAGNOSIS_MAX 8192 /* of the backend's standard error */
#define KEY_PREFIX 0x01 /* Ctrl-A */

enum poll_slot { P_SIGNAL, P_CONSOLE, P_STDIN, P_STDOUT, P_CONTROL, P_STDERR, P_SLOTS };

struct instance {
	const struct machine *machine;
	const struct backend_ops *backend;
	const struct instance_options *options;
	struct instance_result *result;
	const char *program; /* base name, for messages */
	pid_t pid;
	bool reaped, started;
	int status;
	int console, peer; /* our end of the console, and the backend's until it has started */
	int diagnosis_fd, output, signals;
	size_t output_max;
	struct qmp qmp;
	struct terminal terminal;
	struct relay in, out;
	struct str diagnosis;
	bool prefix; /* Ctrl-A was the last key */
	bool ending; /* by us: its output no longer matters */
	uint64_t kill_at_ms;
	bool failed; /* err says why */
	struct err *err;
};

static uint64_t
now_ms(void)
{
	return clock_now_ns() / 1000000;
}

/* Ends the machine from our side; asked again, without mercy. */
static void
end(struct instance *in, enum instance_end how, int sig)
{
	if (in->reaped) {
		/* Only its last output was still to be written. */
		in->ending = true;
		in->result->end = how;
		in->result->signal = sig;
		return;
	}
	if (in->ending) {
		(void)kill(in->pid, SIGKILL);
		return;
	}
	in->ending = true;
	in->result->end = how;
	in->result->signal = sig;
	in->kill_at_ms = now_ms() + QUIT_MS;
	if (in->qmp.state == QMP_READY && in->qmp.fd >= 0)
		qmp_command(&in->qmp, "quit");
	else
		(void)kill(in->pid, SIGTERM);
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
	if (in->reaped || waitpid(in->pid, &in->status, WNOHANG) != in->pid)
		return;
	in->reaped = true;
	/* Ours was the last: the console's stream now ends. */
	if (in->peer >= 0)
		(void)close(in->peer);
	in->peer = -1;
}

static void
suspend(struct instance *in)
{
	terminal_restore(&in->terminal);
	if (!in->reaped)
		(void)kill(in->pid, SIGSTOP);
	signals_stop();
	if (!in->reaped)
		(void)kill(in->pid, SIGCONT);
	terminal_sync(&in->terminal);
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
			terminal_sync(&in->terminal);
			break;
		default:
			end(in, INSTANCE_INTERRUPTED, sig);
		}
	}
}

static void
key(struct instance *in, uint8_t byte)
{
	if (!in->options->all_keys || in->terminal.fd < 0) {
		relay_push(&in->in, byte);
	} else if (in->prefix) {
		in->prefix = false;
		if (byte == 'x' || byte == 'X')
			end(in, INSTANCE_INTERRUPTED, SIGINT);
		else if (byte == KEY_PREFIX)
			relay_push(&in->in, byte);
	} else if (byte == KEY_PREFIX)
		in->prefix = true;
	else
		relay_push(&in->in, byte);
}

static void
handle_input(struct instance *in)
{
	uint8_t buf[1024];
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf)), i;

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		in->in.ended = true;
	for (i = 0; i < n; i++)
		key(in, buf[i]);
}

/* Its bytes go to the guest only as fast as the guest takes them. */
static void
handle_console(struct instance *in, short revents)
{
	if ((revents & POLLOUT) != 0 && in->in.len > 0 && relay_write(&in->in, in->console, SIZE_MAX) < 0) {
		in->in.len = 0;
		in->in.ended = true;
	}
	if ((revents & (POLLIN | POLLHUP | POLLERR)) != 0 && relay_room(&in->out))
		relay_read(&in->out, in->console);
}

static void
handle_output(struct instance *in, short revents)
{
	bool gone = (revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;

	if (!gone && in->out.len > 0 && relay_write(&in->out, in->output, in->output_max) < 0) {
		gone = errno == EPIPE || errno == EIO;
		if (!gone) {
			(void)err_sys(in->err, "cannot write the guest's output");
			fail(in);
			return;
		}
	}
	if (gone && !in->ending)
		end(in, INSTANCE_NO_READER, SIGPIPE);
}

static void
handle_control(struct instance *in)
{
	int flags;

	if (qmp_read(&in->qmp, in->err) < 0) {
		(void)err_wrap(in->err, "%s failed", in->program);
		fail(in);
		return;
	}
	if (in->started || in->qmp.state != QMP_READY || in->ending)
		return;
	/*
	 * QEMU's virtio console drops what a socket does not take at once.  The
	 * flag is the open file's, which we share with it: let it wait instead.
	 */
	flags = fcntl(in->peer, F_GETFL);
	if (flags >= 0)
		(void)fcntl(in->peer, F_SETFL, flags & ~O_NONBLOCK);
	(void)close(in->peer);
	in->peer = -1;
	terminal_sync(&in->terminal);
	in->started = true;
	qmp_command(&in->qmp, "cont");
}

static void
handle_diagnosis(struct instance *in)
{
	char buf[1024];
	ssize_t n;

	while (in->diagnosis_fd >= 0) {
		n = read(in->diagnosis_fd, buf, sizeof(buf));
		if (n > 0) {
			if (in->diagnosis.len < DIAGNOSIS_MAX)
				str_addn(&in->diagnosis, buf, (size_t)n);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		(void)close(in->diagnosis_fd);
		in->diagnosis_fd = -1;
	}
}

static void
prepare(struct instance *in, struct pollfd p[P_SLOTS])
{
	bool input = !in->in.ended && !in->ending && !in->reaped && in->started && relay_room(&in->in) &&
		     (in->terminal.fd < 0 || (in->terminal.raw && terminal_foreground(&in->terminal)));
	short console = (short)((relay_room(&in->out) ? POLLIN : 0) | (in->in.len > 0 ? POLLOUT : 0));

	p[P_SIGNAL] = (struct pollfd){ in->signals, POLLIN, 0 };
	p[P_CONSOLE] = (struct pollfd){ console != 0 && !in->out.ended ? in->console : -1, console, 0 };
	p[P_STDIN] = (struct pollfd){ input ? STDIN_FILENO : -1, POLLIN, 0 };
	/* Even with nothing to write: that nobody reads it is worth to know. */
	p[P_STDOUT] = (struct pollfd){ in->ending ? -1 : in->output, in->out.len > 0 ? POLLOUT : 0, 0 };
	p[P_CONTROL] = (struct pollfd){ in->qmp.fd, POLLIN, 0 };
	p[P_STDERR] = (struct pollfd){ in->diagnosis_fd, POLLIN, 0 };
}

static int
timeout_ms(const struct instance *in)
{
	uint64_t now;

	if (in->ending && !in->reaped) {
		now = now_ms();
		return now >= in->kill_at_ms ? 0 : (int)(in->kill_at_ms - now);
	}
	if (in->terminal.fd >= 0 && !in->terminal.raw)
		return FOREGROUND_MS;
	return -1;
}

static void
step(struct instance *in)
{
	struct pollfd p[P_SLOTS];
	int n;

	prepare(in, p);
	n = poll(p, P_SLOTS, timeout_ms(in));
	if (n < 0)
		n = 0; /* EINTR: the pipe has the signal */
	handle_signals(in);
	if (n > 0 && p[P_CONTROL].revents != 0)
		handle_control(in);
	if (n > 0 && p[P_STDERR].revents != 0)
		handle_diagnosis(in);
	if (n > 0 && p[P_CONSOLE].revents != 0)
		handle_console(in, p[P_CONSOLE].revents);
	if (n > 0 && p[P_STDIN].revents != 0)
		handle_input(in);
	if (n > 0 && p[P_STDOUT].revents != 0)
		handle_output(in, p[P_STDOUT].revents);
	if (in->ending)
		in->out.start = in->out.len = 0;
	if (in->ending && !in->reaped && now_ms() >= in->kill_at_ms)
		(void)kill(in->pid, SIGKILL);
	if (n == 0 && in->started && !in->ending)
		terminal_sync(&in->terminal);
}

static int
backend_failed(struct instance *in, const char *what)
{
	handle_diagnosis(in);
	if (in->diagnosis.len == 0)
		return err_set(in->err, "%s failed: %s", in->program, what);
	(void)in->backend->explain(in->machine, in->diagnosis.p, in->err);
	return err_wrap(in->err, "%s failed", in->program);
}

/* The backend is gone, and all it had to say is read: how did it end? */
static int
verdict(struct instance *in)
{
	struct str what = { 0 };
	bool zero = WIFEXITED(in->status) && WEXITSTATUS(in->status) == 0;
	const char *reason = in->qmp.shutdown_reason;
	int rv;

	if (in->failed)
		return -1;
	if (in->ending)
		return 0;
	if (in->qmp.panicked || strcmp(reason, "guest-panic") == 0) {
		in->result->end = INSTANCE_PANICKED;
		return 0;
	}
	if (zero && in->started && (*reason == '\0' || str_starts(reason, "guest-")))
		return 0;
	if (WIFSIGNALED(in->status))
		str_addf(&what, "killed by signal %d (%s)", WTERMSIG(in->status), strsignal(WTERMSIG(in->status)));
	else if (!zero)
		str_addf(&what, "exit status %d", WEXITSTATUS(in->status));
	else if (!in->started)
		str_add(&what, "it ended before the machine started");
	else
		str_addf(&what, "it was told to end from outside (%s)", reason);
	/* What it was told by a signal it also says itself: ours is clearer. */
	if (zero && in->started)
		str_release(&in->diagnosis);
	rv = backend_failed(in, what.p);
	str_release(&what);
	return rv;
}

static int
spawn_backend(struct instance *in, const struct backend_env *env, struct err *err)
{
	int console[2] = { -1, -1 }, control[2] = { -1, -1 }, diagnosis[2] = { -1, -1 }, keep[2];
	struct backend_env own = *env;
	const char *const *argv;
	struct arena arena;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, console) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) < 0 || pipe2(diagnosis, O_CLOEXEC) < 0) {
		(void)err_sys(err, "cannot make sockets");
		in->pid = -1;
	} else {
		(void)fcntl(console[0], F_SETFL, O_NONBLOCK);
		(void)fcntl(diagnosis[0], F_SETFL, O_NONBLOCK);
		keep[0] = own.console_fd = console[1];
		keep[1] = own.control_fd = control[1];
		arena_init(&arena);
		argv = in->backend->argv(in->machine, &own, &arena, err);
		in->pid = argv == NULL ? -1
				       : spawn_start(&(struct spawn){ .argv = argv,
							 .in = -1,
							 .out = -1,
							 .err = diagnosis[1],
							 .keep = keep,
							 .nkeep = nitems(keep),
							 .new_session = true,
							 .die_with_parent = true },
					     err);
		arena_release(&arena);
	}
	in->console = console[0];
	in->peer = console[1];
	in->diagnosis_fd = diagnosis[0];
	qmp_init(&in->qmp, control[0]);
	if (control[1] >= 0)
		(void)close(control[1]);
	if (diagnosis[1] >= 0)
		(void)close(diagnosis[1]);
	return in->pid < 0 ? -1 : 0;
}

static void
release(struct instance *in)
{
	const int fds[] = { in->console, in->peer, in->diagnosis_fd, in->output };
	size_t i;

	terminal_close(&in->terminal);
	qmp_release(&in->qmp);
	for (i = 0; i < nitems(fds); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	str_release(&in->diagnosis);
	free(in);
}

static int
run(struct instance *in, const struct backend_env *env, struct err *err)
{
	int rv;

	if (terminal_open(&in->terminal, STDIN_FILENO, in->options->all_keys, err) < 0)
		return -1;
	in->output = relay_output_open(STDOUT_FILENO, &in->output_max, err);
	if (in->output < 0)
		return -1;
	in->signals = signals_open(err);
	if (in->signals < 0)
		return -1;
	rv = spawn_backend(in, env, err);
	if (rv == 0) {
		while (!in->reaped || ((!in->out.ended || in->out.len > 0) && !in->ending))
			step(in);
		if (qmp_read(&in->qmp, in->err) < 0)
			qmp_release(&in->qmp);
		rv = verdict(in);
		in->result->mid_line = in->out.last != '\0' && in->out.last != '\n';
	}
	terminal_restore(&in->terminal);
	signals_close();
	return rv;
}

int
instance_run(const struct machine *m, const struct backend_ops *backend, const struct backend_env *env,
    const struct instance_options *options, struct instance_result *result, struct err *err)
{
	const char *slash = strrchr(env->program, '/');
	struct instance *in;
	int rv;

	*result = (struct instance_result){ .end = INSTANCE_ENDED };
	if (spawn_std_open(err) < 0 || ports_check(&m->nic, err) < 0)
		return -1;
	in = xcalloc(1, sizeof(*in));
	in->machine = m;
	in->backend = backend;
	in->options = options;
	in->result = result;
	in->err = err;
	in->program = slash == NULL ? env->program : slash + 1;
	in->console = in->peer = in->diagnosis_fd = in->output = in->qmp.fd = -1;
	in->terminal = (struct terminal){ .fd = -1 };
	rv = run(in, env, err);
	release(in);
	return rv;
}
