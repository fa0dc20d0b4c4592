/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root of a view, in new namespaces: an empty tmpfs into which the parts of
 * the host are mounted, then pivot_root(2).  sandbox.h draws it.
 *
 * Whoever is root mounts first, and gives up being root then: nobody need not
 * be able to come to the workspace.  Others are root of their user namespace
 * from the beginning.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/defs.h"
#include "host/sandbox_mounts_linux.h"

enum { NR_MOVE_MOUNT = 429 };
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 4u
#endif

/* Where the new root is made: a directory that is always there, and nobody's workspace. */
#define PLACE "/proc"

/* What the host has there is not to be seen, or is made anew. */
static const char *const hidden[] = { "build", "dev", "etc", "home", "lost+found", "media", "mnt", "proc", "root",
	"run", "srv", "sys", "tmp", "var" };

static const char *const devices[] = { "null", "zero", "full", "random", "urandom" };

static const struct {
	const char *path, *target;
} links[] = {
	{ "dev/fd", "/proc/self/fd" },
	{ "dev/stdin", "/proc/self/fd/0" },
	{ "dev/stdout", "/proc/self/fd/1" },
	{ "dev/stderr", "/proc/self/fd/2" },
	{ "var/tmp", "/tmp" },
	{ "root", "/tmp" },
};

/* Below PLACE; a name that does not fit leads nowhere. */
static const char *
place(char buf[PATH_MAX], const char *name)
{
	int n = snprintf(buf, PATH_MAX, PLACE "/%s", *name == '/' ? name + 1 : name);

	if (n >= PATH_MAX)
		buf[0] = '\0';
	return buf;
}

static bool
is_hidden(const char *name)
{
	size_t i;

	for (i = 0; i < nitems(hidden); i++)
		if (strcmp(name, hidden[i]) == 0)
			return true;
	return *name == '.';
}

static int
bind(const char *from, const char *to)
{
	char path[PATH_MAX];

	return mount(from, place(path, to), NULL, MS_BIND | MS_REC, NULL);
}

static int
link_to(const char *target, const char *name)
{
	char path[PATH_MAX];

	return symlink(target, place(path, name));
}

/* A name of the host's root directory. */
static int
show(const char *name)
{
	char host[NAME_MAX + 2], path[PATH_MAX], target[PATH_MAX];
	struct stat st;
	ssize_t n;

	(void)snprintf(host, sizeof(host), "/%s", name);
	if (lstat(host, &st) < 0)
		return 0;
	if (S_ISLNK(st.st_mode)) {
		n = readlink(host, target, sizeof(target) - 1);
		if (n < 0)
			return -1;
		target[n] = '\0';
		return symlink(target, place(path, name));
	}
	if (!S_ISDIR(st.st_mode))
		return 0;
	return mkdir(place(path, name), 0755) < 0 ? -1 : bind(host, name);
}

static int
show_all(void)
{
	DIR *dir = opendir("/");
	struct dirent *d;
	int rv = dir == NULL ? -1 : 0;

	while (rv == 0 && (d = readdir(dir)) != NULL)
		if (!is_hidden(d->d_name))
			rv = show(d->d_name);
	if (dir != NULL)
		(void)closedir(dir);
	return rv;
}

/* Symbolic links in /etc to the names of a directory that will be at "at"; those that are there stay. */
static int
link_names(const char *directory, const char *at)
{
	char name[PATH_MAX], target[PATH_MAX];
	DIR *dir = opendir(directory);
	struct dirent *d;
	int rv = dir == NULL ? -1 : 0;

	while (rv == 0 && (d = readdir(dir)) != NULL) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		(void)snprintf(name, sizeof(name), "etc/%s", d->d_name);
		(void)snprintf(target, sizeof(target), "%s/%s", at, d->d_name);
		if (link_to(target, name) < 0 && errno != EEXIST)
			rv = -1;
	}
	if (dir != NULL)
		(void)closedir(dir);
	return rv;
}

static int
make_etc(const struct sandbox_view *v)
{
	char path[PATH_MAX];

	/* Links that lead out of /etc count their ".." from a name of the root directory. */
	if (mkdir(place(path, "etc"), 0755) < 0 || mkdir(place(path, ".etc"), 0755) < 0 || bind("/etc", ".etc") < 0)
		return -1;
	if (v->etc != NULL && link_names(place(path, v->etc), v->etc) < 0)
		return -1;
	return link_names("/etc", "/.etc");
}

static int
make_dev(void)
{
	char path[PATH_MAX], from[64];
	size_t i;
	int fd;

	if (mkdir(place(path, "dev"), 0755) < 0 || mkdir(place(path, "var"), 0755) < 0)
		return -1;
	for (i = 0; i < nitems(devices); i++) {
		(void)snprintf(from, sizeof(from), "/dev/%s", devices[i]);
		fd = open(place(path, from), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0 || close(fd) < 0 || bind(from, from) < 0)
			return -1;
	}
	for (i = 0; i < nitems(links); i++)
		if (link_to(links[i].target, links[i].path) < 0)
			return -1;
	return 0;
}

