/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An mtree(5) specification applied to a tree: owners, modes, flags and times
 * of what is there; directories, symlinks and devices that are not.
 *
 * A name without a slash lies in the current directory, which an entry of type
 * dir enters and ".." leaves; a name with one is a path from the root and
 * changes nothing.
 */
#include <string.h>

#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"
#include "tree/mtree_parse.h"
#include "tree/tree.h"

#define SPEC_MAX (256u << 20)

struct apply {
	struct tree *tree;
	struct str cwd; /* "" or "/./usr/bin" */
	unsigned skip; /* levels below a directory that is optional and not there */
};

static void
set_keys(struct tree_attr *a, const struct mtree_keys *k)
{
	if (k->has & MTREE_MODE)
		a->mode = (a->mode & TREE_IFMT) | k->mode;
	if (k->has & MTREE_UID)
		a->uid = k->uid;
	if (k->has & MTREE_GID)
		a->gid = k->gid;
	if (k->has & MTREE_FLAGS)
		a->flags = k->flags;
	if (k->has & MTREE_TIME) {
		a->mtime = k->mtime;
		a->mtime_nsec = k->mtime_nsec;
	}
	if ((k->has & MTREE_DEVICE) && ((a->mode & TREE_IFMT) == TREE_IFCHR || (a->mode & TREE_IFMT) == TREE_IFBLK))
		a->rdev = k->rdev;
}

static int
make_missing(struct apply *ap, const char *path, const struct mtree_keys *k, struct err *err)
{
	struct tree_attr attr = { .mode = k->type | 0755, .mtime = ap->tree->epoch };

	if (!(k->has & MTREE_TYPE) || k->type == TREE_IFREG)
		return err_set(err, "'%s' is not there", path);
	if (k->type == TREE_IFLNK && !(k->has & MTREE_LINK))
		return err_set(err, "'%s' is not there, and to make it link= is needed", path);
	if ((k->type == TREE_IFCHR || k->type == TREE_IFBLK) && !(k->has & MTREE_DEVICE))
		return err_set(err, "'%s' is not there, and to make it device= is needed", path);
	set_keys(&attr, k);
	attr.target = k->link;
	return tree_add(ap->tree, path, &attr, err) == NULL ? -1 : 0;
}

static int
change(struct apply *ap, struct tree_node *n, const char *path, const struct mtree_keys *k, struct err *err)
{
	struct tree_attr *a = &n->inode->attr;

	if ((k->has & MTREE_TYPE) && !tree_is(n, k->type))
		return err_set(err, "'%s' is of another type", path);
	if (tree_is(n, TREE_IFLNK) && (k->has & MTREE_LINK)) {
		if (strlen(k->link) > TREE_LINK_MAX)
			return err_set(err, "the target of '%s' is longer than %d bytes", path, TREE_LINK_MAX);
		a->target = arena_strdup(&ap->tree->arena, k->link);
		a->size = strlen(k->link);
	}
	set_keys(a, k);
	return 0;
}

static int
leave(struct apply *ap, struct err *err)
{
	char *slash;

	if (ap->skip > 0) {
		ap->skip--;
		return 0;
	}
	slash = strrchr(ap->cwd.p, '/');
	if (slash == NULL)
		return err_set(err, "'..' above the top directory");
	ap->cwd.len = (size_t)(slash - ap->cwd.p);
	*slash = '\0';
	return 0;
}

/* The path from the root: "/." stays for the entry ".", which has a ".." of its own. */
static void
entry_path(const struct apply *ap, const struct mtree_entry *e, struct str *path)
{
	str_addf(path, "%s%s%s", e->full_path ? "" : ap->cwd.p, e->full_path ? "" : "/", e->name);
}

static int
apply_entry(struct apply *ap, const struct mtree_entry *e, struct err *err)
{
	const struct mtree_keys *k = &e->keys;
	bool isdir = (k->has & MTREE_TYPE) && k->type == TREE_IFDIR;
	struct str path = { 0 };
	struct tree_node *n;
	const char *shown;
	int rv = 0;

	if (strcmp(e->name, "..") == 0 && !e->full_path)
		return leave(ap, err);
	if (ap->skip > 0 && !e->full_path) {
		ap->skip += isdir;
		return 0;
	}
	entry_path(ap, e, &path);
	shown = str_starts(path.p, "/./") ? path.p + 3 : path.p;
	n = tree_lookup(ap->tree, path.p);
	if (n != NULL)
		rv = change(ap, n, shown, k, err);
	else if ((k->has & MTREE_OPTIONAL) == 0)
		rv = make_missing(ap, shown, k, err);
	if (isdir && !e->full_path && n == NULL && (k->has & MTREE_OPTIONAL))
		ap->skip = 1;
	else if (isdir && !e->full_path)
		str_addf(&ap->cwd, "/%s", e->name);
	str_release(&path);
	return rv;
}

int
tree_mtree_apply(struct tree *t, const char *specfile, struct err *err)
{
	struct apply ap = { .tree = t };
	struct mtree_parser parser;
	struct mtree_entry e;
	size_t len;
	cleanup_free char *text = file_read(specfile, SPEC_MAX, &len, err);
	int rv;

	if (text == NULL)
		return -1;
	if (memchr(text, '\0', len) != NULL)
		return err_set(err, "'%s' is not an mtree specification: it has NUL bytes", specfile);
	str_add(&ap.cwd, "");
	mtree_init(&parser, specfile, text, len);
	while ((rv = mtree_next(&parser, &e, err)) > 0)
		if (apply_entry(&ap, &e, err) < 0) {
			rv = err_wrap(err, "%s:%u", specfile, e.line);
			break;
		}
	str_release(&ap.cwd);
	return rv;
}
