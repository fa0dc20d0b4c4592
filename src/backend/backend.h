/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backend makes a process of a machine.  One row each; what a backend cannot
 * do is refused by its check(), before anything starts.
 */
#ifndef SMOL_BACKEND_BACKEND_H
#define SMOL_BACKEND_BACKEND_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/control.h"
#include "base/arena.h"
#include "base/err.h"
#include "host/host.h"
#include "machine/machine.h"

#define BACKEND_FDS_MAX 160 /* disks and their overlays, variables, ports, shares, NICs */
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
	 * the backend's control protocol (QEMU then waits for CONTROL_RESUME).
	 * Both -1: it stands alone, with its console on stdio.
	 */
	int console_fd, control_fd;
	/*
	 * Of the machine's console ports, from port 1 (ttyVI01, where guests say
	 * that they are done) on.  Beyond nports the backend makes the sockets.
	 */
	const int *port_fds;
	size_t nports;
};

/* A program to start, and the descriptors that it inherits. */
struct backend_command {
	const char *const *argv; /* ends with NULL, the arena's; NULL: there is none */
	int keep[BACKEND_FDS_MAX];
	size_t nkeep;
};

/* All that a machine is started with. */
struct backend_start {
	struct backend_command monitor, net; /* net: the user-mode network's own process */
	int ready_fd; /* a byte comes once net has its ports, or the end if it fails; -1: there is none */
	bool power_button; /* the guest will have one */
	int opened[BACKEND_FDS_MAX]; /* descriptors of ours, for backend_start_release() */
	size_t nopened;
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
	/* Opens what the processes need; whatever it returns, backend_start_release() is the caller's. */
	int (*prepare)(
	    const struct machine *, const struct backend_env *, struct arena *, struct backend_start *, struct err *);
	/* What prepare() would start, for people: a command line, or a description. */
	int (*show)(const struct machine *, const struct backend_env *, struct arena *, struct str *out, struct err *);
	/* What its standard error means: one line for people, into err. */
	int (*explain)(const struct machine *, const char *output, struct err *);
	const struct control_ops *control;
	bool nonblocking; /* its console sockets do not block: it waits by itself */
	bool all_ports; /* every console port is a socket of env, and machine.pidfile is not its to write */
};

extern const struct backend_ops backend_qemu, backend_vmm;

void backend_start_init(struct backend_start *);
/* Closes what is still ours of it: once the processes run, or never will. */
void backend_start_release(struct backend_start *);

#endif
