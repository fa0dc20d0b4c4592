/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel that an image for a BIOS holds: a release's own, checked
 * compressed by the SHA512 list of its directory, kept unpacked.
 */
#include <string.h>
#include <unistd.h>

#include "source/fetch.h"
#include "source/fetch_index.h"

static int
fetch_listed_kernel(struct arena *arena, const char *url, const char *name, struct fetch_item *item,
    const struct fetch_options *o, struct err *err)
{
	static const char *const lists[] = { "SHA512", NULL };
	struct fetch_index index;
	const char *text;

	if (fetch_index(arena, url, lists, fetch_parent(arena, item->path), o, &index, err) < 0)
		return -1;
	text = fetch_index_text(arena, &index, err);
	if (text == NULL || fetch_index_check(&index, text, name, false, o, item, err) < 0 ||
	    fetch_run(item, 1, o, err) < 0)
		return fetch_index_doubt(&index, -1);
	return 0;
}

int
fetch_bios_kernel(const struct workspace *w, const struct service *s, const struct fetch_options *o, struct err *err)
{
	struct fetch_item item = { .unpack = true };
	struct arena arena;
	const char *name;
	int rv = 0;

	/* A path is the user's own file. */
	if (!s->bios.boot || s->bios.kernel == NULL || strchr(s->bios.kernel, '/') != NULL)
		return 0;
	arena_init(&arena);
	name = arena_printf(&arena, "%s.gz", s->bios.kernel);
	item.path = workspace_kernel(w, &arena, s->bios.kernel);
	item.url = s->bios.kernel_url == NULL ? "" : fetch_url(&arena, s->bios.kernel_url, name);
	if ((o->only_missing || o->offline) && access(item.path, F_OK) == 0)
		rv = 0;
	else if (s->bios.kernel_url == NULL)
		rv = err_set(err, "there is no kernel '%s', and DIST is empty", item.path);
	else if (o->offline)
		rv = fetch_missing("kernel", &item, 1, err);
	else
		rv = fetch_listed_kernel(&arena, s->bios.kernel_url, name, &item, o, err);
	arena_release(&arena);
	return rv;
}
