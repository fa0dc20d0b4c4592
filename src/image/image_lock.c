/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeping others off an image while it is replaced.  QEMU (block/file-posix.c,
 * file.locking=on) holds a shared lock on byte 100 + p for each permission p
 * that it uses, and on 200 + p for each that it grants to nobody else.  So we
 * hold 200 + write, which keeps a writer from starting, and look whether one
 * holds 100 + write.  A guest that only reads keeps the old file, and may.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "image/image.h"

#define PERM_BASE 100
#define SHARED_BASE 200
#define PERM_WRITE 1
#define PERM_RESIZE 3
#define SMOL_BYTE 300 /* exclusively: one smol at a time */

#ifndef F_OFD_SETLK
#define F_OFD_SETLK F_SETLK
#define F_OFD_GETLK F_GETLK
#endif

static struct flock
byte_lock(short type, off_t byte)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
}

static bool
is_held(int fd, off_t byte)
{
	struct flock l = byte_lock(F_WRLCK, byte);

	return fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

static int
take(const struct image_lock *l, struct err *err)
{
	struct flock smol = byte_lock(F_WRLCK, SMOL_BYTE), shared = byte_lock(F_RDLCK, SHARED_BASE + PERM_WRITE);

	if (fcntl(l->fd, F_OFD_SETLK, &smol) < 0 && (errno == EAGAIN || errno == EACCES))
		return err_set(err, "'%s' is being changed by another smol: try again when that has ended", l->path);
	/* Where there are no locks (some network file systems), nobody holds any. */
	(void)fcntl(l->fd, F_OFD_SETLK, &shared);
	if (is_held(l->fd, PERM_BASE + PERM_WRITE) || is_held(l->fd, PERM_BASE + PERM_RESIZE))
		return err_set(err, "'%s' is in use by a running machine that writes to it: stop that first", l->path);
	return 0;
}

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
	if (take(l, err) < 0)
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
