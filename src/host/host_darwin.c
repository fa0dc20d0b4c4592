/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * macOS: the Hypervisor framework, which every Mac since 2010 has; the system
 * says so itself (sysctl kern.hv_support).
 */
#include <stdio.h>
#include <sys/types.h>

#include <sys/sysctl.h>

#include "host/host.h"

const enum host_accel_kind host_native_kind = HOST_ACCEL_HVF;

const char *
host_system(void)
{
	return "macOS";
}

enum host_native
host_native_probe(char *reason, size_t size)
{
	int supported = 0;
	size_t len = sizeof(supported);

	if (sysctlbyname("kern.hv_support", &supported, &len, NULL, 0) == 0 && supported != 0) {
		(void)snprintf(reason, size, "the Hypervisor framework works");
		return HOST_NATIVE_GOOD;
	}
	(void)snprintf(reason, size, "this Mac has no Hypervisor framework (kern.hv_support is 0)");
	return HOST_NATIVE_ABSENT;
}

const char *
host_qemu_hint(const char *arch)
{
	(void)arch;
	return "brew install qemu";
}

int
host_tap_check(const char *interface, struct err *err)
{
	(void)interface;
	return err_set(err, "macOS has no tap interfaces; leave out the second NIC");
}
