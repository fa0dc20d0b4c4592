/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The blob cache: cold, warm, damaged, shared by processes; parts of a set;
 * contents and holes; what a bad archive leaves behind (nothing).  The tars
 * are written by libarchive; those it would not write are in tests/e2e/tar.py.
 */
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"
#include "source/source.h"
#include "test.h"

static char dir[64]; /* of this run, removed at the end */

static const char *
in_dir(const char *name)
{
	static char path[4][256];
	static unsigned turn;
	char *p = path[turn++ % 4];

	(void)snprintf(p, 256, "%s/%s", dir, name);
	return p;
}

struct member {
	const char *name;
	mode_t type;
	const char *link; /* symlink or hard link */
	size_t size; /* of a pattern that begins with the name */
	bool hole; /* only the last page is there */
};

static char *
pattern(const char *name, size_t size)
{
	char *p = xmalloc(size + 1);
	size_t i, len = strlen(name);

	for (i = 0; i < size; i++)
		p[i] = i < len ? name[i] : (char)(i * 7 + (i >> 9));
	return p;
}

static void
write_member(struct archive *a, const struct member *m)
{
	struct archive_entry *e = archive_entry_new();
	cleanup_free char *data = pattern(m->name, m->size);

	archive_entry_set_pathname(e, m->name);
	archive_entry_set_filetype(e, m->type == 0 ? AE_IFREG : m->type);
	archive_entry_set_perm(e, m->type == AE_IFDIR ? 0755 : 04644);
	archive_entry_set_uid(e, 12);
	archive_entry_set_gid(e, 34);
	archive_entry_set_mtime(e, 1700000000, 500);
	archive_entry_set_size(e, (int64_t)m->size);
	if (m->type == AE_IFLNK)
		archive_entry_set_symlink(e, m->link);
	else if (m->link != NULL)
		archive_entry_set_hardlink(e, m->link);
	if (m->type == AE_IFCHR)
		archive_entry_set_rdevmajor(e, 12), archive_entry_set_rdevminor(e, 345);
	if (m->hole) {
		archive_entry_sparse_add_entry(e, (int64_t)m->size - 4096, 4096);
		memset(data, 0, m->size - 4096);
	}
	CHECK(archive_write_header(a, e) == ARCHIVE_OK);
	if (m->type == 0 && m->link == NULL)
		(void)archive_write_data(a, data, m->size);
	archive_entry_free(e);
}

/* Writes a tar of these members; filter as "xz", "gzip", NULL: plain. */
static const char *
make_tar(const char *name, const char *filter, const struct member *m, size_t n)
{
	struct archive *a = archive_write_new();
	const char *path = in_dir(name);
	size_t i;

	(void)archive_write_set_format_pax(a);
	if (filter != NULL)
		CHECK(archive_write_add_filter_by_name(a, filter) == ARCHIVE_OK);
	CHECK(archive_write_open_filename(a, path) == ARCHIVE_OK);
	for (i = 0; i < n; i++)
		write_member(a, &m[i]);
	CHECK(archive_write_close(a) == ARCHIVE_OK);
	(void)archive_write_free(a);
	return path;
}

static const struct member base[] = {
	{ "./", AE_IFDIR, NULL, 0, false },
	{ "./usr/", AE_IFDIR, NULL, 0, false },
	{ "./usr/bin/strip", 0, NULL, 100000, false },
	{ "./usr/bin/small", 0, NULL, 100, false },
	{ "./usr/bin/strip2", 0, "./usr/bin/strip", 0, false },
	{ "./usr/bin/", AE_IFDIR, NULL, 0, false },
	{ "/etc/absolute", 0, NULL, 4096, false },
	{ "./etc/empty", 0, NULL, 0, false },
	{ "./etc/link", AE_IFLNK, "../usr", 0, false },
	{ "./etc/absolute", 0, NULL, 5000, false },
	{ "./etc/sparse", 0, NULL, 1 << 20, true },
	{ "./dev/tty", AE_IFCHR, NULL, 0, false },
	{ "./dev/fifo", AE_IFIFO, NULL, 0, false },
};

static void
check_content(const struct tree *t, const char *path, const char *name, size_t size)
{
	const struct tree_node *n = tree_lookup(t, path);
	cleanup_free char *want = pattern(name, size), *got = NULL;
	struct err err = { 0 };
	size_t len = 0;

	CHECK(n != NULL);
	got = n == NULL ? NULL : tree_read(n, 1 << 24, &len, &err);
	CHECK_STR(err.msg, "");
	CHECK(got != NULL && len == size && memcmp(got, want, size) == 0);
}

