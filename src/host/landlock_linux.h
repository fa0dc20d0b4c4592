/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Landlock: what this kernel has of it, and rule sets.  landlock(7); numbers by
 * hand where they are newer than Linux 6.1's headers.
 *
 *	landlock_new ─► landlock_allow for each file or directory ─► landlock_enter
 *
 * Functions that return -1 leave errno.
 */
#ifndef SMOL_HOST_LANDLOCK_LINUX_H
#define SMOL_HOST_LANDLOCK_LINUX_H

#include <linux/landlock.h>
#include <stdint.h>

#define LANDLOCK_FS_TRUNCATE (1ULL << 14)
#define LANDLOCK_FS_IOCTL_DEV (1ULL << 15)
#define LANDLOCK_NET_BIND_TCP (1ULL << 0)
#define LANDLOCK_NET_CONNECT_TCP (1ULL << 1)
#define LANDLOCK_SCOPED_ABSTRACT_UNIX (1ULL << 0)
#define LANDLOCK_SCOPED_SIGNAL (1ULL << 1)

/* The ABI of this kernel; 0 with errno if there is none. */
int landlock_abi(void);

/* All that it knows to refuse: changes of files, and reading and executing them. */
uint64_t landlock_fs_write(int abi);
uint64_t landlock_fs_read(void);

/* A rule set that refuses what is named here, as far as the ABI knows it: its descriptor. */
int landlock_new(int abi, uint64_t fs, uint64_t net, uint64_t scoped);
/* But for what lies at or below an open file or directory (O_PATH will do). */
int landlock_allow(int ruleset, int fd, uint64_t rights);
/* Of this thread, and those it will start; needs no_new_privs. */
int landlock_enter(int ruleset);

#endif
