/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expansion: "$X", "${NAME}", "$(NAME:modifiers)" in a text become values.
 * Lazy: a variable's own expressions are expanded when it is, with its file
 * and line for messages, and never while it is being expanded already.
 */
#include <ctype.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "service/make_impl.h"

void
make_expr_release(struct make_expr *e)
{
	str_release(&e->name);
	str_release(&e->value);
}

/* A variable that only a rule has would silently be nothing. */
static int
no_rules(const struct make *m, const char *name, struct err *err)
{
	static const char *const of_rules[] = { ".TARGET", ".ALLSRC", ".IMPSRC", ".PREFIX", ".OODATE", ".ARCHIVE",
		".MEMBER" };
	size_t i;

	for (i = 0; i < nitems(of_rules); i++)
		if (strcmp(of_rules[i], name) == 0)
			return make_error(m, err, "%s is a variable of rules, and there are none here", name);
	return 0;
}

/* The variable's value into e->value. */
static int
lookup(struct make *m, enum make_mode mode, struct make_expr *e, struct err *err)
{
	struct make_var *v = make_var_find(m, e->name.p, e->name.len);
	const char *file = m->file;
	unsigned line = m->line;
	int rv;

	e->exists = e->defined = v != NULL;
	if (mode == MAKE_PARSE)
		return 0;
	if (v == NULL)
		return no_rules(m, e->name.p, err);
	if (v->expanding)
		return make_error(m, err, "the value of %s contains itself", v->name);
	if (v->origin == MAKE_FILE) {
		m->file = v->file;
		m->line = v->line;
	}
	v->expanding = true;
	rv = make_expand(m, v->value.p == NULL ? "" : v->value.p, mode, &e->value, err);
	v->expanding = false;
	if (rv == 0) {
		m->file = file;
		m->line = line;
	}
	return rv;
}

/* The name in braces, itself expanded, up to ':' or the closing brace. */
static int
body_name(struct make *m, const char **p, char close, enum make_mode mode, struct make_expr *e, struct err *err)
{
	struct make_expr inner;
	const char *start = *p;
	int rv = 0;

	str_add(&e->name, "");
	while (**p != '\0' && **p != ':' && **p != close && rv == 0) {
		if (**p == '$' && (*p)[1] != '\0') {
			rv = make_expr_parse(m, p, mode == MAKE_KEEP ? MAKE_EVAL : mode, &inner, err);
			if (rv == 0 && inner.value.p != NULL)
				str_add(&e->name, inner.value.p);
			make_expr_release(&inner);
		} else {
			str_addn(&e->name, (*p)++, 1);
		}
	}
	if (rv == 0 && **p == '\0')
		rv = make_error(m, err, "'%.60s' has no closing '%c'", start, close);
	return rv;
}

int
make_expr_body(struct make *m, const char **p, char close, enum make_mode mode, struct make_expr *e, struct err *err)
{
	*e = (struct make_expr){ .separator = ' ' };
	if (body_name(m, p, close, mode, e, err) < 0 || lookup(m, mode, e, err) < 0)
		return -1;
	if (**p == ':') {
		(*p)++;
		if (make_modify(m, p, close, mode, e, err) < 0)
			return -1;
		/* Whatever was done with it, nothing stays nothing. */
		if (!e->defined)
			str_release(&e->value);
	}
	(*p)++;
	return 0;
}

int
make_expr_parse(struct make *m, const char **p, enum make_mode mode, struct make_expr *e, struct err *err)
{
	char open = (*p)[1];
	int rv;

	*e = (struct make_expr){ .separator = ' ' };
	if (open == '$') {
		str_add(&e->value, "$");
		e->defined = true;
		*p += 2;
		return 0;
	}
	if (open == '\0' || (open != '{' && open != '(' && open != '_' && !isalnum((unsigned char)open)))
		return make_error(m, err, "a '$' that begins no variable: write '$$' for the character itself");
	if (make_charge(m, MAKE_WORK_STEP, err) < 0)
		return -1;
	if (m->expr_depth == MAKE_DEPTH_MAX)
		return make_error(m, err, "variables nested more than %d deep", MAKE_DEPTH_MAX);
	m->expr_depth++;
	*p += 2;
	if (open == '{' || open == '(') {
		rv = make_expr_body(m, p, open == '{' ? '}' : ')', mode, e, err);
	} else {
		str_addn(&e->name, &open, 1);
		rv = lookup(m, mode, e, err);
	}
	m->expr_depth--;
	return rv;
}

int
make_expand(struct make *m, const char *text, enum make_mode mode, struct str *out, struct err *err)
{
	struct make_expr e;
	size_t before = out->len;
	const char *start;
	int rv = 0;

	while (*text != '\0' && rv == 0) {
		start = text;
		if (*text != '$') {
			text += strcspn(text, "$");
			str_addn(out, start, (size_t)(text - start));
			continue;
		}
		rv = make_expr_parse(m, &text, mode, &e, err);
		if (rv == 0 && mode == MAKE_KEEP && (!e.defined || start[1] == '$'))
			str_addn(out, start, (size_t)(text - start));
		else if (rv == 0 && e.value.p != NULL)
			str_addn(out, e.value.p, e.value.len);
		make_expr_release(&e);
		if (rv == 0 && out->len > MAKE_VALUE_MAX)
			rv = make_error(m, err, "the value is too long");
	}
	return rv < 0 ? -1 : make_charge(m, out->len - before, err);
}
