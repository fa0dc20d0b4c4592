/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An FFS image to be damaged by tests: made by our writer, changed byte by
 * byte through the codec, and restored.
 */
#ifndef SMOL_TEST_FFS_IMAGE_H
#define SMOL_TEST_FFS_IMAGE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/endian.h"
#include "base/io.h"
#include "base/str.h"
#include "fs/ffs.h"
#include "image/image.h"

#define UNDO_BYTES (16 * 1024)

/* An image in a file, and how to undo what was done to it. */
struct img {
	int fd;
	struct ffs_reader r;
	unsigned ver;
	struct undo {
		uint64_t off;
		size_t len;
		uint8_t *bytes;
	} undo[16];
	size_t nundo;
};

static inline void
must(bool ok, const char *what)
{
	if (ok)
		return;
	printf("Bail out! %s\n", what);
	exit(1);
}

static inline void
img_get(const struct img *im, uint64_t off, void *buf, size_t len)
{
	must(pread_full(im->fd, buf, len, off) == 0, "cannot read the test image");
}

static inline void
img_put(struct img *im, uint64_t off, const void *buf, size_t len)
{
	struct undo *u = &im->undo[im->nundo++];

	must(im->nundo <= nitems(im->undo) && len <= UNDO_BYTES, "too many changes to the test image");
	*u = (struct undo){ .off = off, .len = len, .bytes = xmalloc(len) };
	img_get(im, off, u->bytes, len);
	must(pwrite_full(im->fd, buf, len, off) == 0, "cannot write the test image");
}

static inline void
img_undo(struct img *im)
{
	while (im->nundo > 0) {
		struct undo *u = &im->undo[--im->nundo];

		must(pwrite_full(im->fd, u->bytes, u->len, u->off) == 0, "cannot restore the test image");
		free(u->bytes);
	}
}

/* --- what corruptions are made of --- */

static inline void
put_super(struct img *im, const struct ffs_super *s)
{
	uint8_t buf[FFS_SB_BYTES];

	ffs_super_encode(s, buf);
	img_put(im, (uint64_t)im->r.super.sblockloc, buf, sizeof(buf));
}

static inline uint64_t
copy_offset(const struct img *im, uint32_t g)
{
	return (uint64_t)(ffs_cgstart(&im->r.super, g) + im->r.super.sblkno) << im->r.super.fshift;
}

static inline uint64_t
cg_offset(const struct img *im, uint32_t g)
{
	return (uint64_t)(ffs_cgstart(&im->r.super, g) + im->r.super.cblkno) << im->r.super.fshift;
}

static inline struct ffs_cg
get_cg(const struct img *im)
{
	uint8_t buf[FFS_CG_BYTES];
	struct ffs_cg cg;

	img_get(im, cg_offset(im, 0), buf, sizeof(buf));
	ffs_cg_decode(&cg, buf, im->r.super.big);
	return cg;
}

static inline void
put_cg(struct img *im, const struct ffs_cg *cg)
{
	uint8_t buf[FFS_CG_BYTES];

	ffs_cg_encode(cg, buf, im->r.super.big);
	img_put(im, cg_offset(im, 0), buf, sizeof(buf));
}

/* Turns over one bit of a map of cylinder group 0. */
static inline void
flip(struct img *im, uint32_t map, uint64_t bit)
{
	uint64_t at = cg_offset(im, 0) + map + bit / 8;
	uint8_t b;

	img_get(im, at, &b, 1);
	b ^= (uint8_t)(1u << (bit % 8));
	img_put(im, at, &b, 1);
}

static inline uint64_t
find(const struct img *im, const char *path)
{
	struct err err = { 0 };
	uint64_t ino = 0;

	must(ffs_lookup(&im->r, path, false, &ino, &err) == 0, path);
	return ino;
}

static inline struct ffs_dinode
get_inode(const struct img *im, uint64_t ino)
{
	struct err err = { 0 };
	struct ffs_dinode d;

	must(ffs_read_inode(&im->r, ino, &d, &err) == 0, "cannot read an inode");
	return d;
}

static inline void
put_inode(struct img *im, uint64_t ino, const struct ffs_dinode *d)
{
	uint8_t buf[FFS_DINODE2_BYTES];

	ffs_dinode_encode(&im->r.super, d, buf);
	img_put(im, ffs_inode_offset(&im->r.super, ino), buf, ffs_dinode_bytes(&im->r.super));
}

/* A block pointer of an inode as it lies there, whatever the inode is. */
static inline void
put_raw_pointer(struct img *im, const char *path, uint32_t i, int64_t addr)
{
	uint64_t width = (uint64_t)ffs_ptr_bytes(&im->r.super);
	uint8_t buf[8];

	ffs_ptr_put(&im->r.super, buf, 0, addr);
	img_put(im, ffs_inode_offset(&im->r.super, find(im, path)) + (im->ver == 2 ? 112 : 40) + i * width, buf, width);
}

