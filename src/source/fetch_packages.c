/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Binary packages: words of ADDPKGS to files by pkg_summary, checked by what it
 * says of them, else by the SHA512 list of the site.
 */
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "source/fetch.h"
#include "source/fetch_index.h"
#include "source/summary.h"

struct wanted {
	struct arena *arena;
	const char *url; /* PKGSITE */
	const char *dir; /* where the lists are kept */
	const struct fetch_options *options;
	const char **words; /* of the items */
	const char **files; /* on the server */
	struct fetch_item *items;
	size_t n;
};

static int
resolve(struct wanted *w, const struct summary *s, const char *from, struct err *err)
{
	const struct summary_package *p;
	struct fetch_item *item;
	size_t i;

	for (i = 0; i < w->n; i++) {
		item = &w->items[i];
		p = summary_find(s, w->words[i]);
		if (p == NULL)
			return err_set(err, "there is no package '%s' in %.300s", w->words[i], from);
		w->files[i] = p->file;
		item->url = fetch_url(w->arena, w->url, p->file);
		item->digest = p->digest;
		item->digest_from = from;
		item->bytes = p->bytes;
	}
	return 0;
}

static int
resolve_all(struct wanted *w, struct err *err)
{
	static const char *const names[] = { "pkg_summary.gz", "pkg_summary.xz", "pkg_summary.zst", "pkg_summary.bz2",
		"pkg_summary", NULL };
	struct fetch_index index;
	struct summary s;
	int rv;

	if (fetch_index(w->arena, w->url, names, w->dir, w->options, &index, err) < 0)
		return -1;
	if (index.path == NULL)
		return err_set(
		    err, "there is no '%.300s/pkg_summary.gz' (nor .xz, .zst, .bz2): is PKGSITE right?", w->url);
	summary_init(&s, w->arena);
	rv = summary_read(&s, index.path, err);
	if (rv == 0)
		rv = resolve(w, &s, index.url, err);
	summary_release(&s);
	return fetch_index_doubt(&index, rv);
}

/* For those of which the summary has no digest. */
static int
check_by_list(struct wanted *w, struct err *err)
{
	static const char *const names[] = { "SHA512.gz", "SHA512.bz2", "SHA512.xz", "SHA512", NULL };
	struct fetch_index index;
	const char *text = NULL;
	size_t i;

	for (i = 0; i < w->n; i++) {
		if (w->items[i].digest.kind != DIGEST_NONE)
			continue;
		if (text == NULL) {
			if (fetch_index(w->arena, w->url, names, w->dir, w->options, &index, err) < 0)
				return -1;
			text = fetch_index_text(w->arena, &index, err);
		}
		if (text == NULL ||
		    fetch_index_check(&index, text, w->files[i], false, w->options, &w->items[i], err) < 0)
			return fetch_index_doubt(&index, -1);
	}
	return 0;
}

static int
add(struct wanted *w, const struct workspace *ws, const struct service *s, const char *word, struct err *err)
{
	const char *path, *file = str_ends(word, ".tgz") ? word : arena_printf(w->arena, "%s.tgz", word);
	size_t i;

	if (*word == '.' || strchr(word, '/') != NULL)
		return err_usage(
		    err, "bad package '%s': the name of a package is wanted, as in curl or curl-8.1.2", word);
	path = workspace_package(ws, w->arena, s->arch, word);
	if ((w->options->only_missing || w->options->offline) && access(path, F_OK) == 0)
		return 0;
	for (i = 0; i < w->n; i++)
		if (strcmp(w->items[i].path, path) == 0)
			return 0;
	w->words[w->n] = word;
	w->items[w->n].path = path;
	w->items[w->n++].url = s->packages_url == NULL ? "" : fetch_url(w->arena, s->packages_url, file);
	return 0;
}

static int
fetch_wanted(struct wanted *w, const struct workspace *ws, const struct service *s, struct err *err)
{
	size_t i;

	for (i = 0; i < s->npackages; i++)
		if (add(w, ws, s, s->packages[i], err) < 0)
			return -1;
	if (w->n == 0)
		return 0;
	if (w->url == NULL)
		return err_set(err, "there is no package '%s', and PKGSITE is empty", w->items[0].path);
	if (w->options->offline)
		return fetch_missing("package", w->items, w->n, err);
	w->dir = fetch_parent(w->arena, w->items[0].path);
	if (resolve_all(w, err) < 0 || check_by_list(w, err) < 0)
		return -1;
	return fetch_run(w->items, w->n, w->options, err);
}

int
fetch_packages(const struct workspace *ws, const struct service *s, const struct fetch_options *o, struct err *err)
{
	struct arena arena;
	struct wanted w = { .arena = &arena, .url = s->packages_url, .options = o };
	int rv;

	arena_init(&arena);
	w.words = arena_calloc(&arena, s->npackages, sizeof(*w.words));
	w.files = arena_calloc(&arena, s->npackages, sizeof(*w.files));
	w.items = arena_calloc(&arena, s->npackages, sizeof(*w.items));
	rv = fetch_wanted(&w, ws, s, err);
	arena_release(&arena);
	return rv;
}
