/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modifiers of variables: ${NAME:S/old/new/:M*.c}.  Each is a row of the
 * table; one that is none of them is tried as ":old=new" of System V make.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "service/make_impl.h"

/* The modifier being applied. */
struct mod {
	struct make *m;
	const char *p; /* behind its name */
	char close; /* of the expression */
	enum make_mode mode;
	struct make_expr *e;
	struct err *err;
};

static void
set_value(struct mod *mod, struct str *value)
{
	str_release(&mod->e->value);
	mod->e->value = *value;
	*value = (struct str){ 0 };
}

/*
 * An argument up to a character of stop (outside of expressions), expanded;
 * a backslash takes the special meaning from what follows it, and stays if
 * that has none.
 */
static int
argument(struct mod *mod, const char *stop, const char *special, struct str *out)
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

/* --- the modifiers --- */

struct match {
	const char *pattern;
	bool keep;
};

static void
match_word(void *arg, const char *word, size_t len, struct str *out)
{
	const struct match *w = arg;

	if (make_match(w->pattern, word, len) == w->keep)
		str_addn(out, word, len);
}

static int
filter(struct mod *mod, bool keep)
{
	const char stop[] = { ':', mod->close, '\0' };
	struct str pattern = { 0 };
	struct match w = { .keep = keep };
	int rv = argument(mod, stop, "", &pattern);

	w.pattern = pattern.p;
	if (rv == 0)
		make_words(&mod->e->value, match_word, &w);
	str_release(&pattern);
	return rv;
}

static int
mod_match(struct mod *mod)
{
	return filter(mod, true);
}

static int
mod_no_match(struct mod *mod)
{
	return filter(mod, false);
}

struct subst {
	struct str old, new;
	bool at_start, at_end, global, once, done;
};

static void
subst_word(void *arg, const char *word, size_t len, struct str *out)
{
	struct subst *s = arg;
	const char *hit, *end = word + len;

	while (!(s->once && s->done) && s->old.len <= (size_t)(end - word)) {
		if (s->at_start || s->at_end)
			hit = s->at_end ? end - s->old.len : word;
		else
			hit = s->old.len == 0 ? NULL : memmem(word, (size_t)(end - word), s->old.p, s->old.len);
		if (hit == NULL || memcmp(hit, s->old.p, s->old.len) != 0 ||
		    (s->at_start && s->at_end && s->old.len != len))
			break;
		str_addn(out, word, (size_t)(hit - word));
		str_addn(out, s->new.p, s->new.len);
		word = hit + s->old.len;
		s->done = true;
		if (!s->global || s->at_start || s->at_end)
			break;
	}
	str_addn(out, word, (size_t)(end - word));
}

/* The new text of :S, where an unescaped & stands for the old. */
static int
subst_new(struct mod *mod, const char *stop, struct subst *s)
{
	const char both[] = { stop[0], '&', '\0' };
	struct str part = { 0 };
	int rv;

	str_add(&s->new, "");
	for (;;) {
		part.len = 0;
		rv = argument(mod, both, "$\\", &part);
		if (rv == 0)
			str_addn(&s->new, part.p, part.len);
		if (rv < 0 || *mod->p != '&' || stop[0] == '&')
			break;
		str_addn(&s->new, s->old.p, s->old.len);
		mod->p++;
	}
	str_release(&part);
	return rv;
}

static int
subst_parse(struct mod *mod, struct subst *s)
{
	const char stop[] = { *mod->p, '\0' };

	if (*mod->p == '\0')
		return make_error(mod->m, mod->err, "':S' wants :S/OLD/NEW/");
	mod->p++;
	s->at_start = *mod->p == '^';
	mod->p += s->at_start;
	if (argument(mod, stop, "$\\", &s->old) < 0)
		return -1;
	s->at_end = s->old.len > 0 && mod->p[-1] == '$' && (s->old.len < 1 || mod->p[-2] != '\\');
	if (s->at_end)
		s->old.p[--s->old.len] = '\0';
	if (*mod->p == stop[0]) {
		mod->p++;
		if (subst_new(mod, stop, s) < 0)
			return -1;
	}
	if (*mod->p != stop[0])
		return make_error(mod->m, mod->err, "':S' has no third '%c'", stop[0]);
	mod->p++;
	return 0;
}

static int
mod_subst(struct mod *mod)
{
	struct subst s = { 0 };
	struct str out = { 0 };
	bool whole = false;
	int rv = subst_parse(mod, &s);

	for (; rv == 0 && *mod->p != '\0' && strchr("g1W", *mod->p) != NULL; mod->p++) {
		s.global |= *mod->p == 'g';
		s.once |= *mod->p == '1';
		whole |= *mod->p == 'W';
	}
	if (rv == 0 && whole) {
		str_add(&out, "");
		subst_word(&s, mod->e->value.p == NULL ? "" : mod->e->value.p, mod->e->value.len, &out);
		set_value(mod, &out);
	} else if (rv == 0) {
		make_words(&mod->e->value, subst_word, &s);
	}
	str_release(&s.old);
	str_release(&s.new);
	return rv;
}

static int
mod_root(struct mod *mod)
{
	make_words(&mod->e->value, make_word_root, NULL);
	return 0;
}

static int
mod_extension(struct mod *mod)
{
	make_words(&mod->e->value, make_word_extension, NULL);
	return 0;
}

static int
mod_head(struct mod *mod)
{
	make_words(&mod->e->value, make_word_head, NULL);
	return 0;
}

static int
mod_tail(struct mod *mod)
{
	make_words(&mod->e->value, make_word_tail, NULL);
	return 0;
}

