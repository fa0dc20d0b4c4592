/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words as sh splits and unquotes them (POSIX 2.2, 2.6.5), without any
 * expansion: '$' and '*' are characters like others.
 *
 *	-device 'a b' "c \" d" e\ f  ──►  -device | a b | c " d | e f
 */
#ifndef SMOL_BASE_WORDS_H
#define SMOL_BASE_WORDS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* Words and their array, which a NULL ends, are the arena's.  A quote that is not closed is an error. */
int words_split(struct arena *, const char *text, const char *const **words, size_t *n, struct err *);

/* Adds a word as sh reads it back: in quotes where it needs them. */
void word_quote(const char *word, struct str *out);

#endif
