/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backend makes a process of a machine.  One row each; what a backend cannot
 * do is refused by its check(), before anything starts.
 */
#ifndef SMOL_BACKEND_BACKEND_H
#define SMOL_BACKEND_BACKEND_H

#include "base/arena.h"
#include "base/err.h"
#include "host/host.h"
#include "machine/machine.h"

#define BACKEND_VERSION(major, minor) ((major)*10000u + (minor)*100u)

/* What the machine is run with and connected to. */
struct backend_env {
	struct host_accel accel;
	const char *program; /* find()'s */
	unsigned version; /* find()'s: BACKEND_VERSION() + micro; 0: not known, taken for a new one */
	/* A directory with firmware of the user's own, as smolBSD's workspace has it in bios/; NULL: none. */
	const char *firmware_dir;
	/*
	 * Stream sockets that the process inherits: the console's bytes, and
	 * the backend's control protocol (QEMU: QMP; the machine then waits for
	 * "cont").  Both -1: it stands alone, with its console on stdio.
	 */
	int console_fd, control_fd;
	/*
	 * Of the console port 1 (ttyVI01), where guests say that they are done;
	 * -1: the machine has no ports, or its first is like the others.
	 */
	int port_fd;
};

struct backend_ops {
	const char *name;
	/*
	 * Sets program (the arena's) and, where it matters for this machine and
	 * env's accelerator, version.  No program: an error that says what to install.
	 */
	int (*find)(const struct machine *, struct backend_env *, struct arena *, struct err *);
	/* machine_check() has passed. Refuses what this backend, or this host, cannot do. */
	int (*check)(const struct machine *, const struct host_accel *, struct err *);
	/* The command line, ending with NULL, the arena's; from the arguments alone. */
	const char *const *(*argv)(const struct machine *, const struct backend_env *, struct arena *, struct err *);
	/* What its standard error means: one line for people, into err. */
	int (*explain)(const struct machine *, const char *output, struct err *);
};

extern const struct backend_ops backend_qemu;

#endif
