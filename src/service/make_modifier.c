/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modifiers of variables: ${NAME:S/old/new/:M*.c}.  Each is a row of the
 * table; one that is none of them is tried as ":old=new" of System V make.
 * Here are those of single words and of whole values.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "service/make_impl.h"

bool
make_mod_idle(const struct make_mod *mod)
{
	return mod->mode == MAKE_PARSE;
}

void
make_mod_set(struct make_mod *mod, struct str *value)
{
	str_release(&mod->e->value);
	mod->e->value = *value;
	*value = (struct str){ 0 };
}

int
make_mod_argument(struct make_mod *mod, const char *stop, const char *special, struct str *out)
{
	struct make_expr e;
	int rv = 0;

	str_add(out, "");
	while (*mod->p != '\0' && strchr(stop, *mod->p) == NULL && rv == 0) {
		if (*mod->p == '\\' && mod->p[1] != '\0') {
			if (strchr(stop, mod->p[1]) == NULL && strchr(special, mod->p[1]) == NULL)
				str_addn(out, mod->p, 1);
			str_addn(out, mod->p + 1, 1);
			mod->p += 2;
		} else if (*mod->p == '$' && mod->p[1] != '\0' && strchr(stop, mod->p[1]) == NULL) {
			rv = make_expr_parse(
			    mod->m, &mod->p, mod->mode == MAKE_KEEP ? MAKE_EVAL : mod->mode, &e, mod->err);
			if (rv == 0 && e.value.p != NULL)
				str_add(out, e.value.p);
			make_expr_release(&e);
		} else {
			str_addn(out, mod->p++, 1);
		}
	}
	return rv;
}

/* --- :M, :N --- */

struct match {
	const char *pattern;
	bool keep;
};

static int
match_word(void *arg, const char *word, size_t len, struct str *out)
{
	const struct match *w = arg;

	if (make_match(w->pattern, word, len) == w->keep)
		str_addn(out, word, len);
	return 0;
}

/* Up to a ':' outside of all braces; a backslash is for the pattern, but for one before ':' or the closing brace. */
static void
pattern_text(struct make_mod *mod, struct str *out)
{
	char open = mod->close == '}' ? '{' : '(';
	const char *p = mod->p;
	unsigned nested = 0;

	str_add(out, "");
	for (; *p != '\0' && (nested > 0 || *p != ':'); p++) {
		if (*p == '\\' && p[1] != '\0' && (p[1] == ':' || p[1] == mod->close)) {
			str_addn(out, ++p, 1);
			continue;
		}
		if (*p == '\\' && p[1] == open) {
			str_addn(out, p++, 2);
			continue;
		}
		nested += *p == '(' || *p == '{';
		if (*p == ')' || *p == '}') {
			if (nested == 0)
				break;
			nested--;
		}
		str_addn(out, p, 1);
	}
	mod->p = p;
}

static int
filter(struct make_mod *mod, bool keep)
{
	struct str text = { 0 }, pattern = { 0 };
	struct match w = { .keep = keep };
	int rv = 0;

	pattern_text(mod, &text);
	if (!make_mod_idle(mod)) {
		str_add(&pattern, "");
		rv = make_expand(mod->m, text.p, MAKE_EVAL, &pattern, mod->err);
		w.pattern = pattern.p;
		if (rv == 0)
			rv = make_charge(mod->m, mod->e->value.len * pattern.len, mod->err);
		if (rv == 0)
			rv = make_words(mod, match_word, &w);
	}
	str_release(&text);
	str_release(&pattern);
	return rv;
}

static int
mod_match(struct make_mod *mod)
{
	return filter(mod, true);
}

static int
mod_no_match(struct make_mod *mod)
{
	return filter(mod, false);
}

/* --- parts of file names --- */

static int
mod_root(struct make_mod *mod)
{
	return make_words(mod, make_word_root, NULL);
}

static int
mod_extension(struct make_mod *mod)
{
	return make_words(mod, make_word_extension, NULL);
}

static int
mod_head(struct make_mod *mod)
{
	return make_words(mod, make_word_head, NULL);
}

static int
mod_tail(struct make_mod *mod)
{
	return make_words(mod, make_word_tail, NULL);
}

/* --- the whole value --- */

static int
mod_lower(struct make_mod *mod)
{
	size_t i;

	for (i = 0; i < mod->e->value.len; i++)
		mod->e->value.p[i] = (char)tolower((unsigned char)mod->e->value.p[i]);
	return 0;
}

