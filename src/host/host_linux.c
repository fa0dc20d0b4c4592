/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux: KVM.  /dev/kvm that opens is not enough: on x86 without vmx or svm
 * there are modules that emulate each instruction, slower than TCG.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/kvm.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

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

/* The error of TUNSETIFF. */
static int
tap_refused(const char *interface, struct err *err)
{
	const char *name = *interface == '\0' ? "tap0" : interface;

	if (errno == EBUSY)
		return err_set(err, "the tap interface '%s' is in use by another program", interface);
	if (errno == EPERM)
		return err_set(err,
		    "you may not make a tap interface; as root: ip tuntap add %s mode tap user %ld, then bridgenet=%s",
		    name, (long)getuid(), name);
	return err_sys(err, "cannot have the tap interface '%s'", name);
}

static int
tap_open(const char *interface, short flags, struct err *err)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	struct ifreq ifr = { .ifr_flags = (short)(IFF_TAP | IFF_NO_PI | flags) };

	if (fd < 0)
		return err_sys(err, "a second NIC needs a tap interface: cannot open '/dev/net/tun'");
	(void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", interface);
	if (strlen(interface) >= sizeof(ifr.ifr_name))
		(void)err_usage(err, "bad tap interface '%s': the name is too long", interface);
	else if (ioctl(fd, TUNSETIFF, &ifr) == 0)
		return fd;
	else
		(void)tap_refused(interface, err);
	(void)close(fd);
	return -1;
}

int
host_tap_check(const char *interface, struct err *err)
{
	/* It goes with the descriptor, if it was not there before. */
	cleanup_close int fd = tap_open(interface, 0, err);

	return fd < 0 ? -1 : 0;
}

int
host_tap_open(const char *interface, struct err *err)
{
	int fd = tap_open(interface, IFF_VNET_HDR, err), header = 12;

	if (fd < 0 || ioctl(fd, TUNSETVNETHDRSZ, &header) == 0)
		return fd;
	(void)err_sys(err, "the tap interface '%s' takes no virtio headers", interface);
	(void)close(fd);
	return -1;
}

char *
host_program_dir(void)
{
	char *path = realpath("/proc/self/exe", NULL), *slash = path == NULL ? NULL : strrchr(path, '/');

	if (slash != NULL)
		*slash = '\0';
	return path;
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

int
host_memory_file(char path[HOST_MEMORY_PATH_MAX], struct err *err)
{
	int fd = memfd_create("smol", MFD_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "cannot make a file in memory");
	(void)snprintf(path, HOST_MEMORY_PATH_MAX, "/proc/%ld/fd/%d", (long)getpid(), fd);
	return fd;
}
