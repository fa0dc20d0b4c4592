/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pkgsrc's order of versions, "dewey" (pkg_info(1), "PACKAGE WILDCARDS").
 *
 * A version is a row of numbers: digits are their number; '.', '_' and "pl"
 * are 0; "alpha" is -3, "beta" -2, "pre" and "rc" -1; a letter is 0 and then
 * its place in the alphabet (1.0a is 1.0.1, above 1.0; 1.0rc1 is below).  What
 * is missing at the end of the shorter row is 0.  "nbN", the revision of the
 * package, stands apart and decides last.
 */
#ifndef SMOL_SOURCE_DEWEY_H
#define SMOL_SOURCE_DEWEY_H

#include <stddef.h>

/* Below, at or above 0, as a is older than, equal to or newer than b. */
int dewey_compare(const char *a, const char *b);

/* Where a package's name ends: the length of "curl" in "curl-8.1.2nb1"; the whole length if it has no version. */
size_t dewey_name_len(const char *pkgname);

#endif
