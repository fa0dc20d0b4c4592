/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checksum lists: a line for each file, in either of two forms,
 *
 *	SHA512 (base.tar.xz) = 0123...		BSD's cksum(1): NetBSD's SHA512 files
 *	0123...  base.tar.xz			GNU's sha512sum; '*' before a binary file's name
 *
 * or, in the .sha256 file beside another file, that file's digest alone.
 * Kinds: SHA512, SHA256, SHA1, in GNU's form by length.  Lines that are
 * neither (MD5, a comment, an HTML page) are passed over.
 */
#ifndef SMOL_SOURCE_SUMS_H
#define SMOL_SOURCE_SUMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"
#include "base/err.h"

struct sums_line {
	const char *file; /* within the text, a leading "./" left out; not NUL-terminated */
	size_t file_len; /* 0: the digest stands alone */
	struct digest digest;
};

/* The next line that is one, and *text behind it; false at the end. */
bool sums_next(const char **text, struct sums_line *);

/*
 * The digest of a file in a NUL-terminated list: 1, or 0 if it is not there.
 * The strongest kind counts; two of one kind that differ are an error.  alone
 * says that a digest without a name is this file's.
 */
int sums_find(const char *text, const char *file, bool alone, struct digest *, struct err *);

#endif
