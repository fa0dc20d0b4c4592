/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's errors in words.
 */
#include "sys.h"

static const struct {
	uint8_t number;
	const char *text;
} errors[] = {
	{ EPERM, "operation not permitted" },
	{ ENOENT, "no such file or directory" },
	{ ESRCH, "no such process" },
	{ EIO, "input/output error" },
	{ ENXIO, "device not configured" },
	{ E2BIG, "argument list too long" },
	{ ENOEXEC, "not a program for this system" },
	{ EBADF, "bad file descriptor" },
	{ ENOMEM, "out of memory" },
	{ EACCES, "permission denied" },
	{ EBUSY, "busy" },
	{ EEXIST, "exists" },
	{ EXDEV, "on another file system" },
	{ ENODEV, "not supported by the device" },
	{ ENOTDIR, "not a directory" },
	{ EISDIR, "is a directory" },
	{ EINVAL, "invalid argument" },
	{ ENFILE, "too many open files in the system" },
	{ EMFILE, "too many open files" },
	{ ETXTBSY, "a running program" },
	{ EFBIG, "file too large" },
	{ ENOSPC, "no space left" },
	{ EROFS, "read-only file system" },
	{ EMLINK, "too many links" },
	{ EPIPE, "broken pipe" },
	{ EAGAIN, "no more processes" },
	{ EOPNOTSUPP, "not supported" },
	{ ELOOP, "too many symbolic links" },
	{ ENAMETOOLONG, "name too long" },
	{ ENOTEMPTY, "directory not empty" },
	{ EDQUOT, "quota exceeded" },
	{ ENOSYS, "not in this kernel" },
};

const char *
sys_error(long negative_errno)
{
	size_t i;

	for (i = 0; i < nitems(errors); i++) {
		if (errors[i].number == -negative_errno)
			return errors[i].text;
	}
	return "unknown error";
}
