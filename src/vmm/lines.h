/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptions, as smol-vmm and smol-net are given them on a descriptor: the
 * first line says what it is, then one line a fact, words divided by single
 * spaces.  Each kind of line is a row of a table.
 */
#ifndef SMOL_VMM_LINES_H
#define SMOL_VMM_LINES_H

#include <stddef.h>

#include "base/err.h"

#define LINES_TEXT_MAX 65536
#define LINE_BYTES_MAX 2112
#define LINE_WORDS_MAX 6

struct line {
	void *into; /* what is filled */
	const struct line_kind *kind;
	char *words[LINE_WORDS_MAX];
	const char *rest; /* behind the first word; for kinds of any number of words */
	struct err *err;
};

struct line_kind {
	const char *word;
	unsigned n; /* words; 0: any, not divided */
	int (*fn)(struct line *);
	size_t offset; /* of the field that line_fd or line_flag fills */
};

struct lines {
	const char *what; /* "machine description", for messages */
	const char *program, *first; /* "smol-vmm", "smol-vmm 1\n" */
	const struct line_kind *kinds;
	size_t nkinds;
};

/* Kinds of one descriptor, an int, and of nothing but their word, a bool. */
int line_fd(struct line *);
int line_flag(struct line *);

/* The number of a descriptor. */
int parse_fd(const char *word, int *fd, struct err *);

/* The whole text from the descriptor that an argument names: static, NUL-terminated; NULL and err. */
const char *lines_read(const struct lines *, const char *arg, struct err *);

/* text ends with a NUL.  The message names the line. */
int lines_parse(const struct lines *, void *into, const char *text, struct err *);

#endif
