/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A running machine: its backend's process, its console on the user's terminal
 * and elsewhere, and how it ended.
 *
 *	console channel ◄──► backend ──► guest	fronts: stdio, pty, TCP, log
 *	port channels   ◄──►    │		front: a Unix socket; "JEMATA!" on port 1 ends the machine
 *	control         ◄──►────┤		requests (backend/control.h); how it ended, and why
 *	stderr pipe     ◄───────┤		kept, explained if it failed
 *	smol-net        ◄───────┘		the user-mode network, where it is a process of its own
 *	clients         ◄──► control socket	JSON lines (instance/clients.h)
 *
 * The backend waits for the channels' sockets: a slow stdout slows the guest,
 * and no byte is lost.  The backend dies with this process,
 * and the terminal is restored, even by SIGKILL.
 */
#ifndef SMOL_INSTANCE_INSTANCE_H
#define SMOL_INSTANCE_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/backend.h"
#include "base/err.h"
#include "machine/machine.h"

#define INSTANCE_PTY_MAX 64
#define INSTANCE_LOG_MAX (UINT64_C(1) << 20) /* and as much of the log before it */

enum instance_end {
	INSTANCE_ENDED, /* the guest reset or switched off */
	INSTANCE_EXITED, /* the guest said with which status */
	INSTANCE_DONE, /* the guest wrote "JEMATA!" to its console port 1 */
	INSTANCE_HALTED, /* NetBSD has halted and waits for a key */
	INSTANCE_PANICKED, /* the guest said that it panicked */
	INSTANCE_STOPPED, /* by a client of control, a signal to machine.pidfile's process, or by machine.qmp */
	INSTANCE_LEFT, /* the pty's command ended */
	INSTANCE_INTERRUPTED, /* by a signal to us, or by the user's keys (as SIGINT) */
	INSTANCE_NO_READER, /* nobody reads our standard output any more */
};

/* What is known once the machine runs. */
struct instance_info {
	char pty[INSTANCE_PTY_MAX]; /* path of the pseudo-terminal; "": none */
};

struct trace;

struct instance_options {
	bool stdio; /* the console is on standard input and output */
	bool all_keys; /* with stdio: ^C and ^Z too are the guest's; Ctrl-A x ends, Ctrl-A Ctrl-A is ^A */
	bool pty; /* the console is on a pseudo-terminal */
	const char *const *pty_command; /* with pty: words of a program that gets its path; it ends, the machine ends */
	size_t npty_command;
	uint16_t serial_port; /* the console is on that TCP port of localhost, by telnet; 0: not */
	const char *log; /* the console's log is this file; NULL: none */
	const char *control; /* path of the socket for clients (clients.h); NULL: none */
	unsigned stop_timeout_ms; /* how long a guest may take to end that was asked to; 0: 10 s */
	struct trace *trace; /* of this boot (trace.h); NULL: none */
	void (*started)(void *arg, const struct instance_info *); /* the machine runs; may be NULL */
	void *arg;
};

struct instance_result {
	enum instance_end end;
	int signal; /* INTERRUPTED */
	unsigned status; /* EXITED */
	bool killed; /* it had to be: asked, it did not end in time */
	char why[64]; /* ENDED: "", or what made it: "a triple fault of vCPU 1" */
	bool mid_line; /* the guest's last output was no end of line */
};

/*
 * Runs the machine until it ends.  -1 and err if it could not be started or
 * the backend failed.  Takes the process's signals and terminal for the time;
 * gives both back as they were.
 */
int instance_run(const struct machine *, const struct backend_ops *, const struct backend_env *,
    const struct instance_options *, struct instance_result *, struct err *);

/* How it ended, for people: "the guest ended (a triple fault of vCPU 1)"; "" for NO_READER. */
#define INSTANCE_RESULT_MAX 96
char *instance_result_text(const struct instance_result *, char buf[INSTANCE_RESULT_MAX]);

#endif
