/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting, reaping and explaining the backend's process.
 */
#include "instance/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/spawn.h"

#define SAID_MAX 8192

int
process_start(struct process *p, const struct machine *m, const struct backend_ops *backend,
    const struct backend_command *c, struct err *err)
{
	const char *slash = strrchr(c->argv[0], '/');
	int ends[2];

	*p = (struct process){ .machine = m, .backend = backend, .pid = -1, .stderr_fd = -1 };
	(void)snprintf(p->program, sizeof(p->program), "%s", slash == NULL ? c->argv[0] : slash + 1);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	p->stderr_fd = ends[0];
	p->pid = spawn_start(&(struct spawn){ .argv = c->argv,
				 .in = -1,
				 .out = -1,
				 .err = ends[1],
				 .keep = c->keep,
				 .nkeep = c->nkeep,
				 .new_session = true,
				 .die_with_parent = true },
	    err);
	(void)close(ends[1]);
	return p->pid < 0 ? -1 : 0;
}

void
process_release(struct process *p)
{
	if (p->stderr_fd >= 0)
		(void)close(p->stderr_fd);
	p->stderr_fd = -1;
	str_release(&p->said);
}

bool
process_reap(struct process *p)
{
	if (!p->reaped && p->pid > 0)
		p->reaped = waitpid(p->pid, &p->status, WNOHANG) == p->pid;
	return p->reaped;
}

void
process_listen(struct process *p)
{
	char buf[1024];
	ssize_t n;

	while (p->stderr_fd >= 0) {
		n = read(p->stderr_fd, buf, sizeof(buf));
		if (n > 0) {
			if (p->said.len < SAID_MAX)
				str_addn(&p->said, buf, (size_t)n);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		(void)close(p->stderr_fd);
		p->stderr_fd = -1;
	}
}

void
process_signal(const struct process *p, int sig)
{
	if (p->pid > 0 && !p->reaped)
		(void)kill(p->pid, sig);
}

void
process_end(struct process *p)
{
	process_signal(p, SIGKILL);
	while (p->pid > 0 && !p->reaped)
		p->reaped = waitpid(p->pid, &p->status, 0) == p->pid || errno != EINTR;
}

int
process_failed(struct process *p, const char *what, struct err *err)
{
	process_listen(p);
	if (p->said.len == 0)
		return err_set(err, "%s failed: %s", p->program, what);
	(void)p->backend->explain(p->machine, p->said.p, err);
	return err_wrap(err, "%s failed", p->program);
}

int
process_failed_status(struct process *p, struct err *err)
{
	char what[96];

	if (WIFSIGNALED(p->status))
		(void)snprintf(what, sizeof(what), "killed by signal %d (%s)", WTERMSIG(p->status),
		    strsignal(WTERMSIG(p->status)));
	else
		(void)snprintf(what, sizeof(what), "exit status %d", WEXITSTATUS(p->status));
	return process_failed(p, what, err);
}
