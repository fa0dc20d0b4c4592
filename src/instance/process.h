/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process of a backend: started, its standard error kept, and what its end
 * meant.
 */
#ifndef SMOL_INSTANCE_PROCESS_H
#define SMOL_INSTANCE_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "backend/backend.h"
#include "base/err.h"
#include "base/str.h"

struct process {
	const struct machine *machine;
	const struct backend_ops *backend;
	char program[64]; /* base name, for messages */
	pid_t pid; /* 0 or less: not started */
	bool reaped;
	int status; /* waitpid(2)'s */
	int stderr_fd;
	struct str said; /* on its standard error: the beginning */
};

/* The process dies with the caller. */
int process_start(
    struct process *, const struct machine *, const struct backend_ops *, const struct backend_command *, struct err *);
void process_release(struct process *);

/* True if it has ended. */
bool process_reap(struct process *);

/* Reads what it says on its standard error, without waiting. */
void process_listen(struct process *);

/* Asks it to end, or with SIGKILL ends it; nothing if it does not run. */
void process_signal(const struct process *, int sig);

/* Ends it, if it runs, and waits for that. */
void process_end(struct process *);

/* -1 and err: "qemu-system-x86_64 failed: ", and what it said, else what. */
int process_failed(struct process *, const char *what, struct err *);

/* The same with what its exit status says. */
int process_failed_status(struct process *, struct err *);

#endif
