/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A blob's entries over a tree, one after the other as unpacking would put
 * them on a disk.  Of a part (glob) the whole is laid over an empty tree
 * first, and what matches is taken from there: so hard links, repeated members
 * and late directories come out the same whichever part is taken.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "source/blob_format.h"
#include "source/source.h"

/* A hard link whose target is not in the same archive. */
struct foreign {
	const char *name, *target;
};

struct overlay {
	const struct blob *blob;
	struct blob_index ix;
	struct blob_extents extents;
	struct tree *tree;
	/* For parts only. */
	bool part;
	struct foreign *foreign;
	size_t nforeign, foreign_cap;
};

/* inode->index in the tree a part is taken from */
#define IMPLIED 0 /* a directory that no member names */
#define NAMED 1
#define TAKEN 2 /* and from here on: index - TAKEN in the list of first names */

static int
put_link(struct overlay *o, const char *name, const char *target, struct err *err)
{
	if (o->part && tree_lookup(o->tree, target) == NULL) {
		struct foreign *f = vec_push(o->foreign, o->nforeign, o->foreign_cap);

		*f = (struct foreign){ name, target };
		return 0;
	}
	return tree_link(o->tree, name, target, err) == NULL ? -1 : 0;
}

static int
put_entry(struct overlay *o, const struct blob_entry *e, struct err *err)
{
	const char *name = o->ix.names + e->name;
	struct tree_node *n;
	struct tree_attr attr;

	if (e->hardlink)
		return put_link(o, name, o->ix.names + e->link, err);
	blob_entry_attr(&o->ix, e, &o->extents, &attr);
	if ((attr.mode & TREE_IFMT) == TREE_IFREG)
		attr.content.source = &o->blob->source;
	n = tree_add(o->tree, name, &attr, err);
	if (n == NULL)
		return -1;
	if (o->part)
		n->inode->index = NAMED;
	return 0;
}

static int
put_all(struct overlay *o, int64_t *newest, struct err *err)
{
	struct blob_entry e;
	uint32_t i;

	for (i = 0; i < o->ix.header.nentries; i++) {
		blob_entry_decode(&e, o->ix.entries + (size_t)i * BLOB_ENTRY_BYTES);
		if (put_entry(o, &e, err) < 0)
			return err_wrap(err, "%s: member '%.300s'", o->blob->archive, o->ix.names + e.name);
		if (newest != NULL && !e.hardlink && e.mtime > *newest)
			*newest = e.mtime;
	}
	return 0;
}

/* --- parts --- */

struct part {
	struct tree *to;
	const struct blob *blob;
	char *glob; /* "/usr/bin/strip" */
	size_t matched;
	int64_t *newest;
	char path[TREE_LINK_MAX + 2];
	/* First name that each file got in the destination, for its other names. */
	const struct tree_node **first;
	size_t nfirst, first_cap;
};

static char *
glob_clean(const char *glob)
{
	struct str s = { 0 };

	while (*glob == '/' || (glob[0] == '.' && glob[1] == '/'))
		glob++;
	str_addf(&s, "/%s", glob);
	while (s.len > 1 && s.p[s.len - 1] == '/')
		s.p[--s.len] = '\0';
	return s.p;
}

static bool
matches(struct part *p, const char *path)
{
	return strcmp(p->glob, "/") == 0 || fnmatch(p->glob, path, 0) == 0;
}

static int
take_dir(struct part *p, const struct tree_node *n, struct err *err)
{
	const char *path = tree_path(n, p->path, sizeof(p->path));

	if (n->inode->index == IMPLIED)
		return tree_mkdir(p->to, path, n->inode->attr.mode, err) == NULL ? -1 : 0;
	return tree_add(p->to, path, &n->inode->attr, err) == NULL ? -1 : 0;
}

/* The directories above n that were not taken yet, the topmost first. */
static int
take_parents(struct part *p, struct tree_node *n, struct err *err)
{
	struct tree_node *dir, *top;

	for (;;) {
		top = NULL;
		for (dir = n->parent; dir->inode->index < TAKEN; dir = dir->parent) {
			top = dir;
			if (dir->parent == dir)
				break;
		}
		if (top == NULL)
			return 0;
		if (take_dir(p, top, err) < 0)
			return -1;
		top->inode->index = TAKEN;
	}
}

