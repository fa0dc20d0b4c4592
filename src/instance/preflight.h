/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a machine takes of the host while it runs, looked at before: ports,
 * sockets, taps, its pid file.  (Files and directories are the backend's
 * check.)  Each has a message that says what to do.
 */
#ifndef SMOL_INSTANCE_PREFLIGHT_H
#define SMOL_INSTANCE_PREFLIGHT_H

#include <sys/types.h>

#include "base/err.h"
#include "machine/machine.h"

int preflight(const struct machine *, struct err *);

/* Removes what the machine leaves by name: its sockets, the pid file of that process (-1: none). */
void preflight_undo(const struct machine *, pid_t);

/*
 * Writes machine.pidfile, if there is one, and keeps a lock on it, as QEMU does
 * with its own; *fd is the caller's to close.
 */
int pidfile_write(const struct machine *, pid_t, int *fd, struct err *);

#endif
