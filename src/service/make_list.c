/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modifiers that see a value as a list of words: its order, some of it, what
 * stands between, a loop over it; and ":?", which chooses between two texts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "service/make_impl.h"

struct word {
	const char *p;
	size_t len;
};

struct list {
	struct word *words;
	size_t n, cap;
};

/* whole: a value that :tW made one word is one. */
static int
list_take(struct make_mod *mod, bool whole, struct list *l)
{
	const struct make_expr *e = mod->e;
	const char *p = e->value.p == NULL ? "" : e->value.p, *word;
	size_t len;

	*l = (struct list){ 0 };
	if (make_charge(mod->m, 8 * e->value.len + MAKE_WORK_STEP, mod->err) < 0)
		return -1;
	if (whole && e->one_word)
		*vec_push(l->words, l->n, l->cap) = (struct word){ p, e->value.len };
	else
		for (word = make_word_first(&p, &len); word != NULL; word = make_word(&p, &len))
			*vec_push(l->words, l->n, l->cap) = (struct word){ word, len };
	return 0;
}

/* The n words from first on become the value; step: 1, or -1 for backwards. */
static void
list_give(struct make_mod *mod, struct list *l, size_t first, size_t n, int step, char separator)
{
	struct str all = { 0 };
	const struct word *w = l->words == NULL ? NULL : l->words + first;

	str_add(&all, "");
	for (; n > 0; n--, w += step) {
		str_addn(&all, w->p, w->len);
		if (n > 1 && separator != '\0')
			str_addn(&all, &separator, 1);
	}
	make_mod_set(mod, &all);
	free(l->words);
}

/* --- order --- */

