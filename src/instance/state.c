/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state directory: in /tmp others may have been there first, so that it
 * must be ours and closed to them.
 */
#include "instance/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"

/* Made or there: a directory of ours that nobody else may enter. */
static int
private_dir(const char *path, struct err *err)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "cannot make the directory '%s'", path);
	if (lstat(path, &st) < 0)
		return err_sys(err, "cannot look at '%s'", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return err_set(err,
		    "'%s' is not a directory that is yours alone (mode 0700); remove it, or set XDG_RUNTIME_DIR", path);
	return 0;
}

/* DIR/file */
static char *
path_in(const struct state *s, const char *file)
{
	struct str path = { 0 };

	str_addf(&path, "%s/%s", s->dir, file);
	return path.p;
}

static int
make_dirs(struct state *s, const char *name, struct err *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	struct str top = { 0 }, dir = { 0 };
	int rv;

	if (runtime != NULL && *runtime == '/')
		str_addf(&top, "%s/smol", runtime);
	else
		str_addf(&top, "/tmp/smol-%ld", (long)geteuid());
	str_addf(&dir, "%s/%s", top.p, name);
	s->dir = dir.p;
	rv = private_dir(top.p, err);
	str_release(&top);
	return rv < 0 ? -1 : private_dir(s->dir, err);
}

static int
in_use(const struct state *s, const char *name, struct err *err)
{
	char pid[32] = "PID";
	ssize_t n = pread(s->lock_fd, pid, sizeof(pid) - 1, 0);

	if (n > 0)
		pid[strspn(pid, "0123456789")] = '\0';
	return err_set(
	    err, "an instance '%s' runs already; end it with 'kill %s', or name this one with --name", name, pid);
}

int
state_open(struct state *s, const char *name, struct err *err)
{
	cleanup_free char *lock = NULL;

	*s = (struct state){ .lock_fd = -1 };
	if (*name == '.')
		return err_usage(err, "bad name '%s': it must not begin with a dot", name);
	if (make_dirs(s, name, err) < 0)
		return -1;
	s->log = path_in(s, "console.log");
	s->control = path_in(s, "control");
	lock = path_in(s, "lock");
	s->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock_fd < 0)
		return err_sys(err, "cannot open '%s'", lock);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? in_use(s, name, err) : err_sys(err, "cannot lock '%s'", lock);
	return 0;
}

void
state_release(struct state *s)
{
	if (s->lock_fd >= 0)
		(void)close(s->lock_fd);
	free(s->dir);
	free(s->log);
	free(s->control);
	*s = (struct state){ .lock_fd = -1 };
}

void
state_set_pid(const struct state *s)
{
	cleanup_free char *result = path_in(s, "result");
	struct str text = { 0 };

	(void)unlink(result);
	str_addf(&text, "%ld\n", (long)getpid());
	if (ftruncate(s->lock_fd, 0) == 0)
		(void)pwrite_full(s->lock_fd, text.p, text.len, 0);
	str_release(&text);
}

void
state_set_result(const struct state *s, const char *text)
{
	cleanup_free char *path = path_in(s, "result");
	struct str line = { 0 };
	struct err ignored;

	str_addf(&line, "%s\n", text);
	(void)file_write(path, line.p, line.len, &ignored);
	str_release(&line);
}
