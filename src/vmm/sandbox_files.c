/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An empty root directory, and Landlock.
 *
 * The root becomes an empty tmpfs that is mounted nowhere (fsmount(2)).  Each
 * directory that is kept is exchanged for a mount of its own, which is mounted
 * nowhere either (open_tree(2), with what is mounted below it): ".." ends at
 * its root.  Where that takes a user namespace, files of others look as if
 * nobody owned them, and a user who may make none keeps the host's root, and
 * Landlock.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "host/landlock_linux.h"
#include "vmm/sandbox.h"

/* Linux 5.2; the same numbers everywhere. */
enum { NR_OPEN_TREE = 428, NR_FSOPEN = 430, NR_FSCONFIG = 431, NR_FSMOUNT = 432 };
#define TREE_CLONE 1u
#define TREE_RECURSIVE 0x8000u
#define FSOPEN_CLOSE_ON_EXEC 1u
#define FSMOUNT_CLOSE_ON_EXEC 1u
#define CONFIG_CREATE 6
#define ATTR_READ_ONLY_NOTHING_RUNS 0xfu /* MOUNT_ATTR_RDONLY, NOSUID, NODEV, NOEXEC */

static bool
refused(int error)
{
	return error == EPERM || error == EACCES || error == ENOSPC || error == EUSERS || error == ENOSYS ||
	       error == EINVAL;
}

static int
write_text(const char *path, const char *text)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -1 : write_full(fd, text, strlen(text));
}

/* The same ids inside, and no others. */
static int
map_ids(uid_t uid, gid_t gid)
{
	char text[64];

	if (write_text("/proc/self/setgroups", "deny") < 0)
		return -1;
	(void)snprintf(text, sizeof(text), "%u %u 1", uid, uid);
	if (write_text("/proc/self/uid_map", text) < 0)
		return -1;
	(void)snprintf(text, sizeof(text), "%u %u 1", gid, gid);
	return write_text("/proc/self/gid_map", text);
}

/* 1: mounts can be made; 0: not by this user. */
static int
gain_mounts(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int rv, tries = 500;

	if (unshare(CLONE_NEWNS) == 0)
		return 1;
	if (!refused(errno))
		return -1;
	/* A thread that was joined may still be about to go; with it, the process makes no user namespace. */
	while ((rv = unshare(CLONE_NEWUSER | CLONE_NEWNS)) < 0 && errno == EINVAL && tries-- > 0)
		(void)usleep(20);
	if (rv < 0)
		return refused(errno) ? 0 : -1;
	return map_ids(uid, gid) < 0 ? -1 : 1;
}

static int
clone_tree(int fd)
{
	return (int)syscall(
	    NR_OPEN_TREE, fd, "", TREE_CLONE | TREE_RECURSIVE | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | O_CLOEXEC);
}

/* Its mount is the other namespace's; what has the same name here is this one's. */
static int
clone_by_name(int fd)
{
	char link[32], path[PATH_MAX];
	struct stat there, here;
	ssize_t len;
	int name_fd, tree = -1;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len < 0)
		return -1;
	path[len] = '\0';
	name_fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (name_fd < 0)
		return -1;
	errno = ENOENT;
	if (fstat(fd, &there) == 0 && fstat(name_fd, &here) == 0 && there.st_dev == here.st_dev &&
	    there.st_ino == here.st_ino)
		tree = clone_tree(name_fd);
	(void)close(name_fd);
	return tree;
}

/* Under the same number. */
static int
detach(int fd)
{
	cleanup_close int tree = clone_tree(fd);

	if (tree < 0 && errno == EINVAL)
		tree = clone_by_name(fd);
	return tree < 0 ? -1 : dup3(tree, fd, O_CLOEXEC) < 0 ? -1 : 0;
}

static int
enter_nothing(void)
{
	cleanup_close int fs = (int)syscall(NR_FSOPEN, "tmpfs", FSOPEN_CLOSE_ON_EXEC);
	cleanup_close int root = -1;

	if (fs < 0 || syscall(NR_FSCONFIG, fs, CONFIG_CREATE, NULL, NULL, 0) < 0)
		return -1;
	root = (int)syscall(NR_FSMOUNT, fs, FSMOUNT_CLOSE_ON_EXEC, ATTR_READ_ONLY_NOTHING_RUNS);
	return root < 0 || fchdir(root) < 0 || chroot(".") < 0 ? -1 : 0;
}

int
sandbox_empty_root(const struct sandbox *s)
{
	unsigned i;
	int rv = gain_mounts();

	if (rv <= 0)
		return rv;
	for (i = 0; i < s->ndirs; i++)
		if (detach(s->dirs[i].fd) < 0)
			return refused(errno) || errno == ENOENT ? 0 : -1;
	return enter_nothing() < 0 && !refused(errno) ? -1 : 0;
}

int
sandbox_landlock_files(const struct sandbox *s, int abi)
{
	uint64_t read = landlock_fs_read(), write = landlock_fs_write(abi);
	uint64_t never = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
			 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_FS_IOCTL_DEV;
	cleanup_close int rules =
	    landlock_new(abi, read | write, s->network ? 0 : LANDLOCK_NET_BIND_TCP | LANDLOCK_NET_CONNECT_TCP,
		LANDLOCK_SCOPED_ABSTRACT_UNIX | LANDLOCK_SCOPED_SIGNAL);
	struct stat st;
	unsigned i;

	if (rules < 0)
		return -1;
	for (i = 0; i < s->ndirs; i++) {
		const struct sandbox_dir *d = &s->dirs[i];
		uint64_t rights = (d->read_only ? read : read | write) & ~never;

		if (fstat(d->fd, &st) == 0 && !S_ISDIR(st.st_mode))
			rights = LANDLOCK_ACCESS_FS_READ_FILE;
		if (d->files && landlock_allow(rules, d->fd, rights) < 0)
			return -1;
	}
	return landlock_enter(rules);
}
