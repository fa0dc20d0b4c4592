/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A place from which a program that others wrote cannot change the host:
 *
 *	caller ── fork ──► watcher ── clone ──► init of the namespaces ── fork ──► the program
 *	                   limits of time        read-only mounts, own /proc       Landlock, seccomp,
 *	                   and processes         reaps what is left behind         no capabilities, rlimits
 *
 * Inside, nothing can be written but /dev/null and the like, and what the
 * caller names; there is no network and no socket of any kind; no process
 * outside can be signalled; no privilege can be gained, root's are gone.
 * The program can read what its user can; root's runs as nobody, where nothing
 * is writable, but reads as root.
 *
 * Where the system gives no namespaces the program runs in the watcher's own,
 * kept by Landlock and seccomp alone; where there is neither, nothing runs.
 *
 * With a view, for scripts that make a root file system, the program sees
 * itself as root of a user namespace with that one id, which outside is the
 * caller's, or nobody's if the caller is root:
 *
 *	/usr, /lib, /opt ...	the host's, read-only; neither homes, /run, /srv nor /var
 *	/etc			the host's names, behind what view.etc has
 *	/build			view.build, which can be written but for what is mounted in it
 *	/tmp			empty, in memory
 *	/proc, /dev		its own; of devices only null, zero, full, random, urandom
 *
 * chown(2) and mknod(2) of devices have no effect there but on a record, which
 * the first process of the namespaces keeps: the kernel hands it those calls
 * (SECCOMP_RET_USER_NOTIF), and stat(2)'s, which it answers by the record.  It
 * lives in the namespaces too, where nothing else can be written: a program
 * that deceives it (by changing a path after it was looked at) gains nothing.
 */
#ifndef SMOL_HOST_SANDBOX_H
#define SMOL_HOST_SANDBOX_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* For struct sandbox.without. */
#define SANDBOX_NAMESPACES 1u
#define SANDBOX_LANDLOCK 2u

/* How the watcher ends when it had to end the program. */
#define SANDBOX_TOO_LONG SIGALRM
#define SANDBOX_TOO_MANY SIGUSR1

/* What an owner or a device is recorded for: a file of view.build, by its number there. */
struct sandbox_owner {
	uint64_t ino;
	uint32_t uid, gid;
	uint32_t type; /* S_IFCHR, S_IFBLK, S_IFSOCK: what it is in truth; 0: what it is on the host */
	uint32_t rdev; /* as Linux's mknod(2) has it */
};

struct sandbox_mount {
	const char *from; /* of the host; NULL: what is there, which only cannot be written then */
	const char *to; /* in /build, where there must be a file or directory for it */
};

struct sandbox_view {
	/* What becomes /build: a directory of the host, or, where that is NULL, of sandbox_memory_dir(). */
	const char *build;
	int memory;
	const char *start; /* a directory in /build, where the program begins */
	const struct sandbox_mount *mounts; /* read-only */
	size_t nmounts;
	const char *etc; /* a directory in /build: its names are in /etc before the host's */
	/*
	 * A file.  Before: "UID GID TYPE RDEV PATH" and a NUL for each file
	 * below start that is not root's, or a device.
	 * After: struct sandbox_owner of each that is there.
	 */
	int owners;
};

struct sandbox {
	const struct sandbox_view *view; /* NULL: the host's files as they are */
	const char *const *writable; /* directories, ends with NULL; NULL: none.  Needs namespaces */
	bool network; /* IPv4 and IPv6 as outside */
	/* Limits; 0: none. */
	unsigned time_ms; /* from here to the end */
	unsigned cpu_s; /* of one process */
	uint64_t memory_bytes; /* of one process */
	unsigned
	    tasks; /* of its user, more than the host had; where that cannot be limited (root), ended with TOO_MANY */
	unsigned without; /* mechanisms that are not to be used: tests try the others so */
};

/*
 * In a child, single-threaded, before exec.  Returns in a process below it,
 * which is the program to be; the caller's child stays as its watcher and ends
 * when it does, with its exit status, with 128 + N if signal N killed it, or
 * by one of the signals above.  Nothing that the program started outlives it.
 * SIGTERM to the watcher, and the end of the caller, end all.
 *
 * Only descriptors that are not close-on-exec outlive the coming exec, and the
 * watcher keeps none.
 */
int sandbox_enter(const struct sandbox *, struct err *);

/*
 * Whose the files in a view are, outside: nobody's number if the process is
 * root, else UINT32_MAX, its own.  (A container's root that has no nobody is no
 * root.)
 */
uint32_t sandbox_view_user(void);

/*
 * A directory in memory, for one view: a descriptor below which files can be
 * made, before the view is entered and after; nobody else sees it, and it ends
 * with the last descriptor.
 */
int sandbox_memory_dir(struct err *);

#endif
