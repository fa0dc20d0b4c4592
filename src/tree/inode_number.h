/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers for the files that have several names: 1, 2, ... in the order they
 * are asked for.  Beside the tree, because inode->index is its consumers'.
 */
#ifndef SMOL_TREE_INODE_NUMBER_H
#define SMOL_TREE_INODE_NUMBER_H

#include "tree/tree.h"

struct inode_numbers {
	struct inode_slot *slots;
	uint32_t n, nslots;
};

/* 0 for what has one name, and for directories.  Start with a zeroed struct. */
uint32_t inode_number(struct inode_numbers *, const struct tree_node *);
void inode_numbers_release(struct inode_numbers *);

#endif
