/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * make files, line by line: continuations and comments taken away, then an
 * assignment or a directive.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"
#include "service/make.h"
#include "service/make_impl.h"

/* --- assignments --- */

/* The length of the name in front of an assignment operator: up to a blank or the operator. */
static size_t
name_length(const char *line)
{
	size_t i = 0, depth = 0;

	for (; line[i] != '\0'; i++) {
		if (line[i] == '$' && (line[i + 1] == '{' || line[i + 1] == '(')) {
			depth++;
			i++;
		} else if (depth > 0) {
			depth -= line[i] == '}' || line[i] == ')';
		} else if (isblank((unsigned char)line[i]) || line[i] == '=' ||
			   (strchr("?+:!", line[i]) != NULL && line[i + 1] == '=')) {
			break;
		}
	}
	return i;
}

static int
append(struct make *m, struct make_var *v, const char *value, struct err *err)
{
	if (v->value.len + strlen(value) > MAKE_VALUE_MAX)
		return make_error(m, err, "the value of %s is too long", v->name);
	str_addf(&v->value, " %s", value);
	v->origin = MAKE_FILE;
	v->file = m->file;
	v->line = m->line;
	return 0;
}

static int
assign_now(struct make *m, const char *name, const char *value, struct err *err)
{
	struct str now = { 0 };
	int rv;

	/* As in make, so that NAME := ${NAME} more does not name itself for ever. */
	if (make_var_find(m, name, strlen(name)) == NULL)
		make_var_set(m, name, "", MAKE_FILE);
	rv = make_expand(m, value, MAKE_KEEP, &now, err);
	if (rv == 0)
		make_var_set(m, name, now.p == NULL ? "" : now.p, MAKE_FILE);
	str_release(&now);
	return rv;
}

static int
assign(struct make *m, const char *name, char op, const char *value, struct err *err)
{
	struct make_var *v = make_var_find(m, name, strlen(name));

	if (op == '!')
		return make_error(m, err,
		    "'%s !=' runs a shell command, which is not done here: give %s=VALUE on the command line instead",
		    name, name);
	if (v != NULL && (v->origin == MAKE_OVERRIDE || op == '?'))
		return 0;
	if (op == '+' && v != NULL)
		return append(m, v, value, err);
	if (op == ':')
		return assign_now(m, name, value, err);
	make_var_set(m, name, value, MAKE_FILE);
	return 0;
}

static int
not_an_assignment(struct make *m, const char *line, struct err *err)
{
	static const char only[] = "only variables, conditionals and includes are understood here";

	if (line[0] == '\t')
		return make_error(m, err, "a line that begins with a tab is a command of a rule: %s", only);
	if (strchr(line, ':') != NULL)
		return make_error(m, err, "'%.60s' is a rule: %s", line, only);
	return make_error(m, err, "'%.60s' is neither an assignment nor a directive", line);
}

static int
assignment(struct make *m, const char *line, struct err *err)
{
	const char *p = line + strspn(line, " ");
	size_t len = name_length(p);
	cleanup_free char *text = xstrdup(p);
	struct str name = { 0 };
	char op = '=';
	int rv;

	text[len] = '\0';
	p += len;
	p += strspn(p, " \t");
	if (*p != '\0' && strchr("?+:!", *p) != NULL)
		op = *p++;
	if (line[0] == '\t' || *p != '=' || len == 0)
		return not_an_assignment(m, line, err);
	p++;
	rv = make_expand(m, text, MAKE_EVAL, &name, err);
	if (rv == 0 && (name.p == NULL || !make_name_ok(name.p, name.len)))
		rv = strchr(text, ':') != NULL ? not_an_assignment(m, line, err)
					       : make_error(m, err, "'%.60s' cannot be the name of a variable", text);
	if (rv == 0)
		rv = assign(m, name.p, op, p + strspn(p, " \t"), err);
	str_release(&name);
	return rv;
}

/* --- directives --- */

/* True if lines are in force here: no .if around them is false. */
static bool
in_force(const struct make *m)
{
	return m->nbranches == 0 || m->branches[m->nbranches - 1].state == MAKE_TAKE;
}

static int
begin_if(struct make *m, const char *arg, enum make_cond_word word, bool negate, struct err *err)
{
	struct make_branch *b;
	bool yes = false;

	if (m->nbranches == nitems(m->branches))
		return make_error(m, err, ".if in .if, more than %zu deep", nitems(m->branches));
	b = &m->branches[m->nbranches];
	*b = (struct make_branch){ .state = MAKE_IGNORE, .line = m->line };
	if (in_force(m)) {
		if (make_cond(m, arg, word, &yes, err) < 0)
			return -1;
		b->state = yes != negate ? MAKE_TAKE : MAKE_SEEK;
	}
	m->nbranches++;
	return 0;
}

static int
do_if(struct make *m, const char *arg, struct err *err)
{
	return begin_if(m, arg, MAKE_WORD_DEFINED, false, err);
}

