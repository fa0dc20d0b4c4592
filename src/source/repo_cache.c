/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pkg_summary by way of the cache: parsed once, mapped from then on while
 * the file is as it was.  CACHE/packages/KEY, KEY of the file's path: a newer
 * summary replaces the index of the old one.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/defs.h"
#include "base/endian.h"
#include "base/io.h"
#include "source/cache.h"
#include "source/repo.h"
#include "source/source.h"
#include "source/summary.h"

#define HEADER_BYTES 64
static const char magic[8] = "SMOLPKG1";

/* Where it is kept; NULL if there is no cache. */
static char *
index_path(const char *summary)
{
	cleanup_free char *real = realpath(summary, NULL), *cache = NULL;
	uint8_t key[SHA256_SIZE];
	struct err ignored = { 0 };
	struct sha256 sha;

	cache = real == NULL ? NULL : cache_dir(&ignored);
	if (cache == NULL)
		return NULL;
	sha256_init(&sha);
	sha256_add(&sha, real, strlen(real));
	sha256_final(&sha, key);
	return cache_path(cache, "packages", key, "");
}

static void
put_header(uint8_t h[HEADER_BYTES], const struct repo *r, const struct stat *st)
{
	uint32_t crc = (uint32_t)crc32_z(0, r->entries, (size_t)r->n * REPO_FIELDS * 4);

	(void)memset(h, 0, HEADER_BYTES);
	(void)memcpy(h, magic, sizeof(magic));
	put_le32(h + 8, REPO_FIELDS);
	put_le32(h + 12, r->n);
	put_le64(h + 16, r->strings_bytes);
	put_le64(h + 24, (uint64_t)st->st_size);
	put_le64(h + 32, (uint64_t)tree_stat_mtime(st));
	put_le64(h + 40, (uint64_t)st->st_ino);
	put_le64(h + 48, (uint64_t)st->st_ctime);
	put_le32(h + 56, (uint32_t)crc32_z(crc, (const void *)r->strings, r->strings_bytes));
}

/* True if the map holds a whole index, and of that file. */
static bool
sound(struct repo *r, const struct stat *st)
{
	const uint8_t *map = r->map;
	uint8_t want[HEADER_BYTES];
	uint64_t entries;

	if (memcmp(map, magic, sizeof(magic)) != 0 || get_le32(map + 8) != REPO_FIELDS)
		return false;
	r->n = get_le32(map + 12);
	r->strings_bytes = get_le64(map + 16);
	entries = (uint64_t)r->n * REPO_FIELDS * 4;
	if (entries > r->map_bytes - HEADER_BYTES || r->strings_bytes != r->map_bytes - HEADER_BYTES - entries ||
	    r->strings_bytes < 2)
		return false;
	r->entries = map + HEADER_BYTES;
	r->strings = (const char *)r->entries + entries;
	if (r->strings[r->strings_bytes - 1] != '\0' || r->strings[r->strings_bytes - 2] != '\0')
		return false;
	put_header(want, r, st);
	return memcmp(want, map, HEADER_BYTES) == 0;
}

static bool
map_index(struct repo *r, const char *path, const struct stat *summary)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	*r = (struct repo){ 0 };
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size < HEADER_BYTES)
		return false;
	r->map_bytes = (size_t)st.st_size;
	r->map = mmap(NULL, r->map_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	if (r->map == MAP_FAILED)
		r->map = NULL;
	if (r->map != NULL && sound(r, summary))
		return true;
	repo_release(r);
	return false;
}

static void
keep_index(const struct repo *r, const char *path, const struct stat *summary)
{
	uint8_t header[HEADER_BYTES];
	struct err ignored = { 0 };
	struct outfile out;

	if (outfile_open(&out, path, &ignored) < 0)
		return;
	put_header(header, r, summary);
	if (write_full(out.fd, header, sizeof(header)) == 0 &&
	    write_full(out.fd, r->entries, (size_t)r->n * REPO_FIELDS * 4) == 0 &&
	    write_full(out.fd, r->strings, r->strings_bytes) == 0)
		(void)outfile_commit(&out, &ignored);
	outfile_abort(&out);
}

int
repo_open(struct repo *r, const char *path, struct err *err)
{
	cleanup_free char *index = index_path(path);
	struct stat st, after;

	if (stat(path, &st) < 0)
		return err_sys(err, "cannot open '%s'", path);
	if (index != NULL && map_index(r, index, &st))
		return 0;
	if (summary_read(path, r, err) < 0)
		return -1;
	if (index != NULL && stat(path, &after) == 0 && after.st_ino == st.st_ino && after.st_ctime == st.st_ctime &&
	    tree_stat_mtime(&after) == tree_stat_mtime(&st))
		keep_index(r, index, &st);
	return 0;
}
