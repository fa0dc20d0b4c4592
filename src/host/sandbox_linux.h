/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of Linux's sandbox.  Each leaves errno where it says "errno".
 */
#ifndef SMOL_HOST_SANDBOX_LINUX_H
#define SMOL_HOST_SANDBOX_LINUX_H

#include <stddef.h>

#include "host/sandbox.h"

/* Where the program runs, as far as the other parts must know. */
struct sandbox_place {
	bool namespaces; /* mount, process, IPC, and network unless that is allowed */
	int landlock; /* ABI in force; 0: none */
};

/*
 * Ids and mounts, in the first process of new namespaces, a user namespace
 * among them if user.  What failed is told in why.
 */
struct sandbox_ids {
	unsigned uid, gid; /* outside */
};
int sandbox_mounts(const struct sandbox *, const struct sandbox_ids *, bool user, char *why, size_t size);

/* errno */
int sandbox_landlock(const struct sandbox *, int abi);

/* Refuses system calls; last of all, for some of them are needed before.  errno */
int sandbox_seccomp(const struct sandbox *, const struct sandbox_place *);

#endif
