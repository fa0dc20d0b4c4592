/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of new namespaces: the user's own ids, every mount read-only and
 * without devices but for a few, a /proc that shows only what runs inside.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "host/sandbox_mounts_linux.h"

/* mount_setattr(2), Linux 5.12; not yet in every C library. */
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#define SET_RECURSIVE 0x8000

struct attributes {
	uint64_t set, clear, propagation, userns_fd;
};

static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom" };

static int
failed(char *why, size_t size, const char *what)
{
	(void)snprintf(why, size, "%s: %s", what, strerror(errno));
	return -1;
}

static int
put(const char *path, const char *text)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -1 : write_full(fd, text, strlen(text));
}

int
map_ids(unsigned uid, unsigned uid_outside, unsigned gid, unsigned gid_outside)
{
	char uids[64], gids[64];

	(void)snprintf(uids, sizeof(uids), "%u %u 1\n", uid, uid_outside);
	(void)snprintf(gids, sizeof(gids), "%u %u 1\n", gid, gid_outside);
	if (put("/proc/self/setgroups", "deny") < 0 && errno != ENOENT)
		return -1;
	return put("/proc/self/uid_map", uids) < 0 ? -1 : put("/proc/self/gid_map", gids);
}

int
mount_attributes(const char *path, bool recursive, uint64_t set, uint64_t clear)
{
	struct attributes attr = { .set = set, .clear = clear };

	return (int)syscall(SYS_mount_setattr, AT_FDCWD, path, recursive ? SET_RECURSIVE : 0, &attr, sizeof(attr));
}

/* A mount of its own, so that it can differ from what is around it. */
static int
bind(const char *path)
{
	return mount(path, path, NULL, MS_BIND, NULL);
}

int
sandbox_mounts(const struct sandbox *s, const struct sandbox_ids *ids, bool user, char *why, size_t size)
{
	cleanup_free char *cwd = getcwd(NULL, 0);
	size_t i;

	if (user && map_ids(ids->uid, ids->uid, ids->gid, ids->gid) < 0)
		return failed(why, size, "cannot map the user's id");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return failed(why, size, "cannot separate the mounts");
	/* A container may hide parts of /proc, and refuses a whole one: the old one, read-only, is no harm. */
	(void)mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	for (i = 0; i < nitems(devices); i++)
		if (bind(devices[i]) < 0 && (i == 0 || errno != ENOENT))
			return failed(why, size, devices[i]);
	for (i = 0; s->writable != NULL && s->writable[i] != NULL; i++)
		if (bind(s->writable[i]) < 0)
			return failed(why, size, s->writable[i]);
	if (mount_attributes("/", true, MOUNT_RDONLY | MOUNT_NOSUID | MOUNT_NODEV, 0) < 0)
		return failed(why, size, "cannot make the mounts read-only");
	for (i = 0; i < nitems(devices); i++)
		if (mount_attributes(devices[i], false, 0, MOUNT_NODEV) < 0 && (i == 0 || errno != ENOENT))
			return failed(why, size, devices[i]);
	for (i = 0; s->writable != NULL && s->writable[i] != NULL; i++)
		if (mount_attributes(s->writable[i], false, 0, MOUNT_RDONLY) < 0)
			return failed(why, size, s->writable[i]);
	/* The current directory was below the new mounts. */
	if (cwd != NULL && cwd[0] == '/' && chdir(cwd) < 0)
		return failed(why, size, cwd);
	return 0;
}
