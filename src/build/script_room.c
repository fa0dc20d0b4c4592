/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The room of a build's scripts: its directories, and whether there can be one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "build/script.h"
#include "host/host.h"

#define PREFIX "scripts-"

/* --- removing --- */

static void remove_all(int dirfd, const char *name);

/* Deepest first; a level costs a descriptor, of which scripts that the sandbox held cannot make too many. */
static void
remove_names(int fd)
{
	DIR *dir = fdopendir(dup(fd));
	struct dirent *e;

	if (dir == NULL)
		return;
	rewinddir(dir);
	while ((e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			remove_all(fd, e->d_name);
	(void)closedir(dir);
}

/* A directory and all in it, whatever its modes. */
static void
remove_all(int dirfd, const char *name)
{
	int fd;

	if (unlinkat(dirfd, name, 0) == 0 || (errno != EISDIR && errno != EPERM))
		return;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == EACCES && fchmodat(dirfd, name, 0700, 0) == 0)
		fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fchmod(fd, 0700);
	remove_names(fd);
	(void)close(fd);
	(void)unlinkat(dirfd, name, AT_REMOVEDIR);
}

/* Rooms that nobody holds: of builds that were killed. */
static void
sweep(const char *cache)
{
	DIR *dir = opendir(cache);
	struct dirent *e;
	int fd;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		if (!str_starts(e->d_name, PREFIX))
			continue;
		fd = openat(dirfd(dir), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			remove_all(dirfd(dir), e->d_name);
		if (fd >= 0)
			(void)close(fd);
	}
	if (dir != NULL)
		(void)closedir(dir);
}

/* --- making --- */

static int
make_dirs(struct script_room *r, struct err *err)
{
	static const char *const names[] = { "root", "service", "tmp", "bin", "etc", "fetched" };
	uint32_t user = sandbox_view_user();
	size_t i;

	/* The directory itself is what the script sees as /build. */
	if (fchmodat(r->fd, ".", 0755, 0) < 0 || (user != UINT32_MAX && fchownat(r->fd, ".", user, user, 0) < 0))
		return err_sys(err, "cannot prepare '%s'", r->dir);
	for (i = 0; i < nitems(names); i++)
		if (mkdirat(r->fd, names[i], 0755) < 0 || fchmodat(r->fd, names[i], 0755, 0) < 0 ||
		    (user != UINT32_MAX && i != 1 && fchownat(r->fd, names[i], user, user, 0) < 0))
			return err_sys(err, "cannot make '%s/%s'", r->dir, names[i]);
	r->root = openat(r->fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r->fetch = openat(r->fd, "fetched", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return r->root < 0 || r->fetch < 0 ? err_sys(err, "cannot open what is in '%s'", r->dir) : 0;
}

static int
on_disk(struct script_room *r, struct err *err)
{
	cleanup_free char *cache = cache_dir(err);
	struct str dir = { 0 };

	if (cache == NULL)
		return -1;
	sweep(cache);
	str_addf(&dir, "%s/" PREFIX "XXXXXX", cache);
	if (mkdtemp(dir.p) == NULL) {
		(void)err_sys(err, "cannot make '%s'", dir.p);
		str_release(&dir);
		return -1;
	}
	r->dir = dir.p;
	r->on_disk = true;
	r->fd = open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->fd < 0 || flock(r->fd, LOCK_EX | LOCK_NB) < 0)
		return err_sys(err, "cannot hold '%s'", r->dir);
	return 0;
}

static int
in_memory(struct script_room *r, struct err *err)
{
	struct str dir = { 0 };

	r->fd = sandbox_memory_dir(err);
	if (r->fd < 0)
		return -1;
	str_addf(&dir, "/proc/self/fd/%d", r->fd);
	r->dir = dir.p;
	return 0;
}

struct script_room *
script_room_new(bool disk, struct err *err)
{
	struct script_room *r = xcalloc(1, sizeof(*r));

	r->fd = r->root = r->fetch = r->owners = -1;
	r->owners = host_temporary_file(err);
	if (r->owners >= 0 && (disk ? on_disk : in_memory)(r, err) == 0 && make_dirs(r, err) == 0)
		return r;
	script_room_free(r);
	return NULL;
}

static void
close_if_open(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

void
script_room_free(struct script_room *r)
{
	size_t i;

	if (r == NULL)
		return;
	if (r->on_disk)
		remove_all(AT_FDCWD, r->dir);
	for (i = 0; i < r->nfiles; i++)
		free(r->files[i].path);
	for (i = 0; i < r->nfetched; i++)
		free(r->fetched[i].url);
	free(r->files);
	free(r->fetched);
	free(r->unfetched);
	close_if_open(r->root);
	close_if_open(r->fetch);
	close_if_open(r->owners);
	close_if_open(r->fd);
	free(r->dir);
	free(r);
}

/* --- whether --- */

static int
try_inside(const struct script_room *r, struct err *err)
{
	const struct sandbox_view view = { .memory = r->fd, .start = "/build/root", .owners = r->owners };
	const struct sandbox s = { .view = &view };
	struct err *shared = err;
	int pipe_fds[2], status = 0;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		return err_sys(err, "cannot try the sandbox");
	if (pid == 0) {
		if (sandbox_enter(&s, shared) < 0) {
			(void)write_full(pipe_fds[1], shared->msg, sizeof(shared->msg));
			_exit(1);
		}
		_exit(0);
	}
	(void)close(pipe_fds[1]);
	if (read(pipe_fds[0], err->msg, sizeof(err->msg)) <= 0)
		err->msg[0] = '\0';
	err->msg[sizeof(err->msg) - 1] = '\0';
	(void)close(pipe_fds[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (status == 0)
		return 0;
	return err->msg[0] != '\0' ? -1 : err_set(err, "it ended with status %d", status);
}

int
script_check(struct err *err)
{
	struct script_room *r = script_room_new(false, err);
	int rv = r == NULL ? -1 : try_inside(r, err);

	script_room_free(r);
	return rv < 0 ? err_wrap(err, "scripts cannot be run here") : 0;
}
