/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine's processes with all that they are connected to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/spawn.h"
#include "instance/instance_impl.h"
#include "instance/ports.h"
#include "instance/preflight.h"
#include "instance/signals.h"
#include "instance/trace.h"
#include "instance/unix_socket.h"

/* What a kernel says at its end. */
static const struct last_words {
	const char *halted, *panic;
} last_words[] = {
	/* sys/arch/<arch>/<arch>/machdep.c, cpu_reboot(); sys/kern/subr_prf.c, vpanic() */
	[MACHINE_GUEST_NETBSD] = { "\nThe operating system has halted.\nPlease press any key to reboot.\n\n",
	    "\npanic: " },
	/* kernel/panic.c, vpanic() */
	[MACHINE_GUEST_LINUX] = { NULL, "\nKernel panic - not syncing: " },
};
static const char done[] = "\nJEMATA!";

static int
open_console(struct instance *in)
{
	const struct instance_options *o = in->options;
	struct channel *c = &in->channels[0];
	const char *pty;
	int fd;

	if (channel_open(c, in->backend->nonblocking, in->err) < 0)
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
	if (o->control != NULL) {
		in->attached = front_listen_new(-1, false);
		if (channel_add(c, in->attached) < 0 || clients_open(&in->clients, o->control, in->err) < 0)
			return -1;
	}
	if (o->trace != NULL && channel_add(c, front_trace_new(o->trace, in->err)) < 0)
		return -1;
	return o->log == NULL ? 0 : channel_add(c, front_log_new(o->log, INSTANCE_LOG_MAX, in->err));
}

/* Those that the backend does not serve itself. */
static int
open_ports(struct instance *in)
{
	const char *path;
	size_t i;
	int fd;

	for (i = 1; i < in->nchannels; i++) {
		if (channel_open(&in->channels[i], in->backend->nonblocking, in->err) < 0)
			return -1;
		path = in->machine->ports[i - 1].socket;
		if (path == NULL)
			continue;
		fd = unix_socket_listen(path, in->err);
		if (fd < 0 || channel_add(&in->channels[i], front_listen_new(fd, false)) < 0)
			return -1;
	}
	return 0;
}

static int
start_processes(struct instance *in, const struct backend_env *env, struct arena *arena, struct backend_start *start)
{
	if (in->backend->prepare(in->machine, env, arena, start, in->err) < 0)
		return -1;
	if (in->options->trace != NULL)
		trace_stamp(in->options->trace, TRACE_EXEC);
	/* The monitor first: the network comes up while the guest already runs. */
	if (process_start(&in->process, in->machine, in->backend, &start->monitor, in->err) < 0)
		return -1;
	if (start->net.argv == NULL)
		return 0;
	in->net_ready_fd = start->ready_fd;
	start->ready_fd = -1;
	return process_start(&in->net, in->machine, in->backend, &start->net, in->err);
}

static int
spawn_backend(struct instance *in, const struct backend_env *env)
{
	cleanup_free int *port_fds = xcalloc(in->nchannels, sizeof(*port_fds));
	struct backend_env own = *env;
	struct backend_start start;
	struct arena arena;
	int control[2], rv;
	size_t i;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) < 0)
		return err_sys(in->err, "cannot make sockets");
	own.console_fd = in->channels[0].peer;
	own.control_fd = control[1];
	own.port_fds = port_fds;
	own.nports = in->nchannels - 1;
	for (i = 0; i < own.nports; i++)
		port_fds[i] = in->channels[1 + i].peer;
	arena_init(&arena);
	backend_start_init(&start);
	rv = start_processes(in, &own, &arena, &start);
	control_init(&in->control, in->backend->control, control[0], start.power_button);
	(void)close(control[1]);
	backend_start_release(&start);
	arena_release(&arena);
	return rv;
}

/* Whatever of them still runs. */
static void
end_processes(struct instance *in)
{
	process_end(&in->process);
	process_end(&in->net);
}

static int
run(struct instance *in, const struct backend_env *env)
{
	const struct channel *console = &in->channels[0];
	int rv = -1;

	if (open_console(in) < 0 || preflight(in->machine, in->err) < 0 || open_ports(in) < 0)
		return -1;
	if (signals_open(in->err) == 0 && spawn_backend(in, env) == 0 &&
	    (!in->backend->all_ports || pidfile_write(in->machine, in->process.pid, &in->pidfile_fd, in->err) == 0)) {
		instance_loop(in);
		if (control_read(&in->control, in->err) < 0)
			control_release(&in->control);
		rv = instance_verdict(in);
		in->result->mid_line = console->last != '\0' && console->last != '\n';
	}
	end_processes(in);
	attach_end(&in->attach);
	preflight_undo(in->machine, in->process.pid);
	return rv;
}

/* --- what clients ask of the instance itself --- */

static void
client_status(void *arg, json_t *object)
{
	const struct instance *in = arg;

	(void)json_object_set_new(object, "name", json_string(in->machine->name));
	(void)json_object_set_new(object, "backend", json_string(in->backend->name));
	(void)json_object_set_new(object, "pid", json_integer(in->process.pid));
	if (in->stopping)
		(void)json_object_set_new(object, "state", json_string("stopping"));
}

static void
client_stop(void *arg, uint64_t timeout)
{
	struct instance *in = arg;

	instance_stop(in, INSTANCE_STOPPED, 0, timeout > 0 ? timeout : instance_stop_timeout_ms(in));
}

static void
client_quit(void *arg)
{
	instance_end(arg, INSTANCE_STOPPED, 0);
}

static int
client_attach(void *arg, int fd, struct err *err)
{
	const struct instance *in = arg;

	return front_listen_take(in->attached, fd, err);
}

static const struct clients_ops client_ops = {
	.status = client_status,
	.stop = client_stop,
	.quit = client_quit,
	.attach = client_attach,
};

static void
open_channels(struct instance *in)
{
	const struct machine *m = in->machine;
	const struct last_words *words = &last_words[m->guest];
	size_t i;

	in->nchannels = 1 + (in->backend->all_ports || m->nports == 0 ? m->nports : 1);
	in->channels = xcalloc(in->nchannels, sizeof(*in->channels));
	for (i = 0; i < in->nchannels; i++)
		channel_init(&in->channels[i],
		    i == 0   ? words->halted
		    : i == 1 ? done
			     : NULL,
		    i == 0 ? words->panic : NULL);
	in->polls = xcalloc(P_CHANNELS + in->nchannels * CHANNEL_FDS, sizeof(*in->polls));
}

static void
release(struct instance *in)
{
	size_t i;

	/* First the terminal, then signals: one that comes now must not leave it raw. */
	for (i = 0; i < in->nchannels; i++)
		channel_release(&in->channels[i]);
	signals_close();
	control_release(&in->control);
	clients_release(&in->clients);
	process_release(&in->process);
	process_release(&in->net);
	if (in->net_ready_fd >= 0)
		(void)close(in->net_ready_fd);
	if (in->pidfile_fd >= 0)
		(void)close(in->pidfile_fd);
	free(in->channels);
	free(in->polls);
	free(in);
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
	in->backend = backend;
	in->options = options;
	in->result = result;
	in->err = err;
	in->control.fd = in->process.stderr_fd = in->net.stderr_fd = in->net_ready_fd = in->pidfile_fd = -1;
	open_channels(in);
	clients_init(&in->clients, &in->control, &client_ops, in);
	rv = run(in, env);
	release(in);
	return rv;
}
