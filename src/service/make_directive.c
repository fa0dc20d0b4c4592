/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directives of make files: what begins with a dot.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/str.h"
#include "service/make.h"
#include "service/make_impl.h"

/* --- conditionals --- */

bool
make_in_force(const struct make *m)
{
	return m->nbranches == 0 || m->branches[m->nbranches - 1].state == MAKE_TAKE;
}

/* One row of the table below. */
struct directive {
	const char *name;
	int (*fn)(struct make *, const struct directive *, const char *arg, struct err *);
	bool always; /* looked at in what an .if leaves out, too */
	enum make_cond_word word; /* of the kinds of .if */
};

static int
do_if(struct make *m, const struct directive *d, const char *arg, struct err *err)
{
	struct make_branch *b;
	bool yes = false;

	if (m->nbranches == nitems(m->branches))
		return make_error(m, err, ".if in .if, more than %zu deep", nitems(m->branches));
	b = &m->branches[m->nbranches];
	*b = (struct make_branch){ .state = MAKE_IGNORE, .line = m->line };
	if (make_in_force(m)) {
		if (make_cond(m, arg, d->word, &yes, err) < 0)
			return -1;
		b->state = yes ? MAKE_TAKE : MAKE_SEEK;
	}
	m->nbranches++;
	return 0;
}

/* The innermost .if, which an .elif, .else or .endif is about. */
static struct make_branch *
branch(struct make *m, const char *what, struct err *err)
{
	if (m->nbranches == 0) {
		(void)make_error(m, err, ".%s without .if", what);
		return NULL;
	}
	return &m->branches[m->nbranches - 1];
}

static int
do_elif(struct make *m, const struct directive *d, const char *arg, struct err *err)
{
	struct make_branch *b = branch(m, d->name, err);
	bool yes = false;

	if (b == NULL)
		return -1;
	if (b->seen_else)
		return make_error(m, err, ".%s after .else (the .if is on line %u)", d->name, b->line);
	if (b->state == MAKE_TAKE)
		b->state = MAKE_IGNORE;
	if (b->state == MAKE_SEEK) {
		if (make_cond(m, arg, d->word, &yes, err) < 0)
			return -1;
		b->state = yes ? MAKE_TAKE : MAKE_SEEK;
	}
	return 0;
}

static int
do_else(struct make *m, const struct directive *d, const char *arg, struct err *err)
{
	struct make_branch *b = branch(m, d->name, err);

	if (b == NULL)
		return -1;
	if (*arg != '\0')
		return make_error(m, err, "'%.60s' after .else: use .elif for a condition", arg);
	if (b->seen_else)
		return make_error(m, err, "a second .else (the .if is on line %u)", b->line);
	b->seen_else = true;
	b->state = b->state == MAKE_SEEK ? MAKE_TAKE : MAKE_IGNORE;
	return 0;
}

static int
do_endif(struct make *m, const struct directive *d, const char *arg, struct err *err)
{
	if (branch(m, d->name, err) == NULL)
		return -1;
	if (*arg != '\0')
		return make_error(m, err, "'%.60s' after .endif", arg);
	m->nbranches--;
	return 0;
}

/* --- loops --- */

static int
do_for(struct make *m, const struct directive *d, const char *arg, struct err *err)
{
	(void)d;
	return make_for(m, arg, err);
}

static int
do_endfor(struct make *m, const struct directive *d, const char *arg, struct err *err)
{
	(void)d;
	(void)arg;
	return make_error(m, err, ".endfor without .for");
}

static int
do_break(struct make *m, const struct directive *d, const char *arg, struct err *err)
{
	(void)d;
	return make_break(m, arg, err);
}

/* --- includes --- */

