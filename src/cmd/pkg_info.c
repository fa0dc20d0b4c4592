/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol pkg info: what is known of a package before it is fetched.
 */
#include <stdio.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/pkg.h"

static const struct {
	enum repo_field field;
	const char *name; /* of JSON */
	const char *title;
} fields[] = {
	{ REPO_COMMENT, "comment", "Comment" },
	{ REPO_HOMEPAGE, "homepage", "Homepage" },
	{ REPO_CATEGORIES, "categories", "Categories" },
	{ REPO_PKGPATH, "pkgpath", "Path" },
	{ REPO_LICENSE, "license", "License" },
	{ REPO_OPTIONS, "options", "Options" },
	{ REPO_BUILT, "built", "Built" },
	{ REPO_FILE, "file", "File" },
	{ REPO_BYTES, "bytes", "Size of the file" },
	{ REPO_SIZE, "size", "Size installed" },
	{ REPO_DIGEST, "digest", "Digest" },
	{ REPO_DEPENDS, "depends", "Needs" },
	{ REPO_CONFLICTS, "conflicts", "Conflicts with" },
	{ REPO_SUPERSEDES, "supersedes", "Supersedes" },
	{ REPO_REQUIRES, "requires", "Needs libraries" },
	{ REPO_PROVIDES, "provides", "Has libraries" },
};

#define TITLE_WIDTH 18

static json_t *
field_json(const struct resolve_candidate *c, enum repo_field field)
{
	const char *text = repo_get(c->repo, c->index, field);
	json_t *list;

	if (field == REPO_BYTES || field == REPO_SIZE)
		return pkg_json_number(repo_number(c->repo, c->index, field));
	if (field < REPO_LISTS)
		return pkg_json(text);
	list = json_array();
	for (; *text != '\0'; text = repo_next(text))
		(void)json_array_append_new(list, pkg_json(text));
	return list;
}

static json_t *
info_json(const struct resolve_candidate *c)
{
	json_t *j = json_object();
	size_t i;

	(void)json_object_set_new(j, "name", pkg_json(c->name));
	for (i = 0; i < nitems(fields); i++)
		(void)json_object_set_new(j, fields[i].name, field_json(c, fields[i].field));
	return j;
}

static void
print_field(const struct resolve_candidate *c, size_t row)
{
	const char *text = repo_get(c->repo, c->index, fields[row].field), *title = fields[row].title;
	char size[SIZE_TEXT_MAX];
	uint64_t n = repo_number(c->repo, c->index, fields[row].field);

	if (*text == '\0')
		return;
	if (fields[row].field == REPO_BYTES || fields[row].field == REPO_SIZE)
		text = n == 0 ? text : size_text(n, size);
	for (;;) {
		(void)printf("%-*s", TITLE_WIDTH, title);
		pkg_print(text);
		(void)printf("\n");
		title = "";
		if (fields[row].field < REPO_LISTS)
			return;
		text = repo_next(text);
		if (*text == '\0')
			return;
	}
}

static void
print_info(const struct resolve_candidate *c)
{
	size_t i;

	(void)printf("%-*s", TITLE_WIDTH, "Package");
	pkg_print(c->name);
	(void)printf("\n");
	for (i = 0; i < nitems(fields); i++)
		print_field(c, i);
}

/* The best package of each word. */
static int
show(struct pkg_args *a, const struct package_repos *repos, struct err *err)
{
	json_t *list = a->json ? json_array() : NULL;
	struct resolve_candidate *c;
	size_t i, n;
	int rv = 0;

	for (i = 0; i < a->nwords && rv == 0; i++) {
		rv = resolve_candidates(&a->arena, repos->v, repos->n, a->words[i], &c, &n, err);
		if (rv == 0 && n == 0)
			rv = resolve_none(repos->v, repos->n, a->words[i], err);
		if (rv < 0)
			break;
		if (list != NULL) {
			(void)json_array_append_new(list, info_json(c));
			continue;
		}
		if (i > 0)
			(void)printf("\n");
		print_info(c);
	}
	if (rv == 0)
		return list == NULL ? cmd_flush(err) : pkg_json_print(json_pack("{s:o}", "packages", list), err);
	json_decref(list);
	return rv;
}

static int
run(int argc, char **argv, struct err *err)
{
	return pkg_show(argc, argv, false, show, err);
}

const struct command cmd_pkg_info = {
	.name = "pkg info",
	.args = "[--arch ARCH] [--json] [--offline] [NAME=VALUE]... PACKAGE...",
	.summary = "tell what a package is and needs",
	.help = "  --arch ARCH        amd64, i386 or evbarm-aarch64 (the host's)\n"
		"  --json             print JSON\n"
		"  --offline          ask no server: what is in pkgs/ARCH/, and the list fetched last\n"
		"  NAME=VALUE         PKGSITE, PKGVERS: where packages come from\n"
		"\n"
		"PACKAGE is a name, with or without version, or a pattern of pkgsrc.  A file that is\n"
		"in pkgs/ARCH/ goes before the site's.\n"
		"\n"
		"example: smol pkg info curl\n",
	.run = run,
};
