/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader on an image of our writer: bytes at every kind of block, paths,
 * symlinks, directories, and what it refuses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/ffs.h"

#include "ffs_image.h"
#include "test.h"

/* As fill_tree() makes it. */
static char
big_byte(uint64_t i)
{
	return (char)(i * 7 + i / 4096 + 1);
}

static bool
same(const struct img *im, const struct ffs_dinode *d, uint64_t offset, uint64_t len)
{
	struct err err = { 0 };
	char *buf = xmalloc(len);
	uint64_t i;
	bool ok = ffs_read(&im->r, d, buf, len, offset, &err) == 0;

	for (i = 0; i < len && ok; i++)
		ok = buf[i] == big_byte(offset + i);
	free(buf);
	return ok;
}

static void
check_bytes(const struct img *im)
{
	static const uint64_t places[] = { 0, 1, 4095, 4096, 12 * 4096 - 1, 12 * 4096, 1024 * 4096, 1036 * 4096 - 3 };
	struct ffs_dinode d = get_inode(im, find(im, "/bin/big"));
	struct err err = { 0 };
	size_t i;
	char c;

	CHECK(d.size == 5 * 1024 * 1024 && d.nlink == 1 && (d.mode & 07777) == 0755);
	CHECK(same(im, &d, 0, d.size));
	for (i = 0; i < nitems(places); i++)
		CHECK(same(im, &d, places[i], 5000));
	CHECK(same(im, &d, d.size - 1, 1));
	CHECK(ffs_read(&im->r, &d, &c, 0, d.size, &err) == 0);
	CHECK(ffs_read(&im->r, &d, &c, 1, d.size, &err) < 0);
	CHECK(ffs_read(&im->r, &d, &c, UINT64_MAX, 1, &err) < 0);
	d.db[1] = 0;
	CHECK(ffs_read(&im->r, &d, &c, 1, 4100, &err) == 0 && c == 0);
	d.db[1] = im->r.super.size;
	CHECK(ffs_read(&im->r, &d, &c, 1, 4100, &err) < 0);
	d = get_inode(im, find(im, "/bin/sh"));
	CHECK(d.size == 21000 && d.nlink == 2 && same(im, &d, 0, d.size));
	CHECK(find(im, "/bin/sh") == find(im, "/bin/sh2"));
}

static bool
refused(const struct img *im, const char *path, const char *why)
{
	struct err err = { 0 };
	uint64_t ino;

	return ffs_lookup(&im->r, path, true, &ino, &err) < 0 && strstr(err.msg, why) != NULL;
}

static void
check_paths(const struct img *im)
{
	struct err err = { 0 };
	struct ffs_dinode d;
	uint64_t ino;
	char *text;

	CHECK(find(im, "") == FFS_ROOTINO && find(im, "/") == FFS_ROOTINO && find(im, "/../..") == FFS_ROOTINO);
	CHECK(find(im, "//a/./b//c/../../d/") == find(im, "a/d"));
	CHECK(ffs_lookup(&im->r, "/lnk", true, &ino, &err) == 0 && ino == find(im, "/etc/rc"));
	CHECK(find(im, "/lnk") != find(im, "/etc/rc"));
	CHECK(refused(im, "/nothing", "no such file"));
	CHECK(refused(im, "/etc/rc/x", "not a directory"));
	CHECK(refused(im, "/etc/rc/", "not a directory"));
	CHECK(refused(im, "/longlnk", "a name of 300 bytes"));
	d = get_inode(im, find(im, "/lnk"));
	text = ffs_readlink(&im->r, &d, &err);
	CHECK_STR(text, "etc/rc");
	free(text);
	d = get_inode(im, find(im, "/longlnk"));
	text = ffs_readlink(&im->r, &d, &err);
	CHECK(text != NULL && strlen(text) == 300 && text[299] == 't');
	free(text);
	d = get_inode(im, find(im, "/dev/null"));
	CHECK((d.mode & TREE_IFMT) == TREE_IFCHR && (uint32_t)d.db[0] == tree_makedev(2, 2));
}

static int
count(void *arg, const char *name, uint64_t ino, uint8_t type, struct err *err)
{
	(void)err;
	CHECK(strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && ino > FFS_ROOTINO && type == 8);
	(*(unsigned *)arg)++;
	return strcmp(name, "file-number-199") == 0 ? 7 : 0;
}

static void
check_directory(struct img *im)
{
	struct ffs_dinode d = get_inode(im, find(im, "/many"));
	struct err err = { 0 };
	unsigned n = 0;

	CHECK(ffs_readdir(&im->r, &d, count, &n, &err) == 7 && n == 200);
	img_put(im, entry_offset(im, "/many", "file-number-050") + 8, "/", 1);
	n = 0;
	CHECK(ffs_readdir(&im->r, &d, count, &n, &err) < 0 && n == 50);
	CHECK(strstr(err.msg, "bad directory entry") != NULL);
	img_undo(im);
	d = get_inode(im, find(im, "/etc/rc"));
	CHECK(ffs_readdir(&im->r, &d, count, &n, &err) < 0);
}

/* A symlink to itself: the text is as long as "etc/rc". */
static void
check_loop(struct img *im)
{
	uint64_t ino = find(im, "/lnk");
	struct ffs_dinode d = get_inode(im, ino);

	memcpy(d.link, "///lnk", 6);
	put_inode(im, ino, &d);
	CHECK(refused(im, "/lnk", "more than 32 symlinks"));
	img_undo(im);
}

static void
test_version(unsigned ver)
{
	struct img im;

	make_image(&im, ver);
	check_bytes(&im);
	check_paths(&im);
	check_directory(&im);
	check_loop(&im);
	(void)close(im.fd);
}

static void
test_v1(void)
{
	test_version(1);
}

static void
test_v2(void)
{
	test_version(2);
}

TEST_MAIN({ "reading v1", test_v1 }, { "reading v2", test_v2 })
