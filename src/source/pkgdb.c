/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Puts packages into a tree and registers them.
 */
#include "source/pkgdb.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"
#include "source/dewey.h"
#include "source/package.h"
#include "source/pkgdb_impl.h"

#define CONF "/etc/pkg_install.conf"
#define CONF_MAX 65536
#define REQUIRED_BY_MAX (16 * 1024 * 1024)

/* Modes that pkg_add gives them. */
static const struct {
	const char *member;
	uint32_t mode;
} members[] = {
	{ "+CONTENTS", 0644 },
	{ "+DEINSTALL", 0555 },
	{ "+INSTALL", 0555 },
	{ "+INSTALLED_INFO", 0644 },
	{ "+REQUIRED_BY", 0644 },
};

void
pkgdb_init(struct pkgdb *db, struct arena *arena, struct tree *tree)
{
	*db = (struct pkgdb){ .arena = arena, .tree = tree };
}

void
pkgdb_release(struct pkgdb *db)
{
	free(db->entries);
	*db = (struct pkgdb){ 0 };
}

/* --- where it is --- */

static const char *
conf_dir(struct pkgdb *db)
{
	static const char name[] = "PKG_DBDIR=";
	struct tree_node *n = tree_lookup(db->tree, CONF);
	struct err ignored = { 0 };
	cleanup_free char *text = NULL;
	char *rest, *line;

	if (n == NULL || !tree_is(n, TREE_IFREG))
		return NULL;
	text = tree_read(n, CONF_MAX, NULL, &ignored);
	for (rest = text; rest != NULL && (line = strsep(&rest, "\n")) != NULL;)
		if (str_starts(line, name) && line[sizeof(name) - 1] == '/')
			return arena_strdup(db->arena, line + sizeof(name) - 1);
	return NULL;
}

/* Packages are registered there. */
static bool
in_use(const struct pkgdb *db, const char *dir)
{
	struct tree_node *n = tree_lookup(db->tree, dir);

	for (n = n == NULL ? NULL : n->child; n != NULL; n = n->next)
		if (tree_is(n, TREE_IFDIR) && tree_child(db->tree, n, "+CONTENTS", 9) != NULL)
			return true;
	return false;
}

/* Tools of different ages look in different places: the conf settles it. */
static int
find_dir(struct pkgdb *db, const char *prefix, struct err *err)
{
	const char *confs[] = { CONF, arena_printf(db->arena, "%s" CONF, prefix) }, *text;
	size_t i;

	if (db->dir != NULL)
		return 0;
	db->dir = conf_dir(db);
	if (db->dir == NULL)
		db->dir = in_use(db, "/var/db/pkg") ? "/var/db/pkg" : arena_printf(db->arena, "%s/pkgdb", prefix);
	text = arena_printf(db->arena, "PKG_DBDIR=%s\n", db->dir);
	for (i = 0; i < nitems(confs); i++)
		if (tree_lookup(db->tree, confs[i]) == NULL &&
		    tree_write(db->tree, confs[i], 0644, text, strlen(text), err) == NULL)
			return -1;
	return 0;
}

/* --- one package --- */

struct registration {
	struct pkgdb *db;
	const char *name;
	bool install; /* it has +INSTALL */
};

static uint32_t
mode_of(const char *member)
{
	size_t i;

	for (i = 0; i < nitems(members); i++)
		if (strcmp(members[i].member, member) == 0)
			return members[i].mode;
	return 0444;
}

static int
put_member(void *arg, const char *member, const struct tree_node *n, struct err *err)
{
	struct registration *r = arg;
	struct tree_attr attr = n->inode->attr;
	struct tree_node *made;
	struct str path = { 0 };

	if (!tree_is(n, TREE_IFREG))
		return 0;
	r->install |= strcmp(member, "+INSTALL") == 0;
	attr.mode = TREE_IFREG | mode_of(member);
	attr.uid = attr.gid = 0;
	attr.flags = 0;
	str_addf(&path, "%s/%s/%s", r->db->dir, r->name, member);
	made = tree_add(r->db->tree, path.p, &attr, err);
	str_release(&path);
	return made == NULL ? -1 : 0;
}

