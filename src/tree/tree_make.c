/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that smol itself puts into a tree: root:wheel, dated with the tree's
 * epoch.
 */
#include <string.h>

#include "tree/tree.h"

#define PERM_MASK 07777u

struct tree_node *
tree_mkdir(struct tree *t, const char *path, uint32_t mode, struct err *err)
{
	struct tree_attr attr = { .mode = TREE_IFDIR | (mode & PERM_MASK), .mtime = t->epoch };
	struct tree_node *n = tree_lookup(t, path);

	if (n == NULL)
		return tree_add(t, path, &attr, err);
	if (!tree_is(n, TREE_IFDIR)) {
		err_set(err, "'%s' is there already and is not a directory", path);
		return NULL;
	}
	return n;
}

struct tree_node *
tree_write(struct tree *t, const char *path, uint32_t mode, const void *data, size_t len, struct err *err)
{
	struct tree_attr attr = { .mode = TREE_IFREG | (mode & PERM_MASK), .mtime = t->epoch, .size = len };

	if (len > 0)
		attr.content.mem = memcpy(arena_alloc(&t->arena, len), data, len);
	return tree_add(t, path, &attr, err);
}

struct tree_node *
tree_symlink(struct tree *t, const char *path, const char *target, struct err *err)
{
	struct tree_attr attr = { .mode = TREE_IFLNK | 0755, .mtime = t->epoch, .target = target };

	return tree_add(t, path, &attr, err);
}

uint32_t
tree_makedev(uint32_t major, uint32_t minor)
{
	return (major << 8 & 0x000fff00u) | (minor << 12 & 0xfff00000u) | (minor & 0xffu);
}