static int
do_ifndef(struct make *m, const char *arg, struct err *err)
{
	return begin_if(m, arg, MAKE_WORD_NOT_DEFINED, false, err);
}

/* The innermost .if, which an .elif, .else or .endif is about. */
static struct make_branch *
branch(struct make *m, const char *what, struct err *err)
{
	if (m->nbranches == 0) {
		(void)make_error(m, err, "%s without .if", what);
		return NULL;
	}
	return &m->branches[m->nbranches - 1];
}

static int
next_branch(struct make *m, const char *arg, enum make_cond_word word, struct err *err)
{
	struct make_branch *b = branch(m, ".elif", err);
	bool yes = false;

	if (b == NULL)
		return -1;
	if (b->seen_else)
		return make_error(m, err, ".elif after .else (the .if is on line %u)", b->line);
	if (b->state == MAKE_TAKE)
		b->state = MAKE_IGNORE;
	if (b->state == MAKE_SEEK) {
		if (make_cond(m, arg, word, &yes, err) < 0)
			return -1;
		b->state = yes ? MAKE_TAKE : MAKE_SEEK;
	}
	return 0;
}

static int
do_elif(struct make *m, const char *arg, struct err *err)
{
	return next_branch(m, arg, MAKE_WORD_DEFINED, err);
}

static int
do_elifndef(struct make *m, const char *arg, struct err *err)
{
	return next_branch(m, arg, MAKE_WORD_NOT_DEFINED, err);
}

