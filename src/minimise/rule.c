/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules carried out, and the files that some of them read.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "minimise/keep.h"
#include "minimise/rules.h"
#include "minimise/script.h"

#define PATH_SIZE (2 * TREE_LINK_MAX + 4)

/* One source of words, while it is read. */
struct source {
	struct keep *k;
	const struct tree_node *file;
	const char *prefix;
	struct because b;
};

/* --- what files say --- */

static int
read_source(struct source *s, const char *path, void (*parse)(const char *text, script_word_fn *, void *arg),
    script_word_fn *fn)
{
	cleanup_free char *text = NULL;
	struct walk w;

	if (!walk_path(s->k->tree, s->k->tree->root, path, &w))
		return 0;
	if (keep_text(s->k, w.node, &text) < 0)
		return -1;
	s->file = w.node;
	if (text != NULL)
		parse(text, fn, s);
	return 0;
}

/* "pam_unix.so": the module's versions, and the links to them. */
static void
pam_module(void *arg, unsigned line, const char *word)
{
	struct source *s = arg;
	char path[PATH_SIZE];
	struct str pattern = { 0 };

	if (strpbrk(word, "*?[\\") != NULL)
		return;
	str_addf(&pattern, "%s%s*", word[0] == '/' ? "" : "/usr/lib/security/", word);
	if (keep_pattern(s->k, pattern.p, false, s->b) == 0)
		keep_problem(s->k, s->b.file, true, "%s:%u: the PAM module %s is not there",
		    tree_path(s->file, path, sizeof(path)), line, word);
	str_release(&pattern);
}

static void
pam_d_text(const char *text, script_word_fn *fn, void *arg)
{
	script_pam(text, false, fn, arg);
}

static void
pam_conf_text(const char *text, script_word_fn *fn, void *arg)
{
	script_pam(text, true, fn, arg);
}

static int
read_pam(struct source *s)
{
	char path[PATH_SIZE];
	struct tree_node *n;
	struct walk w;

	if (walk_path(s->k->tree, s->k->tree->root, "/etc/pam.d", &w))
		for (n = w.node->child; n != NULL; n = n->next)
			if (strcmp(n->name, "README") != 0 &&
			    read_source(s, tree_path(n, path, sizeof(path)), pam_d_text, pam_module) < 0)
				return -1;
	return read_source(s, "/etc/pam.conf", pam_conf_text, pam_module);
}

static void
nss_source(void *arg, unsigned line, const char *word)
{
	struct source *s = arg;
	struct str pattern = { 0 };
	char path[PATH_SIZE];

	if (strpbrk(word, "*?[\\/") != NULL)
		return;
	str_addf(&pattern, "/usr/lib/nss_%s.so*", word);
	if (keep_pattern(s->k, pattern.p, false, s->b) == 0)
		keep_problem(s->k, s->b.file, false, "%s:%u: there is no library for the source %s",
		    tree_path(s->file, path, sizeof(path)), line, word);
	str_release(&pattern);
}

static void
fstab_type(void *arg, unsigned line, const char *word)
{
	struct source *s = arg;
	struct str path = { 0 };
	char fstab[PATH_SIZE];

	if (strpbrk(word, "*?[\\/") != NULL)
		return;
	str_addf(&path, "%s%s", s->prefix, word);
	if (keep_pattern(s->k, path.p, false, s->b) == 0)
		keep_problem(s->k, s->b.file, false, "%s:%u: there is no %s", tree_path(s->file, fstab, sizeof(fstab)),
		    line, path.p);
	str_release(&path);
}

static void
keep_dirs(struct source *s, const char *path)
{
	struct tree_node *n;
	struct walk w;

	if (!walk_path(s->k->tree, s->k->tree->root, path, &w))
		return;
	for (n = w.node; n != NULL; n = tree_next(w.node, n))
		if (tree_is(n, TREE_IFDIR))
			(void)keep_node(s->k, n, s->b);
}

static int
keep_source(struct source *s, const char *word)
{
	const char *colon = strchr(word, ':');

	s->prefix = colon == NULL ? "" : colon + 1;
	if (strcmp(word, "@pam") == 0)
		return read_pam(s);
	if (strcmp(word, "@nss") == 0)
		return read_source(s, "/etc/nsswitch.conf", script_nsswitch, nss_source);
	if (str_starts(word, "@fstab:"))
		return read_source(s, "/etc/fstab", script_fstab, fstab_type);
	keep_dirs(s, s->prefix);
	return 0;
}

/* --- the rules --- */

static int
apply(struct keep *k, const struct rule *r, uint32_t file)
{
	struct source s = { .k = k, .b = { file, file == 0 ? r->why : arena_printf(&k->m->arena, "%s, for", r->why) } };
	char *words = arena_strdup(&k->m->arena, r->keep), *word;
	int rv = 0;

	while (rv == 0 && (word = strsep(&words, " ")) != NULL) {
		if (*word == '@')
			rv = keep_source(&s, word);
		else
			(void)keep_pattern(k, word, false, s.b);
	}
	return rv;
}

static bool
matches(const struct rule *r, const char *path, const char *name)
{
	const char *text = strchr(r->when, '/') != NULL ? path : name;

	return strncmp(r->when, text, strcspn(r->when, "*?[")) == 0 && fnmatch(r->when, text, FNM_PATHNAME) == 0;
}

int
keep_rules(struct keep *k, uint32_t file)
{
	const struct tree_node *n = file == 0 ? NULL : k->m->files[file - 1].node;
	char path[PATH_SIZE];
	size_t i;

	if (n != NULL && tree_is(n, TREE_IFDIR))
		return 0;
	if (n != NULL)
		(void)tree_path(n, path, sizeof(path));
	for (i = 0; i < minimise_nrules; i++) {
		const struct rule *r = &minimise_rules[i];

		if (k->applied[i] || (n == NULL) != (r->when == NULL) || (n != NULL && !matches(r, path, n->name)))
			continue;
		k->applied[i] = true;
		if (apply(k, r, file) < 0)
			return -1;
	}
	return 0;
}
