/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A place from which a program that others wrote cannot change the host:
 *
 *	caller ── fork ──► watcher ── clone ──► init of the namespaces ── fork ──► the program
 *	                   limits of time        read-only mounts, own /proc       Landlock, seccomp,
 *	                   and processes         reaps what is left behind         no capabilities, rlimits
 *
 * Inside, nothing can be written but /dev/null and the like, and what the
 * caller names; there is no network and no socket of any kind; no process
 * outside can be signalled; no privilege can be gained, root's are gone.
 * The program can read what its user can; root's runs as nobody, where nothing
 * is writable, but reads as root.
 *
 * Where the system gives no namespaces the program runs in the watcher's own,
 * kept by Landlock and seccomp alone; where there is neither, nothing runs.
 */
#ifndef SMOL_HOST_SANDBOX_H
#define SMOL_HOST_SANDBOX_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* For struct sandbox.without. */
#define SANDBOX_NAMESPACES 1u
#define SANDBOX_LANDLOCK 2u

/* How the watcher ends when it had to end the program. */
#define SANDBOX_TOO_LONG SIGALRM
#define SANDBOX_TOO_MANY SIGUSR1

struct sandbox {
	const char *const *writable; /* directories, ends with NULL; NULL: none.  Needs namespaces */
	bool network; /* IPv4 and IPv6 as outside */
	/* Limits; 0: none. */
	unsigned time_ms; /* from here to the end */
	unsigned cpu_s; /* of one process */
	uint64_t memory_bytes; /* of one process */
	unsigned
	    tasks; /* of its user, more than the host had; where that cannot be limited (root), ended with TOO_MANY */
	unsigned without; /* mechanisms that are not to be used: tests try the others so */
};

/*
 * In a child, single-threaded, before exec.  Returns in a process below it,
 * which is the program to be; the caller's child stays as its watcher and ends
 * when it does, with its exit status, with 128 + N if signal N killed it, or
 * by one of the signals above.  Nothing that the program started outlives it.
 * SIGTERM to the watcher, and the end of the caller, end all.
 *
 * Only descriptors that are not close-on-exec outlive the coming exec, and the
 * watcher keeps none.
 */
int sandbox_enter(const struct sandbox *, struct err *);

#endif