static int
mod_upper(struct make_mod *mod)
{
	size_t i;

	for (i = 0; i < mod->e->value.len; i++)
		mod->e->value.p[i] = (char)toupper((unsigned char)mod->e->value.p[i]);
	return 0;
}

static int
mod_one_word(struct make_mod *mod)
{
	mod->e->one_word = true;
	return 0;
}

static int
mod_many_words(struct make_mod *mod)
{
	mod->e->one_word = false;
	return 0;
}

/* For sh; and, doubling '$', for another make. */
static int
quote(struct make_mod *mod, bool dollars)
{
	const char *p = mod->e->value.p == NULL ? "" : mod->e->value.p;
	struct str out = { 0 };

	str_add(&out, "");
	for (; *p != '\0'; p++) {
		if (*p == '\n') {
			str_add(&out, "'\n'");
			continue;
		}
		if (isspace((unsigned char)*p) || strchr("!\"#$&'()*;<>?[\\]^`{|}~", *p) != NULL)
			str_addn(&out, "\\", 1);
		str_addn(&out, p, 1);
		if (dollars && *p == '$')
			str_add(&out, "\\$");
	}
	make_mod_set(mod, &out);
	return make_charge(mod->m, mod->e->value.len, mod->err);
}

static int
mod_quote(struct make_mod *mod)
{
	return quote(mod, false);
}

static int
mod_quote_make(struct make_mod *mod)
{
	return quote(mod, true);
}

/* --- :U, :D, :L --- */

/* :Utext where the variable is undefined, :Dtext where it is defined. */
static int
value_if(struct make_mod *mod, bool defined)
{
	const char stop[] = { ':', mod->close, '\0' };
	enum make_mode mode = mod->mode;
	bool use = mod->e->exists == defined;
	struct str text = { 0 };
	int rv;

	if (!use)
		mod->mode = MAKE_PARSE;
	rv = make_mod_argument(mod, stop, "$\\", &text);
	mod->mode = mode;
	if (rv == 0 && use)
		make_mod_set(mod, &text);
	if (rv == 0)
		mod->e->defined = true;
	str_release(&text);
	return rv;
}

static int
mod_undefined(struct make_mod *mod)
{
	return value_if(mod, false);
}

static int
mod_defined(struct make_mod *mod)
{
	return value_if(mod, true);
}

static int
mod_name(struct make_mod *mod)
{
	struct str name = { 0 };

	str_add(&name, mod->e->name.p == NULL ? "" : mod->e->name.p);
	make_mod_set(mod, &name);
	mod->e->defined = true;
	return 0;
}

/* --- finding them --- */

static const char shell[] =
    "runs a shell command, which is not done here: give its output as NAME=VALUE on the command line";
static const char assigns[] = "would set a variable by looking at another: use an assignment";
static const char now[] = "is about the time of day, which has no place in an image";

static const struct modifier {
	const char *name;
	const char *ends; /* what may follow, where not everything may */
	int (*fn)(struct make_mod *);
	const char *refused; /* why it is */
} modifiers[] = {
	{ "tl", "", mod_lower, NULL },
	{ "tu", "", mod_upper, NULL },
	{ "tW", "", mod_one_word, NULL },
	{ "tw", "", mod_many_words, NULL },
	{ "ts", NULL, make_mod_separator, NULL },
	{ "E", "", mod_extension, NULL },
	{ "H", "", mod_head, NULL },
	{ "L", "", mod_name, NULL },
	{ "O", "rx", make_mod_order, NULL },
	{ "Q", "", mod_quote, NULL },
	{ "R", "", mod_root, NULL },
	{ "T", "", mod_tail, NULL },
	{ "q", "", mod_quote_make, NULL },
	{ "u", "", make_mod_unique, NULL },
	{ "range", "=", make_mod_range, NULL },
	{ "?", NULL, make_mod_if, NULL },
	{ "@", NULL, make_mod_loop, NULL },
	{ "C", NULL, make_mod_regex, NULL },
	{ "D", NULL, mod_defined, NULL },
	{ "M", NULL, mod_match, NULL },
	{ "N", NULL, mod_no_match, NULL },
	{ "S", NULL, make_mod_subst, NULL },
	{ "U", NULL, mod_undefined, NULL },
	{ "[", NULL, make_mod_select, NULL },
	{ "sh", "", NULL, shell },
	{ "!", NULL, NULL, shell },
	{ ":!=", NULL, NULL, shell },
	{ ":=", NULL, NULL, assigns },
	{ ":+=", NULL, NULL, assigns },
	{ ":?=", NULL, NULL, assigns },
	{ "_", "=", NULL, assigns },
	{ "gmtime", "=", NULL, now },
	{ "localtime", "=", NULL, now },
	{ "tA", "", NULL, "is about files of this host" },
	{ "P", "", NULL, "is about targets, and there are none here" },
	{ "hash", "", NULL, "is not known here" },
};

