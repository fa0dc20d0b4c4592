/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conditions of .if, by recursive descent, evaluated as they are read:
 *
 *	or      = and { "||" and }
 *	and     = not { "&&" not }
 *	not     = "!" not | "(" or ")" | leaf
 *	leaf    = "defined" "(" NAME ")" | "empty" "(" NAME [":" modifiers] ")"
 *	        | ( "exists" | "make" | "target" | "commands" ) "(" TEXT ")"
 *	        | operand [ op operand ] | WORD
 *	operand = "string" | $variable | number | bare word (right side only)
 *	op      = "==" | "!=" | "<" | "<=" | ">" | ">="
 *
 * Two unquoted numbers compare as numbers, all else as strings.  There are no
 * targets here: make() asks about the words of .TARGETS, target() and
 * commands() are false.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* --- functions and bare words --- */

/* Text up to a blank, to '&' or '|', or to the ')' that closes a call, expanded. */
static int
parse_argument(struct cond *c, bool eval, struct str *out)
{
	struct make_expr e;
	unsigned parens = 0;
	int rv;

	skip_blanks(c);
	str_add(out, "");
	while (*c->p != '\0' && strchr(" \t", *c->p) == NULL && (parens > 0 || strchr("&|)", *c->p) == NULL)) {
		if (*c->p == '$') {
			rv = make_expr_parse(c->m, &c->p, eval ? MAKE_EVAL : MAKE_PARSE, &e, c->err);
			if (rv == 0 && e.value.p != NULL)
				str_add(out, e.value.p);
			make_expr_release(&e);
			if (rv < 0)
				return -1;
			continue;
		}
		parens += *c->p == '(';
		parens -= *c->p == ')';
		str_addn(out, c->p++, 1);
	}
	skip_blanks(c);
	return 0;
}

static bool
is_defined(const struct make *m, const char *name)
{
	return make_var_find(m, name, strlen(name)) != NULL;
}

static bool
is_made(const struct make *m, const char *pattern)
{
	const struct make_var *targets = make_var_find(m, ".TARGETS", strlen(".TARGETS"));
	/* What a file assigns to it changes nothing. */
	const char *p = targets == NULL || targets->origin != MAKE_PRESET ? "" : targets->value.p, *word;
	size_t len;

	while ((word = make_word(&p, &len)) != NULL)
		if (make_match(pattern, word, len))
			return true;
	return false;
}

static bool
is_file(const struct make *m, const char *name)
{
	cleanup_free char *path = make_path(m, name);

	return *name != '\0' && access(path, F_OK) == 0;
}

static bool
is_target(const struct make *m, const char *name)
{
	(void)m;
	(void)name;
	return false;
}

static const struct function {
	const char *name;
	bool (*fn)(const struct make *, const char *arg);
} functions[] = {
	{ "defined", is_defined },
	{ "exists", is_file },
	{ "make", is_made },
	{ "target", is_target },
	{ "commands", is_target },
};

/* What a bare word is asked in this kind of .if. */
static bool
word_holds(const struct cond *c, const char *word)
{
	bool made = c->word == MAKE_WORD_MADE || c->word == MAKE_WORD_NOT_MADE;
	bool not = c->word == MAKE_WORD_NOT_DEFINED || c->word == MAKE_WORD_NOT_MADE;

	return (made ? is_made(c->m, word) : is_defined(c->m, word)) != not ;
}

/* True, and behind the '(', if a call of that function is here. */
static bool
called(struct cond *c, const char *name)
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
parse_function(struct cond *c, const struct function *f, bool eval, bool *result)
{
	struct str arg = { 0 };
	bool nothing = c->p[strspn(c->p, " \t")] == ')';
	int rv = parse_argument(c, eval, &arg);

	if (rv == 0 && (*c->p != ')' || nothing))
		rv = make_error(c->m, c->err, "condition '%.80s': want %s(NAME)", c->text, f->name);
	if (rv == 0) {
		c->p++;
		*result = eval && f->fn(c->m, arg.p);
	}
	str_release(&arg);
	return rv;
}

