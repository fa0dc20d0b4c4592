/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checksum lists and package summaries, fetched first, kept beside what they
 * are about under hidden names; and what they say of a file.
 */
#ifndef SMOL_SOURCE_FETCH_INDEX_H
#define SMOL_SOURCE_FETCH_INDEX_H

#include "source/fetch.h"

struct fetch_index {
	const char *url; /* the arena's; if there is none, the last that was tried */
	const char *path; /* NULL: the server has none of the names */
};

/* DIR/NAME, the name escaped as a URL wants it; the arena's. */
const char *fetch_url(struct arena *, const char *dir, const char *name);
/* The directory part of a path or URL, the arena's. */
const char *fetch_parent(struct arena *, const char *path);

/* The first of names (NULL at their end) that the server has below url, as dir/.NAME. */
int fetch_index(struct arena *, const char *url, const char *const *names, const char *dir,
    const struct fetch_options *, struct fetch_index *, struct err *);

/*
 * Lists are not checked themselves: one that did not do is fetched anew next
 * time, whatever the server says of changes.  Returns rv.
 */
int fetch_index_doubt(const struct fetch_index *, int rv);

/* Its text, decompressed, NUL-terminated, the arena's; "" if there is none.  NULL and err. */
const char *fetch_index_text(struct arena *, const struct fetch_index *, struct err *);

/*
 * What the list says of that file, into the item.  alone: as in sums_find().
 * That it says nothing is an error unless unverified is asked for.
 */
int fetch_index_check(const struct fetch_index *, const char *text, const char *file, bool alone,
    const struct fetch_options *, struct fetch_item *, struct err *);

/* "there is no WHAT 'PATH', and nothing is fetched (--offline): it would come from URL", the others by path. */
int fetch_missing(const char *what, const struct fetch_item *, size_t n, struct err *);

#endif
