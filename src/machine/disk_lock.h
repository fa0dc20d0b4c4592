/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who uses a disk's file.  The locks are QEMU's (block/file-posix.c,
 * file.locking=on), so that its machines, smol-vmm's and smol's own commands
 * see each other: a shared lock on byte 100 + p for each permission p that a
 * user has, and on 200 + p for each that it grants to nobody else.
 */
#ifndef SMOL_MACHINE_DISK_LOCK_H
#define SMOL_MACHINE_DISK_LOCK_H

#include "base/err.h"

enum disk_lock {
	DISK_LOCK_READ, /* a machine that reads it: nobody may write */
	DISK_LOCK_WRITE, /* a machine that writes to it: nobody else may use it */
	DISK_LOCK_REPLACE, /* a command that replaces it: nobody may write, readers keep the old file */
};

/* Held as long as fd's open file, by whoever has it.  An error says who is in the way; path is for it. */
int disk_lock(int fd, enum disk_lock, const char *path, struct err *);

#endif
