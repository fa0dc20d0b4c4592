/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Binary packages: words of ADDPKGS to files, checked by what pkg_summary says
 * of them, else by the SHA512 list of the site.
 */
#include "source/packages.h"

#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "source/fetch_state.h"
#include "source/package_file.h"

static const char *const summaries[] = { "pkg_summary.gz", "pkg_summary.xz", "pkg_summary.zst", "pkg_summary.bz2",
	"pkg_summary", NULL };

/* --- what can be had --- */

static void
open_local(struct arena *arena, const struct workspace *w, const struct service *s, struct package_repos *r)
{
	const char *dirs[2] = { workspace_path(w, arena, arena_printf(arena, "pkgs/%s", s->arch)), NULL };

	if (w->store != NULL && strcmp(w->store, w->root) != 0)
		dirs[1] = arena_printf(arena, "%s/pkgs/%s", w->store, s->arch);
	*r = (struct package_repos){ .dir = dirs[0], .where = dirs[0] };
	package_repo(dirs, 2, &r->local);
	r->v[r->n++] = &r->local;
}

/* The summary that was fetched from that site last. */
static void
last_summary(struct arena *arena, const struct service *s, struct package_repos *r)
{
	struct fetch_state state;
	const char *path, *url;
	size_t i;

	for (i = 0; summaries[i] != NULL; i++) {
		path = arena_printf(arena, "%s/.%s", r->dir, summaries[i]);
		url = fetch_url(arena, s->packages_url, summaries[i]);
		if (access(path, R_OK) == 0 && fetch_state_read(arena_printf(arena, "%s.json", path), &state) &&
		    strcmp(state.url, url) == 0) {
			r->index = (struct fetch_index){ url, path };
			return;
		}
	}
}

static int
open_site(struct arena *arena, const struct service *s, const struct fetch_options *o, struct package_repos *r,
    struct err *err)
{
	if (s->packages_url == NULL)
		return 0;
	if (o->offline) {
		last_summary(arena, s, r);
		if (r->index.path == NULL)
			return 0;
	} else if (fetch_index(arena, s->packages_url, summaries, r->dir, o, &r->index, err) < 0) {
		return -1;
	} else if (r->index.path == NULL) {
		return err_set(err, "there is no '%.300s/pkg_summary.gz' (nor .xz, .zst, .bz2): is PKGSITE right?",
		    s->packages_url);
	}
	if (repo_open(&r->site, r->index.path, err) < 0)
		return fetch_index_doubt(&r->index, -1);
	r->where = r->index.url;
	r->v[r->n++] = &r->site;
	return 0;
}

int
packages_open(struct arena *arena, const struct workspace *w, const struct service *s, const struct fetch_options *o,
    struct package_repos *r, struct err *err)
{
	open_local(arena, w, s, r);
	if (open_site(arena, s, o, r, err) == 0)
		return 0;
	packages_close(r);
	return -1;
}

void
packages_close(struct package_repos *r)
{
	repo_release(&r->local);
	repo_release(&r->site);
	r->n = 0;
}

/* --- files --- */

struct download {
	struct arena *arena;
	const struct service *service;
	const struct fetch_options *options;
	struct package_repos *repos;
	struct fetch_item *items;
	const char **files; /* on the server */
	size_t n;
};

/* For those of which the summary has no digest. */
static int
check_by_list(struct download *d, struct err *err)
{
	static const char *const names[] = { "SHA512.gz", "SHA512.bz2", "SHA512.xz", "SHA512", NULL };
	struct fetch_index index;
	const char *text = NULL;
	size_t i;

	for (i = 0; i < d->n; i++) {
		if (d->items[i].digest.kind != DIGEST_NONE)
			continue;
		if (text == NULL) {
			if (fetch_index(
				d->arena, d->service->packages_url, names, d->repos->dir, d->options, &index, err) < 0)
				return -1;
			text = fetch_index_text(d->arena, &index, err);
		}
		if (text == NULL ||
		    fetch_index_check(&index, text, d->files[i], false, d->options, &d->items[i], err) < 0)
			return fetch_index_doubt(&index, -1);
	}
	return 0;
}

