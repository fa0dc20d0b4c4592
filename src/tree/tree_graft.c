/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One tree's files into another.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "tree/tree.h"

struct graft {
	struct tree *to;
	struct str base; /* where the other's root goes, without a slash at its end */
	/* The path of the first name that each file got; inode->index - 1 is its place here. */
	char **first;
	size_t nfirst, first_cap;
};

static int
graft_node(struct graft *g, struct tree_node *n, struct err *err)
{
	struct tree_inode *inode = n->inode;
	char path[TREE_LINK_MAX + 2];
	struct str to = { 0 };
	int rv;

	str_addf(&to, "%s%s", g->base.p, tree_path(n, path, sizeof(path)));
	if (!tree_is(n, TREE_IFDIR) && inode->index > 0) {
		rv = tree_link(g->to, to.p, g->first[inode->index - 1], err) == NULL ? -1 : 0;
	} else {
		rv = tree_add(g->to, to.p, &inode->attr, err) == NULL ? -1 : 0;
		if (!tree_is(n, TREE_IFDIR) && inode->nlink > 1) {
			*vec_push(g->first, g->nfirst, g->first_cap) = xstrdup(to.p);
			inode->index = (uint32_t)g->nfirst;
		}
	}
	str_release(&to);
	return rv;
}

int
tree_graft(struct tree *to, const char *at, struct tree *from, struct err *err)
{
	struct graft g = { .to = to };
	struct tree_node *n;
	int rv = 0;
	size_t i;

	str_add(&g.base, at);
	while (g.base.len > 0 && g.base.p[g.base.len - 1] == '/')
		g.base.p[--g.base.len] = '\0';
	for (n = from->root; n != NULL; n = tree_next(from->root, n))
		n->inode->index = 0;
	for (n = tree_next(from->root, from->root); n != NULL && rv == 0; n = tree_next(from->root, n))
		rv = graft_node(&g, n, err);
	for (i = 0; i < g.nfirst; i++)
		free(g.first[i]);
	free(g.first);
	str_release(&g.base);
	return rv;
}
