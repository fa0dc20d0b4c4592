/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The self-pipe: the handler writes the signal's number.
 */
#include "instance/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"

static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGCHLD, SIGWINCH };
static struct sigaction old[nitems(caught)], old_pipe;
static int ends[2] = { -1, -1 };

static void
handler(int sig)
{
	int saved = errno;
	unsigned char byte = (unsigned char)sig;

	/* A full pipe already holds more than the loop can act on. */
	if (write(ends[1], &byte, 1) < 0)
		errno = saved;
	errno = saved;
}

int
signals_open(struct err *err)
{
	struct sigaction sa = { .sa_handler = handler };
	size_t i;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(err, "cannot make a pipe");
	(void)sigemptyset(&sa.sa_mask);
	for (i = 0; i < nitems(caught); i++) {
		(void)sigaction(caught[i], NULL, &old[i]);
		/* No SA_RESTART: a write to a stalled terminal must end. */
		if (old[i].sa_handler != SIG_IGN || caught[i] == SIGCHLD)
			(void)sigaction(caught[i], &sa, NULL);
	}
	sa.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &sa, &old_pipe);
	return 0;
}

int
signals_fd(void)
{
	return ends[0];
}

int
signals_next(void)
{
	unsigned char byte;

	return read(ends[0], &byte, 1) == 1 ? byte : 0;
}

void
signals_stop(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL }, mine;

	(void)sigemptyset(&dfl.sa_mask);
	(void)sigaction(SIGTSTP, &dfl, &mine);
	(void)raise(SIGTSTP);
	(void)sigaction(SIGTSTP, &mine, NULL);
}

void
signals_close(void)
{
	size_t i;

	if (ends[0] < 0)
		return;
	for (i = 0; i < nitems(caught); i++)
		(void)sigaction(caught[i], &old[i], NULL);
	(void)sigaction(SIGPIPE, &old_pipe, NULL);
	for (i = 0; i < 2; i++) {
		(void)close(ends[i]);
		ends[i] = -1;
	}
}
