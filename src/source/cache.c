/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cache directory: where it is, what it remembers of archives, its locks.
 * Nothing in it is needed: whatever is missing or damaged is made anew.
 */
#include "source/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/endian.h"
#include "base/io.h"
#include "base/str.h"
#include "source/source.h"

#define READ_BYTES (256 * 1024)
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
	if (make_below(dir, "blobs", err) < 0 || make_below(dir, "stat", err) < 0)
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

static int
hex_value(char c)
{
	const char *digits = "0123456789abcdef", *p = c == '\0' ? NULL : strchr(digits, c);

	return p == NULL ? -1 : (int)(p - digits);
}

/* The digest in a file of the cache: 64 digits and a newline, or it does not count. */
static bool
recall(const char *path, uint8_t digest[SHA256_SIZE])
{
	struct err ignored;
	size_t len, i;
	cleanup_free char *text = file_read(path, 4096, &len, &ignored);
	int high, low;

	if (text == NULL || len != SHA256_HEX || text[len - 1] != '\n')
		return false;
	for (i = 0; i < SHA256_SIZE; i++) {
		high = hex_value(text[2 * i]);
		low = hex_value(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		digest[i] = (uint8_t)(high << 4 | low);
	}
	return true;
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

static int
read_digest(int fd, uint8_t digest[SHA256_SIZE], struct err *err)
{
	cleanup_free uint8_t *buf = xmalloc(READ_BYTES);
	struct sha256 sha;
	off_t off = 0;
	ssize_t n;

	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	sha256_init(&sha);
	while ((n = pread(fd, buf, READ_BYTES, off)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			(void)err_sys(err, "cannot read it");
			sha256_final(&sha, NULL);
			return -1;
		}
		sha256_add(&sha, buf, (size_t)n);
		off += n;
	}
	sha256_final(&sha, digest);
	return 0;
}

int
cache_digest(const char *cache, int fd, uint8_t digest[SHA256_SIZE], struct err *err)
{
	uint8_t key[SHA256_SIZE], after_key[SHA256_SIZE];
	cleanup_free char *path = NULL;
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
	if (read_digest(fd, digest, err) < 0)
		return -1;
	if (fstat(fd, &after) < 0)
		return err_sys(err, "cannot read it");
	stat_key(&after, after_key);
	limit = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - SETTLED_NS;
	if (memcmp(key, after_key, sizeof(key)) == 0 && tree_stat_mtime(&st) < limit && ctime_ns(&st) < limit)
		remember(path, digest);
	return 0;
}

/* --- locks --- */

/* Removes the temporary names of this blob; its lock is held, so nobody else uses them. */
static void
remove_leftovers(const char *cache, const uint8_t digest[SHA256_SIZE])
{
	char hex[SHA256_HEX];
	struct str dir = { 0 }, prefix = { 0 };
	struct dirent *d;
	DIR *list;

	str_addf(&dir, "%s/blobs", cache);
	str_addf(&prefix, ".%s.blob.", sha256_hex(digest, hex));
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
	struct stat held, named;
	int fd, rv;

	for (;;) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (fd < 0)
			return err_sys(err, "cannot write '%s'", path);
		do
			rv = flock(fd, LOCK_EX);
		while (rv < 0 && errno == EINTR);
		if (rv < 0) {
			(void)err_sys(err, "cannot lock '%s'", path);
			(void)close(fd);
			return -1;
		}
		/* Who had it before has removed its name: lock the file that bears it now. */
		if (fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino &&
		    held.st_dev == named.st_dev)
			break;
		(void)close(fd);
	}
	remove_leftovers(cache, digest);
	return fd;
}

void
cache_unlock(const char *cache, const uint8_t digest[SHA256_SIZE], int fd)
{
	cleanup_free char *path = cache_path(cache, "blobs", digest, ".lock");

	(void)unlink(path);
	(void)close(fd);
}
