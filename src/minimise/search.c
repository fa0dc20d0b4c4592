/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths in the tree, and libraries along lists of directories.
 */
#include "minimise/search.h"

#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"

#define CONF_MAX (64 * 1024)
#define PATH_SIZE (2 * TREE_LINK_MAX + 4)

/* --- paths --- */

/* The symlink's text before the rest; false if that is too long. */
static bool
enter_link(char buf[PATH_SIZE], const char *target, const char *rest)
{
	size_t len = strlen(target), rest_len = strlen(rest);

	if (len + rest_len + 1 > PATH_SIZE)
		return false;
	memmove(buf + len, rest, rest_len + 1);
	memcpy(buf, target, len);
	return true;
}

static struct tree_node *
enter(const struct tree *t, struct tree_node *dir, const char *name, size_t len)
{
	if (len == 1 && name[0] == '.')
		return dir;
	if (len == 2 && name[0] == '.' && name[1] == '.')
		return dir->parent;
	return len > TREE_NAME_MAX ? NULL : tree_child(t, dir, name, len);
}

bool
walk_path(const struct tree *t, struct tree_node *dir, const char *path, struct walk *w)
{
	char buf[PATH_SIZE], *p = buf;
	struct tree_node *n;
	size_t len;

	w->nlinks = 0;
	if (strlen(path) >= sizeof(buf))
		return false;
	(void)strcpy(buf, path);
	w->node = path[0] == '/' ? t->root : dir;
	for (;;) {
		p += strspn(p, "/");
		len = strcspn(p, "/");
		if (len == 0)
			return true;
		if (!tree_is(w->node, TREE_IFDIR))
			return false;
		n = enter(t, w->node, p, len);
		if (n == NULL)
			return false;
		p += len;
		if (!tree_is(n, TREE_IFLNK)) {
			w->node = n;
			continue;
		}
		if (w->nlinks == WALK_LINKS_MAX)
			return false;
		w->last[w->nlinks] = p[strspn(p, "/")] == '\0';
		w->links[w->nlinks++] = n;
		if (!enter_link(buf, n->inode->attr.target, p))
			return false;
		if (buf[0] == '/')
			w->node = t->root;
		p = buf;
	}
}

/* --- lists of directories --- */

/* Lines that begin with '/'; the others say which library stands for which on what machine. */
static void
take_conf(struct search *s, const char *text)
{
	size_t len, n;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		n = strspn(text, " \t");
		if (text[n] != '/')
			continue;
		text += n;
		len -= n;
		n = strcspn(text, "#\n");
		while (n > 1 && strchr(" \t\r", text[n - 1]) != NULL)
			n--;
		*vec_push(s->dirs, s->ndirs, s->dirs_cap) = arena_strndup(s->arena, text, n);
	}
}

int
search_init(struct search *s, const struct tree *t, struct arena *arena, struct err *err)
{
	static const char *const confs[] = { "/etc/ld.so.conf", "/etc/ld.elf_so.conf" };
	struct walk w;
	size_t i;

	*s = (struct search){ .tree = t, .arena = arena };
	for (i = 0; i < nitems(confs); i++) {
		cleanup_free char *text = NULL;

		if (!walk_path(t, t->root, confs[i], &w) || !tree_is(w.node, TREE_IFREG))
			continue;
		text = tree_read(w.node, CONF_MAX, NULL, err);
		if (text == NULL)
			return -1;
		take_conf(s, text);
	}
	return 0;
}

void
search_release(struct search *s)
{
	free(s->dirs);
	s->dirs = NULL;
}

static const char *
platform(const struct elf *e)
{
	switch (e->machine) {
	case ELF_386:
		return "i386";
	case ELF_X86_64:
		return "x86_64";
	case ELF_AARCH64:
		return "aarch64";
	default:
		return "unknown";
	}
}

