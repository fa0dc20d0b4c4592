/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A source's tree into the tree of an image, as cp(1) would: a file that is
 * there keeps its owner, mode, flags and names and gets new contents.
 */
#include <stdio.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "cmd/image_cp.h"

struct in {
	struct image_cp *cp;
	const struct image_side *src;
	struct tree *dst;
	struct str path;
};

static void
set_owner(const struct image_cp *cp, struct tree_attr *a)
{
	if (cp->uid != CP_UNSET)
		a->uid = cp->uid;
	if (cp->gid != CP_UNSET)
		a->gid = cp->gid;
	if (cp->mode != CP_UNSET && (a->mode & TREE_IFMT) == TREE_IFREG)
		a->mode = TREE_IFREG | cp->mode;
}

/* The date of the source, never later than SOURCE_DATE_EPOCH: no clock is put into an image. */
static void
set_date(const struct image_cp *cp, struct tree_attr *a, const struct tree_attr *from)
{
	bool late = from->mtime > cp->epoch;

	a->mtime = late ? cp->epoch : from->mtime;
	a->mtime_nsec = late ? 0 : from->mtime_nsec;
	a->times = late || !cp->flags ? NULL : from->times;
}

static struct tree_attr
new_attr(const struct image_cp *cp, const struct tree_node *n)
{
	struct tree_attr a = n->inode->attr;

	if (!cp->owner)
		a.uid = a.gid = 0;
	if (!cp->flags)
		a.flags = 0;
	set_date(cp, &a, &n->inode->attr);
	set_owner(cp, &a);
	return a;
}

/* New contents for the regular file that has the name. */
static void
overwrite(struct in *in, struct tree_node *old, const struct tree_node *n)
{
	struct tree_attr *a = &old->inode->attr;
	const struct tree_attr *from = &n->inode->attr;

	if (in->cp->flags) {
		*a = new_attr(in->cp, n);
		return;
	}
	a->size = from->size;
	a->content = from->content;
	if (in->cp->owner) {
		a->uid = from->uid;
		a->gid = from->gid;
	}
	set_date(in->cp, a, from);
	set_owner(in->cp, a);
}

static int
put_file(struct in *in, const struct tree_node *n, struct tree_node *old, struct err *err)
{
	struct tree_attr a = new_attr(in->cp, n);
	const char *first = NULL;

	if (old != NULL && tree_is(old, TREE_IFDIR))
		return err_set(err, "'%s' is a directory, which a file cannot replace", in->path.p);
	if (n->inode->nlink > 1)
		first = image_cp_first(in->cp, n, in->path.p);
	if (first != NULL)
		return tree_link(in->dst, in->path.p, first, err) == NULL ? -1 : 0;
	in->cp->files += tree_is(n, TREE_IFREG);
	in->cp->others += !tree_is(n, TREE_IFREG);
	in->cp->bytes += tree_is(n, TREE_IFREG) ? a.size : 0;
	if (old != NULL && tree_is(old, TREE_IFREG) && tree_is(n, TREE_IFREG)) {
		overwrite(in, old, n);
		return 0;
	}
	return tree_add(in->dst, in->path.p, &a, err) == NULL ? -1 : 0;
}

static int put(struct in *, const struct tree_node *, struct err *);

static int
put_dir(struct in *in, const struct tree_node *n, struct tree_node *old, struct err *err)
{
	struct tree_attr a = new_attr(in->cp, n);
	const struct tree_node *c;
	size_t len = in->path.len;
	int rv = 0;

	if (old != NULL && !tree_is(old, TREE_IFDIR))
		return err_set(err, "'%s' is there and is not a directory", in->path.p);
	if ((old == NULL || in->cp->flags) && tree_add(in->dst, in->path.p, &a, err) == NULL)
		return -1;
	in->cp->directories++;
	for (c = n->child; c != NULL && rv == 0; c = c->next) {
		str_addf(&in->path, "/%s", c->name);
		rv = put(in, c, err);
		in->path.p[in->path.len = len] = '\0';
	}
	return rv;
}

static int
put(struct in *in, const struct tree_node *n, struct err *err)
{
	struct tree_node *old;

	if (!in->src->image && image_cp_is_foreign(n)) {
		in->cp->skipped++;
		return 0;
	}
	old = tree_lookup(in->dst, in->path.p);
	return tree_is(n, TREE_IFDIR) ? put_dir(in, n, old, err) : put_file(in, n, old, err);
}

/* The path that the source's file gets. */
static int
choose_path(struct in *in, const char *path, struct err *err)
{
	const struct tree_node *dir;
	struct tree_place place;
	char text[TREE_LINK_MAX + 2];
	const char *name;

	if (tree_resolve(in->dst, path, true, &place, err) < 0)
		return -1;
	if (place.node != NULL && tree_is(place.node, TREE_IFDIR)) {
		dir = place.node;
		name = in->src->name;
	} else {
		if (in->cp->several || (str_ends(path, "/") && !tree_is(in->src->node, TREE_IFDIR)))
			return err_set(err, "'%s' is not a directory", path);
		dir = place.dir;
		name = place.name;
	}
	str_add(&in->path, dir == in->dst->root ? "" : tree_path(dir, text, sizeof(text)));
	if (name[0] != '\0')
		str_addf(&in->path, "/%s", name);
	return 0;
}

int
image_cp_in(struct image_cp *cp, const struct image_side *src, struct tree *dst, const char *path, struct err *err)
{
	struct in in = { .cp = cp, .src = src, .dst = dst };
	int rv = choose_path(&in, path, err);

	if (rv == 0)
		rv = put(&in, src->node, err);
	image_cp_forget(cp);
	str_release(&in.path);
	return rv;
}
