/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packages that can be had: of a site by its pkg_summary, or files that lie
 * here.  One form in memory and in the cache, where it is mapped and used as
 * it lies:
 *
 *	0	header: magic, number of packages, bytes of strings, CRC, and the
 *		size, mtime, ctime and inode of the pkg_summary it was made of
 *	64	packages, by name (strcmp): an offset of each field into
 *	...	strings: "" at offset 0; a list is "a\0b\0\0"
 *
 * Integers are little-endian.  Every offset is checked when it is used.
 */
#ifndef SMOL_SOURCE_REPO_H
#define SMOL_SOURCE_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/str.h"

enum repo_field {
	REPO_NAME, /* with its version */
	REPO_FILE, /* on the server; of a file here its path */
	REPO_COMMENT,
	REPO_CATEGORIES,
	REPO_HOMEPAGE,
	REPO_LICENSE,
	REPO_PKGPATH,
	REPO_OPTIONS,
	REPO_BUILT,
	REPO_BYTES, /* of the file */
	REPO_SIZE, /* installed */
	REPO_DIGEST, /* "sha512 0123..." */
	REPO_LISTS, /* from here on: lists */
	REPO_DEPENDS = REPO_LISTS,
	REPO_CONFLICTS,
	REPO_SUPERSEDES,
	REPO_PROVIDES,
	REPO_REQUIRES,
	REPO_FIELDS,
};

struct repo {
	uint32_t n;
	const uint8_t *entries;
	const char *strings;
	size_t strings_bytes;
	/* What they lie in: a map, or what was built. */
	void *map;
	size_t map_bytes;
	uint8_t *built;
	struct str text;
};

/* The text of a field, "" where it is not said; of a list its first, repo_next() the others; "" ends it. */
const char *repo_get(const struct repo *, uint32_t package, enum repo_field);

static inline const char *
repo_next(const char *item)
{
	while (*item != '\0')
		item++;
	return item + 1;
}

/* 0 where it is not said. */
uint64_t repo_number(const struct repo *, uint32_t package, enum repo_field);
/* DIGEST_NONE where it is not said, or of a kind that is not known. */
struct digest repo_digest(const struct repo *, uint32_t package);

/* The first package whose name is not below the len bytes of prefix; n if there is none. */
uint32_t repo_search(const struct repo *, const char *prefix, size_t len);

void repo_release(struct repo *);

/* --- made of parts --- */

struct repo_builder {
	uint32_t (*entries)[REPO_FIELDS];
	size_t n, cap;
	struct str strings;
	uint32_t now[REPO_FIELDS]; /* of the package in the making */
	enum repo_field list; /* being added to; REPO_FIELDS: none */
	bool full; /* bounds were reached: what came later is left out */
};

void repo_builder_init(struct repo_builder *);
void repo_builder_release(struct repo_builder *);

/* A field of the package in the making; a list's values one after the other. */
void repo_add(struct repo_builder *, enum repo_field, const char *value, size_t len);
/* Ends the package; one without a name that may stand in a path and a URL is dropped. */
void repo_add_end(struct repo_builder *);

/* Takes what was built, sorted. */
void repo_build(struct repo *, struct repo_builder *);

/* --- of pkg_summary --- */

/*
 * The file at path, plain or compressed as decode.h knows, by the cache if it
 * is there; the cache is a help only, what fails there is passed over.
 */
int repo_open(struct repo *, const char *path, struct err *);

#endif
