/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of Linux's sandbox.  Each leaves errno where it says "errno".
 */
#ifndef SMOL_HOST_SANDBOX_LINUX_H
#define SMOL_HOST_SANDBOX_LINUX_H

#include <stddef.h>
#include <sys/types.h>

#include "host/sandbox.h"

/* Where the program runs, as far as the other parts must know. */
struct sandbox_place {
	bool namespaces; /* mount, process, IPC, and network unless that is allowed */
	int landlock; /* ABI in force; 0: none */
	int listener_to; /* with a view: the socket that the listener goes to */
};

/*
 * Ids and mounts, in the first process of new namespaces, a user namespace
 * among them if user.  What failed is told in why.
 */
struct sandbox_ids {
	unsigned uid, gid; /* outside */
};
int sandbox_mounts(const struct sandbox *, const struct sandbox_ids *, bool user, char *why, size_t size);

/*
 * The same for a view: a new root, and the ids.  Everything is mounted first,
 * by root as root, so that it does not matter who may read the way there.
 */
int sandbox_view_enter(const struct sandbox *, const struct sandbox_ids *, bool user, char *why, size_t size);

/*
 * The record of owners, in the first process of a view's namespaces: reads
 * what is given, answers the program's calls by the listener until the
 * program has ended, ends all others, writes the record.  The program's exit
 * status, or -1 with errno.
 */
struct owners;
struct owners *owners_new(const struct sandbox_view *);
int owners_serve(struct owners *, int listener, pid_t program);

/* By a socket, with a byte; -1 where none came.  Both stay the caller's.  errno */
int sandbox_send_fd(int to, int fd);
int sandbox_receive_fd(int from);

/* errno */
int sandbox_landlock(const struct sandbox *, int abi);

/*
 * Refuses system calls; last of all, for some of them are needed before.
 * With a view the listener's descriptor, else 0; -1 and errno.
 */
int sandbox_seccomp(const struct sandbox *, const struct sandbox_place *);

/* With a user namespace's other privileges gone, what writes is root of the files in a view. */
static inline bool
sandbox_writes(const struct sandbox *s)
{
	return s->writable != NULL || s->view != NULL;
}

#define SANDBOX_NOBODY 65534

/* Where there are no namespaces. */
#define SANDBOX_ADVICE                                                                                                 \
	"allow them (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, "                              \
	"kernel.apparmor_restrict_unprivileged_userns)"

#endif
