/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol pkg resolve: what a build would install for some packages, and why.
 */
#include <stdio.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/pkg.h"

/* A service stands for its ADDPKGS. */
static int
add_word(struct pkg_args *a, const char *word, struct str *words, struct err *err)
{
	struct service_request request = { .name = word, .inputs_only = true, .arch = a->arch, .vars = a->vars };
	struct service service;
	size_t i;

	if (!workspace_name_ok(word) || strcmp(word, "common") == 0 ||
	    workspace_service(&a->workspace, &a->arena, word) == NULL) {
		str_addf(words, "%s%s", words->len > 0 ? " " : "", word);
		return 0;
	}
	request.nvars = a->nvars;
	if (service_load(&a->arena, &a->workspace, &request, &service, err) < 0)
		return -1;
	for (i = 0; i < service.npackages; i++)
		str_addf(words, "%s%s", words->len > 0 ? " " : "", service.packages[i]);
	return 0;
}

static bool
is_here(const struct package_list *l, const struct resolve_package *p)
{
	return p->repo == &l->repos.local;
}

static json_t *
package_json(const struct package_list *l, const struct resolve_package *p)
{
	const struct resolve_package *v = l->resolution.v;
	json_t *depends = json_array();
	size_t i;

	for (i = 0; i < p->ndepends; i++)
		(void)json_array_append_new(depends, pkg_json(v[p->depends[i]].name));
	return json_pack("{s:o, s:o, s:b, s:b, s:o, s:o, s:o, s:o, s:o}", "name", pkg_json(p->name), "file",
	    pkg_json(repo_get(p->repo, p->index, REPO_FILE)), "here", is_here(l, p), "automatic", p->automatic,
	    "pattern", pkg_json(p->pattern), "wanted_by",
	    p->wanter == RESOLVE_WORD ? json_null() : pkg_json(v[p->wanter].name), "bytes",
	    pkg_json_number(repo_number(p->repo, p->index, REPO_BYTES)), "size",
	    pkg_json_number(repo_number(p->repo, p->index, REPO_SIZE)), "depends", depends);
}

static void
totals(const struct package_list *l, uint64_t *fetch, uint64_t *size)
{
	const struct resolve_package *p = l->resolution.v;
	size_t i;

	*fetch = *size = 0;
	for (i = 0; i < l->resolution.n; i++, p++) {
		*fetch += is_here(l, p) ? 0 : repo_number(p->repo, p->index, REPO_BYTES);
		*size += repo_number(p->repo, p->index, REPO_SIZE);
	}
}

static int
print_json(const struct package_list *l, struct err *err)
{
	const struct resolution *r = &l->resolution;
	json_t *packages = json_array(), *notes = json_array();
	uint64_t fetch, size;
	size_t i;

	for (i = 0; i < r->n; i++)
		(void)json_array_append_new(packages, package_json(l, &r->v[i]));
	for (i = 0; i < r->nnotes; i++)
		(void)json_array_append_new(notes, pkg_json(r->notes[i]));
	totals(l, &fetch, &size);
	return pkg_json_print(json_pack("{s:o, s:o, s:I, s:I}", "packages", packages, "notes", notes, "fetch_bytes",
				  (json_int_t)fetch, "size", (json_int_t)size),
	    err);
}

static int
print_text(const struct package_list *l, struct err *err)
{
	const struct resolution *r = &l->resolution;
	char fetch_text[SIZE_TEXT_MAX], size_text_[SIZE_TEXT_MAX];
	uint64_t fetch, size;
	size_t width = 0, i;

	for (i = 0; i < r->n; i++)
		width = (size_t)u64_max(width, u64_min(strlen(r->v[i].name), 40));
	for (i = 0; i < r->n; i++) {
		const struct resolve_package *p = &r->v[i];

		pkg_print(p->name);
		if (p->wanter != RESOLVE_WORD) {
			(void)printf("%*sfor ", (int)(width - u64_min(strlen(p->name), width)) + 2, "");
			pkg_print(r->v[p->wanter].name);
			(void)printf(" (");
			pkg_print(p->pattern);
			(void)printf(")");
		}
		(void)printf("\n");
	}
	for (i = 0; i < r->nnotes; i++)
		(void)fprintf(stderr, "smol: %s\n", r->notes[i]);
	totals(l, &fetch, &size);
	(void)printf("%zu packages, %s to fetch, %s installed\n", r->n, size_text(fetch, fetch_text),
	    size_text(size, size_text_));
	return cmd_flush(err);
}

static int
resolve_words(struct pkg_args *a, struct err *err)
{
	struct package_list list;
	struct str words = { 0 };
	size_t i;
	int rv = 0;

	for (i = 0; i < a->nwords && rv == 0; i++)
		rv = add_word(a, a->words[i], &words, err);
	if (rv == 0)
		rv = pkg_service(a, words.len > 0 ? words.p : NULL, err);
	str_release(&words);
	if (rv < 0)
		return -1;
	a->options.only_missing = true;
	if (packages_choose(&a->arena, &a->workspace, &a->service, &a->options, &list, err) < 0)
		return -1;
	rv = a->json ? print_json(&list, err) : print_text(&list, err);
	packages_release(&list);
	return rv;
}

static int
run(int argc, char **argv, struct err *err)
{
	struct pkg_args a;
	int rv = pkg_args_parse(&a, argc, argv, false, err);

	if (rv == 0)
		rv = resolve_words(&a, err);
	pkg_args_release(&a);
	return rv;
}

const struct command cmd_pkg_resolve = {
	.name = "pkg resolve",
	.args = "[--arch ARCH] [--json] [--offline] [NAME=VALUE]... PACKAGE|SERVICE...",
	.summary = "list packages with all that they need",
	.help = "  --arch ARCH        amd64, i386 or evbarm-aarch64 (the host's)\n"
		"  --json             print JSON\n"
		"  --offline          ask no server: what is in pkgs/ARCH/, and the list fetched last\n"
		"  NAME=VALUE         PKGSITE, PKGVERS: where packages come from\n"
		"\n"
		"PACKAGE is a name, with or without version, or a pattern of pkgsrc; a SERVICE stands\n"
		"for its ADDPKGS.  What is needed stands before who needs it, as a build installs it.\n"
		"\n"
		"example: smol pkg resolve curl 'php>=8.3<8.4'\n",
	.run = run,
};
