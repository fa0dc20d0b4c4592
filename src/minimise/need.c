/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a file needs by what it is: a symlink, a program or library, a script.
 */
#include <string.h>

#include "base/defs.h"
#include "minimise/keep.h"
#include "minimise/script.h"

#define PATH_SIZE (2 * TREE_LINK_MAX + 4)

static char *
path_of(const struct keep *k, uint32_t file, char buf[PATH_SIZE])
{
	return tree_path(k->m->files[file - 1].node, buf, PATH_SIZE);
}

/* Where it leads nowhere it may be made at run time. */
static void
need_target(struct keep *k, uint32_t file, struct tree_node *n)
{
	struct walk w;

	if (walk_path(k->tree, n->parent, n->inode->attr.target, &w))
		keep_walk(k, &w, (struct because){ file, "link" });
}

/* --- programs and libraries --- */

/*
 * Where one that loads this file asks for the same name, it has it by then, and
 * ld.elf_so takes that one.
 */
static int
search_above(struct keep *k, uint32_t file, const char *name, struct walk *w)
{
	const struct minimise_file *f = &k->m->files[file - 1];
	struct elf e;
	size_t i;
	int rv;

	for (; f->because != 0; f = &k->m->files[f->because - 1]) {
		struct tree_node *n = k->m->files[f->because - 1].node;

		if (!tree_is(n, TREE_IFREG))
			continue;
		rv = elf_read(n->inode, &k->m->arena, &e, k->err);
		if (rv < 0)
			return -1;
		for (i = 0; rv > 0 && i < e.nneeded; i++)
			if (strcmp(e.needed[i], name) == 0 &&
			    (rv = search_library(&k->search, name, n, &e, w, k->err)) != 0)
				return rv;
	}
	return 0;
}

static int
need_library(struct keep *k, uint32_t file, const struct elf *e, const char *name)
{
	struct tree_node *n = k->m->files[file - 1].node;
	struct str where = { 0 };
	char path[PATH_SIZE];
	struct walk w;
	int rv = search_library(&k->search, name, n, e, &w, k->err);

	if (rv == 0)
		rv = search_above(k, file, name, &w);
	if (rv < 0)
		return -1;
	if (rv > 0) {
		keep_walk(k, &w, (struct because){ file, "library of" });
		return 0;
	}
	search_print(&k->search, n, e, &where);
	keep_problem(k, file, true, "%s needs %s, which is not in %s", path_of(k, file, path), name, where.p);
	str_release(&where);
	return 0;
}

static int
need_libraries(struct keep *k, uint32_t file, const struct elf *e)
{
	size_t i;

	for (i = 0; i < e->nneeded; i++)
		if (need_library(k, file, e, e->needed[i]) < 0)
			return -1;
	return 0;
}

static int
need_elf(struct keep *k, uint32_t file)
{
	struct tree_node *n = k->m->files[file - 1].node;
	char path[PATH_SIZE];
	struct elf e;
	struct walk w;

	if (elf_read(n->inode, &k->m->arena, &e, k->err) < 0)
		return -1;
	if (e.bad != NULL)
		keep_problem(k, file, false, "%s cannot be read as ELF: %s", path_of(k, file, path), e.bad);
	if (e.interp != NULL && walk_path(k->tree, k->tree->root, e.interp, &w))
		keep_walk(k, &w, (struct because){ file, "loader of" });
	else if (e.interp != NULL)
		keep_problem(
		    k, file, true, "%s needs its loader %s, which is not there", path_of(k, file, path), e.interp);
	return need_libraries(k, file, &e);
}

/* --- scripts --- */

static bool
find_program(struct keep *k, const char *name, struct walk *w)
{
	static const char *const dirs[] = { "/sbin", "/usr/sbin", "/bin", "/usr/bin", "/usr/pkg/sbin", "/usr/pkg/bin",
		"/usr/X11R7/bin", "/usr/local/sbin", "/usr/local/bin" };
	struct walk dir;
	size_t i;

	if (name[0] == '/')
		return walk_path(k->tree, k->tree->root, name, w);
	for (i = 0; i < nitems(dirs); i++)
		if (walk_path(k->tree, k->tree->root, dirs[i], &dir) && walk_path(k->tree, dir.node, name, w) &&
		    tree_is(w->node, TREE_IFREG))
			return true;
	return false;
}

static void
need_program(struct keep *k, uint32_t file, const char *name)
{
	char path[PATH_SIZE];
	struct walk w;

	if (find_program(k, name, &w))
		keep_walk(k, &w, (struct because){ file, "interpreter of" });
	else
		keep_problem(
		    k, file, true, "%s needs its interpreter %s, which is not there", path_of(k, file, path), name);
}

static void
need_interpreter(struct keep *k, uint32_t file, const char *text, size_t len)
{
	struct script s;

	if (!script_parse(text, len, &s))
		return;
	need_program(k, file, s.interpreter);
	if (s.program[0] != '\0')
		need_program(k, file, s.program);
}

/* --- all of it --- */

int
keep_needs(struct keep *k, uint32_t file)
{
	struct tree_node *n = k->m->files[file - 1].node;
	const struct tree_attr *a = &n->inode->attr;
	char text[SCRIPT_WORD_MAX], path[PATH_SIZE];
	size_t len = (size_t)u64_min(a->size, sizeof(text));
	int rv = 0;

	if (tree_is(n, TREE_IFLNK))
		need_target(k, file, n);
	if (!tree_is(n, TREE_IFREG) || len == 0)
		return 0;
	if (tree_pread(n->inode, text, len, 0, k->err) < 0)
		rv = -1;
	else if (len > 4 && memcmp(text, "\177ELF", 4) == 0)
		rv = need_elf(k, file);
	else if ((a->mode & 0111) != 0)
		need_interpreter(k, file, text, len);
	return rv < 0 ? err_wrap(k->err, "%s", path_of(k, file, path)) : 0;
}
