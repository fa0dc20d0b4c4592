/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Binary packages as trees: what their packing lists say is checked and done.
 */
#include "source/package.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "base/digest.h"
#include "base/words.h"
#include "source/plist.h"

#define BUILD_INFO_MAX (1024 * 1024)
#define CONTENTS_MAX (64 * 1024 * 1024)
#define CHUNK 65536

struct reader {
	struct package *p;
	struct arena *arena;
	bool check;
	struct tree_node *file; /* the last */
	const char *file_path;
	const char *mode, *owner, *group; /* for the files to come; NULL: theirs */
	struct err *err;
};

/* --- checks --- */

static int
check_md5(struct reader *r, const char *want)
{
	const struct tree_inode *inode = r->file->inode;
	cleanup_free char *buf = NULL;
	char hex[MD5_HEX];
	struct md5 md5;
	uint64_t at, n;

	if (!tree_is(r->file, TREE_IFREG) || !md5_init(&md5))
		return 0;
	buf = xmalloc(CHUNK);
	for (at = 0; at < inode->attr.size; at += n) {
		n = u64_min(CHUNK, inode->attr.size - at);
		if (tree_pread(inode, buf, (size_t)n, at, r->err) < 0) {
			md5_final(&md5, hex);
			return -1;
		}
		md5_add(&md5, buf, (size_t)n);
	}
	md5_final(&md5, hex);
	return strcmp(hex, want) == 0 ? 0 : err_set(r->err, "%s is not what its packing list says", r->file_path);
}

/* "MD5:..." or "Symlink:..." of the file before it; other comments are for people. */
static int
comment(struct reader *r, const char *text)
{
	if (r->file == NULL || !r->check)
		return 0;
	if (str_starts(text, "MD5:"))
		return check_md5(r, text + 4);
	if (str_starts(text, "Symlink:") && tree_is(r->file, TREE_IFLNK) &&
	    strcmp(r->file->inode->attr.target, text + 8) != 0)
		return err_set(r->err, "the symlink %s is not what its packing list says", r->file_path);
	return 0;
}

/* --- what is done --- */

/* An octal mode now, any other ("u+s") by the guest's chmod. */
static void
set_mode(struct reader *r)
{
	struct tree_attr *attr = &r->file->inode->attr;
	char *end;
	unsigned long mode = strtoul(r->mode, &end, 8);

	if (*end == '\0' && mode <= 07777) {
		attr->mode = (attr->mode & TREE_IFMT) | (uint32_t)mode;
		return;
	}
	str_add(&r->p->boot, "chmod ");
	word_quote(r->mode, &r->p->boot);
	str_add(&r->p->boot, " ");
	word_quote(arena_printf(r->arena, "%s/%s", r->p->prefix, r->file_path), &r->p->boot);
	str_add(&r->p->boot, "\n");
}

static void
chown_later(struct reader *r, const char *program, const char *name)
{
	str_addf(&r->p->boot, "%s -h ", program);
	word_quote(name, &r->p->boot);
	str_add(&r->p->boot, " ");
	word_quote(arena_printf(r->arena, "%s/%s", r->p->prefix, r->file_path), &r->p->boot);
	str_add(&r->p->boot, "\n");
}

static bool
number(const char *text, int32_t *id)
{
	uint64_t n;
	struct err ignored;

	if (parse_u64(text, 0, INT32_MAX, "id", &n, &ignored) < 0)
		return false;
	*id = (int32_t)n;
	return true;
}

/* Users that the base system does not have are made by the package's +INSTALL: there, they get their files. */
static void
set_owners(struct reader *r)
{
	struct tree_attr *attr = &r->file->inode->attr;
	int32_t id;

	if (r->owner != NULL) {
		id = tree_user_id(r->owner);
		if (id >= 0 || number(r->owner, &id))
			attr->uid = (uint32_t)id;
		else
			chown_later(r, "chown", r->owner);
	}
	if (r->group != NULL) {
		id = tree_group_id(r->group);
		if (id >= 0 || number(r->group, &id))
			attr->gid = (uint32_t)id;
		else
			chown_later(r, "chgrp", r->group);
	}
}