static void
check_base(const struct tree *t)
{
	const struct tree_attr *a;
	struct err err = { 0 };
	char tail[8192];

	check_content(t, "usr/bin/strip", "./usr/bin/strip", 100000);
	check_content(t, "usr/bin/strip2", "./usr/bin/strip", 100000);
	check_content(t, "usr/bin/small", "./usr/bin/small", 100);
	check_content(t, "etc/absolute", "./etc/absolute", 5000);
	check_content(t, "etc/empty", "", 0);
	CHECK(tree_lookup(t, "usr/bin/strip")->inode == tree_lookup(t, "usr/bin/strip2")->inode);
	a = &tree_lookup(t, "usr/bin/strip")->inode->attr;
	CHECK(a->mode == (TREE_IFREG | 04644) && a->uid == 12 && a->gid == 34);
	CHECK(a->mtime == 1700000000 && a->mtime_nsec == 500);
	CHECK(a->content.nextents == 1 && a->content.extents[0].source_offset % 4096 == 0);
	CHECK(tree_lookup(t, "usr/bin/small")->inode->attr.content.extents[0].source_offset % 8 == 0);
	CHECK(tree_lookup(t, "usr/bin")->inode->attr.uid == 12);
	CHECK_STR(tree_lookup(t, "etc/link")->inode->attr.target, "../usr");
	CHECK(tree_lookup(t, "dev/tty")->inode->attr.rdev == tree_makedev(12, 345));
	a = &tree_lookup(t, "etc/sparse")->inode->attr;
	CHECK(a->size == 1 << 20 && a->content.nextents == 1 && a->content.extents[0].bytes == 4096);
	memset(tail, 1, sizeof(tail));
	CHECK(tree_pread(tree_lookup(t, "etc/sparse")->inode, tail, 8192, (1 << 20) - 8192, &err) == 0);
	CHECK(tail[0] == 0 && tail[4095] == 0 && tail[4097] != 0);
	CHECK(tree_pread(tree_lookup(t, "etc/sparse")->inode, tail, 2, (1 << 20) - 1, &err) == -1);
}

static void
test_filters(void)
{
	static const char *const filters[] = { NULL, "xz", "gzip", "zstd", "bzip2" };
	int64_t newest = 0;
	struct err err = { 0 };
	struct blob b;
	struct tree t;
	size_t i;

	for (i = 0; i < nitems(filters); i++) {
		const char *tar = make_tar("filter.tar", filters[i], base, nitems(base));

		tree_init(&t);
		CHECK(blob_open(&b, tar, &err) == 0 && b.unpacked_now);
		CHECK(blob_overlay(&b, &t, NULL, &newest, &err) == 0);
		CHECK_STR(err.msg, "");
		CHECK(newest == 1700000000);
		check_base(&t);
		tree_release(&t);
		blob_close(&b);
		CHECK(blob_open(&b, tar, &err) == 0 && !b.unpacked_now);
		blob_close(&b);
	}
}

static void
test_parts(void)
{
	static const struct {
		const char *glob, *paths;
	} parts[] = {
		{ "/usr/bin/strip", "/ /usr /usr/bin /usr/bin/strip " },
		{ "usr/bin/strip2", "/ /usr /usr/bin /usr/bin/strip2 " },
		{ "./usr/bin/s*", "/ /usr /usr/bin /usr/bin/small /usr/bin/strip /usr/bin/strip2 " },
		{ "/dev/", "/ /dev /dev/fifo /dev/tty " },
	};
	const char *tar = make_tar("parts.tar", NULL, base, nitems(base));
	struct tree_node *n;
	struct err err = { 0 };
	struct blob b;
	size_t i;

	CHECK(blob_open(&b, tar, &err) == 0);
	for (i = 0; i < nitems(parts); i++) {
		struct str s = { 0 };
		struct tree t;
		char path[1100];

		tree_init(&t);
		CHECK(blob_overlay(&b, &t, parts[i].glob, NULL, &err) == 0);
		tree_sort(&t);
		for (n = t.root; n != NULL; n = tree_next(t.root, n))
			str_addf(&s, "%s ", tree_path(n, path, sizeof(path)));
		CHECK_STR(s.p, parts[i].paths);
		/* /usr is named by a member, /dev by none. */
		n = tree_lookup(&t, "usr");
		CHECK(n == NULL || n->inode->attr.uid == 12);
		n = tree_lookup(&t, "dev");
		CHECK(n == NULL || n->inode->attr.uid == 0);
		if (i == 2)
			CHECK(tree_lookup(&t, "usr/bin/strip")->inode->nlink == 2);
		if (i == 1)
			check_content(&t, "usr/bin/strip2", "./usr/bin/strip", 100000);
		str_release(&s);
		if (i == 0)
			CHECK(blob_overlay(&b, &t, "/nothing*", NULL, &err) == -1);
		tree_release(&t);
	}
	CHECK(strstr(err.msg, "parts.tar: nothing in it matches '/nothing*'") != NULL);
	blob_close(&b);
}

