/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States of fetched files, by jansson.
 */
#include "source/fetch_state.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/defs.h"
#include "base/io.h"
#include "tree/tree.h"

#define STATE_MAX (16 * 1024)

static bool
copy(char *to, size_t size, const char *from)
{
	if (strlen(from) >= size)
		return false;
	(void)strcpy(to, from);
	return true;
}

static bool
unpack(json_t *j, struct fetch_state *s)
{
	const char *url, *etag, *last_modified, *digest;
	json_int_t bytes, mtime_ns;

	if (json_unpack(j, "{s:s, s:s, s:s, s:s, s:I, s:I}", "url", &url, "etag", &etag, "last_modified",
		&last_modified, "digest", &digest, "bytes", &bytes, "mtime_ns", &mtime_ns) != 0)
		return false;
	s->bytes = (uint64_t)bytes;
	s->mtime_ns = mtime_ns;
	return bytes >= 0 && copy(s->url, sizeof(s->url), url) && copy(s->etag, sizeof(s->etag), etag) &&
	       copy(s->last_modified, sizeof(s->last_modified), last_modified) &&
	       (*digest == '\0' || digest_parse(&s->digest, digest));
}

bool
fetch_state_read(const char *path, struct fetch_state *s)
{
	struct err ignored;
	cleanup_free char *text = file_read(path, STATE_MAX, NULL, &ignored);
	json_t *j = text == NULL ? NULL : json_loads(text, 0, NULL);
	bool good;

	*s = (struct fetch_state){ 0 };
	good = j != NULL && unpack(j, s);
	if (!good)
		*s = (struct fetch_state){ 0 };
	json_decref(j);
	return good;
}

int
fetch_state_write(const char *path, const struct fetch_state *s, struct err *err)
{
	char digest[DIGEST_TEXT_MAX] = "";
	cleanup_free char *text = NULL;
	json_t *j;

	if (s->digest.kind != DIGEST_NONE)
		(void)digest_string(&s->digest, digest);
	j = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "url", s->url, "etag", s->etag, "last_modified",
	    s->last_modified, "digest", digest, "bytes", (json_int_t)s->bytes, "mtime_ns", (json_int_t)s->mtime_ns);
	/* A validator that is not UTF-8: nothing is remembered, nor what was before. */
	if (j == NULL) {
		(void)unlink(path);
		return 0;
	}
	text = json_dumps(j, JSON_INDENT(2));
	json_decref(j);
	return file_write(path, text, strlen(text), err);
}

int
fetch_state_of(struct fetch_state *s, const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(err, "cannot read '%s'", path);
	s->bytes = (uint64_t)st.st_size;
	s->mtime_ns = tree_stat_mtime(&st);
	return 0;
}

bool
fetch_state_holds(const struct fetch_state *s, const char *path)
{
	struct fetch_state now = { 0 };
	struct err ignored;

	return fetch_state_of(&now, path, &ignored) == 0 && now.bytes == s->bytes && now.mtime_ns == s->mtime_ns;
}
