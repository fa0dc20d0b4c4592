/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptions, line by line.
 */
#include "vmm/lines.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/str.h"

#define FD_MAX 1000000

int
parse_fd(const char *word, int *fd, struct err *err)
{
	uint64_t v;

	if (parse_u64(word, 0, FD_MAX, "descriptor", &v, err) < 0)
		return -1;
	*fd = (int)v;
	return 0;
}

int
line_fd(struct line *l)
{
	return parse_fd(l->words[1], (int *)(void *)((char *)l->into + l->kind->offset), l->err);
}

int
line_flag(struct line *l)
{
	*(bool *)((char *)l->into + l->kind->offset) = true;
	return 0;
}

const char *
lines_read(const struct lines *d, const char *arg, struct err *err)
{
	static char text[LINES_TEXT_MAX + 1];
	size_t len = 0;
	ssize_t n;
	int fd;

	if (parse_fd(arg, &fd, err) < 0)
		return NULL;
	while (len < LINES_TEXT_MAX && (n = read(fd, text + len, LINES_TEXT_MAX - len)) > 0)
		len += (size_t)n;
	if (len == LINES_TEXT_MAX) {
		(void)err_set(err, "the %s is too long", d->what);
		return NULL;
	}
	text[len] = '\0';
	return text;
}

static int
parse_line(const struct lines *d, struct line *l, char *text)
{
	size_t first = strcspn(text, " "), i;
	char *word;
	unsigned n;

	l->rest = text[first] == '\0' ? "" : text + first + 1;
	for (i = 0; i < d->nkinds; i++) {
		l->kind = &d->kinds[i];
		if (strlen(l->kind->word) != first || strncmp(text, l->kind->word, first) != 0)
			continue;
		if (l->kind->n == 0)
			return l->kind->fn(l);
		for (n = 0; (word = strsep(&text, " ")) != NULL; n++)
			if (n < nitems(l->words))
				l->words[n] = word;
		return n == l->kind->n ? l->kind->fn(l)
				       : err_set(l->err, "'%s' has %u words, not %u", l->kind->word, n, l->kind->n);
	}
	return err_set(l->err, "'%.*s' is not known", (int)u64_min(first, 40), text);
}

int
lines_parse(const struct lines *d, void *into, const char *text, struct err *err)
{
	char copy[LINE_BYTES_MAX];
	struct line l = { .into = into, .err = err };
	unsigned number = 1;
	size_t len;

	if (!str_starts(text, d->first))
		return err_set(err, "%s:1: this is for another version of %s", d->what, d->program);
	for (text += strlen(d->first); *text != '\0'; text += len + (text[len] == '\n')) {
		number++;
		len = strcspn(text, "\n");
		if (len >= sizeof(copy))
			return err_set(err, "%s:%u: the line is too long", d->what, number);
		memcpy(copy, text, len);
		copy[len] = '\0';
		if (len > 0 && parse_line(d, &l, copy) < 0)
			return err_wrap(err, "%s:%u", d->what, number);
	}
	return 0;
}