/* The end of an expression, or of modifiers that came from a variable, too. */
static bool
at_end(const struct make_mod *mod)
{
	return *mod->p == ':' || *mod->p == mod->close;
}

/* The modifier at mod->p; returns 1 if there is none like that. */
static int
modify_one(struct make_mod *mod)
{
	const char *start = mod->p;
	size_t i;
	int rv;

	for (i = 0; i < nitems(modifiers); i++) {
		if (!str_starts(start, modifiers[i].name))
			continue;
		mod->p = start + strlen(modifiers[i].name);
		if (modifiers[i].ends != NULL && !at_end(mod) &&
		    (*mod->p == '\0' || strchr(modifiers[i].ends, *mod->p) == NULL))
			continue;
		if (modifiers[i].fn == NULL)
			return make_error(mod->m, mod->err, "':%s' (in ${%s:...}) %s", modifiers[i].name,
			    mod->e->name.p, modifiers[i].refused);
		rv = modifiers[i].fn(mod);
		return rv == 0 && !at_end(mod) && *mod->p != '\0' ? 1 : rv;
	}
	mod->p = start;
	return make_mod_suffix(mod);
}

static int modify_all(struct make_mod *mod);

/* ":$X" where the value of X is modifiers; 1 if something else follows it, as in ":$X=y". */
static int
modify_by(struct make_mod *mod)
{
	struct make_mod inner = *mod;
	bool one_word = mod->e->one_word;
	char separator = mod->e->separator;
	struct make_expr e;
	const char *p = mod->p;
	int rv = make_expr_parse(mod->m, &p, make_mod_idle(mod) ? MAKE_PARSE : MAKE_EVAL, &e, mod->err);

	if (rv == 0 && *p != ':' && *p != mod->close && *p != '\0')
		rv = 1;
	if (rv == 0 && mod->m->expr_depth == MAKE_DEPTH_MAX)
		rv = make_error(mod->m, mod->err, "variables nested more than %d deep", MAKE_DEPTH_MAX);
	if (rv == 0 && e.value.len > 0 && !make_mod_idle(mod)) {
		inner.p = e.value.p;
		inner.close = '\0';
		/* How words are seen begins anew in it, and does not get out. */
		mod->e->one_word = false;
		mod->e->separator = ' ';
		mod->m->expr_depth++;
		rv = modify_all(&inner);
		mod->m->expr_depth--;
		mod->e->one_word = one_word;
		mod->e->separator = separator;
	}
	make_expr_release(&e);
	if (rv == 0)
		mod->p = p;
	return rv;
}

/* Up to mod->close. */
static int
modify_all(struct make_mod *mod)
{
	const char *start, *name = mod->e->name.p == NULL ? "" : mod->e->name.p;
	int rv;

	for (;;) {
		start = mod->p;
		rv = *start == '$' ? modify_by(mod) : 1;
		if (rv == 1)
			rv = *start == mod->close ? 0 : modify_one(mod);
		if (rv == 1)
			return make_error(mod->m, mod->err, "'%.*s' is no modifier known here (in ${%s:...})",
			    (int)strcspn(start, ":})"), start, name);
		if (rv < 0 || *mod->p == mod->close)
			return rv;
		if (*mod->p == '\0')
			return make_error(
			    mod->m, mod->err, "'${%s:%.60s' has no closing '%c'", name, start, mod->close);
		mod->p++;
	}
}

int
make_modify(struct make *m, const char **p, char close, enum make_mode mode, struct make_expr *e, struct err *err)
{
	struct make_mod mod = { .m = m, .p = *p, .close = close, .mode = mode, .e = e, .err = err };
	int rv = modify_all(&mod);

	*p = mod.p;
	return rv;
}