static int
listed_file(struct reader *r, const char *path)
{
	char clean[TREE_LINK_MAX + 1];

	if (tree_path_clean(path, clean, r->err) < 0)
		return -1;
	r->file = tree_lookup(&r->p->tree, clean);
	r->file_path = path;
	if (r->file == NULL || path[0] == '+')
		return err_set(r->err, "its packing list has %s, and it does not", path);
	if (r->mode != NULL)
		set_mode(r);
	set_owners(r);
	return 0;
}

/* pkg_create(1): %F the last file, %D the prefix, %B its directory, %f its name. */
static void
exec_later(struct reader *r, const char *command)
{
	const char *file = r->file_path == NULL ? "" : r->file_path, *slash = strrchr(file, '/');
	struct str *out = &r->p->boot;

	str_addf(out, "(cd '%s' && ", r->p->prefix);
	for (; *command != '\0'; command++) {
		if (command[0] != '%' || command[1] == '\0') {
			str_addn(out, command, 1);
			continue;
		}
		command++;
		if (*command == 'F')
			str_addf(out, "%s/%s", r->p->prefix, file);
		else if (*command == 'D')
			str_add(out, r->p->prefix);
		else if (*command == 'B')
			str_addf(out, "%s/%.*s", r->p->prefix, slash == NULL ? 0 : (int)(slash - file), file);
		else if (*command == 'f')
			str_add(out, slash == NULL ? file : slash + 1);
		else
			str_addn(out, command, 1);
	}
	str_add(out, ")\n");
}

static int
one_line(struct reader *r, const struct plist_line *line)
{
	const char *arg = arena_strndup(r->arena, line->arg, line->len);
	const char *value = line->len == 0 ? NULL : arg;

	switch (line->kind) {
	case PLIST_FILE:
		return listed_file(r, arg);
	case PLIST_COMMENT:
		return comment(r, arg);
	case PLIST_PKGDIR:
		return tree_mkdir(&r->p->tree, arg, 0755, r->err) == NULL ? -1 : 0;
	case PLIST_EXEC:
		exec_later(r, arg);
		return 0;
	case PLIST_MODE:
		r->mode = value;
		return 0;
	case PLIST_OWNER:
		r->owner = value;
		return 0;
	case PLIST_GROUP:
		r->group = value;
		return 0;
	default:
		return 0;
	}
}

static int
carry_out(struct reader *r)
{
	const char *text = r->p->contents;
	struct plist_line line = { 0 };
	unsigned cwds = 0;

	while (plist_next(&text, &line)) {
		/* Another directory than the prefix: of that the tar holds nothing (pkg_add). */
		if (line.kind == PLIST_CWD && cwds++ > 0)
			break;
		if (one_line(r, &line) < 0)
			return err_wrap(r->err, "+CONTENTS:%u", line.number);
	}
	return 0;
}

/* --- what it is --- */

/* The value of LOCALBASE in the text, cut out of it; NULL if it has none. */
static char *
find_localbase(char *text)
{
	static const char name[] = "LOCALBASE=";
	char *line, *end;

	while ((line = strsep(&text, "\n")) != NULL) {
		if (strncmp(line, name, sizeof(name) - 1) != 0)
			continue;
		line += sizeof(name) - 1;
		for (end = line + strlen(line); end > line && isspace((unsigned char)end[-1]);)
			*--end = '\0';
		return line;
	}
	return NULL;
}

/* A member's text, NULL if there is none. */
static int
member(struct package *p, const char *name, size_t max, char **text, struct err *err)
{
	struct tree_node *n = tree_lookup(&p->tree, name);

	*text = NULL;
	if (n == NULL || !tree_is(n, TREE_IFREG))
		return 0;
	*text = tree_read(n, max, NULL, err);
	return *text == NULL ? -1 : 0;
}

