/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts programs.  The child has no descriptors but those named here,
 * default signal actions and an empty signal mask; that it could not be
 * executed is the caller's error, not an exit status.
 */
#ifndef SMOL_BASE_SPAWN_H
#define SMOL_BASE_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct spawn {
	const char *const *argv; /* argv[0] is looked up in PATH; ends with NULL */
	int in, out, err; /* the child's 0, 1, 2; -1: /dev/null */
	const int *keep; /* further descriptors it inherits, by the same numbers (3 or more) */
	size_t nkeep;
	bool new_session; /* out of reach of the terminal's signals */
	bool die_with_parent; /* SIGKILL when the caller's thread ends (Linux; elsewhere nothing) */
	/* Runs in the child, last before exec; its error is spawn_start()'s.  NULL: nothing */
	int (*prepare)(const void *arg, struct err *);
	const void *prepare_arg;
};

/* The process id, or -1. */
pid_t spawn_start(const struct spawn *, struct err *);

/* Path of a program, searched as execvp(3) does; the caller frees. NULL if there is none. */
char *spawn_find(const char *name);

/* 0, 1 and 2 open, by /dev/null if need be, so that no later open(2) becomes one of them. */
int spawn_std_open(struct err *);

#endif