static int
do_else(struct make *m, const char *arg, struct err *err)
{
	struct make_branch *b = branch(m, ".else", err);

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
do_endif(struct make *m, const char *arg, struct err *err)
{
	if (branch(m, ".endif", err) == NULL)
		return -1;
	if (*arg != '\0')
		return make_error(m, err, "'%.60s' after .endif", arg);
	m->nbranches--;
	return 0;
}

/* The file to include: beside the including one, else from the current directory. */
static int
include(struct make *m, const char *name, bool optional, struct err *err)
{
	const char *slash = strrchr(m->file, '/'), *file = m->file;
	unsigned line = m->line;
	cleanup_free char *path = NULL;
	struct str s = { 0 };
	int rv;

	if (name[0] != '/' && slash != NULL)
		str_addn(&s, file, (size_t)(slash - file) + 1);
	str_add(&s, name);
	path = s.p;
	if (name[0] != '/' && access(path, F_OK) < 0 && access(name, F_OK) == 0) {
		free(path);
		path = xstrdup(name);
	}
	if (access(path, F_OK) < 0)
		return optional ? 0 : make_error(m, err, "there is no file '%s' to include", name);
	if (m->include_depth == MAKE_DEPTH_MAX)
		return make_error(
		    m, err, "'%s' is included more than %d deep: does it include itself?", name, MAKE_DEPTH_MAX);
	m->include_depth++;
	rv = make_read(m, path, err);
	m->include_depth--;
	m->file = file;
	m->line = line;
	return rv;
}

static int
include_arg(struct make *m, const char *arg, bool optional, struct err *err)
{
	size_t len = strlen(arg);
	struct str name = { 0 };
	int rv;

	if (arg[0] == '<')
		return make_error(m, err, "there are no system files to include here: write .include \"FILE\"");
	rv = make_expand(m, arg, MAKE_EVAL, &name, err);
	if (rv == 0 && (len < 3 || name.len < 3 || name.p[0] != '"' || name.p[name.len - 1] != '"'))
		rv = make_error(m, err, "want .include \"FILE\"");
	if (rv == 0) {
		name.p[name.len - 1] = '\0';
		rv = include(m, name.p + 1, optional, err);
	}
	str_release(&name);
	return rv;
}

static int
do_include(struct make *m, const char *arg, struct err *err)
{
	return include_arg(m, arg, false, err);
}

static int
do_include_optional(struct make *m, const char *arg, struct err *err)
{
	return include_arg(m, arg, true, err);
}

static int
do_undef(struct make *m, const char *arg, struct err *err)
{
	struct make_var *v;

	if (!make_name_ok(arg, strlen(arg)))
		return make_error(m, err, "want .undef NAME");
	v = make_var_find(m, arg, strlen(arg));
	if (v != NULL && v->origin != MAKE_OVERRIDE)
		v->defined = false;
	return 0;
}

static int
do_error(struct make *m, const char *arg, struct err *err)
{
	struct str text = { 0 };
	int rv = make_expand(m, arg, MAKE_EVAL, &text, err);

	if (rv == 0)
		rv = make_error(m, err, "%s", text.p == NULL ? ".error" : text.p);
	str_release(&text);
	return rv;
}

static const struct directive {
	const char *name;
	bool always; /* looked at in what an .if leaves out, too */
	int (*fn)(struct make *, const char *arg, struct err *);
} directives[] = {
	{ "if", true, do_if },
	{ "ifdef", true, do_if },
	{ "ifndef", true, do_ifndef },
	{ "elif", true, do_elif },
	{ "elifdef", true, do_elif },
	{ "elifndef", true, do_elifndef },
	{ "else", true, do_else },
	{ "endif", true, do_endif },
	{ "include", false, do_include },
	{ "-include", false, do_include_optional },
	{ "sinclude", false, do_include_optional },
	{ "dinclude", false, do_include_optional },
	{ "undef", false, do_undef },
	{ "error", false, do_error },
};

static const char *const not_yet[] = { "for", "endfor", "break", "info", "warning", "export", "export-env",
	"export-literal", "unexport", "unexport-env", "ifmake", "ifnmake", "elifmake", "elifnmake" };

/* Returns 1 if the line is no directive. */
static int
directive(struct make *m, const char *line, struct err *err)
{
	const char *word = line + 1 + strspn(line + 1, " \t"), *arg;
	size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyz-"), i;

	arg = word + len + strspn(word + len, " \t");
	for (i = 0; i < nitems(directives); i++) {
		if (strlen(directives[i].name) != len || strncmp(directives[i].name, word, len) != 0)
			continue;
		return in_force(m) || directives[i].always ? directives[i].fn(m, arg, err) : 0;
	}
	for (i = 0; i < nitems(not_yet); i++)
		if (strlen(not_yet[i]) == len && strncmp(not_yet[i], word, len) == 0 && *arg != '=')
			/* The kinds of .if would unbalance what follows even where they are left out. */
			return in_force(m) || strstr(not_yet[i], "if") != NULL
				   ? make_error(m, err, "'.%s' is not supported yet", not_yet[i])
				   : 0;
	return 1;
}

/* --- lines --- */

static int
logical_line(struct make *m, const char *line, struct err *err)
{
	int rv = 1;

	if (line[strspn(line, " \t")] == '\0')
		return 0;
	m->steps = 0;
	m->expr_depth = 0;
	if (line[0] == '.')
		rv = directive(m, line, err);
	if (rv != 1)
		return rv;
	return in_force(m) ? assignment(m, line, err) : 0;
}

/*
 * Takes one logical line from *p into out: backslash-newline and the blanks
 * behind it are one space, a comment ends at the newline that ends the line.
 */
static void
read_line(const char **p, const char *end, unsigned *lines, struct str *out)
{
	bool comment = false;
	const char *s = *p;

	*lines = 0;
	out->len = 0;
	str_add(out, "");
	for (; s < end && *s != '\n'; s++) {
		if (*s == '\\' && s + 1 < end && s[1] == '\n') {
			(*lines)++;
			s++;
			while (s + 1 < end && isblank((unsigned char)s[1]))
				s++;
			if (!comment)
				str_addn(out, " ", 1);
		} else if (*s == '\\' && s + 1 < end && s[1] == '#' && !comment) {
			str_addn(out, ++s, 1);
		} else if (*s == '\\' && s + 1 < end && s[1] != '\r' && !comment) {
			str_addn(out, s++, 2);
		} else if (*s == '#' && (out->len == 0 || out->p[out->len - 1] != '[')) {
			comment = true;
		} else if (!comment) {
			str_addn(out, s, 1);
		}
	}
	(*lines)++;
	*p = s < end ? s + 1 : s;
	while (out->len > 0 && isspace((unsigned char)out->p[out->len - 1]) &&
	       (out->len < 2 || out->p[out->len - 2] != '\\'))
		out->p[--out->len] = '\0';
}

int
make_read_text(struct make *m, const char *name, const char *text, size_t len, struct err *err)
{
	unsigned lines, outer = m->nbranches, next = 1;
	const char *p = text, *end = text + len;
	struct str line = { 0 };
	int rv = 0;

	m->file = arena_strdup(&m->arena, name);
	m->line = 1;
	if (memchr(text, '\0', len) != NULL)
		return err_set(err, "%s: not a text file: it holds a NUL byte", name);
	*vec_push(m->files, m->nfiles, m->files_cap) = m->file;
	while (p < end && rv == 0) {
		m->line = next;
		read_line(&p, end, &lines, &line);
		next += lines;
		rv = logical_line(m, line.p, err);
		if (rv == 0 && m->nbranches < outer)
			rv = make_error(m, err, ".endif without .if in this file");
	}
	str_release(&line);
	if (rv == 0 && m->nbranches > outer) {
		m->line = m->branches[m->nbranches - 1].line;
		rv = make_error(m, err, ".if without .endif");
	}
	return rv;
}

int
make_read(struct make *m, const char *path, struct err *err)
{
	cleanup_free char *text = NULL;
	size_t len;

	text = file_read(path, MAKE_FILE_MAX, &len, err);
	return text == NULL ? -1 : make_read_text(m, path, text, len, err);
}
