/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NetBSD's live image: found by its pattern in the SHA512 list of its
 * directory, as its name has the version in it; checked compressed, kept
 * unpacked.
 */
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

#include "source/dewey.h"
#include "source/fetch.h"
#include "source/fetch_index.h"
#include "source/sums.h"

/* The newest name in the list that matches; the pattern itself if it is none, NULL if nothing does. */
static const char *
find_name(struct arena *arena, const char *text, const char *pattern)
{
	const char *best = NULL, *name;
	struct sums_line line;

	if (strpbrk(pattern, "*?[") == NULL)
		return pattern;
	while (sums_next(&text, &line)) {
		name = arena_strndup(arena, line.file, line.file_len);
		if (fnmatch(pattern, name, FNM_PATHNAME | FNM_PERIOD) == 0 &&
		    (best == NULL || dewey_compare(name, best) > 0))
			best = name;
	}
	return best;
}

static int
fetch_by_list(struct arena *arena, const char *url, const struct fetch_index *index, struct fetch_item *item,
    const struct fetch_options *o, struct err *err)
{
	const char *dir = fetch_parent(arena, url), *pattern = strrchr(url, '/') + 1, *name, *text;

	text = fetch_index_text(arena, index, err);
	if (text == NULL)
		return -1;
	name = find_name(arena, text, pattern);
	if (name == NULL && index->path == NULL)
		return err_set(err, "there is no '%.300s' to find %s by", index->url, pattern);
	if (name == NULL)
		return err_set(err, "%.300s lists no %s", index->url, pattern);
	item->url = fetch_url(arena, dir, name);
	if (fetch_index_check(index, text, name, false, o, item, err) < 0)
		return -1;
	return fetch_run(item, 1, o, err);
}

static int
fetch_listed_live(
    struct arena *arena, const char *url, struct fetch_item *item, const struct fetch_options *o, struct err *err)
{
	static const char *const lists[] = { "SHA512", NULL };
	struct fetch_index index;

	if (fetch_index(arena, fetch_parent(arena, url), lists, fetch_parent(arena, item->path), o, &index, err) < 0)
		return -1;
	return fetch_index_doubt(&index, fetch_by_list(arena, url, &index, item, o, err));
}

int
fetch_live(const struct workspace *w, const struct service *s, const struct fetch_options *o, struct err *err)
{
	struct fetch_item item = { .url = s->live_url, .unpack = true };
	struct arena arena;
	bool there;
	int rv = 0;

	arena_init(&arena);
	item.path = workspace_path(w, &arena, arena_printf(&arena, "images/NetBSD-%s-live.img", s->arch));
	there = access(item.path, F_OK) == 0;
	if (there && (o->only_missing || o->offline))
		rv = 0;
	else if (s->live_url == NULL || strchr(s->live_url, '/') == NULL)
		rv = err_set(err, "cannot fetch '%s': LIVEIMGGZ is no URL", item.path);
	else if (o->offline)
		rv = fetch_missing("image", &item, 1, err);
	else
		rv = fetch_listed_live(&arena, s->live_url, &item, o, err);
	arena_release(&arena);
	return rv;
}
