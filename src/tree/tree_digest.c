/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tree's identity: SHA-256 over one binary record a node, in sorted order.
 *
 *	depth, name length, name, mode, uid, gid, flags, rdev, mtime, nsec,
 *	size, number of the inode (if it has several names), target length,
 *	target, number of extents, of each offset and length
 */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/endian.h"
#include "base/str.h"
#include "tree/inode_number.h"
#include "tree/tree.h"

#define FLUSH_BYTES (64 * 1024)

static void
add32(struct str *s, uint32_t v)
{
	uint8_t b[4];

	put_le32(b, v);
	str_addn(s, (const char *)b, sizeof(b));
}

static void
add64(struct str *s, uint64_t v)
{
	uint8_t b[8];

	put_le64(b, v);
	str_addn(s, (const char *)b, sizeof(b));
}

static void
add_text(struct str *s, const char *text, size_t len)
{
	add32(s, (uint32_t)len);
	str_addn(s, text, len);
}

static void
add_extents(struct str *s, const struct tree_attr *a)
{
	const struct tree_content *c = &a->content;
	uint32_t i;

	if (c->source == NULL) {
		/* In memory is one piece, as it would be in a file. */
		add32(s, a->size > 0 && c->mem != NULL);
		if (a->size > 0 && c->mem != NULL) {
			add64(s, 0);
			add64(s, a->size);
		}
		return;
	}
	add32(s, c->nextents);
	for (i = 0; i < c->nextents; i++) {
		add64(s, c->extents[i].offset);
		add64(s, c->extents[i].bytes);
	}
}

static void
add_node(struct str *s, const struct tree_node *n, uint32_t depth, uint32_t number)
{
	const struct tree_attr *a = &n->inode->attr;

	add32(s, depth);
	add_text(s, n->name, n->namelen);
	add32(s, a->mode);
	add32(s, a->uid);
	add32(s, a->gid);
	add32(s, a->flags);
	add32(s, a->rdev);
	add64(s, (uint64_t)a->mtime);
	add32(s, a->mtime_nsec);
	add64(s, a->size);
	add32(s, number);
	add_text(s, a->target == NULL ? "" : a->target, a->target == NULL ? 0 : strlen(a->target));
	if (tree_is(n, TREE_IFREG))
		add_extents(s, a);
}

/* The walk of tree_next(), with the depth kept. */
static struct tree_node *
next(const struct tree *t, struct tree_node *n, uint32_t *depth)
{
	if (n->child != NULL) {
		++*depth;
		return n->child;
	}
	for (; n != t->root; n = n->parent, --*depth)
		if (n->next != NULL)
			return n->next;
	return NULL;
}

void
tree_digest(struct tree *t, uint8_t digest[SHA256_SIZE])
{
	struct inode_numbers numbers = { 0 };
	struct str s = { 0 };
	struct tree_node *n;
	struct sha256 sha;
	uint32_t depth = 0;

	tree_sort(t);
	sha256_init(&sha);
	for (n = t->root; n != NULL; n = next(t, n, &depth)) {
		add_node(&s, n, depth, inode_number(&numbers, n));
		if (s.len >= FLUSH_BYTES) {
			sha256_add(&sha, s.p, s.len);
			s.len = 0;
		}
	}
	sha256_add(&sha, s.p, s.len);
	sha256_final(&sha, digest);
	str_release(&s);
	inode_numbers_release(&numbers);
}
