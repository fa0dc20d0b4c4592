/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pkg_summary(5): what a package site offers.  Lines VARIABLE=VALUE, an empty
 * line between two packages.  What smol needs of it to choose and check a file:
 *
 *	PKGNAME=curl-8.1.2nb1
 *	FILE_NAME=curl-8.1.2nb1.tgz	else PKGNAME.tgz
 *	FILE_SIZE=1234
 *	FILE_CKSUM=sha512 0123...	SHA512, SHA256 or SHA1
 */
#ifndef SMOL_SOURCE_SUMMARY_H
#define SMOL_SOURCE_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/str.h"

struct summary_package {
	const char *name; /* with its version */
	const char *file;
	uint64_t bytes; /* 0: not said */
	struct digest digest; /* DIGEST_NONE: not said */
};

struct summary {
	struct summary_package *packages;
	size_t n, cap;
	/* While it is read. */
	struct arena *arena;
	struct summary_package now;
	struct str line;
};

/* Text in pieces of any size, then its end.  Strings are the arena's. */
void summary_init(struct summary *, struct arena *);
void summary_add(struct summary *, const char *text, size_t len);
void summary_end(struct summary *);
void summary_release(struct summary *);

/* The file at path, plain or compressed as decode.h knows. */
int summary_read(struct summary *, const char *path, struct err *);

/*
 * The package that is meant by a word of ADDPKGS: one of that file's name
 * ("curl-8.1.2nb1.tgz"), of that name with its version, or the newest of that
 * name.  NULL if there is none.
 */
const struct summary_package *summary_find(const struct summary *, const char *word);

#endif
