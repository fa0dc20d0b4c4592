/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One pass; an unquoted word is never longer than what it was written as.
 */
#include "base/words.h"

#include <string.h>

#define BLANKS " \t\r\n"

struct split {
	const char *p; /* the next character */
	char *out;
	struct err *err;
};

static int
quoted(struct split *s, char quote)
{
	const char *start = s->p++;

	for (; *s->p != quote; s->p++) {
		if (*s->p == '\0')
			return err_usage(s->err, "a %c is not closed: %.40s", quote, start);
		if (quote == '"' && *s->p == '\\' && s->p[1] != '\0' && strchr("$`\"\\\n", s->p[1]) != NULL &&
		    *++s->p == '\n')
			continue;
		*s->out++ = *s->p;
	}
	s->p++;
	return 0;
}

/* Up to a blank outside of quotes. */
static int
word(struct split *s)
{
	while (*s->p != '\0' && strchr(BLANKS, *s->p) == NULL) {
		if (*s->p == '\'' || *s->p == '"') {
			if (quoted(s, *s->p) < 0)
				return -1;
		} else if (*s->p == '\\' && s->p[1] == '\n') {
			s->p += 2;
		} else {
			if (*s->p == '\\' && s->p[1] != '\0')
				s->p++;
			*s->out++ = *s->p++;
		}
	}
	*s->out++ = '\0';
	return 0;
}

int
words_split(struct arena *arena, const char *text, const char *const **words, size_t *n, struct err *err)
{
	size_t len = strlen(text);
	const char **v = arena_calloc(arena, len / 2 + 2, sizeof(*v));
	struct split s = { .p = text, .out = arena_alloc(arena, len + 1), .err = err };

	*n = 0;
	for (;;) {
		s.p += strspn(s.p, BLANKS);
		/* A line that only continues is no word. */
		if (s.p[0] == '\\' && s.p[1] == '\n') {
			s.p += 2;
			continue;
		}
		if (*s.p == '\0')
			break;
		v[(*n)++] = s.out;
		if (word(&s) < 0)
			return -1;
	}
	*words = v;
	return 0;
}

void
word_quote(const char *word, struct str *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";

	if (*word != '\0' && word[strspn(word, plain)] == '\0') {
		str_add(out, word);
		return;
	}
	str_add(out, "'");
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			str_add(out, "'\\''");
		else
			str_addn(out, word, 1);
	}
	str_add(out, "'");
}
