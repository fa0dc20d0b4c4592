/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile images: whatever the bytes are, opening, listing, reading and
 * checking them must end, without a crash and without memory that grows with
 * what they claim.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "base/stream.h"
#include "fs/ffs_tree.h"
#include "image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define FILES_MAX 2000
#define DEPTH_MAX 8
#define WRITE_MAX (UINT64_C(16) << 20)

struct walk {
	const struct ffs_reader *r;
	unsigned files, depth;
};

static void
look(struct walk *w, uint64_t ino)
{
	struct err err = { 0 };
	struct ffs_dinode d;
	char buf[9000];

	if (ffs_read_inode(w->r, ino, &d, &err) < 0)
		return;
	if ((d.mode & TREE_IFMT) == TREE_IFLNK)
		free(ffs_readlink(w->r, &d, &err));
	if ((d.mode & TREE_IFMT) == TREE_IFREG && d.size > 0) {
		(void)ffs_read(w->r, &d, buf, u64_min(d.size, sizeof(buf)), 0, &err);
		(void)ffs_read(w->r, &d, buf, 1, d.size - 1, &err);
		(void)ffs_read(w->r, &d, buf, 2, d.size / 2, &err);
	}
}

static int
visit(void *arg, const char *name, uint64_t ino, uint8_t type, struct err *err)
{
	struct walk *w = arg;
	struct ffs_dinode d;

	(void)type;
	if (name[0] == '\0' || strchr(name, '/') != NULL)
		abort();
	if (++w->files > FILES_MAX)
		return 1;
	look(w, ino);
	if (w->depth < DEPTH_MAX && ffs_read_inode(w->r, ino, &d, err) == 0 && (d.mode & TREE_IFMT) == TREE_IFDIR) {
		w->depth++;
		(void)ffs_readdir(w->r, &d, visit, w, err);
		w->depth--;
	}
	return 0;
}

static void
ignore(void *arg, const char *line)
{
	*(size_t *)arg += strlen(line);
}

/* Of a tree that was read: every byte that has a place, and all of it written anew. */
static void
write_anew(const struct ffs_reader *r, struct tree *t)
{
	struct fs_options o = { .version = r->super.ver,
		.bsize = (uint32_t)r->super.bsize,
		.fsize = (uint32_t)r->super.fsize,
		.like = &r->super };
	int fd = memfd_create("anew", MFD_CLOEXEC);
	uint8_t digest[SHA256_SIZE];
	struct err err = { 0 };
	struct ffs_layout *l;
	struct stream *out;
	uint64_t need;

	if (fd < 0)
		abort();
	tree_sort(t);
	if (ffs_bytes_needed(t, &o, &need, &err) == 0 && need <= WRITE_MAX) {
		l = ffs_layout_new(t, &o, &err);
		if (l == NULL)
			abort();
		out = stream_open(fd, "anew", false);
		if (ffs_write(l, out) < 0 || stream_close(out, digest, &err) < 0)
			abort();
		ffs_layout_free(l);
	}
	(void)close(fd);
}

static void
try_tree(const struct ffs_reader *r)
{
	struct ffs_tree_lost lost;
	struct tree_place place;
	struct err err = { 0 };
	struct tree_node *n;
	struct tree t;
	char buf[512];

	tree_init(&t);
	if (ffs_tree_read(r, "image", FFS_ROOTINO, &t, "", &lost, &err) == 0) {
		for (n = t.root; n != NULL; n = tree_next(t.root, n)) {
			if (n->inode->nlink == 0 || (n != t.root && n->namelen == 0))
				abort();
			if (tree_is(n, TREE_IFREG) && n->inode->attr.size > 0)
				(void)tree_pread(n->inode, buf, 1, n->inode->attr.size - 1, &err);
		}
		(void)tree_resolve(&t, "/etc/../sym/lnk/a/b", true, &place, &err);
		write_anew(r, &t);
	}
	tree_release(&t);
}

static void
try_fs(int fd, uint64_t offset, uint64_t bytes)
{
	struct ffs_check_result result;
	struct err err = { 0 };
	struct ffs_reader r;
	struct walk w = { .r = &r };
	struct ffs_dinode d;
	size_t total = 0;
	uint64_t ino;

	if (ffs_open(&r, fd, offset, bytes, &err) < 0)
		return;
	if (ffs_read_inode(&r, FFS_ROOTINO, &d, &err) == 0)
		(void)ffs_readdir(&r, &d, visit, &w, &err);
	(void)ffs_lookup(&r, "/etc/rc", true, &ino, &err);
	(void)ffs_lookup(&r, "sym/../lnk/a/b/c/", true, &ino, &err);
	try_tree(&r);
	(void)ffs_check(&r, ignore, &total, &result, &err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_partition part;
	struct err err = { 0 };
	char path[64];
	int fd = memfd_create("image", MFD_CLOEXEC), got;

	if (fd < 0 || write_full(fd, data, size) < 0)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (image_open(path, &got, &part, &err) == 0) {
		try_fs(got, part.offset, part.bytes);
		(void)close(got);
	}
	try_fs(fd, 0, size);
	(void)close(fd);
	return 0;
}
