/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lock files by flock(2).
 */
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int
lock_take(const char *path, bool wait, struct err *err)
{
	struct stat held, named;
	int fd, rv;

	for (;;) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (fd < 0)
			return err_sys(err, "cannot write '%s'", path);
		do
			rv = flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
		while (rv < 0 && errno == EINTR);
		if (rv < 0) {
			rv = errno == EWOULDBLOCK ? LOCK_BUSY : err_sys(err, "cannot lock '%s'", path);
			(void)close(fd);
			return rv;
		}
		/* Who had it before has removed its name: lock the file that bears it now. */
		if (fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino &&
		    held.st_dev == named.st_dev)
			return fd;
		(void)close(fd);
	}
}

void
lock_drop(const char *path, int fd)
{
	(void)unlink(path);
	(void)close(fd);
}
