/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A growing string, and the parsers of small values that a user writes.
 */
#ifndef SMOL_BASE_STR_H
#define SMOL_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* NUL-terminated once something was added; str_release() frees. */
struct str {
	char *p;
	size_t len, cap;
};

void str_add(struct str *, const char *);
void str_addn(struct str *, const char *, size_t);
void str_addf(struct str *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_release(struct str *);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/*
 * Decimal number in [min, max]; the whole string must be it.  what names the
 * thing in the message: "bad memory size 'x': ...".
 */
int parse_u64(const char *s, uint64_t min, uint64_t max, const char *what, uint64_t *out, struct err *);

/* Size in bytes: digits and an optional K, M, G or T (powers of 1024, either case). */
int parse_size(const char *s, const char *what, uint64_t *bytes, struct err *);

/* "1.5 GiB" style; returns buf. */
#define SIZE_TEXT_MAX 16
char *size_text(uint64_t bytes, char buf[SIZE_TEXT_MAX]);

#endif
