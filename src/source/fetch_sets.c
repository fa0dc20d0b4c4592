/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets, checked against the SHA512 list of their directory; kernels, against
 * the .sha256 beside them.
 */
#include <string.h>
#include <unistd.h>

#include "machine/kernel.h"
#include "source/fetch.h"
#include "source/fetch_index.h"

/* Whether what is there need be looked at. */
static bool
wanted(const struct fetch_options *o, const char *path)
{
	return (!o->only_missing && !o->offline) || access(path, F_OK) < 0;
}

static bool
has_path(const struct fetch_item *items, size_t n, const char *path)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(items[i].path, path) == 0)
			return true;
	return false;
}

static int
fetch_listed_sets(struct arena *arena, const char *url, struct fetch_item *items, size_t n,
    const struct fetch_options *o, struct err *err)
{
	static const char *const lists[] = { "SHA512", NULL };
	struct fetch_index index;
	const char *text;
	int rv = 0;
	size_t i;

	if (fetch_index(arena, url, lists, fetch_parent(arena, items[0].path), o, &index, err) < 0)
		return -1;
	text = fetch_index_text(arena, &index, err);
	if (text == NULL)
		rv = -1;
	for (i = 0; i < n && rv == 0; i++)
		rv = fetch_index_check(&index, text, strrchr(items[i].path, '/') + 1, false, o, &items[i], err);
	if (rv == 0)
		rv = fetch_run(items, n, o, err);
	return fetch_index_doubt(&index, rv);
}

/* Also the set with the boot blocks, which the image itself may not hold. */
static const char *
set_file(const struct service *s, size_t i)
{
	return i < s->nsets ? s->sets[i].file : s->bios.set;
}

int
fetch_sets(const struct workspace *w, const struct service *s, const struct fetch_options *o, struct err *err)
{
	struct fetch_item *items;
	struct arena arena;
	const char *path, *file;
	size_t i, n = 0;
	int rv = 0;

	arena_init(&arena);
	items = arena_calloc(&arena, s->nsets + 1, sizeof(*items));
	for (i = 0; i < s->nsets + (s->bios.set != NULL); i++) {
		file = set_file(s, i);
		/* The user's own file, wherever it is. */
		if (strchr(file, '/') != NULL)
			continue;
		path = workspace_set(w, &arena, s->arch, file);
		if (!wanted(o, path) || has_path(items, n, path))
			continue;
		items[n].path = path;
		items[n++].url = s->sets_url == NULL ? "" : fetch_url(&arena, s->sets_url, file);
	}
	if (n > 0 && s->sets_url == NULL)
		rv = err_set(err, "there is no set '%s', and DIST is empty", items[0].path);
	else if (n > 0 && o->offline)
		rv = fetch_missing("set", items, n, err);
	else if (n > 0)
		rv = fetch_listed_sets(&arena, s->sets_url, items, n, o, err);
	arena_release(&arena);
	return rv;
}

static int
fetch_checked_kernel(struct arena *arena, const char *url, const char *name, struct fetch_item *item,
    const struct fetch_options *o, struct err *err)
{
	const char *lists[] = { arena_printf(arena, "%s.sha256", name), NULL };
	struct fetch_index index;
	const char *text;

	if (fetch_index(arena, url, lists, fetch_parent(arena, item->path), o, &index, err) < 0)
		return -1;
	text = fetch_index_text(arena, &index, err);
	if (text == NULL || fetch_index_check(&index, text, name, true, o, item, err) < 0 ||
	    fetch_run(item, 1, o, err) < 0)
		return fetch_index_doubt(&index, -1);
	return 0;
}

int
fetch_kernel(const struct workspace *w, const struct service *s, const struct fetch_options *o, struct err *err)
{
	const char *name = kernel_default_name(s->arch);
	struct fetch_item item = { 0 };
	struct arena arena;
	int rv = 0;

	arena_init(&arena);
	item.path = workspace_kernel(w, &arena, name);
	item.url = s->kernel_url == NULL ? "" : fetch_url(&arena, s->kernel_url, name);
	if (!wanted(o, item.path))
		rv = 0;
	else if (s->kernel_url == NULL)
		rv = err_set(err, "there is no kernel '%s', and KDIST is empty", item.path);
	else if (o->offline)
		rv = fetch_missing("kernel", &item, 1, err);
	else
		rv = fetch_checked_kernel(&arena, s->kernel_url, name, &item, o, err);
	arena_release(&arena);
	return rv;
}