static const char *
first_of(struct arena *arena, const char *text, enum plist_kind kind)
{
	struct plist_line line = { 0 };

	while (text != NULL && plist_next(&text, &line))
		if (line.kind == kind)
			return arena_strndup(arena, line.arg, line.len);
	return NULL;
}

/* A path that leads nowhere else, and that sh reads as it is. */
static bool
prefix_ok(const char *prefix)
{
	char clean[TREE_LINK_MAX + 1];
	struct err ignored;

	return prefix[0] == '/' && prefix[1] != '\0' && strpbrk(prefix, "'\n\\\"$`") == NULL &&
	       tree_path_clean(prefix, clean, &ignored) > 0;
}

static bool
name_ok(const char *name)
{
	size_t i;

	for (i = 0; name[i] != '\0'; i++)
		if (!isgraph((unsigned char)name[i]) || strchr("/\\'\"$`", name[i]) != NULL)
			return false;
	return i > 0 && i <= TREE_NAME_MAX && name[0] != '.';
}

static int
find_prefix(struct package *p, struct arena *arena, char *info, struct err *err)
{
	const char *base;

	p->prefix = first_of(arena, p->contents, PLIST_CWD);
	if (p->prefix == NULL || p->prefix[0] == '\0') {
		base = info == NULL ? NULL : find_localbase(info);
		if (base == NULL || base[0] == '\0')
			return err_set(err, "its +BUILD_INFO has no LOCALBASE");
		p->prefix = arena_strdup(arena, base);
	}
	if (!prefix_ok(p->prefix))
		return err_set(err, "bad prefix '%.80s': an absolute path is wanted", p->prefix);
	return 0;
}

static int
identify(struct package *p, struct arena *arena, struct err *err)
{
	cleanup_free char *info = NULL;

	if (member(p, "+BUILD_INFO", BUILD_INFO_MAX, &info, err) < 0 ||
	    member(p, "+CONTENTS", CONTENTS_MAX, &p->contents, err) < 0)
		return -1;
	if (info == NULL && p->contents == NULL)
		return err_set(err, "it is no package of pkgsrc: it has no +BUILD_INFO");
	if (find_prefix(p, arena, info, err) < 0)
		return -1;
	p->name = first_of(arena, p->contents, PLIST_NAME);
	if (p->contents != NULL && (p->name == NULL || !name_ok(p->name)))
		return err_set(err, "its +CONTENTS has no @name that would do");
	return 0;
}

int
package_read(struct package *p, struct arena *arena, bool check, struct err *err)
{
	struct reader r = { .p = p, .arena = arena, .check = check, .err = err };

	return identify(p, arena, err) < 0 || (p->contents != NULL && carry_out(&r) < 0) ? -1 : 0;
}

int
package_open(struct package *p, struct arena *arena, const struct blob *b, bool check, int64_t *newest, struct err *err)
{
	int rv;

	*p = (struct package){ 0 };
	tree_init(&p->tree);
	rv = blob_overlay(b, &p->tree, NULL, newest, err);
	if (rv == 0 && package_read(p, arena, check, err) < 0)
		rv = err_wrap(err, "%s", b->archive);
	if (rv < 0)
		package_release(p);
	return rv;
}

void
package_release(struct package *p)
{
	tree_release(&p->tree);
	free(p->contents);
	str_release(&p->boot);
}

int
package_strip(struct package *p, int (*fn)(void *, const char *, const struct tree_node *, struct err *), void *arg,
    struct err *err)
{
	struct tree_node *n, *next;

	for (n = p->tree.root->child; n != NULL; n = next) {
		next = n->next;
		if (n->name[0] != '+')
			continue;
		if (fn != NULL && fn(arg, n->name, n, err) < 0)
			return -1;
		tree_remove(&p->tree, n);
	}
	return 0;
}
