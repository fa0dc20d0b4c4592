/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program that a user wants at the console (use_pty=picocom): it gets the
 * pseudo-terminal's path as its last argument and our terminal as its own.
 */
#ifndef SMOL_INSTANCE_ATTACH_H
#define SMOL_INSTANCE_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

#include "base/err.h"

/* Zeroed: not started. */
struct attach {
	pid_t pid; /* 0: none, or ended */
	bool has_saved;
	struct termios saved; /* of standard input, if it is a terminal */
};

int attach_start(struct attach *, const char *const *words, size_t n, const char *pty, struct err *);

/* True once, when it has ended. */
bool attach_reap(struct attach *);

/* Asks it to end, waits a second, ends it; the terminal is as it was. */
void attach_end(struct attach *);

#endif
