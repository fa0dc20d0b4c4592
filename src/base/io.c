/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole reads and writes; files by temporary name, fsync and rename.
 */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"

int
pread_full(int fd, void *buf, size_t len, uint64_t off)
{
	char *p = buf;
	ssize_t n;

	while (len > 0) {
		n = pread(fd, p, len, (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = EIO;
			return -1;
		}
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int
pwrite_full(int fd, const void *buf, size_t len, uint64_t off)
{
	const char *p = buf;
	ssize_t n;

	while (len > 0) {
		n = pwrite(fd, p, len, (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int
write_full(int fd, const void *buf, size_t len)
{
	const char *p = buf;
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

void
io_start_writeback(int fd, uint64_t off, uint64_t len)
{
#ifdef SYNC_FILE_RANGE_WRITE
	(void)sync_file_range(fd, (off_t)off, (off_t)len, SYNC_FILE_RANGE_WRITE);
#else
	(void)fd, (void)off, (void)len;
#endif
}

char *
file_read(const char *path, size_t max, size_t *lenp, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0, cap = 4096;
	cleanup_free char *buf = NULL;
	char *result;
	ssize_t n;

	if (fd < 0) {
		err_sys(err, "cannot open '%s'", path);
		return NULL;
	}
	buf = xmalloc(cap + 1);
	while ((n = read(fd, buf + len, cap - len)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_sys(err, "cannot read '%s'", path);
			return NULL;
		}
		len += (size_t)n;
		if (len > max) {
			err_set(err, "'%s' is larger than %zu bytes", path, max);
			return NULL;
		}
		if (len == cap) {
			cap *= 2;
			buf = xrealloc(buf, cap + 1, 1);
		}
	}
	buf[len] = '\0';
	if (lenp != NULL)
		*lenp = len;
	result = buf;
	buf = NULL;
	return result;
}

int
dir_make(const char *path, struct err *err)
{
	cleanup_free char *p = xstrdup(path);
	char *s;

	for (s = p + 1; *s != '\0'; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		if (mkdir(p, 0777) < 0 && errno != EEXIST)
			return err_sys(err, "cannot make directory '%s'", p);
		*s = '/';
	}
	if (mkdir(p, 0777) < 0 && errno != EEXIST)
		return err_sys(err, "cannot make directory '%s'", p);
	return 0;
}

int
dir_make_parent(const char *path, struct err *err)
{
	cleanup_free char *dir = xstrdup(path);
	char *slash = strrchr(dir, '/');

	if (slash == NULL || slash == dir)
		return 0;
	*slash = '\0';
	return dir_make(dir, err);
}

/* The directory part, "." if there is none. */
static char *
parent_of(const char *path)
{
	char *dir = xstrdup(path), *slash = strrchr(dir, '/');

	if (slash == NULL)
		memcpy(dir, ".", 2);
	else
		slash[slash == dir] = '\0';
	return dir;
}

static char *
temp_template(const char *path)
{
	const char *slash = strrchr(path, '/');
	int dirlen = slash == NULL ? 0 : (int)(slash - path) + 1;
	struct str s = { 0 };

	str_addf(&s, "%.*s.%s.XXXXXX", dirlen, path, path + dirlen);
	return s.p;
}

static mode_t
current_umask(void)
{
	mode_t mask = umask(022);

	(void)umask(mask);
	return mask;
}

int
outfile_open(struct outfile *f, const char *path, struct err *err)
{
	cleanup_free char *dir = parent_of(path);
	struct stat st;

	*f = (struct outfile){ .fd = -1 };
	if (path[0] == '\0' || str_ends(path, "/") || (stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
		return err_set(err, "cannot write '%s': it is not a file name", path);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(err, "cannot write '%s': it is not a regular file", path);
#ifdef O_TMPFILE
	f->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
#endif
	if (f->fd < 0) {
		f->temp = temp_template(path);
		f->fd = mkostemp(f->temp, O_CLOEXEC);
		if (f->fd < 0) {
			(void)err_sys(err, "cannot write '%s'", path);
			free(f->temp);
			f->temp = NULL;
			return -1;
		}
		(void)fchmod(f->fd, 0666 & ~current_umask());
	}
	f->path = xstrdup(path);
	return 0;
}

/* Gives an unnamed file a temporary name, which rename() can then replace with. */
static int
outfile_name(struct outfile *f, struct err *err)
{
	char proc[64];
	unsigned try;

	(void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", f->fd);
	for (try = 0; try < 1000; try++) {
		struct str s = { 0 };
		const char *slash = strrchr(f->path, '/');
		int dirlen = slash == NULL ? 0 : (int)(slash - f->path) + 1;

		str_addf(&s, "%.*s.%s.%ld-%u", dirlen, f->path, f->path + dirlen, (long)getpid(), try);
		if (linkat(AT_FDCWD, proc, AT_FDCWD, s.p, AT_SYMLINK_FOLLOW) == 0) {
			f->temp = s.p;
			return 0;
		}
		str_release(&s);
		if (errno != EEXIST)
			break;
	}
	return err_sys(err, "cannot give '%s' its name", f->path);
}

static int
sync_parent(const char *path, struct err *err)
{
	cleanup_free char *dir = parent_of(path);
	cleanup_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL))
		return err_sys(err, "cannot sync directory '%s'", dir);
	return 0;
}

int
outfile_commit(struct outfile *f, struct err *err)
{
	if (fsync(f->fd) < 0)
		return err_sys(err, "cannot write '%s'", f->path);
	if (f->temp == NULL && outfile_name(f, err) < 0)
		return -1;
	if (rename(f->temp, f->path) < 0)
		return err_sys(err, "cannot replace '%s'", f->path);
	free(f->temp);
	f->temp = NULL;
	if (sync_parent(f->path, err) < 0)
		return -1;
	outfile_abort(f);
	return 0;
}

void
outfile_abort(struct outfile *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	if (f->temp != NULL)
		(void)unlink(f->temp);
	free(f->temp);
	free(f->path);
	*f = (struct outfile){ .fd = -1 };
}

int
file_write(const char *path, const void *data, size_t len, struct err *err)
{
	struct outfile f;
	int rv;

	if (outfile_open(&f, path, err) < 0)
		return -1;
	if (write_full(f.fd, data, len) < 0)
		rv = err_sys(err, "cannot write '%s'", path);
	else
		rv = outfile_commit(&f, err);
	outfile_abort(&f);
	return rv;
}
