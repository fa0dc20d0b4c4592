/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening blobs: archive to digest to cache file, unpacked if it is not there
 * or not sound (blob_map.c).  Laying them over a tree is in overlay.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "source/blob_map.h"
#include "source/cache.h"
#include "source/package_file.h"
#include "source/source.h"
#include "source/unpack.h"

static int
unpack_payload(int fd, const char *path, struct err *err)
{
	int tar = package_payload(fd, err), rv = tar < 0 ? -1 : unpack(tar, path, err);

	if (tar >= 0 && tar != fd)
		(void)close(tar);
	return rv;
}

static int
blob_make(struct blob *b, const char *cache, int fd, struct err *err)
{
	int lock = cache_lock(cache, b->digest, err), rv = 0;

	if (lock < 0)
		return -1;
	/* Somebody else may have made it while we waited. */
	if (!blob_map(b)) {
		rv = unpack_payload(fd, b->path, err);
		if (rv == 0 && !blob_map(b))
			rv = err_set(err, "cannot use '%s', which was written just now", b->path);
		b->unpacked_now = rv == 0;
	}
	cache_unlock(cache, b->digest, lock);
	return rv;
}

static int
open_archive(const char *path, struct err *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return err_set(err, "cannot unpack '%s': it is not a regular file", path);
	}
	return fd;
}

int
blob_open(struct blob *b, const char *archive, struct err *err)
{
	cleanup_free char *cache = NULL;
	cleanup_close int fd = -1;

	*b = (struct blob){ .source.fd = -1 };
	fd = open_archive(archive, err);
	if (fd < 0)
		return -1;
	cache = cache_dir(err);
	if (cache == NULL)
		return -1;
	if (cache_digest(cache, fd, b->digest, err) < 0)
		return err_wrap(err, "%s", archive);
	b->archive = xstrdup(archive);
	b->path = cache_path(cache, "blobs", b->digest, ".blob");
	b->source.path = b->path;
	if (!blob_map(b) && blob_make(b, cache, fd, err) < 0) {
		blob_close(b);
		return err_wrap(err, "%s", archive);
	}
	return 0;
}

void
blob_close(struct blob *b)
{
	/* A zeroed struct holds no descriptor 0. */
	if (b->path != NULL)
		blob_unmap(b);
	free(b->archive);
	free(b->path);
	*b = (struct blob){ .source.fd = -1 };
}
