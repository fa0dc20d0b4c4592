/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a detached instance keeps on the host:
 *
 *	$XDG_RUNTIME_DIR/smol/NAME/	else /tmp/smol-UID/NAME/, both 0700
 *		lock		held while it runs; says its process id
 *		control		the socket for other commands (clients.h)
 *		console.log	the console's output, and console.log.1 what was before
 *		result		how it ended, one line
 */
#ifndef SMOL_INSTANCE_STATE_H
#define SMOL_INSTANCE_STATE_H

#include "base/err.h"

struct state {
	char *dir, *log, *control;
	int lock_fd;
};

/* Makes the directory and takes its lock; an instance that has it is an error with its process id. */
int state_open(struct state *, const char *name, struct err *);
/* Lets go of the lock, unless another process has inherited it. */
void state_release(struct state *);

/* This process is the instance. */
void state_set_pid(const struct state *);

/* Leaves one line behind. */
void state_set_result(const struct state *, const char *text);

#endif
