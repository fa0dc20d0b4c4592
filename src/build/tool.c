/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names and variables of the room.
 */
#include "build/tool.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"

const struct tool_variable tool_variables[] = {
	{ "PATH", TOOL_DIR ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
	{ "HOME", "/tmp" },
	{ "TMPDIR", "/tmp" },
	{ "USER", "root" },
	{ "LOGNAME", "root" },
	{ "SHELL", "/bin/sh" },
	{ "TERM", "dumb" },
	{ "LC_ALL", "C.UTF-8" },
	{ "TZ", "UTC" },
	/* What smolBSD's mkimg.sh has. */
	{ "FETCH", TOOL_DIR "/fetch" },
	{ "BASEPATH", "/build" },
	{ "DRIVE2", "/drive2" },
	{ "CHOUPI", "y" },
	{ "STAR", "⭐" },
	{ "ARROW", "➡️" },
	{ "CHECK", "✅" },
	{ "WARN", "⚠️" },
	{ "INFO", "ℹ️" },
	{ "WHITEBULLET", "⚪" },
	{ "ERROR", "❌" },
	{ "CPU", "🔲" },
	{ "FREEZE", "🧊" },
	{ "ROCKET", "🚀" },
	{ "SOCKET", "🔌" },
	{ "EXIT", "🔚" },
	{ "OUT", "/dev/null" },
};
const size_t tool_nvariables = nitems(tool_variables);

static const char *const ours[] = { "fetch", "ftp", "rsynclite" };

static const struct {
	const char *name, *why;
} refused[] = {
	{ "pwd_mkdb", "the databases are NetBSD's; init's /etc/rc can run it at the first boot" },
	{ "cap_mkdb", "it is NetBSD's; run it at the first boot" },
	{ "services_mkdb", "it is NetBSD's; run it at the first boot" },
	{ "dev_mkdb", "it is NetBSD's; run it at the first boot" },
	{ "chflags", "Linux has no such flags; a service's mtree file sets them" },
	{ "makefs", "smol makes the file system, after the scripts" },
	{ "newfs", "smol makes the file system, after the scripts" },
	{ "installboot", "smol makes the image, after the scripts" },
	{ "gpt", "smol makes the image, after the scripts" },
	{ "pkg_add", "it runs NetBSD's programs; name the package in ADDPKGS" },
	{ "pkgin", "it runs NetBSD's programs; name the package in ADDPKGS" },
	{ "MAKEDEV", "NetBSD's init runs it at boot; a single node can be made by mknod" },
};

const char *
tool_tar(void)
{
	return access("/usr/bin/bsdtar", X_OK) == 0 || access("/usr/local/bin/bsdtar", X_OK) == 0 ? "bsdtar" : "tar";
}

const char *
tool_refused(const char *name)
{
	size_t i;

	for (i = 0; i < nitems(refused); i++)
		if (strcmp(refused[i].name, name) == 0)
			return refused[i].why;
	return NULL;
}

int
tool_install(int dirfd, struct err *err)
{
	size_t i;
	int fd = openat(dirfd, TOOL_PROGRAM, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	/* smol is mounted over it. */
	if (fd < 0 || close(fd) < 0)
		return err_sys(err, "cannot make a file");
	for (i = 0; i < nitems(ours); i++)
		if (symlinkat(TOOL_PROGRAM, dirfd, ours[i]) < 0)
			return err_sys(err, "cannot make a link");
	for (i = 0; i < nitems(refused); i++)
		if (symlinkat(TOOL_PROGRAM, dirfd, refused[i].name) < 0)
			return err_sys(err, "cannot make a link");
	return 0;
}
