/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A path to a place in the tree, as a system that runs in it would walk.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "tree/tree.h"

#define LINKS_MAX 32

struct walk {
	const struct tree *tree;
	const char *path; /* as the caller gave it */
	char *rest, *p; /* what is still to do, and where in it */
	struct tree_node *dir;
	unsigned links;
};

/* The symlink's text replaces it in what is still to do. */
static int
enter_link(struct walk *w, const struct tree_node *link, const char *rest, struct err *err)
{
	const char *target = link->inode->attr.target;
	struct str s = { 0 };

	if (++w->links > LINKS_MAX)
		return err_set(err, "'%s': more than %d symlinks", w->path, LINKS_MAX);
	if (target[0] == '/')
		w->dir = w->tree->root;
	str_addf(&s, "%s%s", target, rest);
	free(w->rest);
	w->rest = w->p = s.p;
	return 0;
}

static void
place_at(struct tree_place *place, struct tree_node *n)
{
	*place = (struct tree_place){ .dir = n->parent, .node = n };
	memcpy(place->name, n->name, n->namelen);
}

static int
enter_dir(struct walk *w, struct tree_node *n, struct err *err)
{
	if (n == NULL)
		return err_set(err, "'%s': no such file or directory", w->path);
	if (!tree_is(n, TREE_IFDIR))
		return err_set(err, "'%s': not a directory", w->path);
	w->dir = n;
	return 0;
}

/* One component.  1: the place is found. */
static int
step(struct walk *w, bool follow, struct tree_place *place, struct err *err)
{
	struct tree_node *n;
	const char *name;
	size_t len;
	bool last;

	w->p += strspn(w->p, "/");
	name = w->p;
	len = strcspn(name, "/");
	w->p += len;
	if (len == 0) {
		place_at(place, w->dir);
		return 1;
	}
	if (len == 1 && name[0] == '.')
		return 0;
	if (len == 2 && name[0] == '.' && name[1] == '.') {
		w->dir = w->dir->parent;
		return 0;
	}
	if (len > TREE_NAME_MAX)
		return err_set(err, "'%s': a name of %zu bytes", w->path, len);
	last = *w->p == '\0';
	n = tree_child(w->tree, w->dir, name, len);
	if (n != NULL && tree_is(n, TREE_IFLNK) && (!last || follow))
		return enter_link(w, n, w->p, err);
	if (!last && n == NULL && w->p[strspn(w->p, "/")] == '\0')
		last = true; /* "new/": a directory to be */
	if (!last)
		return enter_dir(w, n, err);
	*place = (struct tree_place){ .dir = w->dir, .node = n };
	memcpy(place->name, name, len);
	return 1;
}

int
tree_resolve(const struct tree *t, const char *path, bool follow, struct tree_place *place, struct err *err)
{
	struct walk w = { .tree = t, .path = path, .dir = t->root };
	int rv;

	w.rest = w.p = xstrdup(path);
	do
		rv = step(&w, follow, place, err);
	while (rv == 0);
	free(w.rest);
	return rv < 0 ? -1 : 0;
}
