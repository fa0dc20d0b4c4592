/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists and indexes of a server's directory.
 */
#include "source/fetch_index.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/str.h"
#include "source/decode.h"
#include "source/sums.h"

#define INDEX_MAX (UINT64_C(256) << 20)
#define LIST_MAX (UINT64_C(64) << 20) /* unpacked */

const char *
fetch_url(struct arena *arena, const char *dir, const char *name)
{
	size_t len = strlen(dir);
	struct str s = { 0 };
	const char *url;

	while (len > 0 && dir[len - 1] == '/')
		len--;
	str_addn(&s, dir, len);
	str_add(&s, "/");
	for (; *name != '\0'; name++) {
		if (isalnum((unsigned char)*name) || strchr("-._~+@:=,", *name) != NULL)
			str_addn(&s, name, 1);
		else
			str_addf(&s, "%%%02X", (unsigned char)*name);
	}
	url = arena_strdup(arena, s.p);
	str_release(&s);
	return url;
}

const char *
fetch_parent(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? "." : arena_strndup(arena, path, (size_t)(slash - path));
}

int
fetch_index(struct arena *arena, const char *url, const char *const *names, const char *dir,
    const struct fetch_options *o, struct fetch_index *index, struct err *err)
{
	*index = (struct fetch_index){ 0 };
	for (; *names != NULL; names++) {
		struct fetch_item item = {
			.url = fetch_url(arena, url, *names),
			.path = arena_printf(arena, "%s/.%s", dir, *names),
			.max_bytes = INDEX_MAX,
			.index = true,
			.optional = true,
		};

		if (fetch_run(&item, 1, o, err) < 0)
			return -1;
		index->url = item.url;
		if (item.outcome == FETCH_ABSENT)
			continue;
		index->path = item.path;
		break;
	}
	return 0;
}

int
fetch_index_doubt(const struct fetch_index *index, int rv)
{
	struct str state = { 0 };

	if (rv == 0 || index->path == NULL)
		return rv;
	str_addf(&state, "%s.json", index->path);
	(void)unlink(index->path);
	(void)unlink(state.p);
	str_release(&state);
	return rv;
}

const char *
fetch_index_text(struct arena *arena, const struct fetch_index *index, struct err *err)
{
	cleanup_close int fd = index->path == NULL ? -1 : open(index->path, O_RDONLY | O_CLOEXEC);
	struct str text = { 0 };
	const char *result;
	struct decode *d;
	const void *buf;
	ssize_t n;

	if (index->path == NULL)
		return "";
	if (fd < 0) {
		(void)err_sys(err, "cannot open '%s'", index->path);
		return NULL;
	}
	d = decode_open(fd, err);
	if (d == NULL) {
		(void)err_wrap(err, "%s", index->url);
		return NULL;
	}
	while ((n = decode_next(d, &buf, err)) > 0 && text.len + (size_t)n <= LIST_MAX)
		str_addn(&text, buf, (size_t)n);
	decode_close(d);
	if (n > 0)
		(void)err_set(err, "it is larger than 64 MiB unpacked");
	if (n != 0)
		(void)err_wrap(err, "%s", index->url);
	result = n != 0 ? NULL : text.p == NULL ? "" : arena_strdup(arena, text.p);
	str_release(&text);
	return result;
}

int
fetch_index_check(const struct fetch_index *index, const char *text, const char *file, bool alone,
    const struct fetch_options *o, struct fetch_item *item, struct err *err)
{
	int rv = index->path == NULL ? 0 : sums_find(text, file, alone, &item->digest, err);

	if (rv < 0)
		return err_wrap(err, "%s", index->url);
	item->digest_from = index->url;
	if (rv > 0 || o->unverified)
		return 0;
	if (index->path == NULL)
		return err_set(err,
		    "there is no '%.300s' to check %s by: is the address right? 'smol fetch --unverified' takes it as "
		    "it is",
		    index->url, file);
	return err_set(err, "'%.300s' does not list %s: is there such a file? 'smol fetch --unverified' asks for it",
	    index->url, file);
}

int
fetch_missing(const char *what, const struct fetch_item *items, size_t n, struct err *err)
{
	struct str more = { 0 };
	size_t i;

	for (i = 1; i < n; i++)
		str_addf(&more, "%s%s", more.len == 0 ? "; nor is there " : ", ", items[i].path);
	(void)err_set(err,
	    "there is no %s '%.300s', and nothing is fetched (--offline): it would come from %.300s%.300s", what,
	    items[0].path, items[0].url, more.p == NULL ? "" : more.p);
	str_release(&more);
	return -1;
}
