/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Raw mode and the guardian: tcsetattr(3), a pipe, and a forked child.
 */
#include "instance/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"

/* To the guardian, at each change; less than PIPE_BUF, so it is atomic. */
struct guard_msg {
	bool raw;
	struct termios saved, ours;
};

/* A change from the background would stop us; the callers have looked, but the shell may be faster. */
static void
set(int fd, const struct termios *t)
{
	sigset_t ttou, old;

	(void)sigemptyset(&ttou);
	(void)sigaddset(&ttou, SIGTTOU);
	(void)sigprocmask(SIG_BLOCK, &ttou, &old);
	/* Not TCSADRAIN: output to a stalled terminal never drains. */
	while (tcsetattr(fd, TCSANOW, t) < 0 && errno == EINTR)
		continue;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
}

static bool
same(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_lflag == b->c_lflag &&
	       memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0;
}

/* The guardian's life.  A session of its own keeps it from the signals of ours. */
static _Noreturn void
guard(int tty, int pipe_fd)
{
	static const int deaf[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE };
	struct guard_msg msg = { .raw = false }, next;
	struct termios now;
	size_t i;
	ssize_t n;
	int fd;

	(void)setsid();
	for (i = 0; i < nitems(deaf); i++)
		(void)signal(deaf[i], SIG_IGN);
	/* Whoever reads our output must see its end when we end. */
	for (fd = 0; fd < 256; fd++)
		if (fd != tty && fd != pipe_fd)
			(void)close(fd);
	while ((n = read(pipe_fd, &next, sizeof(next))) != 0) {
		if (n == (ssize_t)sizeof(next))
			msg = next;
		else if (n > 0 || errno != EINTR)
			break;
	}
	if (msg.raw && tcgetattr(tty, &now) == 0 && same(&now, &msg.ours))
		(void)tcsetattr(tty, TCSANOW, &msg.saved);
	_exit(0);
}

static int
guard_start(struct terminal *t, struct err *err)
{
	int ends[2], tty;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	t->guard_pid = fork();
	if (t->guard_pid == 0) {
		tty = fcntl(t->fd, F_DUPFD_CLOEXEC, 3);
		(void)close(ends[1]);
		guard(tty, ends[0]);
	}
	(void)close(ends[0]);
	if (t->guard_pid < 0) {
		(void)err_sys(err, "cannot fork");
		(void)close(ends[1]);
		return -1;
	}
	t->guard_fd = ends[1];
	return 0;
}

static void
guard_tell(const struct terminal *t)
{
	struct guard_msg msg;

	/* Padding goes through the pipe too. */
	memset(&msg, 0, sizeof(msg));
	msg.raw = t->raw;
	msg.saved = t->saved;
	msg.ours = t->ours;
	/* It only fails if somebody ended the guardian: nothing to be done. */
	(void)write_full(t->guard_fd, &msg, sizeof(msg));
}

int
terminal_open(struct terminal *t, int fd, bool all_keys, struct err *err)
{
	*t = (struct terminal){ .fd = -1, .all_keys = all_keys, .guard_fd = -1 };
	if (!isatty(fd))
		return 0;
	t->fd = fd;
	if (guard_start(t, err) < 0) {
		t->fd = -1;
		return -1;
	}
	return 0;
}

bool
terminal_foreground(const struct terminal *t)
{
	pid_t pgrp;

	if (t->fd < 0)
		return true;
	pgrp = tcgetpgrp(t->fd);
	/* No controlling terminal of ours: no job control. */
	return pgrp < 0 || pgrp == getpgrp();
}

void
terminal_sync(struct terminal *t)
{
	if (t->fd < 0)
		return;
	if (!terminal_foreground(t)) {
		/* Stopped and continued behind our back: it is the shell's now. */
		if (t->raw) {
			t->raw = false;
			guard_tell(t);
		}
		return;
	}
	if (tcgetattr(t->fd, t->raw ? &t->ours : &t->saved) < 0)
		return;
	if (!t->raw)
		t->ours = t->saved;
	t->ours.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | IGNCR | INLCR | INPCK | ISTRIP | IXON | PARMRK);
	t->ours.c_oflag &= ~(tcflag_t)OPOST;
	t->ours.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN | (t->all_keys ? (tcflag_t)ISIG : 0));
	t->ours.c_cc[VMIN] = 1;
	t->ours.c_cc[VTIME] = 0;
	t->raw = true;
	/* First the guardian, then the deed: it compares before it acts. */
	guard_tell(t);
	set(t->fd, &t->ours);
}

void
terminal_restore(struct terminal *t)
{
	if (t->fd < 0 || !t->raw)
		return;
	if (terminal_foreground(t))
		set(t->fd, &t->saved);
	t->raw = false;
	guard_tell(t);
}

void
terminal_close(struct terminal *t)
{
	if (t->fd < 0)
		return;
	terminal_restore(t);
	(void)close(t->guard_fd);
	while (waitpid(t->guard_pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	t->fd = -1;
}

bool
terminal_size(const struct terminal *t, uint64_t size[2])
{
	struct winsize w;

	if (t->fd < 0 || ioctl(t->fd, TIOCGWINSZ, &w) < 0 || w.ws_col == 0 || w.ws_row == 0)
		return false;
	size[0] = w.ws_col;
	size[1] = w.ws_row;
	return true;
}
