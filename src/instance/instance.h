/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A running machine, in the foreground: its backend's process, its console on
 * the user's terminal, and how it ended.
 *
 *	stdin ──► keys ──► console socket ──► backend ──► guest
 *	stdout ◄─ relay ◄─ console socket ◄──    │
 *	                   control socket ◄──────┘ SHUTDOWN: who ended it, and why
 *	                   stderr pipe ◄─────────── kept, explained if it failed
 *
 * The console's stream is a socket on which the backend blocks: a slow stdout
 * slows the guest, and no byte is lost.  The backend dies with this process,
 * and the terminal is restored, even by SIGKILL.
 */
#ifndef SMOL_INSTANCE_INSTANCE_H
#define SMOL_INSTANCE_INSTANCE_H

#include <stdbool.h>

#include "backend/backend.h"
#include "base/err.h"
#include "machine/machine.h"

enum instance_end {
	INSTANCE_ENDED, /* the guest reset or switched off */
	INSTANCE_PANICKED, /* the guest said that it panicked */
	INSTANCE_INTERRUPTED, /* by a signal to us, or by the user's keys (as SIGINT) */
	INSTANCE_NO_READER, /* nobody reads our standard output any more */
};

struct instance_options {
	bool all_keys; /* ^C and ^Z too are the guest's; Ctrl-A x ends, Ctrl-A Ctrl-A is ^A */
};

struct instance_result {
	enum instance_end end;
	int signal; /* INTERRUPTED */
	bool mid_line; /* the guest's last output was no end of line */
};

/*
 * Runs the machine until it ends.  -1 and err if it could not be started or
 * the backend failed.  Takes the process's signals and terminal for the time;
 * gives both back as they were.
 */
int instance_run(const struct machine *, const struct backend_ops *, const struct backend_env *,
    const struct instance_options *, struct instance_result *, struct err *);

#endif
