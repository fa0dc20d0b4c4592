/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeping others off an image while it is replaced.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "image/image.h"
#include "machine/disk_lock.h"

/* The name may have been given to another file since we looked. */
static int
check_same(const struct image_lock *l, int fd, struct err *err)
{
	struct stat ours, theirs;

	if (fstat(l->fd, &ours) < 0 || stat(l->path, &theirs) < 0)
		return err_sys(err, "cannot examine '%s'", l->path);
	if (fd >= 0 && ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev && fstat(fd, &theirs) < 0)
		return err_sys(err, "cannot examine '%s'", l->path);
	if (ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev)
		return err_set(err, "'%s' was replaced while it was read: try again", l->path);
	return 0;
}

int
image_lock(struct image_lock *l, const char *path, int fd, struct err *err)
{
	struct stat st;

	*l = (struct image_lock){ .fd = -1, .path = realpath(path, NULL) };
	if (l->path == NULL)
		return err_sys(err, "cannot open '%s'", path);
	/* O_NONBLOCK: a FIFO is to be refused, not waited for. */
	l->fd = open(l->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (l->fd < 0)
		return err_sys(err, "cannot open '%s' for writing", path);
	if (fstat(l->fd, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(err, "'%s' is not a regular file", path);
	if (disk_lock(l->fd, DISK_LOCK_REPLACE, l->path, err) < 0)
		return -1;
	return check_same(l, fd, err);
}

void
image_unlock(struct image_lock *l)
{
	if (l->fd >= 0)
		(void)close(l->fd);
	free(l->path);
	*l = (struct image_lock){ .fd = -1 };
}
