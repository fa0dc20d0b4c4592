/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sandbox by Landlock: no file is opened for writing, made, removed or
 * renamed, whatever its mode; no TCP; no signal out of the domain.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/defs.h"
#include "host/landlock_linux.h"
#include "host/sandbox_linux.h"

#define FS_OF_FILES (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_FS_TRUNCATE | LANDLOCK_FS_IOCTL_DEV)

static int
allow(int ruleset, const char *path, uint64_t rights)
{
	cleanup_close int fd = open(path, O_PATH | O_CLOEXEC);

	return fd < 0 ? -1 : landlock_allow(ruleset, fd, rights);
}

int
sandbox_landlock(const struct sandbox *s, int abi)
{
	uint64_t rights = landlock_fs_write(abi);
	static const char *const in_view[] = { "/build", "/tmp", NULL };
	const char *const *writable = s->view != NULL ? in_view : s->writable;
	cleanup_close int fd =
	    landlock_new(abi, rights, s->network ? 0 : LANDLOCK_NET_BIND_TCP | LANDLOCK_NET_CONNECT_TCP,
		LANDLOCK_SCOPED_ABSTRACT_UNIX | LANDLOCK_SCOPED_SIGNAL);
	size_t i;

	if (fd < 0 || allow(fd, "/dev/null", rights & FS_OF_FILES) < 0)
		return -1;
	for (i = 0; writable != NULL && writable[i] != NULL; i++)
		if (allow(fd, writable[i], rights & ~LANDLOCK_FS_IOCTL_DEV) < 0)
			return -1;
	return landlock_enter(fd);
}
