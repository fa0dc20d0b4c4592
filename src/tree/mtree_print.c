/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tree as an mtree(5) specification with full paths, one line a file.
 */
#include <inttypes.h>

#include "base/str.h"
#include "tree/inode_number.h"
#include "tree/mtree_vis.h"
#include "tree/tree.h"

static const char *
type_word(uint32_t mode)
{
	switch (mode & TREE_IFMT) {
	case TREE_IFDIR:
		return "dir";
	case TREE_IFLNK:
		return "link";
	case TREE_IFCHR:
		return "char";
	case TREE_IFBLK:
		return "block";
	case TREE_IFIFO:
		return "fifo";
	case TREE_IFSOCK:
		return "socket";
	default:
		return "file";
	}
}

static void
add_line(struct str *out, const struct tree_node *n, uint32_t number)
{
	const struct tree_attr *a = &n->inode->attr;
	char path[TREE_LINK_MAX + 2];

	str_add(out, ".");
	if (n->parent != n)
		mtree_vis(out, tree_path(n, path, sizeof(path)));
	str_addf(out, " type=%s uid=%" PRIu32 " gid=%" PRIu32 " mode=%04o", type_word(a->mode), a->uid, a->gid,
	    a->mode & ~TREE_IFMT);
	if (number > 0)
		str_addf(out, " nlink=%" PRIu32 " inode=%" PRIu32, n->inode->nlink, number);
	if (tree_is(n, TREE_IFREG))
		str_addf(out, " size=%" PRIu64, a->size);
	if (tree_is(n, TREE_IFCHR) || tree_is(n, TREE_IFBLK))
		str_addf(out, " device=netbsd,%" PRIu32 ",%" PRIu32, tree_major(a->rdev), tree_minor(a->rdev));
	if (tree_is(n, TREE_IFLNK)) {
		str_add(out, " link=");
		mtree_vis(out, a->target);
	}
	str_addf(out, " time=%" PRId64 ".%09" PRIu32, a->mtime, a->mtime_nsec);
	if (a->flags != 0) {
		str_add(out, " flags=");
		tree_flags_print(a->flags, out);
	}
	str_add(out, "\n");
}

void
tree_mtree_print(struct tree *t, struct str *out)
{
	struct inode_numbers numbers = { 0 };
	struct tree_node *n;

	tree_sort(t);
	str_add(out, "#mtree\n");
	for (n = t->root; n != NULL; n = tree_next(t->root, n))
		add_line(out, n, inode_number(&numbers, n));
	inode_numbers_release(&numbers);
}
