/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The roots, then what each kept file needs, until nothing is new.
 */
#include "minimise/minimise.h"

#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "minimise/keep.h"
#include "minimise/rules.h"

#define PATH_SIZE (2 * TREE_LINK_MAX + 4)

/* Every inode once in *bytes: its index says that it was seen. */
static void
count(struct tree *t, bool kept, uint64_t *files, uint64_t *bytes)
{
	struct tree_node *n;

	*files = *bytes = 0;
	for (n = t->root; n != NULL; n = tree_next(t->root, n))
		n->inode->index = 0;
	for (n = t->root; n != NULL; n = tree_next(t->root, n)) {
		if (tree_is(n, TREE_IFDIR) || (kept && n->mark == 0))
			continue;
		++*files;
		if (tree_is(n, TREE_IFREG) && n->inode->index == 0)
			*bytes += n->inode->attr.size;
		n->inode->index = 1;
	}
}

/* --- roots --- */

static void
keep_word(struct keep *k, const struct minimise_word *w)
{
	struct arena *arena = &k->m->arena;
	const char *where = w->file == NULL ? "" : arena_printf(arena, "%s:%u: ", w->file, w->line), *why = w->list;

	if (w->file != NULL)
		why = w->line == 0 ? arena_printf(arena, "%s, %s", w->list, w->file)
				   : arena_printf(arena, "%s, %s:%u", w->list, w->file, w->line);
	if (w->file != NULL && w->line == 0)
		where = arena_printf(arena, "%s: ", w->file);
	if (keep_pattern(k, w->pattern, w->whole, (struct because){ 0, why }) == 0)
		keep_problem(k, 0, !w->optional, "%s%s lists %s, which is not there", where, w->list, w->pattern);
}

static void
keep_own(struct keep *k)
{
	struct tree_node *n;

	for (n = tree_next(k->tree->root, k->tree->root); n != NULL; n = tree_next(k->tree->root, n))
		if (n->origin != MINIMISE_SET)
			(void)keep_node(k, n,
			    (struct because){
				0, n->origin == MINIMISE_PACKAGE ? "of a package" : "the service's own" });
}

static int
keep_floor(struct keep *k)
{
	struct walk w;

	if (keep_rules(k, 0) < 0)
		return -1;
	if (!walk_path(k->tree, k->tree->root, "/sbin/init", &w))
		keep_problem(k, 0, true, "there is no /sbin/init, which the kernel starts");
	return 0;
}

static int
keep_roots(struct keep *k, const struct minimise_request *q)
{
	size_t i;

	if (q->everything)
		keep_below(k, k->tree->root, (struct because){ 0, "nothing is to go" });
	if (q->floor && !q->everything)
		keep_own(k);
	for (i = 0; i < q->nwords; i++)
		keep_word(k, &q->words[i]);
	return q->floor && !q->everything ? keep_floor(k) : 0;
}

/* --- all of it --- */

static int
find(struct keep *k, const struct minimise_request *q)
{
	uint32_t file;

	if (keep_roots(k, q) < 0)
		return -1;
	for (file = 1; file <= k->m->nfiles; file++)
		if (keep_needs(k, file) < 0 || keep_rules(k, file) < 0)
			return -1;
	return q->floor ? keep_check_rc(k) : 0;
}

int
minimise_find(struct tree *t, const struct minimise_request *q, struct minimise *m, struct err *err)
{
	struct keep k = { .tree = t, .m = m, .err = err };
	struct tree_node *n;
	int rv;

	*m = (struct minimise){ 0 };
	arena_init(&m->arena);
	for (n = t->root; n != NULL; n = tree_next(t->root, n))
		n->mark = 0;
	if (search_init(&k.search, t, &m->arena, err) < 0)
		return -1;
	k.applied = xcalloc(minimise_nrules, sizeof(*k.applied));
	rv = find(&k, q);
	free(k.applied);
	search_release(&k.search);
	count(t, false, &m->all_files, &m->all_bytes);
	count(t, true, &m->kept_files, &m->kept_bytes);
	return rv;
}

void
minimise_release(struct minimise *m)
{
	free(m->files);
	free(m->problems);
	arena_release(&m->arena);
	*m = (struct minimise){ 0 };
}

void
minimise_sweep(struct tree *t, const struct minimise *m)
{
	struct tree_node *n, *next;

	if (m->nfiles == t->nnodes)
		return;
	for (n = t->root; n != NULL; n = next) {
		/* Above what is kept all is kept: what goes, goes with all below it. */
		if (n->mark == 0)
			tree_remove(t, n);
		next = tree_next(t->root, n);
	}
}

void
minimise_chain(const struct minimise *m, size_t file, struct str *out)
{
	const struct minimise_file *f = &m->files[file];
	char path[PATH_SIZE];

	str_add(out, tree_path(f->node, path, sizeof(path)));
	for (; f->because != 0; f = &m->files[f->because - 1]) {
		str_addf(out, " <- %s ", f->why);
		str_add(out, tree_path(m->files[f->because - 1].node, path, sizeof(path)));
	}
	str_addf(out, " <- %s", f->why);
}
