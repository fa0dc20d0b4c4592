/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Choice of an accelerator: the user's word, else the system's own if it
 * really works, else TCG.
 */
#include "host/host.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/defs.h"
#include "base/str.h"

static const char *const names[] = {
	[HOST_ACCEL_TCG] = "tcg",
	[HOST_ACCEL_KVM] = "kvm",
	[HOST_ACCEL_HVF] = "hvf",
	[HOST_ACCEL_NVMM] = "nvmm",
};

const char *
host_accel_name(enum host_accel_kind kind)
{
	return names[kind];
}

const char *
host_arch(void)
{
	static const char *const known[][2] = {
		{ "x86_64", "amd64" },
		{ "amd64", "amd64" },
		{ "i386", "i386" },
		{ "i486", "i386" },
		{ "i586", "i386" },
		{ "i686", "i386" },
		{ "aarch64", "evbarm-aarch64" },
		{ "arm64", "evbarm-aarch64" },
	};
	struct utsname u;
	size_t i;

	if (uname(&u) < 0)
		return NULL;
	for (i = 0; i < nitems(known); i++)
		if (strcmp(u.machine, known[i][0]) == 0)
			return known[i][1];
	return NULL;
}

/* Hardware runs its own architecture; amd64 runs i386 too. */
static bool
runs_natively(const char *guest)
{
	const char *host = host_arch();

	return host != NULL && (strcmp(host, guest) == 0 || (strcmp(host, "amd64") == 0 && strcmp(guest, "i386") == 0));
}

static int
accel_wanted(const char *wanted, const char *guest_arch, struct host_accel *a, struct err *err)
{
	size_t i;

	for (i = 0; i < nitems(names); i++)
		if (strcmp(wanted, names[i]) == 0)
			break;
	if (i == nitems(names))
		return err_usage(err, "QEMU_ACCEL=%s: no such accelerator; there are kvm, hvf, nvmm and tcg", wanted);
	a->kind = (enum host_accel_kind)i;
	if (a->kind == HOST_ACCEL_TCG) {
		(void)snprintf(a->reason, sizeof(a->reason), "QEMU_ACCEL says so");
		return 0;
	}
	if (a->kind != host_native_kind)
		return err_usage(err, "QEMU_ACCEL=%s: %s does not have it%s%s", wanted, host_system(),
		    host_native_kind == HOST_ACCEL_TCG ? "" : "; it has ",
		    host_native_kind == HOST_ACCEL_TCG ? "" : names[host_native_kind]);
	if (!runs_natively(guest_arch))
		return err_set(err, "QEMU_ACCEL=%s: a %s guest needs tcg on this host", wanted, guest_arch);
	if (host_native_probe(a->reason, sizeof(a->reason)) == HOST_NATIVE_ABSENT)
		return err_set(err, "QEMU_ACCEL=%s: %s", wanted, a->reason);
	(void)snprintf(a->reason, sizeof(a->reason), "QEMU_ACCEL says so");
	return 0;
}

int
host_accel(const char *wanted, const char *guest_arch, struct host_accel *a, struct err *err)
{
	if (wanted != NULL && *wanted != '\0')
		return accel_wanted(wanted, guest_arch, a, err);
	a->kind = HOST_ACCEL_TCG;
	if (!runs_natively(guest_arch))
		(void)snprintf(a->reason, sizeof(a->reason), "this host's processor is not %s", guest_arch);
	else if (host_native_probe(a->reason, sizeof(a->reason)) == HOST_NATIVE_GOOD)
		a->kind = host_native_kind;
	return 0;
}

/* True if one of the blank-separated words of [s, end) is vmx or svm. */
static bool
has_virt_word(const char *s, const char *end)
{
	while (s < end) {
		size_t skip = strspn(s, " \t:"), len;

		s += skip;
		len = strcspn(s, " \t:\n");
		if (len == 3 && (memcmp(s, "vmx", 3) == 0 || memcmp(s, "svm", 3) == 0))
			return true;
		s += len > 0 ? len : 1;
	}
	return false;
}

bool
host_cpuinfo_has_virt(const char *text)
{
	const char *line, *end;

	for (line = text; *line != '\0'; line = *end == '\0' ? end : end + 1) {
		end = line + strcspn(line, "\n");
		if (strncmp(line, "flags", 5) == 0 && has_virt_word(line + 5, end))
			return true;
	}
	return false;
}

int
host_temporary_file(struct err *err)
{
	const char *dir = getenv("TMPDIR");
	struct str path = { 0 };
	int fd = -1;

	if (dir == NULL || *dir == '\0')
		dir = "/var/tmp";
#ifdef O_TMPFILE
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
#endif
	if (fd < 0) {
		str_addf(&path, "%s/smol.XXXXXX", dir);
		fd = mkostemp(path.p, O_CLOEXEC);
		if (fd >= 0)
			(void)unlink(path.p);
		str_release(&path);
	}
	return fd < 0 ? err_sys(err, "cannot make a temporary file in '%s'; set TMPDIR", dir) : fd;
}
