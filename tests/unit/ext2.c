/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sizes of ext2: the smallest is the smallest, too small a size is refused,
 * what is free is at least what was asked for.  Its bytes are judged by
 * tests/image/ext2.py.
 */
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "fs/fs.h"
#include "test.h"

#define BIG (3 * 1024 * 1024)

static void
make_tree(struct tree *t, unsigned files, size_t bytes)
{
	static char data[BIG];
	struct err err = { 0 };
	char name[32];
	unsigned i;

	tree_init(t);
	t->epoch = 1700000000;
	for (i = 0; i < files; i++) {
		(void)snprintf(name, sizeof(name), "d%u/file%u", i % 7, i);
		CHECK(tree_write(t, name, 0644, data, bytes, &err) != NULL);
	}
	tree_sort(t);
}

static void
one(struct tree *t, struct fs_options o)
{
	struct err err = { 0 };
	struct fs_usage u, v;
	bool strict = !o.spare_inodes; /* for a given size they are counted differently */
	uint64_t needed;
	void *l;

	l = fs_ext2_ops.layout(t, &o, &err);
	CHECK(l != NULL);
	if (l == NULL) {
		printf("# %s\n", err.msg);
		return;
	}
	fs_ext2_ops.usage(l, &u);
	fs_ext2_ops.free(l);
	CHECK(u.free_bytes >= o.free_bytes && u.free_bytes * 100 >= u.file_bytes * o.free_percent);
	CHECK(u.free_inodes >= (o.spare_inodes ? 256 : 0));
	CHECK(fs_ext2_ops.needed(t, &o, &needed, &err) == 0 && needed == u.bytes);
	o.bytes = u.bytes;
	l = fs_ext2_ops.layout(t, &o, &err);
	CHECK(l != NULL || !strict);
	if (l != NULL) {
		fs_ext2_ops.usage(l, &v);
		fs_ext2_ops.free(l);
		CHECK(v.bytes == u.bytes && v.file_bytes == u.file_bytes);
	}
	o.bytes = u.bytes - u.bsize;
	l = fs_ext2_ops.layout(t, &o, &err);
	CHECK(l == NULL || !strict);
	if (l != NULL)
		fs_ext2_ops.free(l);
}

static void
sizes(void)
{
	static const struct {
		unsigned files;
		size_t bytes;
	} trees[] = { { 0, 0 }, { 1, 1 }, { 1, BIG }, { 3000, 10 }, { 9000, 0 }, { 250, 70000 }, { 260, BIG } };
	struct tree t;
	size_t i;

	for (i = 0; i < nitems(trees); i++) {
		make_tree(&t, trees[i].files, trees[i].bytes);
		one(&t, (struct fs_options){ .spare_inodes = false });
		one(&t, (struct fs_options){ .spare_inodes = true });
		one(&t, (struct fs_options){ .free_bytes = 5000000, .bsize = 2048 });
		one(&t, (struct fs_options){ .free_percent = 10, .spare_inodes = true, .bsize = 4096 });
		tree_release(&t);
	}
}

static void
options(void)
{
	struct err err = { 0 };
	struct tree t;

	make_tree(&t, 3, 100);
	CHECK(fs_ext2_ops.layout(&t, &(struct fs_options){ .bsize = 8192 }, &err) == NULL && err.usage);
	CHECK(fs_ext2_ops.layout(&t, &(struct fs_options){ .bsize = 3000 }, &err) == NULL && err.usage);
	CHECK(fs_ext2_ops.layout(&t, &(struct fs_options){ .log_bytes = FS_LOG_AUTO }, &err) == NULL && err.usage);
	CHECK(fs_ext2_ops.layout(&t, &(struct fs_options){ .bytes = 4096 }, &err) == NULL);
	CHECK_STR(err.msg, "the files do not fit into 4096 bytes of ext2");
	tree_release(&t);
}

TEST_MAIN({ "sizes are exact", sizes }, { "what ext2 cannot be is refused", options })