/* Beside the including file, else where relative names begin; NULL if there is none. */
static char *
find_file(const struct make *m, const char *name)
{
	const char *slash = strrchr(m->file, '/');
	struct str s = { 0 };
	char *path;

	if (name[0] != '/' && slash != NULL) {
		str_addn(&s, m->file, (size_t)(slash - m->file) + 1);
		str_add(&s, name);
		if (access(s.p, F_OK) == 0)
			return s.p;
		str_release(&s);
	}
	path = make_path(m, name);
	if (access(path, F_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static int
include(struct make *m, const char *name, bool optional, struct err *err)
{
	cleanup_free char *path = find_file(m, name);

	if (path == NULL)
		return optional ? 0 : make_error(m, err, "there is no file '%s' to include", name);
	if (make_charge(m, MAKE_INCLUDE_WORK, err) < 0)
		return -1;
	return make_read(m, path, err);
}

static int
do_include(struct make *m, const struct directive *d, const char *arg, struct err *err)
{
	bool optional = d->name[0] != 'i';
	struct str name = { 0 };
	int rv;

	if (arg[0] == '<')
		return make_error(m, err, "there are no system files to include here: write .include \"FILE\"");
	rv = make_expand(m, arg, MAKE_EVAL, &name, err);
	if (rv == 0 && (name.len < 3 || name.p[0] != '"' || name.p[name.len - 1] != '"'))
		rv = make_error(m, err, "want .include \"FILE\"");
	if (rv == 0) {
		name.p[name.len - 1] = '\0';
		rv = include(m, name.p + 1, optional, err);
	}
	str_release(&name);
	return rv;
}

/* "include FILE" without a dot, as System V's make has it; 1 if it is not that. */
static int
plain_include(struct make *m, const char *line, struct err *err)
{
	static const char *const words[] = { "include", "-include", "sinclude" };
	size_t len = strcspn(line, " \t"), i;
	struct str name = { 0 };
	const char *p = line + len + strspn(line + len, " \t");
	int rv;

	for (i = 0; i < nitems(words); i++)
		if (strlen(words[i]) == len && strncmp(line, words[i], len) == 0)
			break;
	if (i == nitems(words) || *p == '\0' || strchr(p, '=') != NULL || strchr(p, ':') != NULL)
		return 1;
	rv = make_expand(m, p, MAKE_EVAL, &name, err);
	if (rv == 0 && name.p != NULL) {
		name.p[strcspn(name.p, " \t")] = '\0';
		rv = include(m, name.p, line[0] != 'i', err);
	}
	str_release(&name);
	return rv;
}

/* --- the rest --- */

static int
undef_words(struct make *m, const char *p, struct err *err)
{
	const struct make_var *v;
	const char *word;
	size_t len;

	if (p == NULL || p[strspn(p, " \t")] == '\0')
		return make_error(m, err, "want .undef NAME");
	while ((word = make_word(&p, &len)) != NULL) {
		v = make_var_find(m, word, len);
		if (v != NULL && v->origin != MAKE_OVERRIDE)
			make_var_undef(m, v->name);
	}
	return 0;
}

static int
do_undef(struct make *m, const struct directive *d, const char *arg, struct err *err)
{
	struct str names = { 0 };
	int rv = make_expand(m, arg, MAKE_EVAL, &names, err);

	(void)d;
	if (rv == 0)
		rv = undef_words(m, names.p, err);
	str_release(&names);
	return rv;
}

/* .error ends it; what .info and .warning say is kept for make_message(). */
static int
do_message(struct make *m, const struct directive *d, const char *arg, struct err *err)
{
	struct str text = { 0 };
	int rv = make_expand(m, arg, MAKE_EVAL, &text, err);

	if (rv == 0 && d->name[0] == 'e')
		rv = make_error(m, err, "%s", text.p == NULL ? ".error" : text.p);
	else if (rv == 0 && m->nmessages < MAKE_MESSAGES_MAX)
		*vec_push(m->messages, m->nmessages, m->messages_cap) = arena_printf(&m->arena, "%s:%u: %s%.*s",
		    m->file, m->line, d->name[0] == 'w' ? "warning: " : "", ERR_MAX, text.p == NULL ? "" : text.p);
	str_release(&text);
	return rv;
}

/* .export and its kin: no program is run here that could see an environment. */
static int
do_nothing(struct make *m, const struct directive *d, const char *arg, struct err *err)
{
	(void)m;
	(void)d;
	(void)arg;
	(void)err;
	return 0;
}

static const struct directive directives[] = {
	{ "if", do_if, true, MAKE_WORD_PLAIN },
	{ "ifdef", do_if, true, MAKE_WORD_DEFINED },
	{ "ifndef", do_if, true, MAKE_WORD_NOT_DEFINED },
	{ "ifmake", do_if, true, MAKE_WORD_MADE },
	{ "ifnmake", do_if, true, MAKE_WORD_NOT_MADE },
	{ "elif", do_elif, true, MAKE_WORD_PLAIN },
	{ "elifdef", do_elif, true, MAKE_WORD_DEFINED },
	{ "elifndef", do_elif, true, MAKE_WORD_NOT_DEFINED },
	{ "elifmake", do_elif, true, MAKE_WORD_MADE },
	{ "elifnmake", do_elif, true, MAKE_WORD_NOT_MADE },
	{ .name = "else", do_else, true },
	{ .name = "endif", do_endif, true },
	{ .name = "for", do_for },
	{ .name = "endfor", do_endfor },
	{ .name = "break", do_break },
	{ .name = "include", do_include },
	{ .name = "-include", do_include },
	{ .name = "sinclude", do_include },
	{ .name = "dinclude", do_include },
	{ .name = "undef", do_undef },
	{ .name = "error", do_message },
	{ .name = "warning", do_message },
	{ .name = "info", do_message },
	{ .name = "export", do_nothing },
	{ .name = "export-all", do_nothing },
	{ .name = "export-env", do_nothing },
	{ .name = "export-literal", do_nothing },
	{ .name = "unexport", do_nothing },
	{ .name = "unexport-env", do_nothing },
};

int
make_directive(struct make *m, const char *line, struct err *err)
{
	const char *word, *arg;
	size_t len, i;

	if (line[0] != '.')
		return make_in_force(m) ? plain_include(m, line, err) : 1;
	word = line + 1 + strspn(line + 1, " \t");
	len = strspn(word, "abcdefghijklmnopqrstuvwxyz-");
	arg = word + len + strspn(word + len, " \t");
	for (i = 0; i < nitems(directives); i++)
		if (strlen(directives[i].name) == len && strncmp(directives[i].name, word, len) == 0)
			return make_in_force(m) || directives[i].always ? directives[i].fn(m, &directives[i], arg, err)
									: 0;
	return 1;
}
