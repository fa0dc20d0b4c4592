/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork(2), the supervisor's life, and its one message to the command.
 */
#include "instance/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"

#define FDS_MAX 1024 /* what a caller may have left open */

struct message {
	bool runs;
	struct instance_info info;
	struct err err; /* if not */
};

/* Less than PIPE_BUF, so that it comes whole or not at all. */
static void
send_message(int *fd, const struct message *m)
{
	if (*fd < 0)
		return;
	(void)write_full(*fd, m, sizeof(*m));
	(void)close(*fd);
	*fd = -1;
}

static void
started(void *arg, const struct instance_info *info)
{
	struct message m;

	memset(&m, 0, sizeof(m));
	m.runs = true;
	m.info = *info;
	send_message(arg, &m);
}

/* Nothing of the caller's stays open: who reads its output must see the end. */
static void
let_go(int pipe_fd, int lock_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), fd;

	for (fd = 0; null >= 0 && fd <= 2; fd++)
		(void)dup2(null, fd);
	for (fd = 3; fd < FDS_MAX; fd++)
		if (fd != pipe_fd && fd != lock_fd)
			(void)close(fd);
}

static _Noreturn void
supervise(const struct machine *m, const struct backend_ops *backend, const struct backend_env *env,
    const struct instance_options *options, const struct state *state, int pipe_fd)
{
	struct instance_options own = *options;
	char text[INSTANCE_RESULT_MAX] = "";
	struct instance_result result;
	struct message msg;
	int rv;

	(void)setsid();
	let_go(pipe_fd, state->lock_fd);
	state_set_pid(state);
	own.stdio = false;
	own.log = state->log;
	own.control = state->control;
	own.started = started;
	own.arg = &pipe_fd;
	memset(&msg, 0, sizeof(msg));
	rv = instance_run(m, backend, env, &own, &result, &msg.err);
	state_set_result(state, rv < 0 ? msg.err.msg : instance_result_text(&result, text));
	if (rv == 0)
		(void)err_set(&msg.err, "%s before the machine ran", text);
	send_message(&pipe_fd, &msg);
	_exit(rv < 0);
}

static int
wait_for(int fd, pid_t pid, struct instance_info *info, struct err *err)
{
	struct message m;
	ssize_t n;

	do
		n = read(fd, &m, sizeof(m));
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(m) && m.runs) {
		*info = m.info;
		return 0;
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (n != (ssize_t)sizeof(m))
		return err_set(err, "the machine's supervisor died");
	*err = m.err;
	return -1;
}

pid_t
instance_detach(const struct machine *m, const struct backend_ops *backend, const struct backend_env *env,
    const struct instance_options *options, const struct state *state, struct instance_info *info, struct err *err)
{
	int ends[2], rv;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	pid = fork();
	if (pid == 0)
		supervise(m, backend, env, options, state, ends[1]);
	(void)close(ends[1]);
	rv = pid < 0 ? err_sys(err, "cannot fork") : wait_for(ends[0], pid, info, err);
	(void)close(ends[0]);
	return rv < 0 ? -1 : pid;
}
