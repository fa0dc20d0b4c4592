/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lock files: flock(2) on a file of its own, so that whoever dies lets go.
 * The name goes with the lock; a name that a killed process left is taken over.
 */
#ifndef SMOL_BASE_LOCK_H
#define SMOL_BASE_LOCK_H

#include <stdbool.h>

#include "base/err.h"

#define LOCK_BUSY (-2)

/* A descriptor for lock_drop(); without wait LOCK_BUSY if another process has it; -1 and err. */
int lock_take(const char *path, bool wait, struct err *);
void lock_drop(const char *path, int fd);

#endif
