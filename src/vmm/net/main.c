/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol-net: the user-mode network of one machine, as the descriptor given on
 * its command line describes it.  Exit status: 0 smol-vmm has closed its end,
 * 1 it failed.
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "base/spawn.h"
#include "vmm/net/stack.h"
#include "vmm/sandbox.h"

static struct net_config config;
static struct stack stack;

/* Only the description's descriptors stay open. */
static int
close_others(struct err *err)
{
	int fds[] = { config.frames_fd, config.ready_fd };

	return sandbox_close_others(fds, nitems(fds), err);
}

/* Who started us knows by it that the ports are bound. */
static int
say_ready(int fd, struct err *err)
{
	if (fd < 0)
		return 0;
	if (write_full(fd, "1", 1) < 0)
		return err_sys(err, "cannot say that the network is ready");
	(void)close(fd);
	return 0;
}

/*
 * The resolver's file is read whenever it has changed: as it is named, where a
 * link leads, and, if that is a directory of its own (/run/systemd/resolve),
 * what will be renamed to it.
 */
static void
add_resolver(struct sandbox *s)
{
	char path[PATH_MAX], *slash;
	int fd;

	if (realpath("/etc/resolv.conf", path) == NULL)
		return;
	slash = strrchr(path, '/');
	if (slash != path && strncmp(path, "/etc/", 5) != 0)
		*slash = '\0';
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd >= 0)
		s->dirs[s->ndirs++] = (struct sandbox_dir){ fd, true, true };
}

/* From here on the guest's bytes are read. */
static int
enter_sandbox(struct err *err)
{
	struct sandbox s = { .network = true };

	add_resolver(&s);
	if (sandbox_enter(&s, err) < 0 || sandbox_no_threads(err) < 0 || sandbox_filter(SANDBOX_ROLE(NET), err) < 0)
		return -1;
	if (s.ndirs > 0)
		(void)close(s.dirs[0].fd);
	return 0;
}

int
main(int argc, char **argv)
{
	struct err err = { 0 };
	int rv;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: smol-net FD\n\nsmol starts it beside smol-vmm.\n");
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	rv = spawn_std_open(&err) < 0 || net_config_read(&config, argv[1], &err) < 0 || close_others(&err) < 0 ||
	     stack_open(&stack, &config, &err) < 0 || say_ready(config.ready_fd, &err) < 0 || enter_sandbox(&err) < 0 ||
	     stack_run(&stack, &err) < 0;
	stack_close(&stack);
	if (rv)
		(void)fprintf(stderr, "smol-net: %s\n", err.msg);
	return rv;
}