static int
make_build(const struct sandbox_view *v)
{
	char path[PATH_MAX];
	size_t i;

	if (mkdir(place(path, "build"), 0755) < 0 ||
	    (v->build != NULL
		    ? bind(v->build, "build")
		    : (int)syscall(NR_MOVE_MOUNT, v->memory, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH)) < 0)
		return -1;
	for (i = 0; i < v->nmounts; i++)
		if (bind(v->mounts[i].from != NULL ? v->mounts[i].from : place(path, v->mounts[i].to),
			v->mounts[i].to) < 0)
			return -1;
	return 0;
}

static int
make_proc_and_tmp(void)
{
	char path[PATH_MAX];

	/* Not seen by a new proc would be a mount over the old one's parts, as containers have. */
	if (mkdir(place(path, "proc"), 0755) < 0 ||
	    mount("proc", path, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return -1;
	if (mkdir(place(path, "tmp"), 0755) < 0)
		return -1;
	return mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
}

static int
pivot(void)
{
	/* Onto itself, and off again: pivot_root(2), "pivot_root(".", ".")". */
	if (chdir(PLACE) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		return -1;
	return chdir("/");
}

static int
set_attributes(bool user)
{
	char path[64];
	size_t i;

	if (mount_attributes("/", true, MOUNT_RDONLY | MOUNT_NOSUID | MOUNT_NODEV, 0) < 0 ||
	    mount_attributes("/tmp", false, 0, MOUNT_RDONLY) < 0 ||
	    mount_attributes("/build", false, 0, MOUNT_RDONLY) < 0)
		return -1;
	for (i = 0; i < nitems(devices); i++) {
		(void)snprintf(path, sizeof(path), "/dev/%s", devices[i]);
		if (mount_attributes(path, false, 0, MOUNT_NODEV) < 0)
			return -1;
	}
	/* Where who was root says whom it maps; nobody can write anything else there. */
	return user ? 0 : mount_attributes("/proc", false, 0, MOUNT_RDONLY);
}

/* Whether a namespace that has only some ids has that one. */
static bool
is_mapped(const char *map, unsigned long id)
{
	unsigned long first, outside, count;
	bool found = false;
	FILE *f = fopen(map, "re");

	while (f != NULL && !found && fscanf(f, "%lu %lu %lu", &first, &outside, &count) == 3)
		found = id >= first && id - first < count;
	if (f != NULL)
		(void)fclose(f);
	return found;
}

uint32_t
sandbox_view_user(void)
{
	if (geteuid() != 0 || !is_mapped("/proc/self/uid_map", SANDBOX_NOBODY) ||
	    !is_mapped("/proc/self/gid_map", SANDBOX_NOBODY))
		return UINT32_MAX;
	return SANDBOX_NOBODY;
}

/* root, of the host: nobody from now on, and root of a namespace in which there is none but that one id. */
static int
stop_being_root(void)
{
	if (setgroups(0, NULL) < 0 || setresgid(SANDBOX_NOBODY, SANDBOX_NOBODY, SANDBOX_NOBODY) < 0 ||
	    setresuid(SANDBOX_NOBODY, SANDBOX_NOBODY, SANDBOX_NOBODY) < 0)
		return -1;
	/* Its files in /proc, which say what the ids are, would be root's else. */
	if (prctl(PR_SET_DUMPABLE, 1) < 0 || unshare(CLONE_NEWUSER) < 0)
		return -1;
	return map_ids(0, SANDBOX_NOBODY, 0, SANDBOX_NOBODY);
}

static int
failed(char *why, size_t size, const char *what)
{
	(void)snprintf(why, size, "%s: %s", what, strerror(errno));
	return -1;
}

int
sandbox_view_enter(const struct sandbox *s, const struct sandbox_ids *ids, bool user, char *why, size_t size)
{
	const struct sandbox_view *v = s->view;

	if (user && map_ids(0, ids->uid, 0, ids->gid) < 0)
		return failed(why, size, "cannot map the user's id");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return failed(why, size, "cannot separate the mounts");
	if (mount("tmpfs", PLACE, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0)
		return failed(why, size, "cannot mount a tmpfs");
	if (show_all() < 0)
		return failed(why, size, "cannot mount the host's directories");
	if (make_dev() < 0)
		return failed(why, size, "cannot make /dev");
	if (make_build(v) < 0 || make_etc(v) < 0)
		return failed(why, size, "cannot mount what belongs to the build");
	if (make_proc_and_tmp() < 0)
		return failed(why, size, "cannot mount /proc");
	if (pivot() < 0)
		return failed(why, size, "cannot change the root");
	if (set_attributes(user) < 0)
		return failed(why, size, "cannot make the mounts read-only");
	if (!user && stop_being_root() < 0)
		return failed(why, size, "cannot become nobody");
	return chdir(v->start) < 0 ? failed(why, size, v->start) : 0;
}
