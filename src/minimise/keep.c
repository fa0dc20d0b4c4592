/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names that stay, one after the other, and patterns of them.
 */
#include "minimise/keep.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define TEXT_MAX (1024 * 1024)

static uint32_t
add(struct keep *k, struct tree_node *n, struct because b, bool parent)
{
	struct minimise_file *f = vec_push(k->m->files, k->m->nfiles, k->m->files_cap);

	*f = (struct minimise_file){ .node = n, .because = b.file, .why = b.why, .parent = parent };
	n->mark = (uint32_t)k->m->nfiles;
	return n->mark;
}

uint32_t
keep_node(struct keep *k, struct tree_node *n, struct because b)
{
	struct tree_node *dir;
	struct minimise_file *f;

	if (n->mark != 0) {
		/* What was only on somebody's way has a reason of its own now. */
		f = &k->m->files[n->mark - 1];
		if (f->parent)
			*f = (struct minimise_file){ .node = n, .because = b.file, .why = b.why };
		return n->mark;
	}
	(void)add(k, n, b, false);
	for (dir = n->parent; dir->mark == 0; dir = dir->parent)
		(void)add(k, dir, (struct because){ n->mark, "above" }, true);
	return n->mark;
}

void
keep_walk(struct keep *k, const struct walk *w, struct because b)
{
	uint32_t link;
	size_t i;

	for (i = 0; i < w->nlinks; i++) {
		link = keep_node(k, w->links[i], b);
		if (w->last[i])
			b = (struct because){ link, "link" };
	}
	(void)keep_node(k, w->node, b);
}

void
keep_below(struct keep *k, struct tree_node *top, struct because b)
{
	struct tree_node *n;

	for (n = top; n != NULL; n = tree_next(top, n))
		(void)keep_node(k, n, b);
}

/* --- patterns --- */

struct expansion {
	struct keep *k;
	struct str path; /* so far */
	bool whole;
	struct because b;
	size_t matched;
};

/* A path that is there, if only as a link that leads nowhere. */
static void
take_path(struct expansion *x)
{
	struct tree_node *root = x->k->tree->root, *n;
	struct walk w;

	x->matched++;
	if (!walk_path(x->k->tree, root, x->path.p, &w)) {
		n = tree_lookup(x->k->tree, x->path.p);
		if (n != NULL)
			(void)keep_node(x->k, n, x->b);
		return;
	}
	keep_walk(x->k, &w, x->b);
	if (x->whole && tree_is(w.node, TREE_IFDIR))
		keep_below(x->k, w.node, x->b);
}

static void expand(struct expansion *, struct tree_node *dir, const char *pattern);

/* The child is the next component of what the pattern stands for. */
static void
descend(struct expansion *x, struct tree_node *dir, const struct tree_node *child, const char *rest)
{
	size_t len = x->path.len;
	struct walk w;

	str_addf(&x->path, "/%s", child->name);
	rest += strspn(rest, "/");
	if (*rest == '\0')
		take_path(x);
	else if (walk_path(x->k->tree, dir, child->name, &w) && tree_is(w.node, TREE_IFDIR))
		expand(x, w.node, rest);
	x->path.len = len;
	x->path.p[len] = '\0';
}

static void
expand(struct expansion *x, struct tree_node *dir, const char *pattern)
{
	size_t len = strcspn(pattern, "/");
	char component[TREE_NAME_MAX + 1];
	struct tree_node *n, *next;

	if (len > TREE_NAME_MAX || (len == 2 && strncmp(pattern, "..", 2) == 0))
		return;
	memcpy(component, pattern, len);
	component[len] = '\0';
	if (strcmp(component, ".") == 0) {
		pattern += len + strspn(pattern + len, "/");
		if (*pattern != '\0')
			expand(x, dir, pattern);
		return;
	}
	if (strpbrk(component, "*?[\\") == NULL) {
		n = tree_child(x->k->tree, dir, component, len);
		if (n != NULL)
			descend(x, dir, n, pattern + len);
		return;
	}
	for (n = dir->child; n != NULL; n = next) {
		next = n->next;
		if (fnmatch(component, n->name, FNM_PERIOD) == 0)
			descend(x, dir, n, pattern + len);
	}
}

size_t
keep_pattern(struct keep *k, const char *pattern, bool whole, struct because b)
{
	struct expansion x = { .k = k, .b = b, .whole = whole || str_ends(pattern, "/") };

	str_add(&x.path, "");
	pattern += strspn(pattern, "/");
	if (*pattern != '\0') {
		expand(&x, k->tree->root, pattern);
	} else {
		x.matched = 1;
		keep_below(k, k->tree->root, b);
	}
	str_release(&x.path);
	return x.matched;
}

/* --- what goes wrong --- */

void
keep_problem(struct keep *k, uint32_t file, bool missing, const char *fmt, ...)
{
	struct minimise_problem *p = vec_push(k->m->problems, k->m->nproblems, k->m->problems_cap);
	char text[ERR_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*p = (struct minimise_problem){ .file = file, .missing = missing, .text = arena_strdup(&k->m->arena, text) };
	k->m->nmissing += missing;
}

int
keep_text(struct keep *k, const struct tree_node *n, char **text)
{
	*text = NULL;
	if (!tree_is(n, TREE_IFREG) || n->inode->attr.size > TEXT_MAX)
		return 0;
	*text = tree_read(n, TEXT_MAX, NULL, k->err);
	return *text == NULL ? -1 : 0;
}