static inline uint64_t
addr_offset(const struct img *im, int64_t addr)
{
	return (uint64_t)addr << im->r.super.fshift;
}

/* Byte offset in the image of the entry of that name in a directory of one block. */
static inline uint64_t
entry_offset(const struct img *im, const char *dir, const char *name)
{
	struct ffs_dinode d = get_inode(im, find(im, dir));
	struct ffs_dirent e;
	uint8_t buf[FFS_DIRBLK];
	uint64_t base, at;

	for (base = 0; base < d.size; base += FFS_DIRBLK) {
		img_get(im, addr_offset(im, d.db[0]) + base, buf, sizeof(buf));
		for (at = 0; at < FFS_DIRBLK; at += e.reclen) {
			ffs_dirent_decode(&e, buf + at, im->r.super.big);
			if (e.ino != 0 && e.namelen == strlen(name) && memcmp(e.name, name, e.namelen) == 0)
				return addr_offset(im, d.db[0]) + base + at;
		}
	}
	must(false, name);
	return 0;
}

static inline void
put_entry_u32(struct img *im, const char *dir, const char *name, uint32_t ino)
{
	uint8_t buf[4];

	put_u32(buf, ino, im->r.super.big);
	img_put(im, entry_offset(im, dir, name), buf, sizeof(buf));
}

static inline void
put_entry_reclen(struct img *im, const char *dir, const char *name, int change)
{
	uint64_t at = entry_offset(im, dir, name) + 4;
	uint8_t buf[2];

	img_get(im, at, buf, sizeof(buf));
	put_u16(buf, (uint16_t)(get_u16(buf, im->r.super.big) + change), im->r.super.big);
	img_put(im, at, buf, sizeof(buf));
}

static inline void
put_entry_byte(struct img *im, const char *dir, const char *name, unsigned at, uint8_t value)
{
	img_put(im, entry_offset(im, dir, name) + at, &value, 1);
}

/* --- making one --- */

static inline void
fill_tree(struct tree *t)
{
	struct tree_attr null = { .mode = TREE_IFCHR | 0666, .rdev = tree_makedev(2, 2) };
	struct tree_attr fifo = { .mode = TREE_IFIFO | 0600 };
	struct err err = { 0 };
	char name[32], target[301];
	size_t big = 5 * 1024 * 1024, i;
	char *data = xmalloc(big);
	bool ok;

	for (i = 0; i < big; i++)
		data[i] = (char)(i * 7 + i / 4096 + 1);
	memset(target, 't', 300);
	target[300] = '\0';
	ok = tree_write(t, "etc/rc", 0644, data, 100, &err) && tree_write(t, "etc/rd", 0644, data, 10, &err) &&
	     tree_write(t, "etc/two", 0600, data, 900, &err) && tree_write(t, "etc/x", 0600, data, 0, &err) &&
	     tree_write(t, "bin/sh", 0755, data, 21000, &err) && tree_link(t, "bin/sh2", "bin/sh", &err) &&
	     tree_write(t, "bin/middle", 0755, data, 70000, &err) && tree_write(t, "bin/big", 0755, data, big, &err) &&
	     tree_add(t, "dev/null", &null, &err) && tree_add(t, "dev/fifo", &fifo, &err) &&
	     tree_symlink(t, "lnk", "etc/rc", &err) && tree_symlink(t, "longlnk", target, &err) &&
	     tree_mkdir(t, "a/b/c", 0755, &err) && tree_mkdir(t, "a/d", 0755, &err);
	for (i = 0; i < 300 && ok; i++) {
		(void)snprintf(name, sizeof(name), "many/file-number-%03zu", i);
		ok = tree_write(t, name, 0644, data, i, &err) != NULL;
	}
	free(data);
	must(ok, err.msg);
}

static inline void
make_image(struct img *im, unsigned ver)
{
	struct image_options o = {
		.fs = { .version = ver, .bsize = 4096, .fsize = 512, .spare_inodes = true, .log_bytes = FS_LOG_AUTO },
		.bytes = 48 * 1024 * 1024,
		.label = "test"
	};
	char path[] = "/tmp/smol-ffs-check.XXXXXX";
	struct image_result result;
	struct err err = { 0 };
	struct str file = { 0 };
	struct tree t;

	must(mkdtemp(path) != NULL, "mkdtemp");
	tree_init(&t);
	t.epoch = 1700000000;
	fill_tree(&t);
	str_addf(&file, "%s/x.img", path);
	must(image_write(file.p, &t, &o, &result, &err) == 0, err.msg);
	tree_release(&t);
	*im = (struct img){ .ver = ver, .fd = open(file.p, O_RDWR | O_CLOEXEC) };
	must(im->fd >= 0 && ffs_open(&im->r, im->fd, 0, o.bytes, &err) == 0, err.msg);
	(void)unlink(file.p);
	(void)rmdir(path);
	str_release(&file);
}

#endif