/* --- comparisons --- */

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
		if (o->quoted ? *c->p == '"' : strchr(" \t!=<>)", *c->p) != NULL)
			break;
		/* make would take them for a part of the value. */
		if (!o->quoted && (*c->p == '&' || *c->p == '|'))
			rv = malformed(c, "a blank is missing before '&' or '|'");
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

/* As make: nothing at all is 0, a sign and leading blanks may be there, hexadecimal only without. */
static bool
number(const struct operand *o, double *v)
{
	const char *p = o->text.p;
	char *end;

	*v = 0;
	if (o->quoted)
		return false;
	if (*p == '\0')
		return true;
	errno = 0;
	if (str_starts(p, "0x")) {
		*v = (double)strtoull(p, &end, 16);
		return *end == '\0' && p[2] != '\0' && errno == 0;
	}
	p += strspn(p, " \t\n");
	if (strspn(p, "0123456789+-.eE") != strlen(p))
		return false;
	*v = strtod(p, &end);
	return end != p && *end == '\0';
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

/* An operand that is compared with nothing. */
static bool
truth(struct cond *c, const struct operand *o)
{
	double v;

	if (!o->quoted && number(o, &v))
		return v != 0;
	if (o->quoted || c->word == MAKE_WORD_PLAIN || c->word == MAKE_WORD_EITHER)
		return o->text.len > 0;
	return word_holds(c, o->text.p);
}

static int
parse_comparison(struct cond *c, bool eval, bool *result)
{
	struct operand a = { 0 }, b = { 0 };
	int op, rv = parse_operand(c, eval, &a);

	if (rv == 0) {
		op = parse_operator(c);
		if (op >= 0)
			rv = parse_operand(c, eval, &b);
		if (rv == 0 && op >= 0 && eval)
			rv = compare(c, &a, op, &b, result);
		else if (rv == 0 && op < 0)
			*result = truth(c, &a);
	}
	str_release(&a.text);
	str_release(&b.text);
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
		*result = e.value.p == NULL || e.value.p[strspn(e.value.p, " \t\n\v\f\r")] == '\0';
	make_expr_release(&e);
	return rv;
}

static int
parse_word(struct cond *c, bool eval, bool *result)
{
	size_t len = strcspn(c->p, " \t()&|!=<>\"");
	struct str word = { 0 };
	int rv;

	if (len == 0)
		return malformed(c, *c->p == '\0' ? "it ends too early" : "a value is missing");
	if (c->p[len] == '(')
		return make_error(
		    c->m, c->err, "condition '%.80s': %.*s() is not a function known here", c->text, (int)len, c->p);
	if (c->p[len + strspn(c->p + len, " \t")] != '\0' &&
	    strchr("=!<>", c->p[len + strspn(c->p + len, " \t")]) != NULL)
		return malformed(c, "the left side of a comparison must be a variable, a number or in quotes");
	rv = parse_argument(c, eval, &word);
	if (rv == 0)
		*result = word_holds(c, word.p);
	str_release(&word);
	return rv;
}

/* True if an operand that is a bare word begins a comparison: in ":?" only. */
static bool
bare_comparison(const struct cond *c)
{
	const char *p = c->p + strcspn(c->p, " \t()&|!=<>\"");

	p += strspn(p, " \t");
	return c->word == MAKE_WORD_EITHER && *p != '\0' && strchr("=!<>", *p) != NULL;
}

static int
parse_leaf(struct cond *c, bool eval, bool *result)
{
	size_t i;

	if (called(c, "empty"))
		return parse_empty(c, eval, result);
	for (i = 0; i < nitems(functions); i++)
		if (called(c, functions[i].name))
			return parse_function(c, &functions[i], eval, result);
	if (*c->p == '$' || *c->p == '"' || isdigit((unsigned char)*c->p) || bare_comparison(c))
		return parse_comparison(c, eval, result);
	return parse_word(c, eval, result);
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
