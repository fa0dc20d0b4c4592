/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the make language share; others include make.h.
 */
#ifndef SMOL_SERVICE_MAKE_IMPL_H
#define SMOL_SERVICE_MAKE_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "service/make.h"

#define MAKE_FILE_MAX (1024 * 1024) /* bytes of a file */
#define MAKE_VALUE_MAX (1024 * 1024) /* bytes of an expanded value */
#define MAKE_STEPS_MAX 100000 /* expressions in one expansion: ${A} that holds ${B}${B}, ... */
#define MAKE_DEPTH_MAX 64 /* expressions in expressions, conditionals, includes, parentheses */
#define MAKE_BUCKETS 64

enum make_origin {
	MAKE_PRESET,
	MAKE_FILE,
	MAKE_OVERRIDE,
};

struct make_var {
	struct make_var *next;
	const char *name;
	struct str value; /* as written, unexpanded */
	enum make_origin origin;
	const char *file; /* of the last assignment */
	unsigned line;
	bool defined;
	bool expanding; /* its value is being expanded: meeting it again is a loop */
};

/* An open .if: of its branches, the one being read. */
struct make_branch {
	enum {
		MAKE_TAKE, /* this one is in force */
		MAKE_SEEK, /* none was true yet */
		MAKE_IGNORE, /* one was, or the .if stands in what is ignored */
	} state;
	bool seen_else;
	unsigned line;
};

struct make {
	struct arena arena;
	struct make_var *buckets[MAKE_BUCKETS];
	const char **files;
	size_t nfiles, files_cap;

	const char *file; /* of what is being read or expanded, for messages */
	unsigned line;
	unsigned include_depth;
	struct make_branch branches[MAKE_DEPTH_MAX];
	unsigned nbranches;
	unsigned expr_depth, steps;
};

/* NULL if there is none of that name, or it was undefined. */
struct make_var *make_var_find(const struct make *, const char *name, size_t len);

/* Defines it, at the current position. */
void make_var_set(struct make *, const char *name, const char *value, enum make_origin);

/* Error at the current position. */
int make_error(const struct make *, struct err *, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* --- make_expand.c --- */

enum make_mode {
	MAKE_EVAL, /* undefined: empty */
	MAKE_KEEP, /* for ":=": undefined expressions and "$$" stay as they are written */
	MAKE_PARSE, /* only to find the end: the false side of && and || */
};

/* The value of one expression, "$X" or "${NAME:modifiers}". */
struct make_expr {
	struct str name;
	struct str value;
	bool defined; /* the variable, or by :U and :D and :L */
};

/* Appends text with its expressions expanded. */
int make_expand(struct make *, const char *text, enum make_mode, struct str *out, struct err *);

/* *p is at the '$' and is left behind the expression; the caller releases e, whatever comes back. */
int make_expr_parse(struct make *, const char **p, enum make_mode, struct make_expr *e, struct err *);
/* *p is behind the opening brace of "NAME:modifiers" followed by close; left behind close. */
int make_expr_body(struct make *, const char **p, char close, enum make_mode, struct make_expr *, struct err *);
void make_expr_release(struct make_expr *);

/* --- make_words.c --- */

/* What fn appends to out for each word, joined by spaces, becomes the value; empty ones are dropped. */
void make_words(struct str *value, void (*fn)(void *arg, const char *word, size_t len, struct str *out), void *arg);
void make_word_root(void *, const char *word, size_t len, struct str *out);
void make_word_extension(void *, const char *word, size_t len, struct str *out);
void make_word_head(void *, const char *word, size_t len, struct str *out);
void make_word_tail(void *, const char *word, size_t len, struct str *out);

/* Shell pattern: * ? [a-z] [^a-z] and backslash; '*' matches '/' too. */
bool make_match(const char *pattern, const char *text, size_t len);

/* --- make_modifier.c --- */

/* Applies the modifiers at *p (behind the first ':') up to close, where *p is left. */
int make_modify(struct make *, const char **p, char close, enum make_mode, struct make_expr *, struct err *);

/* --- make_cond.c --- */

/* What a bare word in a condition is. */
enum make_cond_word {
	MAKE_WORD_DEFINED, /* .if and .ifdef */
	MAKE_WORD_NOT_DEFINED, /* .ifndef */
};
int make_cond(struct make *, const char *text, enum make_cond_word, bool *result, struct err *);

#endif