static int
mod_lower(struct mod *mod)
{
	size_t i;

	for (i = 0; i < mod->e->value.len; i++)
		mod->e->value.p[i] = (char)tolower((unsigned char)mod->e->value.p[i]);
	return 0;
}

static int
mod_upper(struct mod *mod)
{
	size_t i;

	for (i = 0; i < mod->e->value.len; i++)
		mod->e->value.p[i] = (char)toupper((unsigned char)mod->e->value.p[i]);
	return 0;
}

/* :Utext where the variable is undefined, :Dtext where it is defined. */
static int
value_if(struct mod *mod, bool defined)
{
	const char stop[] = { ':', mod->close, '\0' };
	struct str text = { 0 };
	int rv = argument(mod, stop, "$\\", &text);

	if (rv == 0 && mod->e->defined == defined)
		set_value(mod, &text);
	if (rv == 0 && !defined)
		mod->e->defined = true;
	str_release(&text);
	return rv;
}

static int
mod_undefined(struct mod *mod)
{
	return value_if(mod, false);
}

static int
mod_defined(struct mod *mod)
{
	return value_if(mod, true);
}

static int
mod_name(struct mod *mod)
{
	struct str name = { 0 };

	str_add(&name, mod->e->name.p == NULL ? "" : mod->e->name.p);
	set_value(mod, &name);
	mod->e->defined = true;
	return 0;
}

/* --- finding them --- */

static const struct modifier {
	const char *name;
	bool bare; /* takes no argument: what follows must end it */
	int (*fn)(struct mod *);
} modifiers[] = {
	{ "tl", true, mod_lower },
	{ "tu", true, mod_upper },
	{ "E", true, mod_extension },
	{ "H", true, mod_head },
	{ "L", true, mod_name },
	{ "R", true, mod_root },
	{ "T", true, mod_tail },
	{ "D", false, mod_defined },
	{ "M", false, mod_match },
	{ "N", false, mod_no_match },
	{ "S", false, mod_subst },
	{ "U", false, mod_undefined },
};

static bool
at_end(const struct mod *mod)
{
	return *mod->p == ':' || *mod->p == mod->close;
}

struct suffix {
	const char *old, *new;
};

/* ":old=new": the end of each word; '%' stands for the rest of it. */
static void
suffix_word(void *arg, const char *word, size_t len, struct str *out)
{
	const struct suffix *s = arg;
	const char *percent = strchr(s->old, '%'), *new_percent = percent == NULL ? NULL : strchr(s->new, '%');
	size_t before = percent == NULL ? 0 : (size_t)(percent - s->old);
	const char *tail = percent == NULL ? s->old : percent + 1;
	size_t after = strlen(tail);

	if (len < before + after || memcmp(word, s->old, before) != 0 || memcmp(word + len - after, tail, after) != 0) {
		str_addn(out, word, len);
		return;
	}
	if (percent == NULL)
		str_addn(out, word, len - after);
	str_addn(out, s->new, new_percent == NULL ? strlen(s->new) : (size_t)(new_percent - s->new));
	if (new_percent != NULL) {
		str_addn(out, word + before, len - before - after);
		str_add(out, new_percent + 1);
	}
}

/* Returns 1 if this is no ":old=new". */
static int
mod_suffix(struct mod *mod)
{
	const char stop_old[] = { '=', mod->close, '\0' }, stop_new[] = { mod->close, '\0' };
	struct str old = { 0 }, new = { 0 };
	struct suffix s;
	int rv = argument(mod, stop_old, "", &old);

	if (rv == 0 && *mod->p != '=')
		rv = 1;
	if (rv == 0) {
		mod->p++;
		rv = argument(mod, stop_new, "", &new);
	}
	if (rv == 0) {
		s = (struct suffix){ .old = old.p, .new = new.p };
		make_words(&mod->e->value, suffix_word, &s);
	}
	str_release(&old);
	str_release(&new);
	return rv;
}

/* The modifier at mod->p; returns 1 if there is none like that. */
static int
modify_one(struct mod *mod)
{
	const char *start = mod->p;
	size_t i;
	int rv;

	for (i = 0; i < nitems(modifiers); i++) {
		if (!str_starts(start, modifiers[i].name))
			continue;
		mod->p = start + strlen(modifiers[i].name);
		if (modifiers[i].bare && !at_end(mod))
			continue;
		rv = modifiers[i].fn(mod);
		return rv == 0 && !at_end(mod) && *mod->p != '\0' ? 1 : rv;
	}
	mod->p = start;
	return mod_suffix(mod);
}

int
make_modify(struct make *m, const char **p, char close, enum make_mode mode, struct make_expr *e, struct err *err)
{
	struct mod mod = { .m = m, .p = *p, .close = close, .mode = mode, .e = e, .err = err };
	const char *start;
	int rv;

	for (;;) {
		start = mod.p;
		rv = *start == close ? 0 : modify_one(&mod);
		if (rv < 0)
			return -1;
		if (rv > 0)
			return make_error(m, err, "'%.*s' is no modifier known here (in ${%s:...})",
			    (int)strcspn(start, ":})"), start, e->name.p == NULL ? "" : e->name.p);
		if (*mod.p == '\0')
			return make_error(
			    m, err, "'${%s:%.60s' has no closing '%c'", e->name.p == NULL ? "" : e->name.p, *p, close);
		if (e->value.len > MAKE_VALUE_MAX)
			return make_error(m, err, "the value of %s is too long", e->name.p);
		if (*mod.p == close)
			break;
		mod.p++;
	}
	*p = mod.p;
	return 0;
}
