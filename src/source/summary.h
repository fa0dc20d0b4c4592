/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pkg_summary(5): what a package site offers.  Lines VARIABLE=VALUE, an empty
 * line between two packages; a variable of several lines comes several times.
 *
 *	PKGNAME=curl-8.1.2nb1
 *	FILE_NAME=curl-8.1.2nb1.tgz	else PKGNAME.tgz
 *	FILE_SIZE=1234
 *	FILE_CKSUM=sha512 0123...	SHA512, SHA256 or SHA1
 *	DEPENDS=openssl>=3.0
 *	COMMENT=Client that groks URLs
 */
#ifndef SMOL_SOURCE_SUMMARY_H
#define SMOL_SOURCE_SUMMARY_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "source/repo.h"

struct summary {
	struct repo_builder *to;
	struct str line; /* what came of it so far */
};

/* Text in pieces of any size, then its end, which frees what the reading took. */
void summary_init(struct summary *, struct repo_builder *);
void summary_add(struct summary *, const char *text, size_t len);
void summary_end(struct summary *);

/* The file at path, plain or compressed as decode.h knows. */
int summary_read(const char *path, struct repo *, struct err *);

/* One line "VARIABLE=VALUE" of the same kind, as +BUILD_INFO has it too. */
void summary_line(struct repo_builder *, const char *line, size_t len);

#endif
