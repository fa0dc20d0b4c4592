/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user's terminal while a guest has it, and its restoration whatever
 * happens to us.
 *
 *	terminal_open ─► cooked ◄──────────────────────────────┐
 *			   │ terminal_sync, in the foreground  │ terminal_restore: ^Z,
 *			   ▼				       │ the end, a signal
 *			  raw ─────────────────────────────────┘
 *			   │ this process dies (SIGKILL, a crash)
 *			   ▼
 *			  the guardian, a child that holds the terminal and a pipe from
 *			  us, sees the pipe close, restores, and ends
 *
 * The guardian undoes only what we did: a terminal whose settings somebody
 * changed meanwhile (the shell, which is back) is left alone.
 */
#ifndef SMOL_INSTANCE_TERMINAL_H
#define SMOL_INSTANCE_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

#include "base/err.h"

struct terminal {
	int fd; /* -1: there is none, and everything here does nothing */
	bool all_keys; /* no signals from keys */
	bool raw;
	struct termios saved, ours;
	int guard_fd;
	pid_t guard_pid;
};

/* fd need not be a terminal. */
int terminal_open(struct terminal *, int fd, bool all_keys, struct err *);

/* True if we may read from it and change it: not a background job. */
bool terminal_foreground(const struct terminal *);

/* Columns and rows; false if it does not say. */
bool terminal_size(const struct terminal *, uint64_t size[2]);

/* Raw if in the foreground and not yet so. */
void terminal_sync(struct terminal *);
void terminal_restore(struct terminal *);

/* Restores, and ends the guardian. */
void terminal_close(struct terminal *);

#endif
