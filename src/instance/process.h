/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backend's process: started, its standard error kept, and what its end
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
	const char *program; /* base name, for messages */
	pid_t pid; /* -1: not started */
	bool reaped;
	int status; /* waitpid(2)'s */
	int stderr_fd;
	struct str said; /* on its standard error: the beginning */
};

/* env's descriptors are inherited. The process dies with the caller. */
int process_start(
    struct process *, const struct machine *, const struct backend_ops *, const struct backend_env *env, struct err *);
void process_release(struct process *);

/* True if it has ended. */
bool process_reap(struct process *);

/* Reads what it says on its standard error, without waiting. */
void process_listen(struct process *);

/* -1 and err: "qemu-system-x86_64 failed: ", and what it said, else what. */
int process_failed(struct process *, const char *what, struct err *);

/* The same with what its exit status says. */
int process_failed_status(struct process *, struct err *);

#endif
