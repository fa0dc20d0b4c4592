/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of the root file system: every file of it can be looked up and read.
 */
#include "tests.h"

#include "string.h"

enum { NODES_MAX = 200, DEPTH_MAX = 8, CHUNK = 65536 };

struct walk {
	struct ffs *fs;
	uint32_t nodes;
	uint64_t bytes;
};

static bool
read_whole(struct walk *w, const struct ffs_node *node)
{
	static uint8_t chunk[CHUNK] __attribute__((aligned(16)));
	uint64_t off = 0;
	int32_t n = 0;

	while (off < node->size && off < 16 * CHUNK) {
		n = ffs_read(w->fs, node, off, chunk, CHUNK);
		if (n <= 0)
			return false;
		off += (uint32_t)n;
	}
	w->bytes += off;
	return true;
}

static bool
walk_dir(struct walk *w, uint32_t ino, uint32_t depth)
{
	struct ffs_node dir, node;
	struct ffs_dirent e;
	uint64_t off = 0;

	if (!ffs_inode(w->fs, ino, &dir))
		return false;
	while (w->nodes < NODES_MAX && ffs_readdir(w->fs, &dir, &off, &e)) {
		if (strcmp(e.name, ".") == 0 || strcmp(e.name, "..") == 0)
			continue;
		w->nodes++;
		if (!ffs_inode(w->fs, e.ino, &node))
			return false;
		if (ffs_kind(&node) == FFS_FILE && !read_whole(w, &node))
			return false;
		if (ffs_kind(&node) == FFS_DIR && depth < DEPTH_MAX && !walk_dir(w, e.ino, depth + 1))
			return false;
	}
	return w->nodes >= NODES_MAX || off >= dir.size;
}

static enum test_result
mounted(struct test_context *c)
{
	if (c->root == NULL)
		return test_because(c, TEST_SKIP, "no root file system");
	return test_because(c, test_pass_if(c->root->clean), "not clean");
}

static enum test_result
readable(struct test_context *c)
{
	struct walk w = { .fs = c->root };
	bool ok;

	if (c->root == NULL)
		return test_because(c, TEST_SKIP, "no root file system");
	ok = walk_dir(&w, FFS_ROOT, 0);
	return test_because(c, test_pass_if(ok), "after %u files, %u KB", w.nodes, (uint32_t)(w.bytes >> 10));
}

static enum test_result
root_is_dir(struct test_context *c)
{
	struct ffs_node node;

	if (c->root == NULL)
		return test_because(c, TEST_SKIP, "no root file system");
	return test_pass_if(ffs_lookup(c->root, "/", &node) && ffs_kind(&node) == FFS_DIR &&
			    ffs_lookup(c->root, "/./..//.", &node) && node.ino == FFS_ROOT &&
			    !ffs_lookup(c->root, "/no such file", &node));
}

static const struct test tests[] = { { "root is clean", mounted }, { "root looks up", root_is_dir },
	{ "root reads its files", readable } };

const struct test_group test_root = { tests, nitems(tests) };