/* The path of a package's file; what is to be fetched is added to the items. */
static const char *
path_of(struct download *d, const struct workspace *w, const struct resolve_package *p)
{
	const char *file = repo_get(p->repo, p->index, REPO_FILE), *path;
	struct fetch_item *item;

	if (p->repo == &d->repos->local)
		return file;
	path = workspace_package(w, d->arena, d->service->arch, file);
	if (d->options->only_missing && access(path, F_OK) == 0)
		return path;
	item = &d->items[d->n];
	d->files[d->n++] = file;
	item->path = path;
	item->url = fetch_url(d->arena, d->service->packages_url, file);
	item->digest = repo_digest(p->repo, p->index);
	item->digest_from = d->repos->where;
	item->bytes = repo_number(p->repo, p->index, REPO_BYTES);
	return path;
}

static int
get_files(struct download *d, const struct workspace *w, struct package_list *list, struct err *err)
{
	const struct resolution *r = &list->resolution;
	size_t i;

	d->items = arena_calloc(d->arena, r->n, sizeof(*d->items));
	d->files = arena_calloc(d->arena, r->n, sizeof(*d->files));
	list->paths = arena_calloc(d->arena, r->n, sizeof(*list->paths));
	for (i = 0; i < r->n; i++)
		list->paths[i] = path_of(d, w, &r->v[i]);
	if (d->n == 0)
		return 0;
	if (d->options->offline)
		return fetch_missing("package", d->items, d->n, err);
	if (check_by_list(d, err) < 0)
		return -1;
	return fetch_run(d->items, d->n, d->options, err);
}

/* --- both --- */

static const char *
word_of(struct arena *arena, const char *word)
{
	return str_ends(word, ".tgz") ? arena_strndup(arena, word, strlen(word) - 4) : word;
}

static int
choose(struct arena *arena, const struct service *s, struct package_list *list, struct err *err)
{
	const char **words = arena_calloc(arena, s->npackages, sizeof(*words));
	size_t i;

	for (i = 0; i < s->npackages; i++)
		words[i] = word_of(arena, s->packages[i]);
	return resolve(arena, list->repos.v, list->repos.n, words, s->npackages, &list->resolution, err);
}

/* Of the site, once what is here does not do: the reason for that is kept for offline use. */
static int
choose_from_site(struct arena *arena, const struct service *s, const struct fetch_options *o, struct package_list *list,
    struct err *err)
{
	struct package_repos *r = &list->repos;

	if (open_site(arena, s, o, r, err) < 0)
		return -1;
	/* What is newer there, where newer ones are asked for. */
	if (!o->only_missing && r->n == 2) {
		r->v[0] = &r->site;
		r->v[1] = &r->local;
	}
	if (choose(arena, s, list, err) == 0)
		return 0;
	if (r->n == 2)
		return err_wrap(err, "%.300s", r->where);
	if (s->packages_url == NULL)
		return err_wrap(err, "in '%s', and PKGSITE is empty", r->dir);
	return err_wrap(err, "in '%s', and nothing is fetched (--offline)", r->dir);
}

static int
choose_somewhere(struct arena *arena, const struct workspace *w, const struct service *s, const struct fetch_options *o,
    struct package_list *list, struct err *err)
{
	struct err local = { 0 };

	open_local(arena, w, s, &list->repos);
	if ((o->only_missing || o->offline) && choose(arena, s, list, &local) == 0)
		return 0;
	return choose_from_site(arena, s, o, list, err);
}

int
packages_choose(struct arena *arena, const struct workspace *w, const struct service *s, const struct fetch_options *o,
    struct package_list *list, struct err *err)
{
	*list = (struct package_list){ 0 };
	if (s->npackages == 0 || choose_somewhere(arena, w, s, o, list, err) == 0)
		return 0;
	packages_release(list);
	return -1;
}

int
packages_get(struct arena *arena, const struct workspace *w, const struct service *s, const struct fetch_options *o,
    struct package_list *list, struct err *err)
{
	struct download d = { .arena = arena, .service = s, .options = o, .repos = &list->repos };

	if (packages_choose(arena, w, s, o, list, err) < 0)
		return -1;
	if (get_files(&d, w, list, err) == 0)
		return 0;
	packages_release(list);
	return -1;
}

void
packages_release(struct package_list *list)
{
	packages_close(&list->repos);
}

int
fetch_packages(const struct workspace *w, const struct service *s, const struct fetch_options *o, struct err *err)
{
	struct package_list list;
	struct arena arena;
	int rv;

	arena_init(&arena);
	rv = packages_get(&arena, w, s, o, &list, err);
	if (rv == 0)
		packages_release(&list);
	arena_release(&arena);
	return rv;
}