static int
word_compare(const void *a, const void *b)
{
	const struct word *x = a, *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	int order = memcmp(x->p, y->p, len);

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

int
make_mod_order(struct make_mod *mod)
{
	bool reverse = *mod->p == 'r';
	struct list l;

	if (*mod->p == 'x')
		return make_error(mod->m, mod->err, "':Ox' is chance, which has no place in an image");
	mod->p += reverse;
	if (list_take(mod, false, &l) < 0)
		return -1;
	if (l.n > 0)
		qsort(l.words, l.n, sizeof(*l.words), word_compare);
	list_give(mod, &l, reverse && l.n > 0 ? l.n - 1 : 0, l.n, reverse ? -1 : 1, ' ');
	return 0;
}

int
make_mod_unique(struct make_mod *mod)
{
	size_t i, n = 0;
	struct list l;

	if (list_take(mod, false, &l) < 0)
		return -1;
	for (i = 0; i < l.n; i++)
		if (n == 0 || word_compare(&l.words[n - 1], &l.words[i]) != 0)
			l.words[n++] = l.words[i];
	list_give(mod, &l, 0, n, 1, ' ');
	return 0;
}

/* --- :[...] --- */

/* A place from the front (1...) or from the end (-1...), as 1...; it may lie outside. */
static long
place(long at, size_t n)
{
	return at < 0 ? at + (long)n + 1 : at;
}

static int
select_words(struct make_mod *mod, long start, long end)
{
	struct list l;
	long n, first, last;

	if (list_take(mod, true, &l) < 0)
		return -1;
	n = (long)l.n;
	first = place(start, l.n);
	last = place(end, l.n);
	if (first <= last) {
		first = first < 1 ? 1 : first;
		last = last > n ? n : last;
		list_give(
		    mod, &l, (size_t)(first - 1), first <= last ? (size_t)(last - first + 1) : 0, 1, mod->e->separator);
	} else {
		first = first > n ? n : first;
		last = last < 1 ? 1 : last;
		n = first >= last ? first - last + 1 : 0;
		list_give(mod, &l, n == 0 ? 0 : (size_t)(first - 1), (size_t)n, -1, mod->e->separator);
	}
	return 0;
}

static int
count_words(struct make_mod *mod)
{
	struct str text = { 0 };
	struct list l;

	if (list_take(mod, true, &l) < 0)
		return -1;
	str_addf(&text, "%zu", l.n);
	free(l.words);
	make_mod_set(mod, &text);
	return 0;
}

/* "3", "2..-1", "#", "*", "@"; 1 if it is none of them. */
static int
select_by(struct make_mod *mod, const char *text)
{
	long start, end;
	char *p;

	if (strcmp(text, "#") == 0)
		return count_words(mod);
	if (strcmp(text, "*") == 0 || strcmp(text, "@") == 0) {
		mod->e->one_word = *text == '*';
		return 0;
	}
	errno = 0;
	start = end = strtol(text, &p, 0);
	if (p == text)
		return 1;
	if (p[0] == '.' && p[1] == '.' && p[2] != '\0')
		end = strtol(p + 2, &p, 0);
	if (*p != '\0' || errno != 0 || labs(start) > MAKE_VALUE_MAX || labs(end) > MAKE_VALUE_MAX)
		return 1;
	if (start == 0 && end == 0) {
		mod->e->one_word = true;
		return 0;
	}
	return start == 0 || end == 0 ? 1 : select_words(mod, start, end);
}

int
make_mod_select(struct make_mod *mod)
{
	struct str text = { 0 };
	int rv = make_mod_argument(mod, "]", "$\\", &text);

	if (rv == 0 && *mod->p != ']')
		rv = make_error(mod->m, mod->err, "':[' has no closing ']'");
	if (rv == 0) {
		mod->p++;
		rv = make_mod_idle(mod) ? 0 : select_by(mod, text.p);
		if (rv == 1)
			rv = make_error(mod->m, mod->err,
			    "':[%.40s]': want a number from 1, or from -1 backwards, N..M, #, * or @", text.p);
	}
	str_release(&text);
	return rv;
}

/* --- :ts, :range --- */

static int
same_word(void *arg, const char *word, size_t len, struct str *out)
{
	(void)arg;
	str_addn(out, word, len);
	return 0;
}

/* "\n", "\t", "\x2c", "\054". */
static bool
escaped_character(const char **p, char *c)
{
	const char *digits = *p + 1;
	unsigned long v;
	char *end;

	if (**p == 'n' || **p == 't') {
		*c = **p == 'n' ? '\n' : '\t';
		(*p)++;
		return true;
	}
	v = **p == 'x' ? strtoul(digits, &end, 16) : strtoul(*p, &end, 8);
	if (end == (**p == 'x' ? digits : *p) || v == 0 || v > 255)
		return false;
	*p = end;
	*c = (char)v;
	return true;
}

int
make_mod_separator(struct make_mod *mod)
{
	const char *p = mod->p;
	char c = *p;

	if (c != '\0' && c != mod->close && (p[1] == ':' || p[1] == mod->close)) {
		p++;
	} else if (c == ':' || c == mod->close) {
		c = '\0';
	} else if (c == '\\') {
		p++;
		if (!escaped_character(&p, &c))
			return 1;
	} else {
		return 1;
	}
	mod->p = p;
	mod->e->separator = c;
	return make_words(mod, same_word, NULL);
}

int
make_mod_range(struct make_mod *mod)
{
	unsigned long n = 0, i;
	struct str text = { 0 };
	struct list l;
	char *end;

	if (*mod->p == '=') {
		n = strtoul(mod->p + 1, &end, 10);
		mod->p = end;
	}
	if (n == 0) {
		if (list_take(mod, false, &l) < 0)
			return -1;
		n = l.n;
		free(l.words);
	}
	if (n > MAKE_VALUE_MAX / 8)
		return make_error(mod->m, mod->err, "':range' of more than %d words", MAKE_VALUE_MAX / 8);
	if (make_charge(mod->m, 8 * n, mod->err) < 0)
		return -1;
	str_add(&text, "");
	for (i = 1; i <= n; i++)
		str_addf(&text, "%s%lu", i > 1 ? " " : "", i);
	make_mod_set(mod, &text);
	return 0;
}

/* --- :@ --- */

/* Text up to delimiter, unexpanded; expressions are taken whole. */
static int
raw_argument(struct make_mod *mod, char delimiter, struct str *out)
{
	const char *p = mod->p, *start;
	size_t depth;

	str_add(out, "");
	while (*p != '\0' && *p != delimiter) {
		if (*p == '\\' && (p[1] == delimiter || p[1] == '$' || p[1] == '\\'))
			p++;
		if (*p != '$' || p[-1] == '\\' || (p[1] != '{' && p[1] != '(')) {
			str_addn(out, p++, 1);
			continue;
		}
		start = p++;
		depth = 0;
		do {
			depth += *p == start[1] && p[-1] != '\\';
			depth -= *p == (start[1] == '{' ? '}' : ')') && p[-1] != '\\';
			p++;
		} while (*p != '\0' && depth > 0);
		str_addn(out, start, (size_t)(p - start));
	}
	mod->p = p;
	if (*p == '\0')
		return make_error(mod->m, mod->err, "':@' wants :@NAME@TEXT@");
	mod->p++;
	return 0;
}

struct loop {
	struct make_mod *mod;
	struct make_var *v;
	const char *text;
};

static int
loop_word(void *arg, const char *word, size_t len, struct str *out)
{
	struct loop *l = arg;

	if (len == 0)
		return 0;
	l->v->value.len = 0;
	str_addn(&l->v->value, word, len);
	return make_expand(l->mod->m, l->text, MAKE_EVAL, out, l->mod->err);
}

/* The variable has each word for its value in turn, and then what it had before. */
static int
loop_run(struct make_mod *mod, const char *name, const char *text)
{
	struct make *m = mod->m;
	struct make_var *before = make_var_find(m, name, strlen(name));
	struct make_var saved = { 0 };
	struct loop l = { .mod = mod, .text = text };
	int rv;

	if (*name == '\0')
		return make_error(m, mod->err, "':@' wants :@NAME@TEXT@");
	if (before != NULL) {
		if (before->expanding)
			return make_error(m, mod->err, "the value of %s contains itself", name);
		saved = *before;
		before->value = (struct str){ 0 };
	}
	if (make_charge(m, MAKE_WORK_STEP, mod->err) < 0)
		return -1;
	make_var_set(m, name, "", MAKE_FILE);
	l.v = make_var_find(m, name, strlen(name));
	mod->newlines = true;
	rv = make_words(mod, loop_word, &l);
	mod->newlines = false;
	if (before == NULL) {
		make_var_undef(m, name);
	} else {
		str_release(&l.v->value);
		*l.v = saved;
	}
	return rv;
}

int
make_mod_loop(struct make_mod *mod)
{
	struct str name = { 0 }, text = { 0 };
	int rv = raw_argument(mod, '@', &name);

	if (rv == 0)
		rv = raw_argument(mod, '@', &text);
	if (rv == 0 && !make_mod_idle(mod))
		rv = loop_run(mod, name.p, text.p);
	str_release(&name);
	str_release(&text);
	return rv;
}

/* --- :? --- */

int
make_mod_if(struct make_mod *mod)
{
	const char stop_yes[] = { ':', '\0' }, stop_no[] = { mod->close, '\0' };
	struct str yes = { 0 }, no = { 0 };
	enum make_mode mode = mod->mode;
	bool is = false;
	int rv = 0;

	if (!make_mod_idle(mod))
		rv = make_cond(mod->m, mod->e->name.p, MAKE_WORD_EITHER, &is, mod->err);
	mod->mode = is ? mode : MAKE_PARSE;
	if (rv == 0)
		rv = make_mod_argument(mod, stop_yes, "$\\", &yes);
	if (rv == 0 && *mod->p != ':')
		rv = make_error(mod->m, mod->err, "':?' wants ${CONDITION:?YES:NO}");
	mod->p += rv == 0;
	mod->mode = is ? MAKE_PARSE : mode;
	if (rv == 0)
		rv = make_mod_argument(mod, stop_no, "$\\", &no);
	mod->mode = mode;
	if (rv == 0) {
		make_mod_set(mod, is ? &yes : &no);
		mod->e->defined = true;
	}
	str_release(&yes);
	str_release(&no);
	return rv;
}
