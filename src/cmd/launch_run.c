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

static int
print_command(struct launch *l, const struct backend_ops *backend, const struct backend_env *env, struct err *err)
{
	struct str text = { 0 };
	int rv = backend->show(&l->machine, env, &l->arena, &text, err);

	if (rv == 0) {
		(void)fprintf(
		    stderr, "smol: accelerator %s: %s\n", host_accel_name(env->accel.kind), env->accel.reason);
		(void)fwrite(text.p, 1, text.len, stdout);
	}
	str_release(&text);
	return rv < 0 ? -1 : cmd_flush(err);
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
		return 3;
	case INSTANCE_EXITED:
		return (int)(res->status & 0xff);
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
detach(struct launch *l, const struct backend_ops *backend, const struct backend_env *env,
    const struct instance_options *o, struct err *err)
{
	struct instance_info info = { "" };
	struct state state;
	pid_t pid = -1;

	if (state_open(&state, l->machine.name, err) == 0)
		pid = instance_detach(&l->machine, backend, env, o, &state, &info, err);
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

/* Whether the user has said things that only QEMU understands. */
static bool
wants_qemu(const struct launch *l)
{
	static const char *const variables[] = { "QEMU", "QEMU_ACCEL" };
	const char *value;
	size_t i;

	for (i = 0; i < nitems(variables); i++) {
		value = getenv(variables[i]);
		if (value != NULL && *value != '\0')
			return true;
	}
	return l->machine.qmp != NULL || l->machine.nqemu_args > 0;
}

/* Asked for, KVM need not be fast. */
static const struct backend_ops *
our_own(struct backend_env *env, struct err *err)
{
	env->accel.kind = host_native_kind;
	if (host_native_probe(env->accel.reason, sizeof(env->accel.reason)) == HOST_NATIVE_ABSENT) {
		(void)err_set(err, "smol-vmm needs KVM: %s; '--vmm qemu' can do without", env->accel.reason);
		return NULL;
	}
	return &backend_vmm;
}

/* smol-vmm for amd64 guests where KVM really works, else QEMU; or what the user says. */
static const struct backend_ops *
choose_backend(struct launch *l, struct backend_env *env, struct err *err)
{
	const char *vmm = launch_get(l, SET_VMM);
	struct err ignored;

	if (vmm != NULL && strcmp(vmm, "smol") != 0 && strcmp(vmm, "qemu") != 0) {
		(void)err_usage(err, "there is no monitor '%s'; there are smol and qemu", vmm);
		(void)launch_bad(l, SET_VMM, err);
		return NULL;
	}
	if (vmm != NULL && *vmm == 's')
		return our_own(env, err);
	if (host_accel(getenv("QEMU_ACCEL"), l->arch, &env->accel, err) < 0)
		return NULL;
	if (vmm != NULL)
		return &backend_qemu;
	if (strcmp(l->arch, "amd64") == 0 && !wants_qemu(l) && env->accel.kind == HOST_ACCEL_KVM &&
	    backend_vmm.check(&l->machine, &env->accel, &ignored) == 0 &&
	    backend_vmm.find(&l->machine, env, &l->arena, &ignored) == 0)
		return &backend_vmm;
	return &backend_qemu;
}

const struct backend_ops *
launch_backend(struct launch *l, struct backend_env *env, struct err *err)
{
	const struct backend_ops *backend;
	const char *firmware;

	*env = (struct backend_env){ .console_fd = -1, .control_fd = -1 };
	backend = choose_backend(l, env, err);
	/* smolBSD's workspace has one for the QEMUs that need another. */
	firmware = workspace_path(&l->ws, &l->arena, "bios");
	env->firmware_dir = access(firmware, X_OK) == 0 ? firmware : NULL;
	if (backend == NULL || backend->find(&l->machine, env, &l->arena, err) < 0 ||
	    backend->check(&l->machine, &env->accel, err) < 0)
		return NULL;
	return backend;
}

int
launch_run(struct launch *l, struct err *err)
{
	struct instance_options options = { .started = started, .control = l->control };
	struct here here = { l, &options };
	struct backend_env env;
	const struct backend_ops *backend = launch_backend(l, &env, err);
	struct instance_result result;
	struct trace trace;

	if (backend == NULL || console_options(l, &options, err) < 0)
		return -1;
	if (launch_is(l, SET_VERBOSE))
		return print_command(l, backend, &env, err);
	if (launch_is(l, SET_DAEMON))
		return detach(l, backend, &env, &options, err);
	options.arg = &here;
	launch_trace_init(l, &trace);
	options.trace = l->trace.on ? &trace : NULL;
	if (instance_run(&l->machine, backend, &env, &options, &result, err) < 0) {
		trace_release(&trace);
		return -1;
	}
	if (l->trace.on)
		launch_trace_tell(&trace);
	trace_release(&trace);
	return report(&result);
}
