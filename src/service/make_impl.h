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
#define MAKE_DEPTH_MAX 64 /* expressions in expressions, conditionals, includes, loops, parentheses */
#define MAKE_VARS_MAX 10000
#define MAKE_MESSAGES_MAX 100 /* of .info and .warning */
#define MAKE_BUCKETS 1024
/* Bytes read, expanded, matched and assigned, over all files: about a second. */
#define MAKE_WORK_MAX (64 * 1024 * 1024)
#define MAKE_INCLUDE_WORK 8192 /* what an include costs, besides its lines */
#define MAKE_WORK_STEP 64 /* what a line or an expression costs, however short */

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

/* One turn of a .for: what each of its variables stands for. */
struct make_loop {
	const struct make_loop *outer; /* of the same file */
	const char *const *names;
	const char *const *items;
	size_t n;
	bool leave; /* a .break was met */
};

/* Text being read: a file, or the body of a .for. */
struct make_block {
	const char *p, *end;
	unsigned next; /* the line at p */
	struct make_loop *loop; /* NULL: not in a .for */
};

struct make {
	struct arena arena;
	struct make_var *buckets[MAKE_BUCKETS];
	size_t nvars;
	const char **files, **messages;
	size_t nfiles, files_cap, nmessages, messages_cap;

	const char *dir; /* where relative names begin */
	const char *file; /* of what is being read or expanded, for messages */
	unsigned line;
	struct make_block *block;
	unsigned block_depth;
	struct make_branch branches[MAKE_DEPTH_MAX];
	unsigned nbranches;
	unsigned expr_depth;
	size_t work;
};

/* NULL if there is none of that name, or it was undefined. */
struct make_var *make_var_find(const struct make *, const char *name, size_t len);

/* Defines it, at the current position. */
void make_var_set(struct make *, const char *name, const char *value, enum make_origin);

void make_var_undef(struct make *, const char *name);

/* Counts work done or about to be done; fails when it is too much. */
int make_charge(struct make *, size_t bytes, struct err *);

/* The file that a name means: as it is, or in m->dir if it is relative. The caller frees it. */
char *make_path(const struct make *, const char *name);

/* Error at the current position. */
int make_error(const struct make *, struct err *, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* --- make_parse.c --- */

/* Takes the next logical line, without comment, from the block. */
void make_line(struct make_block *, struct str *out);

/* Reads all of it. */
int make_block_read(struct make *, struct make_block *, struct err *);

/* True if lines are in force here: no .if around them is false. */
bool make_in_force(const struct make *);

/* A directive, or an include of System V's make, at line; 1 if it is none. */
int make_directive(struct make *, const char *line, struct err *);

/* .for: takes its body from the block that is being read. */
int make_for(struct make *, const char *arg, struct err *);
int make_break(struct make *, const char *arg, struct err *);
/* Puts the items of the loop, and of those around it, into a line of its body. */
void make_loop_apply(const struct make_loop *, struct str *line);

/* --- make_expand.c --- */

enum make_mode {
	MAKE_EVAL, /* undefined: empty */
	MAKE_KEEP, /* for ":=": undefined expressions and "$$" stay as they are written */
	MAKE_PARSE, /* only to find the end: what a condition leaves out */
};

/* The value of one expression, "$X" or "${NAME:modifiers}". */
struct make_expr {
	struct str name;
	struct str value;
	bool exists; /* the variable is defined */
	bool defined; /* it is, or :U, :D, :L or :? gave a value */
	bool one_word; /* :tW */
	char separator; /* between words; ':ts' may make it none, 0 */
};

/* Appends text with its expressions expanded. */
int make_expand(struct make *, const char *text, enum make_mode, struct str *out, struct err *);

/* *p is at the '$' and is left behind the expression; the caller releases e, whatever comes back. */
int make_expr_parse(struct make *, const char **p, enum make_mode, struct make_expr *e, struct err *);
/* *p is behind the opening brace of "NAME:modifiers" followed by close; left behind close. */
int make_expr_body(struct make *, const char **p, char close, enum make_mode, struct make_expr *, struct err *);
void make_expr_release(struct make_expr *);

/* --- make_words.c --- */

/* The next word at *p; quotes hold blanks together, and stay. NULL at the end. */
const char *make_word(const char **p, size_t *len);
/* The first: modifiers see an empty one where there is none. */
const char *make_word_first(const char **p, size_t *len);

/* Shell pattern: * ? [a-z] [^a-z] and backslash; '*' matches '/' too. */
bool make_match(const char *pattern, const char *text, size_t len);

/* --- make_modifier.c, make_subst.c, make_list.c --- */

/* The modifier being applied. */
struct make_mod {
	struct make *m;
	const char *p; /* behind its name */
	char close; /* of the expression */
	enum make_mode mode;
	struct make_expr *e;
	bool newlines; /* a newline separates words, too */
	struct err *err;
};

/*
 * What fn appends to out for each word, joined, becomes the value; empty ones are dropped.
 * fn returns -1 when it filled the err of the modifier.
 */
typedef int make_word_fn(void *arg, const char *word, size_t len, struct str *out);
int make_words(struct make_mod *, make_word_fn *, void *arg);
make_word_fn make_word_root, make_word_extension, make_word_head, make_word_tail;

/* Applies the modifiers at *p (behind the first ':') up to close, where *p is left. */
int make_modify(struct make *, const char **p, char close, enum make_mode, struct make_expr *, struct err *);

/*
 * An argument up to a character of stop (outside of expressions), expanded;
 * a backslash takes the special meaning from what follows it, and stays if
 * that has none.
 */
int make_mod_argument(struct make_mod *, const char *stop, const char *special, struct str *out);
/* Becomes the value; *value is left empty. */
void make_mod_set(struct make_mod *, struct str *value);
/* True if nothing is to be worked out: the rest of a condition that is decided. */
bool make_mod_idle(const struct make_mod *);

int make_mod_subst(struct make_mod *);
int make_mod_regex(struct make_mod *);
/* ":old=new"; 1 if it is none. */
int make_mod_suffix(struct make_mod *);
int make_mod_order(struct make_mod *);
int make_mod_unique(struct make_mod *);
int make_mod_select(struct make_mod *);
int make_mod_separator(struct make_mod *);
int make_mod_loop(struct make_mod *);
int make_mod_range(struct make_mod *);
int make_mod_if(struct make_mod *);

/* --- make_cond.c --- */

/* What a bare word in a condition is. */
enum make_cond_word {
	MAKE_WORD_PLAIN, /* .if: a name that is defined; a value that is not empty */
	MAKE_WORD_DEFINED, /* .ifdef */
	MAKE_WORD_NOT_DEFINED, /* .ifndef */
	MAKE_WORD_MADE, /* .ifmake: one of .TARGETS */
	MAKE_WORD_NOT_MADE,
	MAKE_WORD_EITHER, /* of ":?": may also stand left of a comparison */
};
int make_cond(struct make *, const char *text, enum make_cond_word, bool *result, struct err *);

#endif