static int
put_text(struct pkgdb *db, const char *name, const char *member, const char *text, struct err *err)
{
	struct str path = { 0 };
	struct tree_node *n;

	str_addf(&path, "%s/%s/%s", db->dir, name, member);
	n = tree_write(db->tree, path.p, 0644, text, strlen(text), err);
	str_release(&path);
	return n == NULL ? -1 : 0;
}

/* A package of that name, of whatever version, that the tree had before. */
static const char *
installed(const struct pkgdb *db, const char *name)
{
	size_t len = dewey_name_len(name);
	struct tree_node *n = tree_lookup(db->tree, db->dir);

	for (n = n == NULL ? NULL : n->child; n != NULL; n = n->next)
		if (tree_is(n, TREE_IFDIR) && dewey_name_len(n->name) == len && strncmp(n->name, name, len) == 0)
			return arena_strdup(db->arena, n->name);
	return NULL;
}

/* The tree has it, in that version or, of what is only needed, in another. */
static int
keep(struct pkgdb_entry *e, const char *old, bool automatic, struct err *err)
{
	if (strcmp(old, e->name) != 0 && !automatic)
		return err_set(
		    err, "%s is installed already in what is started from; %s cannot replace it", old, e->name);
	e->name = old;
	e->kept = true;
	return 0;
}

static int
add(struct pkgdb *db, struct package *p, bool automatic, struct err *err)
{
	struct registration r = { .db = db, .name = p->name };
	struct pkgdb_entry *e = vec_push(db->entries, db->n, db->cap);
	const char *old;

	*e = (struct pkgdb_entry){ .name = p->name, .prefix = p->prefix, .registered = p->contents != NULL };
	/* Of one without a packing list pkg_info would only complain. */
	if (!e->registered)
		return package_strip(p, NULL, NULL, err);
	if (find_dir(db, p->prefix, err) < 0)
		return -1;
	old = installed(db, p->name);
	if (old != NULL)
		return keep(e, old, automatic, err);
	if (package_strip(p, put_member, &r, err) < 0)
		return -1;
	if (automatic && put_text(db, p->name, "+INSTALLED_INFO", "automatic=yes\n", err) < 0)
		return -1;
	e->first_boot = r.install || p->boot.len > 0;
	return e->first_boot ? pkgdb_first_boot(db, e, p->boot.p, r.install, err) : 0;
}

/* What was found good once is not read again: BLOB.checked beside the blob, which is named by its digest. */
static bool
was_checked(const char *mark)
{
	return access(mark, F_OK) == 0;
}

int
pkgdb_add(struct pkgdb *db, const struct blob *b, bool automatic, int64_t *newest, struct err *err)
{
	const char *mark = arena_printf(db->arena, "%s.checked", b->path);
	bool check = !was_checked(mark);
	struct err ignored;
	struct package p;
	int rv;

	if (package_open(&p, db->arena, b, check, newest, err) < 0)
		return -1;
	if (check)
		(void)file_write(mark, "", 0, &ignored);
	rv = add(db, &p, automatic, err);
	if (rv == 0 && !db->entries[db->n - 1].kept)
		rv = tree_graft(db->tree, p.prefix, &p.tree, err);
	if (rv < 0)
		rv = err_wrap(err, "%s", b->archive);
	package_release(&p);
	return rv;
}

/* --- who needs whom --- */

static bool
has_line(const char *text, const char *line)
{
	size_t len = strlen(line), n;

	for (; *text != '\0'; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		if (n == len && strncmp(text, line, len) == 0)
			return true;
	}
	return false;
}

int
pkgdb_require(struct pkgdb *db, size_t who, size_t what, struct err *err)
{
	const struct pkgdb_entry *a = &db->entries[who], *b = &db->entries[what];
	struct tree_node *n;
	cleanup_free char *old = NULL;
	struct str text = { 0 };
	int rv = 0;

	if (!a->registered || !b->registered)
		return 0;
	n = tree_lookup(db->tree, arena_printf(db->arena, "%s/%s/+REQUIRED_BY", db->dir, b->name));
	if (n != NULL && tree_is(n, TREE_IFREG)) {
		old = tree_read(n, REQUIRED_BY_MAX, NULL, err);
		if (old == NULL)
			return -1;
	}
	if (old == NULL || !has_line(old, a->name)) {
		str_addf(&text, "%s%s\n", old == NULL ? "" : old, a->name);
		rv = put_text(db, b->name, "+REQUIRED_BY", text.p, err);
	}
	str_release(&text);
	return rv;
}