/* $ORIGIN and what else ld.elf_so knows; false if it cannot be told. */
static bool
expand(const char *p, size_t len, const char *origin, const struct elf *e, struct str *out)
{
	const struct {
		const char *name, *value;
	} variables[] = { { "ORIGIN", origin }, { "OSNAME", "NetBSD" }, { "PLATFORM", platform(e) } };
	size_t i, brace, n = 0;

	for (; len > 0; p++, len--) {
		if (*p != '$') {
			str_addn(out, p, 1);
			continue;
		}
		brace = len > 1 && p[1] == '{';
		for (i = 0; i < nitems(variables); i++) {
			n = strlen(variables[i].name);
			if (len >= 1 + brace + n + brace && strncmp(p + 1 + brace, variables[i].name, n) == 0)
				break;
		}
		if (i == nitems(variables))
			return false;
		str_add(out, variables[i].value);
		p += brace + n + brace;
		len -= brace + n + brace;
	}
	return true;
}

/* One directory after the other, until fn says it is done. */
struct dirs {
	struct search *s;
	const struct elf *e;
	char origin[PATH_SIZE];
	struct str dir;
	int (*fn)(void *arg, const char *dir);
	void *arg;
};

static int
each_of_list(struct dirs *d, const char *list)
{
	size_t len;
	int rv = 0;

	for (; list != NULL && *list != '\0' && rv == 0; list += len + (list[len] == ':')) {
		len = strcspn(list, ":");
		d->dir.len = 0;
		str_add(&d->dir, "");
		if (len > 0 && expand(list, len, d->origin, d->e, &d->dir) && d->dir.p[0] == '/')
			rv = d->fn(d->arg, d->dir.p);
	}
	return rv;
}

static int
each_dir(struct dirs *d, const struct tree_node *of)
{
	size_t i;
	int rv = 0;

	(void)tree_path(of->parent, d->origin, sizeof(d->origin));
	for (i = 0; i < d->s->ndirs && rv == 0; i++)
		rv = d->fn(d->arg, d->s->dirs[i]);
	if (rv == 0)
		rv = each_of_list(d, d->e->rpath);
	if (rv == 0)
		rv = each_of_list(d, d->e->runpath);
	if (rv == 0)
		rv = each_of_list(d, "/usr/lib:/lib");
	if (rv == 0 && d->e->machine == ELF_386)
		rv = each_of_list(d, "/usr/lib/i386:/lib/i386");
	str_release(&d->dir);
	return rv;
}

/* --- looking --- */

struct look {
	struct search *s;
	const char *name;
	const struct elf *e;
	struct walk *w;
	struct err *err;
};

static bool
same_machine(const struct elf *a, const struct elf *b)
{
	return a->is64 == b->is64 && a->big == b->big && a->machine == b->machine;
}

static int
look_at(struct look *l, const char *path)
{
	struct elf e;
	int rv;

	if (!walk_path(l->s->tree, l->s->tree->root, path, l->w) || !tree_is(l->w->node, TREE_IFREG))
		return 0;
	rv = elf_read_header(l->w->node->inode, &e, l->err);
	return rv <= 0 ? rv : same_machine(&e, l->e);
}

static int
look_in(void *arg, const char *dir)
{
	struct look *l = arg;
	struct str path = { 0 };
	int rv;

	str_addf(&path, "%s/%s", dir, l->name);
	rv = look_at(l, path.p);
	str_release(&path);
	return rv;
}

int
search_library(struct search *s, const char *name, const struct tree_node *of, const struct elf *e, struct walk *w,
    struct err *err)
{
	struct look l = { .s = s, .name = name, .e = e, .w = w, .err = err };
	struct dirs d = { .s = s, .e = e, .fn = look_in, .arg = &l };

	return strchr(name, '/') != NULL ? look_at(&l, name) : each_dir(&d, of);
}

static int
print_dir(void *arg, const char *dir)
{
	struct str *out = arg;

	str_addf(out, "%s%s", out->len == 0 ? "" : ", ", dir);
	return 0;
}

void
search_print(struct search *s, const struct tree_node *of, const struct elf *e, struct str *out)
{
	struct str list = { 0 };
	struct dirs d = { .s = s, .e = e, .fn = print_dir, .arg = &list };

	(void)each_dir(&d, of);
	str_addn(out, list.p, list.len);
	str_release(&list);
}
