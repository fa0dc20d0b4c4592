/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting and ending the program at the console.
 */
#include "instance/attach.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/spawn.h"

#define END_MS 1000
#define LOOK_US 20000

int
attach_start(struct attach *a, const char *const *words, size_t n, const char *pty, struct err *err)
{
	cleanup_free const char **argv = xcalloc(n + 2, sizeof(*argv));

	memcpy(argv, words, n * sizeof(*argv));
	argv[n] = pty;
	a->has_saved = tcgetattr(STDIN_FILENO, &a->saved) == 0;
	a->pid = spawn_start(
	    &(struct spawn){
		.argv = argv, .in = STDIN_FILENO, .out = STDOUT_FILENO, .err = STDERR_FILENO, .die_with_parent = true },
	    err);
	if (a->pid > 0)
		return 0;
	a->pid = 0;
	return -1;
}

bool
attach_reap(struct attach *a)
{
	if (a->pid == 0 || waitpid(a->pid, NULL, WNOHANG) != a->pid)
		return false;
	a->pid = 0;
	return true;
}

void
attach_end(struct attach *a)
{
	int i;

	if (a->pid != 0)
		(void)kill(a->pid, SIGTERM);
	for (i = 0; a->pid != 0 && i < END_MS * 1000 / LOOK_US && !attach_reap(a); i++)
		(void)usleep(LOOK_US);
	if (a->pid != 0) {
		(void)kill(a->pid, SIGKILL);
		(void)waitpid(a->pid, NULL, 0);
	}
	if (a->has_saved && tcgetpgrp(STDIN_FILENO) == getpgrp())
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &a->saved);
	*a = (struct attach){ 0 };
}
