/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals as bytes in a pipe, for a poll(2) loop.  One user a process at a
 * time.  What was ignored when we started (nohup, a shell's background job)
 * stays ignored.
 */
#ifndef SMOL_INSTANCE_SIGNALS_H
#define SMOL_INSTANCE_SIGNALS_H

#include "base/err.h"

/* INT, TERM, HUP, QUIT, TSTP, CONT, CHLD and WINCH; PIPE is ignored. */
int signals_open(struct err *);

/* The descriptor to poll; -1: not open. */
int signals_fd(void);

/* The next signal that came, or 0. */
int signals_next(void);

/* Stops this process as the signal's default would, until it is continued. */
void signals_stop(void);

/* The old actions again; nothing if not open. */
void signals_close(void);

#endif