static int
take(struct part *p, struct tree_node *n, struct err *err)
{
	struct tree_inode *inode = n->inode;
	char target[TREE_LINK_MAX + 2];
	const char *path;

	p->matched++;
	if (p->newest != NULL && inode->attr.mtime > *p->newest)
		*p->newest = inode->attr.mtime;
	if (take_parents(p, n, err) < 0)
		return -1;
	if (tree_is(n, TREE_IFDIR)) {
		if (inode->index < TAKEN && take_dir(p, n, err) < 0)
			return -1;
		inode->index = TAKEN;
		return 0;
	}
	path = tree_path(n, p->path, sizeof(p->path));
	if (inode->index >= TAKEN) {
		(void)tree_path(p->first[inode->index - TAKEN], target, sizeof(target));
		return tree_link(p->to, path, target, err) == NULL ? -1 : 0;
	}
	inode->index = (uint32_t)(TAKEN + p->nfirst);
	*vec_push(p->first, p->nfirst, p->first_cap) = n;
	return tree_add(p->to, path, &inode->attr, err) == NULL ? -1 : 0;
}

/* The node after n and all below it. */
static struct tree_node *
next_beside(const struct tree_node *root, struct tree_node *n)
{
	for (; n != root; n = n->parent)
		if (n->next != NULL)
			return n->next;
	return NULL;
}

static int
take_below(struct part *p, struct tree_node *top, struct err *err)
{
	struct tree_node *n;

	for (n = top; n != NULL; n = tree_next(top, n))
		if (take(p, n, err) < 0)
			return err_wrap(err, "%s: member '%.300s'", p->blob->archive, p->path + 1);
	return 0;
}

static int
take_matching(struct part *p, struct tree *from, struct err *err)
{
	struct tree_node *n = from->root, *next;
	char path[TREE_LINK_MAX + 2];

	for (; n != NULL; n = next) {
		if (!matches(p, tree_path(n, path, sizeof(path)))) {
			next = tree_next(from->root, n);
			continue;
		}
		if (take_below(p, n, err) < 0)
			return -1;
		next = next_beside(from->root, n);
	}
	return 0;
}

/* Does the pattern match the name, or a directory above it? */
static bool
matches_some(struct part *p, const char *name)
{
	size_t len;

	(void)snprintf(p->path, sizeof(p->path), "/%s", name);
	for (len = strlen(p->path); len > 0; len--) {
		if (p->path[len] != '\0' && p->path[len] != '/')
			continue;
		p->path[len] = '\0';
		if (matches(p, p->path))
			return true;
	}
	return false;
}

static int
take_foreign(struct part *p, const struct overlay *o, struct err *err)
{
	size_t i;

	for (i = 0; i < o->nforeign; i++) {
		if (!matches_some(p, o->foreign[i].name))
			continue;
		p->matched++;
		if (tree_link(p->to, o->foreign[i].name, o->foreign[i].target, err) == NULL)
			return err_wrap(err, "%s: member '%.300s'", p->blob->archive, o->foreign[i].name);
	}
	return 0;
}

static int
overlay_part(struct overlay *o, struct tree *to, const char *glob, int64_t *newest, struct err *err)
{
	struct part p = { .to = to, .blob = o->blob, .glob = glob_clean(glob), .newest = newest };
	struct tree whole;
	int rv;

	tree_init(&whole);
	o->tree = &whole;
	o->part = true;
	rv = put_all(o, NULL, err);
	if (rv == 0)
		rv = take_matching(&p, &whole, err);
	if (rv == 0)
		rv = take_foreign(&p, o, err);
	if (rv == 0 && p.matched == 0)
		rv = err_set(err, "%s: nothing in it matches '%s'", o->blob->archive, glob);
	tree_release(&whole);
	free(p.first);
	free(p.glob);
	free(o->foreign);
	return rv;
}

int
blob_overlay(const struct blob *b, struct tree *t, const char *glob, int64_t *newest, struct err *err)
{
	struct overlay o = { .blob = b, .tree = t };
	int rv;

	blob_index_open(&o.ix, b->map);
	rv = glob == NULL ? put_all(&o, newest, err) : overlay_part(&o, t, glob, newest, err);
	free(o.extents.p);
	return rv;
}
