/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conditions of .if, by recursive descent, evaluated as they are read:
 *
 *	or      = and { "||" and }
 *	and     = not { "&&" not }
 *	not     = "!" not | "(" or ")" | leaf
 *	leaf    = "defined" "(" NAME ")" | "empty" "(" NAME [":" modifiers] ")"
 *	        | operand [ op operand ] | WORD
 *	operand = "string" | $variable | number | bare word (right side only)
 *	op      = "==" | "!=" | "<" | "<=" | ">" | ">="
 *
 * Two unquoted numbers compare as numbers, all else as strings.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "service/make_impl.h"

struct cond {
	struct make *m;
	const char *text, *p;
	enum make_cond_word word;
	unsigned depth;
	struct err *err;
};

static int parse_or(struct cond *, bool eval, bool *result);

static void
skip_blanks(struct cond *c)
{
	c->p += strspn(c->p, " \t");
}

static int
malformed(struct cond *c, const char *why)
{
	return make_error(c->m, c->err, "condition '%.80s': %s", c->text, why);
}

struct operand {
	struct str text;
	bool quoted;
};

static int
operand_expr(struct cond *c, bool eval, bool quoted, struct str *out)
{
	struct make_expr e;
	int rv = make_expr_parse(c->m, &c->p, eval ? MAKE_EVAL : MAKE_PARSE, &e, c->err);

	if (rv == 0 && eval && !quoted && !e.defined)
		rv = make_error(c->m, c->err, "condition '%.80s': %s is not defined; write defined(%s) && ...", c->text,
		    e.name.p, e.name.p);
	if (rv == 0 && e.value.p != NULL)
		str_add(out, e.value.p);
	make_expr_release(&e);
	return rv;
}

static int
parse_operand(struct cond *c, bool eval, struct operand *o)
{
	const char *start;
	int rv = 0;

	*o = (struct operand){ .quoted = *c->p == '"' };
	str_add(&o->text, "");
	start = c->p += o->quoted;
	while (*c->p != '\0' && rv == 0) {
		if (o->quoted ? *c->p == '"' : strchr(" \t!=<>)&|", *c->p) != NULL)
			break;
		if (*c->p == '$') {
			rv = operand_expr(c, eval, o->quoted, &o->text);
			continue;
		}
		if (*c->p == '\\' && c->p[1] != '\0')
			c->p++;
		str_addn(&o->text, c->p++, 1);
	}
	if (rv == 0 && o->quoted && *c->p++ != '"')
		rv = malformed(c, "a quote is not closed");
	if (rv == 0 && !o->quoted && c->p == start)
		rv = malformed(c, "a value is missing");
	return rv;
}

static bool
number(const struct operand *o, double *v)
{
	char *end;

	if (o->quoted || o->text.len == 0)
		return false;
	errno = 0;
	if (strncmp(o->text.p, "0x", 2) == 0 || strncmp(o->text.p, "0X", 2) == 0)
		*v = (double)strtoull(o->text.p, &end, 16);
	else if (strspn(o->text.p, "0123456789+-.eE") == o->text.len)
		*v = strtod(o->text.p, &end);
	else
		return false;
	return *end == '\0' && errno == 0;
}

static const char *const operators[] = { "==", "!=", "<=", ">=", "<", ">" };

/* -1 if there is none here. */
static int
parse_operator(struct cond *c)
{
	size_t i;

	skip_blanks(c);
	for (i = 0; i < nitems(operators); i++) {
		if (!str_starts(c->p, operators[i]))
			continue;
		c->p += strlen(operators[i]);
		skip_blanks(c);
		return (int)i;
	}
	return -1;
}

static int
compare(struct cond *c, const struct operand *a, int op, const struct operand *b, bool *result)
{
	double x, y;
	int order;

	if (number(a, &x) && number(b, &y)) {
		order = x < y ? -1 : x > y;
	} else {
		if (op > 1)
			return malformed(c, "strings can only be compared with == and !=");
		order = strcmp(a->text.p, b->text.p);
	}
	*result = op == 0   ? order == 0
		  : op == 1 ? order != 0
		  : op == 2 ? order <= 0
		  : op == 3 ? order >= 0
		  : op == 4 ? order < 0
			    : order > 0;
	return 0;
}

static int
parse_comparison(struct cond *c, bool eval, bool *result)
{
	struct operand a = { 0 }, b = { 0 };
	int op, rv = parse_operand(c, eval, &a);
	double v;

	if (rv == 0) {
		op = parse_operator(c);
		if (op >= 0)
			rv = parse_operand(c, eval, &b);
		if (rv == 0 && op >= 0 && eval)
			rv = compare(c, &a, op, &b, result);
		else if (rv == 0 && op < 0)
			*result = number(&a, &v) ? v != 0 : a.text.len > 0;
	}
	str_release(&a.text);
	str_release(&b.text);
	return rv;
}

