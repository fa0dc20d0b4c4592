/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digest and unpacked copy of an image, by the cache.
 */
#include "source/base_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "machine/disk_lock.h"
#include "source/cache.h"
#include "source/source.h"
#include "source/unpack_file.h"

static bool
is_compressed(const char *path)
{
	static const char *const suffixes[] = { ".gz", ".xz", ".zst", ".bz2" };
	size_t i;

	for (i = 0; i < nitems(suffixes); i++)
		if (str_ends(path, suffixes[i]))
			return true;
	return false;
}

static int
missing(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;

	if (errno == ENOENT && str_starts(name, "NetBSD-") && str_ends(name, "-live.img"))
		return err_set(err, "there is no '%s' to start from: 'smol fetch live' gets it", path);
	if (errno == ENOENT)
		return err_set(err, "there is no '%s' to start from: build or fetch it first", path);
	return err_sys(err, "cannot open '%s'", path);
}

static int
open_image(const char *path, struct err *err)
{
	struct stat st;
	/* O_NONBLOCK: a FIFO is to be refused, not waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return missing(path, err);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		(void)err_set(err, "'%s' is not a regular file", path);
	else if (disk_lock(fd, DISK_LOCK_READ, path, err) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static int
unpack_once(struct base_image *b, const char *cache, struct err *err)
{
	int lock, rv = 0;

	if (access(b->path, R_OK) == 0)
		return 0;
	lock = cache_lock(cache, b->digest, err);
	if (lock < 0)
		return -1;
	/* Somebody else may have made it while we waited. */
	if (access(b->path, R_OK) < 0) {
		rv = lseek(b->fd, 0, SEEK_SET) < 0 ? err_sys(err, "cannot read it") : unpack_file(b->fd, b->path, err);
		b->unpacked_now = rv == 0;
	}
	cache_unlock(cache, b->digest, lock);
	return rv;
}

int
base_image_find(struct base_image *b, const char *path, struct err *err)
{
	cleanup_free char *cache = NULL;
	int fd = open_image(path, err);

	*b = (struct base_image){ 0 };
	if (fd < 0)
		return -1;
	cache = cache_dir(err);
	if (cache == NULL) {
		(void)close(fd);
		return -1;
	}
	b->fd = fd;
	b->path = is_compressed(path) ? NULL : xstrdup(path);
	if (cache_digest(cache, fd, b->digest, err) == 0) {
		if (b->path != NULL)
			return 0;
		b->path = cache_path(cache, "blobs", b->digest, ".img");
		if (unpack_once(b, cache, err) == 0)
			return 0;
	}
	base_image_release(b);
	return err_wrap(err, "%s", path);
}

void
base_image_release(struct base_image *b)
{
	/* A zeroed struct holds no descriptor 0. */
	if (b->fd > 0)
		(void)close(b->fd);
	free(b->path);
	*b = (struct base_image){ 0 };
}
