/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine printed, run here, or detached; and what the user is told of it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/backend.h"
#include "base/defs.h"
#include "base/str.h"
#include "base/words.h"
#include "cmd/cmd.h"
#include "cmd/launch.h"
#include "host/host.h"
#include "instance/detach.h"
#include "instance/instance.h"

static void
print_word(const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";

	if (*s != '\0' && s[strspn(s, plain)] == '\0') {
		(void)fputs(s, stdout);
		return;
	}
	(void)putchar('\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			(void)fputs("'\\''", stdout);
		else
			(void)putchar(*s);
	}
	(void)putchar('\'');
}

static int
print_command(struct launch *l, const struct backend_env *env, struct err *err)
{
	const char *const *argv = backend_qemu.argv(&l->machine, env, &l->arena, err);
	size_t i;

	if (argv == NULL)
		return -1;
	(void)fprintf(stderr, "smol: accelerator %s: %s\n", host_accel_name(env->accel.kind), env->accel.reason);
	for (i = 0; argv[i] != NULL; i++) {
		if (i > 0)
			(void)putchar(' ');
		print_word(argv[i]);
	}
	(void)putchar('\n');
	return cmd_flush(err);
}

/* One line that says how it ended, and the exit status. */
static int
report(const struct instance_result *res)
{
	char text[INSTANCE_RESULT_MAX];

	if (res->mid_line && isatty(STDERR_FILENO))
		(void)fputc('\n', stderr);
	(void)instance_result_text(res, text);
	if (*text != '\0')
		(void)fprintf(stderr, "smol: %s\n", text);
	switch (res->end) {
	case INSTANCE_PANICKED:
		return 1;
	case INSTANCE_INTERRUPTED:
	case INSTANCE_NO_READER: /* as a program that SIGPIPE ends: silently */
		return 128 + res->signal;
	default:
		return 0;
	}
}

static const char *
reach(const char *addr)
{
	return *addr == '\0' || strcmp(addr, "0.0.0.0") == 0 || strcmp(addr, "127.0.0.1") == 0 ? "localhost" : addr;
}

static void
tell_login(const struct launch *l)
{
	const char *login = launch_get(l, SET_LOGIN);
	const struct machine_nic *nic = &l->machine.nic;
	size_t i;

	for (i = 0; login != NULL && i < nic->nforwards; i++) {
		const struct machine_forward *f = &nic->forwards[i];

		if (f->udp || f->guest_port != 22)
			continue;
		(void)fprintf(stderr, "smol: log in with: ssh -p %u %s@%s\n", f->host_port, login, reach(f->host_addr));
		return;
	}
}

/* How to reach the machine, by other ways than this terminal. */
static void
tell_ways(const struct launch *l, const struct instance_options *o, const struct instance_info *info)
{
	const struct machine *m = &l->machine;
	size_t i;

	if (*info->pty != '\0')
		(void)fprintf(stderr, "smol: console: %s\n", info->pty);
	for (i = 0; i < m->nports; i++)
		if (m->ports[i].socket != NULL)
			(void)fprintf(stderr, "smol: host socket %zu: %s\n", i + 1, m->ports[i].socket);
	if (o->serial_port != 0)
		(void)fprintf(stderr, "smol: console: telnet localhost %u\n", o->serial_port);
	if (m->qmp != NULL)
		(void)fprintf(stderr, "smol: QMP: %s\n", m->qmp);
	tell_login(l);
}

static void
tell_detached(const struct launch *l, const struct instance_options *o, const struct instance_info *info,
    const char *log, pid_t pid)
{
	char text[MACHINE_FORWARD_TEXT_MAX];
	size_t i;

	for (i = 0; i < l->machine.nic.nforwards; i++) {
		const struct machine_forward *f = &l->machine.nic.forwards[i];

		(void)fprintf(
		    stderr, "smol: port %s is the guest's port %u\n", machine_forward_text(f, text), f->guest_port);
	}
	tell_ways(l, o, info);
	(void)fprintf(stderr, "smol: console log: %s\n", log);
	(void)fprintf(stderr, "smol: end it with: kill %ld\n", (long)pid);
	(void)printf("%s\n", l->machine.name);
}

static int
detach(struct launch *l, const struct backend_env *env, const struct instance_options *o, struct err *err)
{
	struct instance_info info = { "" };
	struct state state;
	pid_t pid = -1;

	if (state_open(&state, l->machine.name, err) == 0)
		pid = instance_detach(&l->machine, &backend_qemu, env, o, &state, &info, err);
	if (pid > 0)
		tell_detached(l, o, &info, state.log, pid);
	state_release(&state);
	return pid < 0 ? -1 : cmd_flush(err);
}

/* use_pty: all keys at a terminal, a pseudo-terminal elsewhere, or a program that gets one. */
static int
console_options(struct launch *l, struct instance_options *o, struct err *err)
{
	const char *pty = launch_get(l, SET_USE_PTY), *serial = launch_get(l, SET_SERIAL_PORT);
	bool command =
	    launch_is(l, SET_USE_PTY) && strcmp(pty, "y") != 0 && strcmp(pty, "yes") != 0 && strcmp(pty, "1") != 0;
	uint64_t port;

	o->stdio = true;
	o->all_keys = l->all_keys;
	if (serial != NULL) {
		if (parse_u64(serial, 1, 65535, "serial port", &port, err) < 0)
			return launch_bad(l, SET_SERIAL_PORT, err);
		o->serial_port = (uint16_t)port;
	}
	if (!launch_is(l, SET_USE_PTY))
		return 0;
	if (launch_is(l, SET_DAEMON) || (!command && !isatty(STDIN_FILENO))) {
		o->pty = true;
		return 0;
	}
	if (!command) {
		o->all_keys = true;
		return 0;
	}
	o->pty = true;
	o->stdio = false;
	if (words_split(&l->arena, pty, &o->pty_command, &o->npty_command, err) < 0)
		return launch_bad(l, SET_USE_PTY, err);
	return 0;
}

struct here {
	const struct launch *launch;
	const struct instance_options *options;
};

/* Before the terminal is the guest's. */
static void
started(void *arg, const struct instance_info *info)
{
	const struct here *here = arg;

	tell_ways(here->launch, here->options, info);
	if (here->options->all_keys && isatty(STDIN_FILENO))
		(void)fputs("smol: all keys are the guest's; Ctrl-A x ends it, Ctrl-A Ctrl-A is Ctrl-A\n", stderr);
}

int
launch_run(struct launch *l, struct err *err)
{
	struct instance_options options = { .started = started };
	struct here here = { l, &options };
	struct backend_env env = { .console_fd = -1, .control_fd = -1, .port_fd = -1 };
	struct instance_result result;
	const char *firmware;

	if (host_accel(getenv("QEMU_ACCEL"), l->arch, &env.accel, err) < 0)
		return -1;
	/* smolBSD's workspace has one for the QEMUs that need another. */
	firmware = workspace_path(&l->ws, &l->arena, "bios");
	env.firmware_dir = access(firmware, X_OK) == 0 ? firmware : NULL;
	if (backend_qemu.find(&l->machine, &env, &l->arena, err) < 0 ||
	    backend_qemu.check(&l->machine, &env.accel, err) < 0 || console_options(l, &options, err) < 0)
		return -1;
	if (launch_is(l, SET_VERBOSE))
		return print_command(l, &env, err);
	if (launch_is(l, SET_DAEMON))
		return detach(l, &env, &options, err);
	options.arg = &here;
	if (instance_run(&l->machine, &backend_qemu, &env, &options, &result, err) < 0)
		return -1;
	return report(&result);
}
