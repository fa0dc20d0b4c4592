/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The make language of options.mk and own.mk, as bmake reads it: assignments,
 * conditionals, includes, variables with modifiers.  No rules and no shell:
 * these files say what an image is, they do not run anything.
 *
 *	file ─► logical lines (make_parse.c) ─┬─ NAME = text      variables keep text, unexpanded
 *	                                      ├─ .if, .include, … make_directive.c, make_cond.c
 *	                                      └─ .for             make_for.c: its body, line by line, again
 *	make_get(NAME) ─► make_expand.c ─► make_modifier.c (":S/a/b/") ─► value
 *
 * Every message begins with the file and line of the text it is about.
 * Everything is bounded: file size, nesting, expansions, length of a value.
 */
#ifndef SMOL_SERVICE_MAKE_H
#define SMOL_SERVICE_MAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

struct make;

/*
 * With what make defines by itself: .CURDIR (the current directory), .OBJDIR,
 * .TARGETS (none), .newline, MAKE, .MAKE, .MAKE.LEVEL, MAKE_VERSION; .PARSEDIR
 * and .PARSEFILE while a file is read; and HOME and USER of the environment,
 * of which nothing else is seen.
 */
struct make *make_new(void);
void make_free(struct make *);

/* Relative names of exists() and .include begin in dir, and .CURDIR is it. */
void make_chdir(struct make *, const char *dir);

/* Before any file is read, and files may change it: like make's built-in values. */
void make_preset(struct make *, const char *name, const char *value);
/* As given on make's command line: assignments in files do not change it. */
void make_override(struct make *, const char *name, const char *value);

/* Reads a file, or text that is to be taken for the file called name. */
int make_read(struct make *, const char *path, struct err *);
int make_read_text(struct make *, const char *name, const char *text, size_t len, struct err *);

/* The expanded value, the arena's; NULL in *value if it is not defined. */
int make_get(struct make *, struct arena *, const char *name, const char **value, struct err *);

/* "service/x/options.mk:3", "the command line", or "smol" for a preset; NULL if not defined.  Lives with m. */
const char *make_where(struct make *, const char *name);

/* Files read so far, in order (includes too); for the digest of the inputs. */
size_t make_nfiles(const struct make *);
const char *make_file(const struct make *, size_t i);

/* What .info and .warning said, each with file and line. */
size_t make_nmessages(const struct make *);
const char *make_message(const struct make *, size_t i);

/* A name that an assignment on the command line can have: letters, digits, '_', '.' and '-', not a digit first. */
bool make_name_ok(const char *name, size_t len);

#endif
