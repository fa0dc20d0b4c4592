/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of a tree in the order in which a new file system numbers and
 * writes them: directories, what a boot reads first, then the rest by path.
 */
#ifndef SMOL_FS_ORDER_H
#define SMOL_FS_ORDER_H

#include "base/err.h"
#include "tree/tree.h"

struct fs_order {
	struct tree_node **nodes; /* one of each inode's names; inode->index is its place here */
	uint32_t n, cap;
	uint32_t ndirs; /* nodes[0..ndirs) are the directories, the root first */
};

/* Of a sorted tree; the caller frees nodes.  Fails if an inode has too many names. */
int fs_order_make(struct fs_order *, struct tree *, struct err *);

#endif
