/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol-agent: serves one console port (smol-agent(8)).
 *
 *	smol-agent [-s] [-c FILE] PORT	a port by its path; -s: this system is ours to stop
 *	smol-agent -f FD		a descriptor, until it closes
 *	as process 1			by /etc/smol/service
 */
#include "agent.h"

#define RETRY_MS 500

struct agent agent;

void
agent_say(const char *what, const char *name, long error)
{
	char text[512] = "smol-agent: ";

	(void)text_add(text, sizeof(text), what);
	if (name != NULL) {
		(void)text_add(text, sizeof(text), " '");
		(void)text_add(text, sizeof(text), name);
		(void)text_add(text, sizeof(text), "'");
	}
	if (error != 0) {
		(void)text_add(text, sizeof(text), ": ");
		(void)text_add(text, sizeof(text), sys_error(error));
	}
	(void)text_add(text, sizeof(text) - 2, agent.init ? "\r\n" : "\n");
	(void)sys_write(2, text, text_len(text));
}

/* The configured ones, else the usual one. */
static bool
open_port(const char *path)
{
	size_t i;

	if (path != NULL)
		return port_open(path, -1);
	for (i = 0; i < config.nports; i++) {
		if (port_open(config.ports[i], -1))
			return true;
	}
	return config.nports == 0 && port_open(init_port, -1);
}

static void
reap(void)
{
	int status = 0;
	long pid;

	while ((pid = sys_reap(&status)) > 0) {
		if (!stream_reaped(pid, status))
			(void)service_reaped(pid, status);
	}
}

static int
shorter(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Ends only if the port was given as a descriptor. */
static void
loop(const char *path, bool retry)
{
	static struct sys_poll polls[1 + STREAM_POLLS];
	bool signalled, alive;
	int timeout;

	for (;;) {
		if (!port_is_open() && !open_port(path) && !retry)
			return;
		timeout = service_timeout();
		if (!port_is_open())
			timeout = shorter(timeout, RETRY_MS);
		else if (stream_busy())
			timeout = 0;
		port_prepare(&polls[0]);
		stream_prepare(&polls[1]);
		sys_wait(polls, nitems(polls), timeout, &signalled);
		if (signalled)
			reap();
		alive = port_handle(&polls[0]);
		stream_handle(&polls[1]);
		service_loop();
		if (alive)
			alive = port_flush();
		if (!alive) {
			port_close();
			if (!retry)
				return;
			/* A host that has gone may come back; until then its end is closed. */
			sys_wait(NULL, 0, RETRY_MS, &signalled);
			reap();
		}
	}
}

/* 0, 1 and 2 are open, so that no descriptor of ours is one of them. */
static void
open_standard(void)
{
	long fd;

	do {
		fd = sys_open("/dev/null", O_RDWR, 0);
	} while (fd >= 0 && fd < 3);
	if (fd >= 0)
		sys_close((int)fd);
}

static _Noreturn void
usage(void)
{
	agent_say("usage: smol-agent [-s] [-c FILE] PORT | -f FD", NULL, 0);
	sys_exit(2);
}

static int
run(int argc, char **argv)
{
	const char *path = NULL, *file = "/etc/smol/service";
	uint64_t fd = UINT32_MAX;
	int i;

	agent.init = sys_getpid() == 1;
	agent.system = agent.init;
	for (i = 1; i < argc && !agent.init; i++) {
		if (text_same(argv[i], "-s"))
			agent.system = true;
		else if (text_same(argv[i], "-c") && i + 1 < argc)
			file = argv[++i];
		else if (text_same(argv[i], "-f") && i + 1 < argc && text_number(argv[i + 1], 65535, &fd))
			i++;
		else if (argv[i][0] != '-' && path == NULL)
			path = argv[i];
		else
			usage();
	}
	if (!agent.init && path == NULL && fd == UINT32_MAX && !agent.system)
		usage();
	config_read(file);
	/* There may be no /dev until then. */
	if (agent.init)
		init_start();
	open_standard();
	sys_descriptors_raise();
	if (sys_wait_init() < 0)
		return 1;
	if (fd != UINT32_MAX && !port_open(NULL, (int)fd))
		return 1;
	loop(path, fd == UINT32_MAX);
	return 0;
}

/* From entry.S: argc, then argv. */
_Noreturn void agent_entry(long *stack);

void
agent_entry(long *stack)
{
	sys_exit(run((int)stack[0], (char **)(stack + 1)));
}
