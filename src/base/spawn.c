/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork and exec; the child reports its errno through a close-on-exec pipe.
 */
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/arena.h"
#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"

int
spawn_std_open(struct err *err)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return err_sys(err, "cannot open '/dev/null'");
	return 0;
}

static bool
is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *
spawn_find(const char *name)
{
	const char *path = getenv("PATH"), *end;

	if (*name == '\0')
		return NULL;
	if (strchr(name, '/') != NULL)
		return is_program(name) ? xstrdup(name) : NULL;
	for (; path != NULL; path = *end == '\0' ? NULL : end + 1) {
		struct str s = { 0 };

		end = path + strcspn(path, ":");
		str_addf(&s, "%.*s/%s", end == path ? 1 : (int)(end - path), end == path ? "." : path, name);
		if (is_program(s.p))
			return s.p;
		str_release(&s);
	}
	return NULL;
}

static void
default_signals(void)
{
	sigset_t none;
	int sig;

	/* SIGKILL, SIGSTOP and the threads library's own refuse; that is fine. */
	for (sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The three standard descriptors; their sources may be any numbers, 0 to 2 among them. */
static int
standard_descriptors(const struct spawn *s)
{
	int from[3] = { s->in, s->out, s->err }, i;

	for (i = 0; i < 3; i++) {
		int fd = from[i] < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : from[i];

		from[i] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (from[i] < 0)
			return -1;
	}
	for (i = 0; i < 3; i++)
		if (dup2(from[i], i) < 0)
			return -1;
	return 0;
}

/* What the child tells: errno, or a message where error is 0. */
struct report {
	int error;
	struct err err;
};

static void
child(const struct spawn *s, pid_t parent, struct err *err)
{
	size_t i;

#ifdef __linux__
	/* The parent may have ended before the request was made. */
	if (s->die_with_parent && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent))
		return;
#else
	(void)parent;
#endif
	if (s->new_session && setsid() < 0)
		return;
	for (i = 0; i < s->nkeep; i++)
		if (fcntl(s->keep[i], F_SETFD, 0) < 0)
			return;
	if (standard_descriptors(s) < 0)
		return;
	default_signals();
	if (s->prepare != NULL && s->prepare(s->prepare_arg, err) < 0)
		return;
	(void)execvp(s->argv[0], (char *const *)(uintptr_t)s->argv);
}

pid_t
spawn_start(const struct spawn *s, struct err *err)
{
	pid_t pid, parent = getpid();
	struct report report = { 0 };
	int pipe_fds[2];
	ssize_t n;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	pid = fork();
	if (pid < 0) {
		(void)err_sys(err, "cannot start '%s'", s->argv[0]);
		(void)close(pipe_fds[0]);
		(void)close(pipe_fds[1]);
		return -1;
	}
	if (pid == 0) {
		child(s, parent, &report.err);
		report.error = report.err.msg[0] != '\0' ? 0 : errno;
		(void)write_full(pipe_fds[1], &report, sizeof(report));
		_exit(127);
	}
	(void)close(pipe_fds[1]);
	do
		n = read(pipe_fds[0], &report, sizeof(report));
	while (n < 0 && errno == EINTR);
	(void)close(pipe_fds[0]);
	if (n == 0)
		return pid;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (report.error == 0) {
		*err = report.err;
		return -1;
	}
	errno = report.error;
	return err_sys(err, "cannot start '%s'", s->argv[0]);
}
