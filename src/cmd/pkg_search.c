/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol pkg search: packages by a part of their name or comment, or by a
 * pattern.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/pkg.h"
#include "source/dewey.h"
#include "source/pattern.h"

struct found {
	const struct repo *repo;
	uint32_t index;
	const char *name;
};

struct list {
	struct found *v;
	size_t n, cap;
};

/* A word with any of these is a pattern. */
static bool
is_pattern(const char *word)
{
	return strpbrk(word, "*?[]{}<>") != NULL;
}

static bool
matches(const char *word, const char *name, const char *comment)
{
	const char *in_name;

	if (is_pattern(word))
		return pattern_match(word, name);
	in_name = strcasestr(name, word);
	return (in_name != NULL && in_name < name + dewey_name_len(name)) || strcmp(word, name) == 0 ||
	       strcasestr(comment, word) != NULL;
}

/* Every word must match. */
static bool
matches_all(const struct pkg_args *a, const char *name, const char *comment)
{
	size_t i;

	for (i = 0; i < a->nwords; i++)
		if (!matches(a->words[i], name, comment))
			return false;
	return true;
}

/* By name, the newest of one name first; of one package the file that is here. */
static int
by_name(const void *x, const void *y)
{
	const struct found *a = x, *b = y;
	size_t la = dewey_name_len(a->name), lb = dewey_name_len(b->name);
	int order = strncmp(a->name, b->name, la < lb ? la : lb);

	if (order == 0)
		order = la < lb ? -1 : la > lb;
	return order != 0 ? order : pattern_order(a->name, b->name);
}

static bool
same_name(const char *a, const char *b)
{
	size_t len = dewey_name_len(a);

	return len == dewey_name_len(b) && strncmp(a, b, len) == 0;
}

static void
search(const struct pkg_args *a, const struct package_repos *repos, struct list *l)
{
	const struct repo *r;
	const char *name;
	size_t i, kept = 0;
	uint32_t p;

	for (i = 0; i < repos->n; i++) {
		r = repos->v[i];
		for (p = 0; p < r->n; p++) {
			name = repo_get(r, p, REPO_NAME);
			if (matches_all(a, name, repo_get(r, p, REPO_COMMENT)))
				*vec_push(l->v, l->n, l->cap) = (struct found){ r, p, name };
		}
	}
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), by_name);
	for (i = 0; i < l->n; i++)
		if (kept == 0 || (a->all ? strcmp(l->v[kept - 1].name, l->v[i].name) != 0
					 : !same_name(l->v[kept - 1].name, l->v[i].name)))
			l->v[kept++] = l->v[i];
	l->n = kept;
}

static void
print_list(const struct list *l)
{
	size_t width = 0, i;

	for (i = 0; i < l->n; i++)
		width = (size_t)u64_max(width, u64_min(strlen(l->v[i].name), 32));
	for (i = 0; i < l->n; i++) {
		const char *comment = repo_get(l->v[i].repo, l->v[i].index, REPO_COMMENT);

		pkg_print(l->v[i].name);
		if (*comment != '\0') {
			(void)printf("%*s", (int)(width - u64_min(strlen(l->v[i].name), width)) + 2, "");
			pkg_print(comment);
		}
		(void)printf("\n");
	}
}

static json_t *
list_json(const struct list *l)
{
	json_t *packages = json_array();
	size_t i;

	for (i = 0; i < l->n; i++) {
		const struct found *f = &l->v[i];

		(void)json_array_append_new(
		    packages, json_pack("{s:o, s:o, s:o}", "name", pkg_json(f->name), "comment",
				  pkg_json(repo_get(f->repo, f->index, REPO_COMMENT)), "categories",
				  pkg_json(repo_get(f->repo, f->index, REPO_CATEGORIES))));
	}
	return json_pack("{s:o}", "packages", packages);
}

static int
show(struct pkg_args *a, const struct package_repos *repos, struct err *err)
{
	struct list l = { 0 };
	int rv;

	search(a, repos, &l);
	if (l.n == 0 && !a->json) {
		rv = resolve_none(repos->v, repos->n, a->words[0], err);
	} else if (a->json) {
		rv = pkg_json_print(list_json(&l), err);
	} else {
		print_list(&l);
		rv = cmd_flush(err);
	}
	free(l.v);
	return rv;
}

static int
run(int argc, char **argv, struct err *err)
{
	return pkg_show(argc, argv, true, show, err);
}

const struct command cmd_pkg_search = {
	.name = "pkg search",
	.args = "[--all] [--arch ARCH] [--json] [--offline] [NAME=VALUE]... WORD...",
	.summary = "search packages by name and comment",
	.help = "  --all              all versions, not only the newest of each\n"
		"  --arch ARCH        amd64, i386 or evbarm-aarch64 (the host's)\n"
		"  --json             print JSON\n"
		"  --offline          ask no server: what is in pkgs/ARCH/, and the list fetched last\n"
		"  NAME=VALUE         PKGSITE, PKGVERS: where packages come from\n"
		"\n"
		"A WORD is a part of a name or comment, in either case, or a pattern of pkgsrc:\n"
		"'curl>=8', 'php8*', '{vim,neovim}'.  All of them must match.\n"
		"\n"
		"example: smol pkg search http server\n",
	.run = run,
};
