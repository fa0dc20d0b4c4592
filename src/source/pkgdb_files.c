/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pkgdb.byfile.db, as "pkg_admin rebuild" makes it of the packing lists of all
 * packages that are registered: a file's package, "@pkgdir A B" for a
 * directory that packages keep.
 */
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "source/btree.h"
#include "source/pkgdb_impl.h"
#include "source/plist.h"

#define CONTENTS_MAX (64 * 1024 * 1024)
#define PATH_BYTES_MAX 1023

struct owned {
	const char *path, *package;
	bool dir;
};

struct owners {
	struct pkgdb *db;
	struct owned *v;
	size_t n, cap;
	struct err *err;
};

static void
add_list(struct owners *o, const char *package, const char *text)
{
	struct plist_line line = { 0 };
	const char *cwd = NULL, *path;

	while (plist_next(&text, &line)) {
		if (line.kind == PLIST_CWD) {
			cwd = line.len == 1 && line.arg[0] == '.'
				  ? arena_printf(o->db->arena, "%s/%s", o->db->dir, package)
				  : arena_strndup(o->db->arena, line.arg, line.len);
			continue;
		}
		if (cwd == NULL || (line.kind != PLIST_FILE && line.kind != PLIST_PKGDIR) || line.len > PATH_BYTES_MAX)
			continue;
		path = arena_printf(o->db->arena, "%s/%.*s", cwd, (int)line.len, line.arg);
		*vec_push(o->v, o->n, o->cap) = (struct owned){ path, package, line.kind == PLIST_PKGDIR };
	}
}

static int
add_registered(struct owners *o)
{
	struct tree_node *n = tree_lookup(o->db->tree, o->db->dir), *contents;

	for (n = n == NULL ? NULL : n->child; n != NULL; n = n->next) {
		cleanup_free char *text = NULL;

		contents = tree_is(n, TREE_IFDIR) ? tree_child(o->db->tree, n, "+CONTENTS", 9) : NULL;
		if (contents == NULL || !tree_is(contents, TREE_IFREG))
			continue;
		text = tree_read(contents, CONTENTS_MAX, NULL, o->err);
		if (text == NULL)
			return -1;
		add_list(o, arena_strdup(o->db->arena, n->name), text);
	}
	return 0;
}

static int
by_path(const void *a, const void *b)
{
	const struct owned *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order != 0 ? order : strcmp(x->package, y->package);
}

/* The records of one path: how many it took, or -1. */
static int
one_path(const struct owners *o, size_t first, struct btree_record *record)
{
	const struct owned *v = &o->v[first];
	struct str value = { 0 };
	size_t n;

	str_addf(&value, "%s%s", v->dir ? "@pkgdir " : "", v->package);
	for (n = 1; first + n < o->n && strcmp(v[n].path, v->path) == 0; n++) {
		if (strcmp(v[n].package, v[n - 1].package) == 0)
			continue;
		if (!v->dir || !v[n].dir) {
			str_release(&value);
			return err_set(o->err, "%s and %s both have the file %s", v->package, v[n].package, v->path);
		}
		if (value.len + strlen(v[n].package) < PATH_BYTES_MAX)
			str_addf(&value, " %s", v[n].package);
	}
	*record = (struct btree_record){ v->path, arena_strdup(o->db->arena, value.p) };
	str_release(&value);
	return (int)n;
}

static int
write_db(struct owners *o)
{
	cleanup_free struct btree_record *records = xcalloc(o->n + 1, sizeof(*records));
	struct tree_node *made;
	struct str db = { 0 };
	size_t i, n = 0;
	int took;

	if (o->n > 1)
		qsort(o->v, o->n, sizeof(*o->v), by_path);
	for (i = 0; i < o->n; i += (size_t)took) {
		took = one_path(o, i, &records[n++]);
		if (took < 0)
			return -1;
	}
	btree_make(records, n, &db);
	made = tree_write(
	    o->db->tree, arena_printf(o->db->arena, "%s/pkgdb.byfile.db", o->db->dir), 0644, db.p, db.len, o->err);
	str_release(&db);
	return made == NULL ? -1 : 0;
}

int
pkgdb_end(struct pkgdb *db, struct err *err)
{
	struct owners o = { .db = db, .err = err };
	int rv;

	if (db->dir == NULL)
		return 0;
	rv = add_registered(&o);
	if (rv == 0)
		rv = write_db(&o);
	free(o.v);
	return rv;
}
