/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a make variable's value: taking it apart, shell patterns, and
 * the parts of a file name.
 */
#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "service/make_impl.h"

/* A form feed is part of a word, as in make. */
#define BLANKS " \t\n"

const char *
make_word(const char **p, size_t *len)
{
	const char *s = *p + strspn(*p, BLANKS), *start = s;
	char quote = '\0';

	if (*s == '\0')
		return NULL;
	for (; *s != '\0' && (quote != '\0' || strchr(BLANKS, *s) == NULL); s++) {
		if (*s == '\\' && s[1] != '\0')
			s++;
		else if (quote != '\0')
			quote = *s == quote ? '\0' : quote;
		else if (*s == '"' || *s == '\'')
			quote = *s;
	}
	*p = s;
	*len = (size_t)(s - start);
	return start;
}

const char *
make_word_first(const char **p, size_t *len)
{
	const char *word = make_word(p, len);

	*len = word == NULL ? 0 : *len;
	return word == NULL ? "" : word;
}

int
make_words(struct make_mod *mod, make_word_fn *fn, void *arg)
{
	struct make_expr *e = mod->e;
	const char *p = e->value.p == NULL ? "" : e->value.p, *word = p;
	struct str all = { 0 }, one = { 0 };
	size_t len = e->value.len;
	int rv = make_charge(mod->m, e->value.len + MAKE_WORK_STEP, mod->err);

	str_add(&all, "");
	if (!e->one_word)
		word = make_word_first(&p, &len);
	while (word != NULL && rv == 0) {
		one.len = 0;
		rv = fn(arg, word, len, &one);
		if (one.len > 0) {
			if (all.len > 0 && e->separator != '\0' &&
			    !(mod->newlines && (one.p[0] == '\n' || all.p[all.len - 1] == '\n')))
				str_addn(&all, &e->separator, 1);
			str_addn(&all, one.p, one.len);
		}
		if (rv == 0 && all.len > MAKE_VALUE_MAX)
			rv = make_error(mod->m, mod->err, "the value of %s is too long", e->name.p);
		word = e->one_word ? NULL : make_word(&p, &len);
	}
	str_release(&one);
	str_release(&e->value);
	e->value = all;
	return rv < 0 ? -1 : make_charge(mod->m, all.len, mod->err);
}

/* One character of the pattern, or one [set] of it. */
static bool
match_one(const char **pattern, char c)
{
	const char *p = *pattern;
	bool negate, hit = false;

	if (*p == '?') {
		*pattern = p + 1;
		return true;
	}
	if (*p != '[') {
		if (*p == '\\' && p[1] != '\0')
			p++;
		*pattern = p + 1;
		return *p == c;
	}
	negate = *++p == '^';
	if (negate)
		p++;
	for (; *p != '\0' && *p != ']'; p++) {
		if (p[1] == '-' && p[2] != '\0' && p[2] != ']') {
			hit |= (c >= p[0] && c <= p[2]) || (c >= p[2] && c <= p[0]);
			p += 2;
		} else {
			hit |= *p == c;
		}
	}
	*pattern = *p == ']' ? p + 1 : p;
	return hit != negate;
}

/* Goes back to the last '*' only, so that no pattern takes exponential time. */
bool
make_match(const char *pattern, const char *text, size_t len)
{
	const char *end = text + len, *star = NULL, *retry = NULL, *p;

	for (;;) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
			continue;
		}
		p = pattern;
		if (text < end && *pattern != '\0' && match_one(&p, *text)) {
			pattern = p;
			text++;
			continue;
		}
		if (text == end && *pattern == '\0')
			return true;
		if (star == NULL || retry == end)
			return false;
		pattern = star;
		text = ++retry;
	}
}

/* The last c of a word, or NULL. */
static const char *
last(const char *word, size_t len, char c)
{
	return memrchr(word, c, len);
}

int
make_word_root(void *arg, const char *word, size_t len, struct str *out)
{
	const char *dot = last(word, len, '.');

	(void)arg;
	str_addn(out, word, dot == NULL ? len : (size_t)(dot - word));
	return 0;
}

int
make_word_extension(void *arg, const char *word, size_t len, struct str *out)
{
	const char *dot = last(word, len, '.');

	(void)arg;
	if (dot != NULL)
		str_addn(out, dot + 1, (size_t)(word + len - dot) - 1);
	return 0;
}

int
make_word_head(void *arg, const char *word, size_t len, struct str *out)
{
	const char *slash = last(word, len, '/');

	(void)arg;
	if (slash == NULL)
		str_add(out, ".");
	else
		str_addn(out, word, (size_t)(slash - word));
	return 0;
}

int
make_word_tail(void *arg, const char *word, size_t len, struct str *out)
{
	const char *slash = last(word, len, '/');

	(void)arg;
	if (slash == NULL)
		str_addn(out, word, len);
	else
		str_addn(out, slash + 1, (size_t)(word + len - slash) - 1);
	return 0;
}
