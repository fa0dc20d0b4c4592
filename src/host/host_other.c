/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A system without an accelerator that QEMU knows (FreeBSD, OpenBSD): TCG.
 */
#include <stdio.h>
#include <sys/utsname.h>

#include "host/host.h"

const enum host_accel_kind host_native_kind = HOST_ACCEL_TCG;

const char *
host_system(void)
{
	static struct utsname u;

	return uname(&u) < 0 ? "this system" : u.sysname;
}

enum host_native
host_native_probe(char *reason, size_t size)
{
	(void)snprintf(reason, size, "QEMU has no accelerator on %s", host_system());
	return HOST_NATIVE_ABSENT;
}

const char *
host_qemu_hint(const char *arch)
{
	(void)arch;
	return "install the package 'qemu'";
}

/* QEMU says it where it matters. */
int
host_tap_check(const char *interface, struct err *err)
{
	(void)interface;
	(void)err;
	return 0;
}
