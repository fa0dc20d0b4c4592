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

/* The next word at *p; quotes hold blanks together, and stay. NULL at the end. */
static const char *
next_word(const char **p, size_t *len)
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

void
make_words(struct str *value, void (*fn)(void *arg, const char *word, size_t len, struct str *out), void *arg)
{
	const char *p = value->p == NULL ? "" : value->p, *word;
	struct str all = { 0 }, one = { 0 };
	size_t len;

	str_add(&all, "");
	while ((word = next_word(&p, &len)) != NULL) {
		one.len = 0;
		fn(arg, word, len, &one);
		if (one.len == 0)
			continue;
		if (all.len > 0)
			str_addn(&all, " ", 1);
		str_addn(&all, one.p, one.len);
	}
	str_release(&one);
	str_release(value);
	*value = all;
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

void
make_word_root(void *arg, const char *word, size_t len, struct str *out)
{
	const char *dot = last(word, len, '.');

	(void)arg;
	str_addn(out, word, dot == NULL ? len : (size_t)(dot - word));
}

void
make_word_extension(void *arg, const char *word, size_t len, struct str *out)
{
	const char *dot = last(word, len, '.');

	(void)arg;
	if (dot != NULL)
		str_addn(out, dot + 1, (size_t)(word + len - dot) - 1);
}

void
make_word_head(void *arg, const char *word, size_t len, struct str *out)
{
	const char *slash = last(word, len, '/');

	(void)arg;
	if (slash == NULL)
		str_add(out, ".");
	else
		str_addn(out, word, slash == word ? 1 : (size_t)(slash - word));
}

void
make_word_tail(void *arg, const char *word, size_t len, struct str *out)
{
	const char *slash = last(word, len, '/');

	(void)arg;
	if (slash == NULL)
		str_addn(out, word, len);
	else
		str_addn(out, slash + 1, (size_t)(word + len - slash) - 1);
}
