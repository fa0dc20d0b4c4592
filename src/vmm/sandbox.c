/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors, limits, privileges: prctl(2), capabilities(7), close_range(2).
 */
#include "vmm/sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/defs.h"
#include "host/landlock_linux.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* --- descriptors --- */

static int
by_number(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* Linux 5.9 has the system call. */
static int
close_between(unsigned first, unsigned last, struct err *err)
{
	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return 0;
	return err_sys(err, "cannot close other descriptors");
}

int
sandbox_close_others(int *fds, unsigned n, struct err *err)
{
	unsigned i, next = 3;

	qsort(fds, n, sizeof(*fds), by_number);
	for (i = 0; i < n; i++) {
		if (fds[i] < (int)next)
			continue;
		if (close_between(next, (unsigned)fds[i] - 1, err) < 0)
			return -1;
		next = (unsigned)fds[i] + 1;
	}
	return close_between(next, ~0u, err);
}

/* --- limits --- */

static int
limit(__rlimit_resource_t resource, uint64_t value)
{
	struct rlimit l;

	if (getrlimit(resource, &l) < 0)
		return -1;
	l.rlim_cur = l.rlim_max = u64_min(l.rlim_max, value);
	return setrlimit(resource, &l);
}

int
sandbox_no_threads(struct err *err)
{
	return limit(RLIMIT_NPROC, 0) < 0 ? err_sys(err, "cannot limit the number of processes") : 0;
}

static int
set_limits(const struct sandbox *s)
{
	if (s->file_bytes != 0 && limit(RLIMIT_FSIZE, s->file_bytes) < 0)
		return -1;
	if (limit(RLIMIT_CORE, 0) < 0 || limit(RLIMIT_MEMLOCK, 0) < 0 || limit(RLIMIT_MSGQUEUE, 0) < 0)
		return -1;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* --- privileges --- */

/* The bounding set, which bounds what execve() gives, stays: with no_new_privs it gives nothing. */
static int
drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return -1;
	return (int)syscall(SYS_capset, &header, none);
}

int
sandbox_enter(const struct sandbox *s, struct err *err)
{
	int abi = landlock_abi();

	if (!s->network && sandbox_empty_root(s) < 0)
		return err_sys(err, "sandbox: cannot have an empty root directory");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, "sandbox: cannot give up new privileges");
	if (abi > 0 && sandbox_landlock_files(s, abi) < 0)
		return err_sys(err, "sandbox: cannot use Landlock");
	if (set_limits(s) < 0)
		return err_sys(err, "sandbox: cannot set limits");
	if (drop_capabilities() < 0)
		return err_sys(err, "sandbox: cannot drop privileges");
	return 0;
}
