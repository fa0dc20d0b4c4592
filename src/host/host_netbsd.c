/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NetBSD: NVMM, on amd64.  Its device opens only for root and its group.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/defs.h"
#include "host/host.h"

const enum host_accel_kind host_native_kind = HOST_ACCEL_NVMM;

const char *
host_system(void)
{
	return "NetBSD";
}

enum host_native
host_native_probe(char *reason, size_t size)
{
	cleanup_close int fd = open("/dev/nvmm", O_RDONLY | O_CLOEXEC);
	int error = errno;

	if (fd >= 0) {
		(void)snprintf(reason, size, "/dev/nvmm works");
		return HOST_NATIVE_GOOD;
	}
	(void)snprintf(reason, size, "/dev/nvmm: %s%s", strerror(error),
	    error == EACCES			? " (add yourself to the group that owns it, 'nvmm')"
	    : error == ENXIO || error == ENOENT ? " (load its module: 'modload nvmm')"
						: "");
	return HOST_NATIVE_ABSENT;
}

const char *
host_qemu_hint(const char *arch)
{
	(void)arch;
	return "pkgin install qemu";
}

/* QEMU says it where it matters. */
int
host_tap_check(const char *interface, struct err *err)
{
	(void)interface;
	(void)err;
	return 0;
}
