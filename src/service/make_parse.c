/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * make files, line by line: continuations and comments taken away, then an
 * assignment here or a directive in make_directive.c.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

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
	if (v->value.len + strlen(value) >= MAKE_VALUE_MAX)
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
	static const char only[] = "only variables, conditionals, loops and includes are understood here";

	if (line[0] == '\t')
		return make_error(m, err, "a line that begins with a tab is a command of a rule: %s", only);
	if (strchr(line, ':') != NULL)
		return make_error(m, err, "'%.60s' is a rule: %s", line, only);
	return make_error(m, err, "'%.60s' is neither an assignment nor a directive", line);
}

/* What make takes for a name, but for what could only be a mistake. */
static bool
name_fits(const char *name)
{
	const char *p;

	for (p = name; *p != '\0'; p++)
		if (!isgraph((unsigned char)*p) || strchr("\"#$'():=\\`{}", *p) != NULL)
			return false;
	return *name != '\0';
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
	/* "NAME:sh =" is what "NAME !=" is. */
	if (rv == 0 && name.p != NULL && str_ends(name.p, ":sh")) {
		name.p[name.len -= strlen(":sh")] = '\0';
		op = '!';
	}
	if (rv == 0 && (name.p == NULL || !name_fits(name.p)))
		rv = strchr(text, ':') != NULL ? not_an_assignment(m, line, err)
					       : make_error(m, err, "'%.60s' cannot be the name of a variable", text);
	if (rv == 0)
		rv = assign(m, name.p, op, p + strspn(p, " \t"), err);
	str_release(&name);
	return rv;
}

/* --- lines --- */

static int
logical_line(struct make *m, const char *line, struct err *err)
{
	int rv;

	if (line[strspn(line, " \t")] == '\0')
		return 0;
	if (make_charge(m, strlen(line) + MAKE_WORK_STEP, err) < 0)
		return -1;
	rv = make_directive(m, line, err);
	if (rv != 1)
		return rv;
	if (!make_in_force(m))
		return 0;
	/* "export NAME=value" of other makes. */
	return assignment(m, str_starts(line, "export ") ? line + strlen("export ") : line, err);
}

/*
 * Backslash-newline and the blanks behind it are one space, a comment ends at
 * the newline that ends the line.
 */
void
make_line(struct make_block *b, struct str *out)
{
	const char *s = b->p, *end = b->end;
	bool comment = false;

	out->len = 0;
	str_add(out, "");
	for (; s < end && *s != '\n'; s++) {
		if (*s == '\\' && s + 1 < end && s[1] == '\n') {
			b->next++;
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
	b->next++;
	b->p = s < end ? s + 1 : s;
	while (out->len > 0 && isspace((unsigned char)out->p[out->len - 1]) &&
	       (out->len < 2 || out->p[out->len - 2] != '\\'))
		out->p[--out->len] = '\0';
}

static int
block_lines(struct make *m, struct make_block *b, struct err *err)
{
	const char *what = b->loop == NULL ? "file" : "loop";
	unsigned outer = m->nbranches;
	struct str line = { 0 };
	int rv = 0;

	while (b->p < b->end && rv == 0) {
		m->line = b->next;
		make_line(b, &line);
		make_loop_apply(b->loop, &line);
		rv = line.len > MAKE_VALUE_MAX ? make_error(m, err, "the line is too long")
					       : logical_line(m, line.p, err);
		if (rv == 0 && m->nbranches < outer)
			rv = make_error(m, err, ".endif without .if in this %s", what);
	}
	str_release(&line);
	if (rv == 0 && b->loop != NULL && b->loop->leave)
		m->nbranches = outer;
	if (rv == 0 && m->nbranches > outer) {
		m->line = m->branches[m->nbranches - 1].line;
		rv = make_error(m, err, ".if without .endif in this %s", what);
	}
	return rv;
}

int
make_block_read(struct make *m, struct make_block *b, struct err *err)
{
	struct make_block *outer = m->block;
	int rv;

	if (m->block_depth == MAKE_DEPTH_MAX)
		return make_error(
		    m, err, "includes and loops more than %d deep: does '%s' include itself?", MAKE_DEPTH_MAX, m->file);
	m->block_depth++;
	m->block = b;
	rv = block_lines(m, b, err);
	m->block = outer;
	m->block_depth--;
	return rv;
}

/* .PARSEDIR and .PARSEFILE; not defined between files. */
static void
set_parse_file(struct make *m, const char *file)
{
	const char *slash = file == NULL ? NULL : strrchr(file, '/');

	if (file == NULL) {
		make_var_undef(m, ".PARSEDIR");
		make_var_undef(m, ".PARSEFILE");
		return;
	}
	make_preset(
	    m, ".PARSEDIR", slash == NULL ? "${.CURDIR}" : arena_strndup(&m->arena, file, (size_t)(slash - file)));
	make_preset(m, ".PARSEFILE", slash == NULL ? file : slash + 1);
}

static void
remember_file(struct make *m, const char *file)
{
	size_t i;

	for (i = 0; i < m->nfiles; i++)
		if (strcmp(m->files[i], file) == 0)
			return;
	*vec_push(m->files, m->nfiles, m->files_cap) = file;
}

int
make_read_text(struct make *m, const char *name, const char *text, size_t len, struct err *err)
{
	struct make_block b = { .p = text, .end = text + len, .next = 1 };
	const char *outer = m->block == NULL ? NULL : m->file;
	unsigned line = m->line;
	int rv;

	m->file = arena_strdup(&m->arena, name);
	m->line = 1;
	if (memchr(text, '\0', len) != NULL)
		return err_set(err, "%s: not a text file: it holds a NUL byte", name);
	remember_file(m, m->file);
	set_parse_file(m, m->file);
	rv = make_block_read(m, &b, err);
	if (rv < 0)
		return -1;
	set_parse_file(m, outer);
	if (outer != NULL) {
		m->file = outer;
		m->line = line;
	}
	return 0;
}

int
make_read(struct make *m, const char *path, struct err *err)
{
	cleanup_free char *text = NULL;
	size_t len;

	text = file_read(path, MAKE_FILE_MAX, &len, err);
	return text == NULL ? -1 : make_read_text(m, path, text, len, err);
}