static void
test_overlays(void)
{
	static const struct member second[] = { { "./x/other", 0, "usr/bin/small", 0, false },
		{ "./etc/empty", 0, NULL, 10, false } };
	static const struct member through[] = { { "./etc/link/bin/evil", 0, NULL, 10, false } };
	const char *one = make_tar("one.tar", NULL, base, nitems(base));
	const char *two = make_tar("two.tar", NULL, second, nitems(second));
	const char *three = make_tar("three.tar", NULL, through, nitems(through));
	struct blob b[3];
	struct err err = { 0 };
	struct tree t;

	tree_init(&t);
	CHECK(blob_open(&b[0], one, &err) == 0 && blob_open(&b[1], two, &err) == 0);
	CHECK(blob_open(&b[2], three, &err) == 0);
	CHECK(blob_overlay(&b[1], &t, NULL, NULL, &err) == -1);
	CHECK(strstr(err.msg, "two.tar: member 'x/other': a hard link to 'usr/bin/small', which is not there") != NULL);
	CHECK(blob_overlay(&b[0], &t, NULL, NULL, &err) == 0);
	CHECK(blob_overlay(&b[1], &t, "/x", NULL, &err) == 0);
	CHECK(tree_lookup(&t, "etc/empty")->inode->attr.size == 0);
	CHECK(blob_overlay(&b[1], &t, NULL, NULL, &err) == 0);
	CHECK(tree_lookup(&t, "etc/empty")->inode->attr.size == 10);
	CHECK(tree_lookup(&t, "x/other")->inode == tree_lookup(&t, "usr/bin/small")->inode);
	CHECK(blob_overlay(&b[2], &t, NULL, NULL, &err) == -1);
	CHECK(
	    strstr(err.msg, "three.tar: member 'etc/link/bin/evil': 'etc/link' is a symlink, not a directory") != NULL);
	tree_release(&t);
	blob_close(&b[0]);
	blob_close(&b[1]);
	blob_close(&b[2]);
}

static unsigned
cache_files(void)
{
	DIR *d = opendir(in_dir("cache/blobs"));
	struct dirent *e;
	unsigned n = 0;

	while (d != NULL && (e = readdir(d)) != NULL)
		n += e->d_name[0] != '.' || (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0);
	if (d != NULL)
		(void)closedir(d);
	return n;
}

/* Every byte of the blob's index and header counts: each change has it made anew. */
static void
test_damaged_blob(void)
{
	const char *tar = make_tar("damaged.tar", NULL, base, nitems(base));
	struct err err = { 0 };
	struct blob b;
	off_t at[] = { 0, 9, 13, 25, 40, -1, -70, -500, -900 };
	cleanup_free char *path = NULL;
	uint8_t byte;
	size_t i;
	int fd;

	CHECK(blob_open(&b, tar, &err) == 0);
	path = xstrdup(b.path);
	blob_close(&b);
	for (i = 0; i < nitems(at); i++) {
		off_t off;

		fd = open(path, O_RDWR);
		off = at[i] < 0 ? lseek(fd, at[i], SEEK_END) : at[i];
		CHECK(pread(fd, &byte, 1, off) == 1);
		byte ^= 0x41;
		CHECK(pwrite(fd, &byte, 1, off) == 1);
		(void)close(fd);
		CHECK(blob_open(&b, tar, &err) == 0 && b.unpacked_now);
		blob_close(&b);
	}
	CHECK(truncate(path, 5000) == 0);
	CHECK(blob_open(&b, tar, &err) == 0 && b.unpacked_now);
	blob_close(&b);
	CHECK(truncate(path, 0) == 0);
	CHECK(blob_open(&b, tar, &err) == 0 && b.unpacked_now);
	blob_close(&b);
}