/* True, and behind the '(', if a call of that function is here. */
static bool
function(struct cond *c, const char *name)
{
	size_t len = strlen(name);
	const char *p = c->p + len;

	if (!str_starts(c->p, name))
		return false;
	p += strspn(p, " \t");
	if (*p != '(')
		return false;
	c->p = p + 1;
	return true;
}

static int
parse_defined(struct cond *c, bool eval, bool *result)
{
	struct str name = { 0 };
	const char *start;
	cleanup_free char *text = NULL;
	int rv;

	skip_blanks(c);
	start = c->p;
	c->p += strcspn(start, ") \t");
	text = xstrdup(start);
	text[c->p - start] = '\0';
	skip_blanks(c);
	if (*c->p != ')' || text[0] == '\0')
		return malformed(c, "want defined(NAME)");
	c->p++;
	rv = make_expand(c->m, text, eval ? MAKE_EVAL : MAKE_PARSE, &name, c->err);
	if (rv == 0)
		*result = name.p != NULL && make_var_find(c->m, name.p, name.len) != NULL;
	str_release(&name);
	return rv;
}

static int
parse_empty(struct cond *c, bool eval, bool *result)
{
	struct make_expr e;
	int rv;

	skip_blanks(c);
	rv = make_expr_body(c->m, &c->p, ')', eval ? MAKE_EVAL : MAKE_PARSE, &e, c->err);
	if (rv == 0)
		*result = e.value.p == NULL || e.value.p[strspn(e.value.p, " \t")] == '\0';
	make_expr_release(&e);
	return rv;
}

static int
parse_word(struct cond *c, bool *result)
{
	size_t len = strcspn(c->p, " \t()&|!=<>\"");
	const char *word = c->p;

	if (len == 0)
		return malformed(c, *c->p == '\0' ? "it ends too early" : "a value is missing");
	c->p += len;
	if (*c->p == '(')
		return make_error(c->m, c->err,
		    "condition '%.80s': %.*s() is not a function known here: use defined() and empty()", c->text,
		    (int)len, word);
	*result = (make_var_find(c->m, word, len) != NULL) == (c->word == MAKE_WORD_DEFINED);
	skip_blanks(c);
	if (*c->p != '\0' && strchr("=<>", *c->p) != NULL)
		return malformed(c, "the left side of a comparison must be a variable, a number or in quotes");
	return 0;
}

static int
parse_leaf(struct cond *c, bool eval, bool *result)
{
	if (function(c, "defined"))
		return parse_defined(c, eval, result);
	if (function(c, "empty"))
		return parse_empty(c, eval, result);
	if (*c->p == '$' || *c->p == '"' || *c->p == '+' || *c->p == '-' || isdigit((unsigned char)*c->p))
		return parse_comparison(c, eval, result);
	return parse_word(c, result);
}

static int
parse_not(struct cond *c, bool eval, bool *result)
{
	int rv;

	skip_blanks(c);
	if (*c->p != '!' && *c->p != '(')
		return parse_leaf(c, eval, result);
	if (++c->depth > MAKE_DEPTH_MAX)
		return malformed(c, "nested too deep");
	if (*c->p++ == '!') {
		rv = parse_not(c, eval, result);
		*result = !*result;
	} else {
		rv = parse_or(c, eval, result);
		if (rv == 0 && *c->p++ != ')')
			rv = malformed(c, "a ')' is missing");
	}
	c->depth--;
	return rv;
}

static int
parse_and(struct cond *c, bool eval, bool *result)
{
	bool right;

	if (parse_not(c, eval, result) < 0)
		return -1;
	for (skip_blanks(c); str_starts(c->p, "&&"); skip_blanks(c)) {
		c->p += 2;
		right = false;
		if (parse_not(c, eval && *result, &right) < 0)
			return -1;
		*result = *result && right;
	}
	return 0;
}

static int
parse_or(struct cond *c, bool eval, bool *result)
{
	bool right;

	if (parse_and(c, eval, result) < 0)
		return -1;
	for (skip_blanks(c); str_starts(c->p, "||"); skip_blanks(c)) {
		c->p += 2;
		right = false;
		if (parse_and(c, eval && !*result, &right) < 0)
			return -1;
		*result = *result || right;
	}
	return 0;
}

int
make_cond(struct make *m, const char *text, enum make_cond_word word, bool *result, struct err *err)
{
	struct cond c = { .m = m, .text = text, .p = text, .word = word, .err = err };

	*result = false;
	if (*text == '\0')
		return make_error(m, err, "a condition is missing");
	if (parse_or(&c, true, result) < 0)
		return -1;
	return *c.p == '\0' ? 0 : malformed(&c, "it goes on where it should end");
}
