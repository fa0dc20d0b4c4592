/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See order.h.
 */
#include "fs/order.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"

#define UNPLACED UINT32_MAX

/* What NetBSD reads first, in that order: its data then lies in one stretch. */
static const char *const boot_order[] = {
	"sbin/init",
	"libexec/ld.elf_so",
	"lib/libc.so.12",
	"bin/sh",
	"lib/libedit.so.3",
	"lib/libterminfo.so.2",
	"etc/rc",
	"dev/MAKEDEV",
	"etc/MAKEDEV",
	"etc/include/basicrc",
	"sbin/mount",
	"sbin/mount_ffs",
	"sbin/mount_tmpfs",
	"sbin/mknod",
	"sbin/ifconfig",
	"sbin/route",
	"bin/ksh",
};

static void
add_file(struct fs_order *o, struct tree_node *n)
{
	if (n->inode->index != UNPLACED)
		return;
	n->inode->index = o->n;
	*vec_push(o->nodes, o->n, o->cap) = n;
}

/* A name of the boot list, and what it leads to if it is a symlink beside its target (libc.so.12). */
static void
add_boot_file(struct fs_order *o, const struct tree *tree, const char *path)
{
	struct tree_node *n = tree_lookup(tree, path);
	unsigned hops;

	for (hops = 0; n != NULL && !tree_is(n, TREE_IFDIR) && hops < 4; hops++) {
		const char *target = n->inode->attr.target;

		add_file(o, n);
		if (!tree_is(n, TREE_IFLNK))
			return;
		n = target[0] == '/' ? tree_lookup(tree, target) : tree_child(tree, n->parent, target, strlen(target));
	}
}

int
fs_order_make(struct fs_order *o, struct tree *tree, struct err *err)
{
	struct tree_node *n;
	char path[256];
	size_t i;

	*o = (struct fs_order){ 0 };
	for (n = tree_next(tree->root, NULL); n != NULL; n = tree_next(tree->root, n)) {
		n->inode->index = UNPLACED;
		if (n->inode->nlink > TREE_NLINK_MAX)
			return err_set(err, "%s: %" PRIu32 " links are more than a file can have (%d)",
			    tree_path(n, path, sizeof(path)), n->inode->nlink, TREE_NLINK_MAX);
	}
	for (n = tree_next(tree->root, NULL); n != NULL; n = tree_next(tree->root, n))
		if (tree_is(n, TREE_IFDIR))
			add_file(o, n);
	o->ndirs = o->n;
	for (i = 0; i < nitems(boot_order); i++)
		add_boot_file(o, tree, boot_order[i]);
	for (n = tree_next(tree->root, NULL); n != NULL; n = tree_next(tree->root, n))
		add_file(o, n);
	return 0;
}
