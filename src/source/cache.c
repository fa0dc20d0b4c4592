/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cache directory: where it is, what it remembers of archives, its locks.
 * Nothing in it is needed: whatever is missing or damaged is made anew.
 */
#include "source/cache.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/endian.h"
#include "base/io.h"
#include "base/lock.h"
#include "base/str.h"
#include "source/source.h"

#define SETTLED_NS INT64_C(1000000000) /* a file changed later than this may change again within its time stamp */

static char *
cache_name(struct err *err)
{
	const char *dir = getenv("SMOL_CACHE"), *home;
	struct str s = { 0 };

	if (dir != NULL && *dir != '\0')
		return xstrdup(dir);
	dir = getenv("XDG_CACHE_HOME");
	home = getenv("HOME");
	if (dir != NULL && *dir == '/') {
		str_addf(&s, "%s/smol", dir);
	} else if (home != NULL && *home != '\0') {
		str_addf(&s, "%s/.cache/smol", home);
	} else {
		err_set(err, "no place for the cache: set HOME or SMOL_CACHE");
		return NULL;
	}
	return s.p;
}

static int
make_below(const char *dir, const char *sub, struct err *err)
{
	struct str s = { 0 };
	int rv = 0;

	str_addf(&s, "%s/%s", dir, sub);
	if (mkdir(s.p, 0777) < 0 && errno != EEXIST)
		rv = err_sys(err, "cannot make directory '%s'", s.p);
	str_release(&s);
	return rv;
}

/* The cache itself is for its owner alone; what is above it need not be. */
static int
make_cache(const char *dir, struct err *err)
{
	cleanup_free char *above = xstrdup(dir);
	char *slash = strrchr(above, '/');

	if (mkdir(dir, 0700) < 0 && errno == ENOENT && slash != NULL && slash != above) {
		*slash = '\0';
		if (dir_make(above, err) < 0)
			return -1;
		(void)mkdir(dir, 0700);
	}
	if (make_below(dir, "blobs", err) < 0 || make_below(dir, "packages", err) < 0 ||
	    make_below(dir, "stat", err) < 0)
		return -1;
	return 0;
}

char *
cache_dir(struct err *err)
{
	char *dir = cache_name(err);

	if (dir != NULL && make_cache(dir, err) < 0) {
		free(dir);
		return NULL;
	}
	return dir;
}

char *
cache_path(const char *cache, const char *sub, const uint8_t digest[SHA256_SIZE], const char *suffix)
{
	char hex[SHA256_HEX];
	struct str s = { 0 };

	str_addf(&s, "%s/%s/%s%s", cache, sub, sha256_hex(digest, hex), suffix);
	return s.p;
}

/* --- digests remembered --- */

static int64_t
ctime_ns(const struct stat *st)
{
#ifdef __APPLE__
	return (int64_t)st->st_ctimespec.tv_sec * 1000000000 + st->st_ctimespec.tv_nsec;
#else
	return (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec;
#endif
}

static void
stat_key(const struct stat *st, uint8_t key[SHA256_SIZE])
{
	uint8_t buf[40];
	struct sha256 sha;

	put_le64(buf, (uint64_t)st->st_dev);
	put_le64(buf + 8, (uint64_t)st->st_ino);
	put_le64(buf + 16, (uint64_t)st->st_size);
	put_le64(buf + 24, (uint64_t)tree_stat_mtime(st));
	put_le64(buf + 32, (uint64_t)ctime_ns(st));
	sha256_init(&sha);
	sha256_add(&sha, buf, sizeof(buf));
	sha256_final(&sha, key);
}

/* The digest in a file of the cache: 64 digits and a newline, or it does not count. */
static bool
recall(const char *path, uint8_t digest[SHA256_SIZE])
{
	struct err ignored;
	size_t len;
	cleanup_free char *text = file_read(path, 4096, &len, &ignored);

	return text != NULL && len == SHA256_HEX && text[len - 1] == '\n' &&
	       hex_read(text, len - 1, digest, SHA256_SIZE);
}

static void
remember(const char *path, const uint8_t digest[SHA256_SIZE])
{
	char text[SHA256_HEX];
	struct err ignored;

	(void)sha256_hex(digest, text);
	text[SHA256_HEX - 1] = '\n';
	(void)file_write(path, text, SHA256_HEX, &ignored);
}

int
cache_digest(const char *cache, int fd, uint8_t digest[SHA256_SIZE], struct err *err)
{
	uint8_t key[SHA256_SIZE], after_key[SHA256_SIZE];
	cleanup_free char *path = NULL;
	struct digest whole;
	struct stat st, after;
	struct timespec now;
	int64_t limit;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot read it");
	(void)clock_gettime(CLOCK_REALTIME, &now);
	stat_key(&st, key);
	path = cache_path(cache, "stat", key, "");
	if (recall(path, digest))
		return 0;
	if (digest_file(fd, DIGEST_SHA256, &whole, err) < 0)
		return -1;
	memcpy(digest, whole.bytes, SHA256_SIZE);
	if (fstat(fd, &after) < 0)
		return err_sys(err, "cannot read it");
	stat_key(&after, after_key);
	limit = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - SETTLED_NS;
	if (memcmp(key, after_key, sizeof(key)) == 0 && tree_stat_mtime(&st) < limit && ctime_ns(&st) < limit)
		remember(path, digest);
	return 0;
}

/* --- locks --- */

/* Removes the temporary names of what is made of this archive; its lock is held, so nobody else uses them. */
static void
remove_leftovers(const char *cache, const uint8_t digest[SHA256_SIZE])
{
	char hex[SHA256_HEX];
	struct str dir = { 0 }, prefix = { 0 };
	struct dirent *d;
	DIR *list;

	str_addf(&dir, "%s/blobs", cache);
	str_addf(&prefix, ".%s.", sha256_hex(digest, hex));
	list = opendir(dir.p);
	while (list != NULL && (d = readdir(list)) != NULL)
		if (str_starts(d->d_name, prefix.p))
			(void)unlinkat(dirfd(list), d->d_name, 0);
	if (list != NULL)
		(void)closedir(list);
	str_release(&dir);
	str_release(&prefix);
}

int
cache_lock(const char *cache, const uint8_t digest[SHA256_SIZE], struct err *err)
{
	cleanup_free char *path = cache_path(cache, "blobs", digest, ".lock");
	int fd = lock_take(path, true, err);

	if (fd < 0)
		return -1;
	remove_leftovers(cache, digest);
	return fd;
}

void
cache_unlock(const char *cache, const uint8_t digest[SHA256_SIZE], int fd)
{
	cleanup_free char *path = cache_path(cache, "blobs", digest, ".lock");

	lock_drop(path, fd);
}
