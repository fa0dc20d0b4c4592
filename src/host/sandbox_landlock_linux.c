/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Landlock: no file is opened for writing, made, removed or renamed, whatever
 * its mode; no TCP; no signal out of the domain.  landlock(7); numbers by hand
 * where they are newer than Linux 6.1's headers.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/defs.h"
#include "host/sandbox_linux.h"

#define FS_TRUNCATE (1ULL << 14)
#define FS_IOCTL_DEV (1ULL << 15)
#define FS_OF_FILES (LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define NET_BIND_TCP (1ULL << 0)
#define NET_CONNECT_TCP (1ULL << 1)
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define SCOPE_SIGNAL (1ULL << 1)

/* struct landlock_ruleset_attr as of ABI 6. */
struct ruleset {
	uint64_t fs, net, scoped;
};

int
sandbox_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

static uint64_t
write_rights(int abi)
{
	uint64_t rights = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
			  LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
			  LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
			  LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

	if (abi >= 2)
		rights |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		rights |= FS_TRUNCATE;
	if (abi >= 5)
		rights |= FS_IOCTL_DEV;
	return rights;
}

static int
allow(int ruleset, const char *path, uint64_t rights)
{
	cleanup_close int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = { .allowed_access = rights, .parent_fd = fd };

	return fd < 0 ? -1 : (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

int
sandbox_landlock(const struct sandbox *s, int abi)
{
	uint64_t rights = write_rights(abi);
	struct ruleset attr = { .fs = rights };
	cleanup_close int fd = -1;
	size_t i;

	if (abi >= 4 && !s->network)
		attr.net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (abi >= 6)
		attr.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr,
	    abi >= 6   ? sizeof(attr)
	    : abi >= 4 ? offsetof(struct ruleset, scoped)
		       : offsetof(struct ruleset, net),
	    0);
	if (fd < 0 || allow(fd, "/dev/null", rights & FS_OF_FILES) < 0)
		return -1;
	for (i = 0; s->writable != NULL && s->writable[i] != NULL; i++)
		if (allow(fd, s->writable[i], rights & ~FS_IOCTL_DEV) < 0)
			return -1;
	return (int)syscall(SYS_landlock_restrict_self, fd, 0);
}