/* Cut off at many places, and with single bytes changed: an error or the same tree, and nothing left. */
static void
test_bad_archives(void)
{
	static const char *const filters[] = { NULL, "xz", "gzip", "zstd", "bzip2" };
	unsigned before = cache_files(), wrong = 0;
	struct err err = { 0 };
	struct blob b;
	size_t i, j, len;

	for (i = 0; i < nitems(filters); i++) {
		const char *tar = make_tar("whole.tar", filters[i], base, nitems(base));
		const char *bad = in_dir("bad.tar");
		cleanup_free char *data = file_read(tar, 1 << 24, &len, &err);

		for (j = 0; j < 12; j++) {
			size_t cut = j == 0 ? 0 : len * j / 12 - (filters[i] == NULL ? len * j / 12 % 512 : 0);

			CHECK(file_write(bad, data, cut, &err) == 0);
			if (blob_open(&b, bad, &err) == 0 || strstr(err.msg, "bad.tar: ") == NULL) {
				printf("# %s cut at %zu: %s\n", filters[i], cut, err.msg);
				wrong++;
			}
			blob_close(&b);
		}
		/* libarchive writes zstd without its checksum; bits changed in that are in tests/e2e/tar.py. */
		if (filters[i] == NULL || strcmp(filters[i], "zstd") == 0)
			continue;
		for (j = 0; j < 40; j++) {
			size_t at = 10 + (len - 30) * j / 40;

			data[at] = (char)(data[at] ^ 0x10);
			CHECK(file_write(bad, data, len, &err) == 0);
			if (blob_open(&b, bad, &err) == 0) {
				printf("# %s changed at %zu of %zu: taken\n", filters[i], at, len);
				wrong++;
			}
			blob_close(&b);
			data[at] = (char)(data[at] ^ 0x10);
		}
	}
	CHECK(wrong == 0);
	CHECK(cache_files() == before);
	CHECK(blob_open(&b, in_dir("missing.tar"), &err) == -1);
	CHECK(blob_open(&b, dir, &err) == -1);
	CHECK(file_write(in_dir("text"), "hello, this is no tar\n", 22, &err) == 0);
	CHECK(blob_open(&b, in_dir("text"), &err) == -1);
	CHECK(strstr(err.msg, "text: it is not a tar archive") != NULL);
}

/* Eight processes at once: each gets the blob, one of them made it. */
static void
test_processes(void)
{
	const char *tar = make_tar("shared.tar", "xz", base, 7);
	struct err err = { 0 };
	unsigned made = 0, failed = 0;
	struct blob b;
	int i, status;

	for (i = 0; i < 8; i++)
		if (fork() == 0)
			_exit(blob_open(&b, tar, &err) < 0 ? 9 : b.unpacked_now);
	for (i = 0; i < 8; i++) {
		CHECK(wait(&status) > 0 && WIFEXITED(status));
		made += WEXITSTATUS(status) == 1;
		failed += WEXITSTATUS(status) > 1;
	}
	CHECK(made == 1 && failed == 0);
}

/* What is remembered of a file is found again without reading it, and only then. */
static void
test_remembered(void)
{
	const char *tar = make_tar("old.tar", NULL, base, nitems(base));
	struct timespec pause = { 1, 200000000 };
	struct err err = { 0 };
	uint8_t first[SHA256_SIZE];
	struct blob b;
	DIR *d;
	struct dirent *e;
	unsigned n = 0;

	(void)nanosleep(&pause, NULL);
	CHECK(blob_open(&b, tar, &err) == 0);
	memcpy(first, b.digest, sizeof(first));
	blob_close(&b);
	d = opendir(in_dir("cache/stat"));
	while (d != NULL && (e = readdir(d)) != NULL)
		n += strlen(e->d_name) == 64;
	if (d != NULL)
		(void)closedir(d);
	CHECK(n == 1);
	CHECK(blob_open(&b, tar, &err) == 0 && !b.unpacked_now && memcmp(first, b.digest, sizeof(first)) == 0);
	blob_close(&b);
	(void)make_tar("old.tar", NULL, base, 3);
	CHECK(blob_open(&b, tar, &err) == 0 && b.unpacked_now && memcmp(first, b.digest, sizeof(first)) != 0);
	blob_close(&b);
}

static void
test_empty(void)
{
	const char *tar = make_tar("empty.tar", NULL, base, 0);
	struct err err = { 0 };
	struct blob b;
	struct tree t;

	tree_init(&t);
	CHECK(blob_open(&b, tar, &err) == 0 && blob_overlay(&b, &t, NULL, NULL, &err) == 0);
	CHECK(t.nnodes == 1);
	CHECK(blob_overlay(&b, &t, "/x", NULL, &err) == -1);
	blob_close(&b);
	CHECK(blob_open(&b, tar, &err) == 0 && !b.unpacked_now);
	blob_close(&b);
	tree_release(&t);
}

static const struct test tests[] = { { "plain, xz, gzip, zstd, bzip2", test_filters }, { "parts", test_parts },
	{ "overlays", test_overlays }, { "damaged blobs", test_damaged_blob }, { "bad archives", test_bad_archives },
	{ "several processes", test_processes }, { "remembered digests", test_remembered },
	{ "empty archive", test_empty } };

int
main(void)
{
	char command[128];
	int rv;

	(void)snprintf(dir, sizeof(dir), "/tmp/smol-blob.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return 1;
	(void)setenv("SMOL_CACHE", in_dir("cache"), 1);
	rv = test_run(tests, nitems(tests));
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command) == 0 ? rv : 1;
}
