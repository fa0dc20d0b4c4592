/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Byte locks.  Where there are none (some network file systems), nobody holds any.
 */
#include "machine/disk_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "base/defs.h"

enum {
	HAS = 100,
	KEEPS = 200, /* to itself */
	READ = 0,
	WRITE = 1,
	RESIZE = 3,
	SMOL = 300, /* exclusively: one smol at a time replaces it */
};

#ifndef F_OFD_SETLK
#define F_OFD_SETLK F_SETLK
#define F_OFD_GETLK F_GETLK
#endif

static struct flock
byte_lock(short type, off_t byte)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
}

static void
take(int fd, const unsigned char *bytes, size_t n)
{
	struct flock l;
	size_t i;

	for (i = 0; i < n; i++) {
		l = byte_lock(F_RDLCK, bytes[i]);
		(void)fcntl(fd, F_OFD_SETLK, &l);
	}
}

static bool
is_held(int fd, off_t byte)
{
	struct flock l = byte_lock(F_WRLCK, byte);

	return fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

static bool
is_written(int fd)
{
	return is_held(fd, HAS + WRITE) || is_held(fd, HAS + RESIZE);
}

static int
lock_read(int fd, const char *path, struct err *err)
{
	static const unsigned char bytes[] = { HAS + READ, KEEPS + WRITE, KEEPS + RESIZE };

	take(fd, bytes, nitems(bytes));
	if (!is_written(fd))
		return 0;
	return err_set(err, "the disk '%s' is being written by another instance (--rw); end that one first", path);
}

static int
lock_write(int fd, const char *path, struct err *err)
{
	static const unsigned char bytes[] = { HAS + READ, HAS + WRITE, HAS + RESIZE, KEEPS + WRITE, KEEPS + RESIZE };

	/* Of two that look at the same time, both may see the other, never none. */
	take(fd, bytes, nitems(bytes));
	if (!is_written(fd) && !is_held(fd, KEEPS + WRITE))
		return 0;
	return err_set(
	    err, "the disk '%s' is in use by another instance; end that one, or use 'smol run' without --rw", path);
}

static int
lock_replace(int fd, const char *path, struct err *err)
{
	static const unsigned char bytes[] = { KEEPS + WRITE };
	struct flock smol = byte_lock(F_WRLCK, SMOL);

	if (fcntl(fd, F_OFD_SETLK, &smol) < 0 && (errno == EAGAIN || errno == EACCES))
		return err_set(err, "'%s' is being changed by another smol: try again when that has ended", path);
	take(fd, bytes, nitems(bytes));
	if (is_written(fd))
		return err_set(err, "'%s' is in use by a running machine that writes to it: stop that first", path);
	return 0;
}

int
disk_lock(int fd, enum disk_lock use, const char *path, struct err *err)
{
	switch (use) {
	case DISK_LOCK_READ:
		return lock_read(fd, path, err);
	case DISK_LOCK_WRITE:
		return lock_write(fd, path, err);
	default:
		return lock_replace(fd, path, err);
	}
}
