/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol-net: the user-mode network of one machine, as the descriptor given on
 * its command line describes it.  Exit status: 0 smol-vmm has closed its end,
 * 1 it failed.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "base/spawn.h"
#include "vmm/net/stack.h"

static struct net_config config;
static struct stack stack;

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
 * From here on the guest's bytes are read.  What is still needed: the frames'
 * socket; socket, connect, bind, accept, send, recv and their options for IPv4
 * and ICMP; /etc/resolv.conf to read, at any time; memory.
 */
static int
enter_sandbox(struct err *err)
{
	(void)err;
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
	rv = spawn_std_open(&err) < 0 || net_config_read(&config, argv[1], &err) < 0 ||
	     stack_open(&stack, &config, &err) < 0 || say_ready(config.ready_fd, &err) < 0 || enter_sandbox(&err) < 0 ||
	     stack_run(&stack, &err) < 0;
	stack_close(&stack);
	if (rv)
		(void)fprintf(stderr, "smol-net: %s\n", err.msg);
	return rv;
}
