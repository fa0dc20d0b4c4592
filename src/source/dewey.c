/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compares versions, number by number, without building the rows.
 */
#include "source/dewey.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/defs.h"

/* A version being read. */
struct reader {
	const char *p;
	int64_t letter; /* the second number of a letter, 0: none is due */
	int64_t revision; /* nbN, once it was passed */
};

static const struct {
	const char *word;
	int64_t value;
} words[] = {
	{ "alpha", -3 },
	{ "beta", -2 },
	{ "pre", -1 },
	{ "rc", -1 },
	{ "pl", 0 },
	{ "_", 0 },
	{ ".", 0 },
};

/* Digits; so many of them that they do not fit count as the largest number. */
static int64_t
number(const char **p)
{
	int64_t n = 0;

	for (; isdigit((unsigned char)**p); (*p)++)
		n = n > (INT64_MAX - 9) / 10 ? INT64_MAX : n * 10 + (**p - '0');
	return n;
}

/* The next number of the row; false and 0 at its end. */
static bool
next(struct reader *r, int64_t *n)
{
	size_t i;

	*n = r->letter;
	r->letter = 0;
	if (*n != 0)
		return true;
	for (; *r->p != '\0'; r->p++) {
		if (isdigit((unsigned char)*r->p)) {
			*n = number(&r->p);
			return true;
		}
		for (i = 0; i < nitems(words); i++) {
			if (strncasecmp(r->p, words[i].word, strlen(words[i].word)) == 0) {
				r->p += strlen(words[i].word);
				*n = words[i].value;
				return true;
			}
		}
		if (strncasecmp(r->p, "nb", 2) == 0) {
			r->p += 2;
			r->revision = number(&r->p);
			r->p--;
		} else if (isalpha((unsigned char)*r->p)) {
			r->letter = tolower((unsigned char)*r->p++) - 'a' + 1;
			return true;
		}
	}
	return false;
}

int
dewey_compare(const char *a, const char *b)
{
	struct reader ra = { .p = a }, rb = { .p = b };
	bool more_a, more_b;
	int64_t x, y;

	do {
		more_a = next(&ra, &x);
		more_b = next(&rb, &y);
		if (x != y)
			return x < y ? -1 : 1;
	} while (more_a || more_b);
	return ra.revision < rb.revision ? -1 : ra.revision > rb.revision;
}

size_t
dewey_name_len(const char *pkgname)
{
	const char *dash = strrchr(pkgname, '-');

	return dash == NULL ? strlen(pkgname) : (size_t)(dash - pkgname);
}
