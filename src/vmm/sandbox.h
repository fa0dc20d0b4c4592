/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What smol-vmm and smol-net may do once a guest can tell them something
 * (doc/design/0006-sandbox.md).  A guest that takes over a thread has:
 *
 *	descriptors	those of the description; no other was left open
 *	files		below the shares; the root directory is empty, Landlock refuses the rest
 *	system calls	those of its thread's role; any other ends the process (SIGSYS)
 *	processes	itself; no capability, no set-user-ID program, no core dump
 *
 * All but the system calls is the whole process's, before it has a second
 * thread: sandbox_enter().  Then it is filtered to what its threads to be may
 * do, and to what makes them ("start"), which they inherit: as narrow as its
 * role each makes itself by its first call.
 *
 * The system calls of a role are noted beside the code that makes them, in
 * comments; sandbox_syscalls.py makes the filters of these notes:
 *
 *	#syscalls ROLE...: CALL...
 *
 * Roles are vcpu, loop, disk, p9, balloon, net (all of smol-net), start, all.  CALL is a system
 * call's name, and may say what an argument, counted from 0, must be: one
 * value (ioctl:1=KVM_RUN), or without some bits (mmap:2!PROT_EXEC); "self" is
 * the process's own number.  Only the argument's lower 32 bits are looked at:
 * the kernel looks at no more of those used.  What several notes say of a call
 * is allowed if one of them allows it.
 *
 * The C library's own, in any thread:
 * #syscalls all: futex rt_sigprocmask rt_sigreturn restart_syscall exit exit_group sched_yield
 * #syscalls all: clock_gettime getpid gettid getrandom write brk munmap mmap:2!PROT_EXEC mprotect:2!PROT_EXEC mremap
 * #syscalls all: madvise:2=MADV_DONTNEED clock_nanosleep close
 *
 * Its making of threads, and theirs of themselves:
 * #syscalls start: clone clone3 set_robust_list rseq rt_sigaction prctl:0=PR_SET_SECCOMP
 */
#ifndef SMOL_VMM_SANDBOX_H
#define SMOL_VMM_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define SANDBOX_DIRS_MAX 16

enum sandbox_role {
	SANDBOX_VCPU,
	SANDBOX_LOOP,
	SANDBOX_DISK,
	SANDBOX_P9,
	SANDBOX_BALLOON,
	SANDBOX_NET,
	SANDBOX_START,
};

#define SANDBOX_ROLE(name) (1u << SANDBOX_##name)

/* A directory whose files stay within reach. */
struct sandbox_dir {
	int fd;
	bool files; /* they may be opened; else, as /proc/self/fd, it is only a way to what is open */
	bool read_only; /* so is a file, which can stand in for a directory */
};

struct sandbox {
	struct sandbox_dir dirs[SANDBOX_DIRS_MAX];
	unsigned ndirs;
	uint64_t file_bytes; /* no file grows longer; 0: any length */
	bool network; /* the host's network, and the user's files to read by name where dirs have files */
};

/* Closes all descriptors but 0 to 2 and those of fds, which it sorts; those below 0 do not count. */
int sandbox_close_others(int *fds, unsigned n, struct err *);

/*
 * The process, while it has one thread.  A mechanism that the host has not is
 * left out, but for what needs no permission.  Descriptors of dirs keep their
 * numbers, and lead to the same files, but not out of them.
 */
int sandbox_enter(const struct sandbox *, struct err *);

/* No further processes, by limit; after the last thread was made. */
int sandbox_no_threads(struct err *);

/* This thread, and those it makes: what any of these SANDBOX_ROLE()s may do. */
int sandbox_filter(unsigned roles, struct err *);

/* Parts of sandbox_enter(): 0, or -1 with errno. */
int sandbox_empty_root(const struct sandbox *);
int sandbox_landlock_files(const struct sandbox *, int abi);

#endif
