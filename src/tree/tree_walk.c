/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Going through a tree: pre-order walk, the order of names, full paths.
 */
#include <string.h>

#include "base/defs.h"
#include "tree/tree.h"

struct tree_node *
tree_next(const struct tree_node *root, struct tree_node *n)
{
	if (n == NULL)
		return (struct tree_node *)(uintptr_t)root;
	if (n->child != NULL)
		return n->child;
	while (n != root) {
		if (n->next != NULL)
			return n->next;
		n = n->parent;
	}
	return NULL;
}

static int
compare(const struct tree_node *a, const struct tree_node *b)
{
	size_t len = a->namelen < b->namelen ? a->namelen : b->namelen;
	int c = memcmp(a->name, b->name, len);

	return c != 0 ? c : (int)a->namelen - (int)b->namelen;
}

static struct tree_node *
merge(struct tree_node *a, struct tree_node *b)
{
	struct tree_node *head = NULL, **tail = &head;

	while (a != NULL && b != NULL) {
		struct tree_node **least = compare(a, b) <= 0 ? &a : &b;

		*tail = *least;
		tail = &(*least)->next;
		*least = (*least)->next;
	}
	*tail = a != NULL ? a : b;
	return head;
}

/* Bottom-up: run[i] is a sorted list of 2^i nodes, or empty. */
static struct tree_node *
sort_list(struct tree_node *list)
{
	struct tree_node *run[33] = { NULL }, *n, *sorted = NULL;
	size_t i;

	while ((n = list) != NULL) {
		list = n->next;
		n->next = NULL;
		for (i = 0; i < nitems(run) - 1 && run[i] != NULL; i++) {
			n = merge(run[i], n);
			run[i] = NULL;
		}
		run[i] = merge(run[i], n);
	}
	for (i = 0; i < nitems(run); i++)
		sorted = merge(run[i], sorted);
	return sorted;
}

static bool
is_sorted(const struct tree_node *n)
{
	for (; n != NULL && n->next != NULL; n = n->next)
		if (compare(n, n->next) > 0)
			return false;
	return true;
}

void
tree_sort(struct tree *t)
{
	struct tree_node *n, *c;

	for (n = t->root; n != NULL; n = tree_next(t->root, n)) {
		if (is_sorted(n->child))
			continue;
		n->child = sort_list(n->child);
		for (c = n->child; c->next != NULL; c = c->next)
			continue;
		n->last_child = c;
	}
}

char *
tree_path(const struct tree_node *n, char *buf, size_t size)
{
	const struct tree_node *p;
	size_t len = 0, at, part;

	for (p = n; p->parent != p; p = p->parent)
		len += p->namelen + 1u;
	if (size == 0)
		return buf;
	if (len == 0) {
		(void)strncpy(buf, "/", size);
		buf[size - 1] = '\0';
		return buf;
	}
	/* From the end to the front, each name only as far as the buffer reaches. */
	at = len;
	for (p = n; p->parent != p; p = p->parent) {
		at -= p->namelen + 1u;
		if (at >= size - 1)
			continue;
		buf[at] = '/';
		part = (size_t)u64_min(p->namelen, size - 1 - (at + 1));
		memcpy(buf + at + 1, p->name, part);
	}
	buf[u64_min(len, size - 1)] = '\0';
	if (len >= size && size > 3)
		memcpy(buf + size - 4, "...", 4);
	return buf;
}
