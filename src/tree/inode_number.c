/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table from inode to number, with open addressing.
 */
#include "tree/inode_number.h"

#include <stdlib.h>

#define SLOTS_MIN 256

struct inode_slot {
	const struct tree_inode *inode;
	uint32_t number;
};

static struct inode_slot *
find(struct inode_slot *slots, uint32_t n, const struct tree_inode *inode)
{
	uint64_t h = (uint64_t)(uintptr_t)inode * UINT64_C(0x9e3779b97f4a7c15);
	uint32_t i = (uint32_t)(h >> 32) & (n - 1);

	while (slots[i].inode != NULL && slots[i].inode != inode)
		i = (i + 1) & (n - 1);
	return &slots[i];
}

static void
grow(struct inode_numbers *m)
{
	uint32_t n = m->nslots == 0 ? SLOTS_MIN : m->nslots * 2, i;
	struct inode_slot *slots = xcalloc(n, sizeof(*slots));

	for (i = 0; i < m->nslots; i++)
		if (m->slots[i].inode != NULL)
			*find(slots, n, m->slots[i].inode) = m->slots[i];
	free(m->slots);
	m->slots = slots;
	m->nslots = n;
}

uint32_t
inode_number(struct inode_numbers *m, const struct tree_node *node)
{
	struct inode_slot *s;

	if (node->inode->nlink < 2 || tree_is(node, TREE_IFDIR))
		return 0;
	if (m->n * 2 >= m->nslots)
		grow(m);
	s = find(m->slots, m->nslots, node->inode);
	if (s->inode == NULL)
		*s = (struct inode_slot){ node->inode, ++m->n };
	return s->number;
}

void
inode_numbers_release(struct inode_numbers *m)
{
	free(m->slots);
	*m = (struct inode_numbers){ 0 };
}
