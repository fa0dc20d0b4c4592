/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux: KVM.  /dev/kvm that opens is not enough: on x86 without vmx or svm
 * there are modules that emulate each instruction, slower than TCG.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/defs.h"
#include "base/io.h"
#include "host/host.h"

const enum host_accel_kind host_native_kind = HOST_ACCEL_KVM;

const char *
host_system(void)
{
	return "Linux";
}

static const char *
open_advice(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return " (add yourself to the group that owns it, 'kvm')";
	case ENOENT:
		return " (no KVM module is loaded)";
	default:
		return "";
	}
}

enum host_native
host_native_probe(char *reason, size_t size)
{
	cleanup_close int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	cleanup_free char *cpuinfo = NULL;
	struct err ignored;
	int version;

	if (fd < 0) {
		int error = errno;

		(void)snprintf(reason, size, "/dev/kvm: %s%s", strerror(error), open_advice(error));
		return HOST_NATIVE_ABSENT;
	}
	version = ioctl(fd, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION) {
		(void)snprintf(
		    reason, size, "/dev/kvm opens but is not KVM (API version %d, not %d)", version, KVM_API_VERSION);
		return HOST_NATIVE_ABSENT;
	}
#if defined(__x86_64__) || defined(__i386__)
	cpuinfo = file_read("/proc/cpuinfo", 64 << 20, NULL, &ignored);
	if (cpuinfo != NULL && !host_cpuinfo_has_virt(cpuinfo)) {
		(void)snprintf(reason, size,
		    "/dev/kvm opens but the processor shows neither vmx nor svm: it would emulate, slower than tcg");
		return HOST_NATIVE_SLOW;
	}
#else
	(void)ignored;
#endif
	(void)snprintf(reason, size, "/dev/kvm works");
	return HOST_NATIVE_GOOD;
}

const char *
host_qemu_hint(const char *arch)
{
	static const struct {
		const char *manager, *x86, *arm;
	} hints[] = {
		{ "/usr/bin/apt-get", "apt install qemu-system-x86", "apt install qemu-system-arm" },
		{ "/usr/bin/dnf", "dnf install qemu-system-x86", "dnf install qemu-system-aarch64" },
		{ "/sbin/apk", "apk add qemu-system-x86_64", "apk add qemu-system-aarch64" },
		{ "/usr/bin/pacman", "pacman -S qemu-system-x86", "pacman -S qemu-system-aarch64" },
		{ "/usr/bin/zypper", "zypper install qemu-x86", "zypper install qemu-arm" },
	};
	bool arm = strcmp(arch, "evbarm-aarch64") == 0;
	size_t i;

	for (i = 0; i < nitems(hints); i++)
		if (access(hints[i].manager, X_OK) == 0)
			return arm ? hints[i].arm : hints[i].x86;
	return arm ? "install the package with qemu-system-aarch64" : "install the package with qemu-system-x86_64";
}
