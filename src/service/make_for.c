/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * .for: the body is read once for each turn, its "${NAME}" having become
 * "${:Uitem}", so that what a line assigns keeps the item and an item can
 * never be syntax.  The body's lines keep their numbers for messages.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "service/make_impl.h"

#define NAMES_MAX 64

/* The words of a .for line: names, items, and the text they lie in. */
struct for_words {
	char *names_text, *items_text;
	const char **names, **items;
	size_t nnames, names_cap, nitems, items_cap;
};

static void
words_release(struct for_words *w)
{
	free(w->names_text);
	free(w->items_text);
	free(w->names);
	free(w->items);
}

/* --- an item in the place of its variable --- */

/* The length of the expression behind a '$': "{...}", "(...)" or one character; 0 if it is none. */
static size_t
expression_length(const char *p)
{
	char open = *p, close = open == '{' ? '}' : ')';
	size_t i, depth = 0;

	if (open != '{' && open != '(')
		return open != '\0';
	for (i = 0; p[i] != '\0'; i++) {
		depth += p[i] == open;
		if (p[i] == close && --depth == 0)
			return i + 1;
	}
	return 0;
}

/* Escapes what ":U" would take for syntax; expressions in it stay what they are, as in make. */
static void
add_item(struct str *out, const char *item, char close)
{
	size_t len;

	for (; *item != '\0'; item++) {
		if (*item == '$' && (len = expression_length(item + 1)) > 0) {
			str_addn(out, item, len + 1);
			item += len;
			continue;
		}
		if (*item == ':' || *item == '$' || *item == '\\' || *item == close)
			str_addn(out, "\\", 1);
		str_addn(out, item, 1);
	}
}

/* Which of the names stands at p and ends before a character of stop; n if none. */
static size_t
name_at(const struct make_loop *loop, const char *p, char close)
{
	size_t i, len;

	for (i = 0; i < loop->n; i++) {
		len = strlen(loop->names[i]);
		if (strncmp(p, loop->names[i], len) == 0 && (p[len] == ':' || p[len] == close || p[len] == '\\'))
			break;
	}
	return i;
}

static size_t
short_name_at(const struct make_loop *loop, char c)
{
	size_t i;

	for (i = 0; i < loop->n; i++)
		if (loop->names[i][0] == c && loop->names[i][1] == '\0')
			break;
	return i;
}

static void
apply_one(const struct make_loop *loop, const char *p, struct str *out)
{
	size_t i, len;
	char close;

	/* The reader refuses a longer one. */
	while (*p != '\0' && out->len <= MAKE_VALUE_MAX) {
		if (*p != '$') {
			len = strcspn(p, "$");
			str_addn(out, p, len);
			p += len;
			continue;
		}
		if (p[1] == '{' || p[1] == '(') {
			close = p[1] == '{' ? '}' : ')';
			i = name_at(loop, p + 2, close);
			str_addn(out, p, 2);
			p += 2;
			if (i == loop->n)
				continue;
			str_add(out, ":U");
			add_item(out, loop->items[i], close);
			p += strlen(loop->names[i]);
			continue;
		}
		i = p[1] == '\0' ? loop->n : short_name_at(loop, p[1]);
		if (i < loop->n) {
			str_add(out, "${:U");
			add_item(out, loop->items[i], '}');
			str_add(out, "}");
		} else {
			str_addn(out, p, p[1] == '\0' ? 1 : 2);
		}
		p += p[1] == '\0' ? 1 : 2;
	}
}

void
make_loop_apply(const struct make_loop *loop, struct str *line)
{
	struct str out = { 0 };

	if (loop == NULL || strchr(line->p, '$') == NULL)
		return;
	make_loop_apply(loop->outer, line);
	str_add(&out, "");
	apply_one(loop, line->p, &out);
	str_release(line);
	*line = out;
}

/* --- the .for line --- */

/* The names, up to "in"; *items is left behind it. */
static int
parse_names(struct make *m, const char *arg, struct for_words *w, const char **items, struct err *err)
{
	char *p = w->names_text = xstrdup(arg), *name;
	size_t len;

	for (;;) {
		p += strspn(p, " \t");
		len = strcspn(p, " \t");
		if (len == 0)
			return make_error(m, err, ".for without 'in': want .for NAME in WORDS");
		name = p;
		p += len;
		if (len == 2 && strncmp(name, "in", 2) == 0)
			break;
		if (*p != '\0')
			*p++ = '\0';
		if (strpbrk(name, "$:{}()\\") != NULL)
			return make_error(m, err, "'%.60s' cannot be a variable of .for", name);
		if (w->nnames == NAMES_MAX)
			return make_error(m, err, ".for with more than %d variables", NAMES_MAX);
		*vec_push(w->names, w->nnames, w->names_cap) = name;
	}
	*items = arg + (p - w->names_text);
	return w->nnames > 0 ? 0 : make_error(m, err, ".for without a variable: want .for NAME in WORDS");
}

static int
parse_items(struct make *m, const char *text, struct for_words *w, struct err *err)
{
	struct str all = { 0 };
	const char *p, *word;
	size_t len;
	char *end = NULL;

	str_add(&all, "");
	if (make_expand(m, text, MAKE_EVAL, &all, err) < 0) {
		str_release(&all);
		return -1;
	}
	w->items_text = all.p;
	for (p = all.p; (word = make_word(&p, &len)) != NULL;) {
		if (end != NULL)
			*end = '\0';
		end = all.p + (word - all.p) + len;
		if (memchr(word, '\n', len) != NULL)
			return make_error(m, err, "a newline in an item of .for");
		*vec_push(w->items, w->nitems, w->items_cap) = word;
	}
	if (end != NULL)
		*end = '\0';
	if (w->nitems % w->nnames != 0)
		return make_error(m, err, ".for with %zu variables, but %zu words for them", w->nnames, w->nitems);
	return 0;
}

/* --- its body --- */

/* 1 for .for, -1 for .endfor: as make, whatever .if is around it. */
static int
nesting(const char *line)
{
	const char *p = line + 1 + strspn(*line == '\0' ? "" : line + 1, " \t");

	if (line[0] != '.')
		return 0;
	if (strncmp(p, "for", 3) == 0 && isblank((unsigned char)p[3]))
		return 1;
	return strncmp(p, "endfor", 6) == 0 && (isblank((unsigned char)p[6]) || p[6] == '\0') ? -1 : 0;
}

/* Takes the lines up to .endfor from the block that is read; body gets them. */
static int
take_body(struct make *m, struct make_block *body, struct err *err)
{
	struct make_block *from = m->block;
	struct str line = { 0 };
	const char *start;
	int depth = 1;

	*body = (struct make_block){ .p = from->p, .end = from->p, .next = from->next };
	while (from->p < from->end && depth > 0) {
		start = from->p;
		make_line(from, &line);
		depth += nesting(line.p);
		body->end = depth > 0 ? from->p : start;
	}
	str_release(&line);
	return depth == 0 ? 0 : make_error(m, err, ".for without .endfor");
}

static int
run(struct make *m, const struct make_block *body, const struct for_words *w, struct err *err)
{
	struct make_loop loop = { .outer = m->block->loop, .names = w->names, .n = w->nnames };
	struct make_block turn;
	size_t i;

	for (i = 0; i < w->nitems && !loop.leave; i += w->nnames) {
		loop.items = w->items + i;
		turn = *body;
		turn.loop = &loop;
		if (make_block_read(m, &turn, err) < 0)
			return -1;
	}
	return 0;
}

int
make_for(struct make *m, const char *arg, struct err *err)
{
	struct for_words w = { 0 };
	struct make_block body;
	const char *items = arg;
	unsigned line = m->line;
	int rv = parse_names(m, arg, &w, &items, err);

	if (rv == 0)
		rv = parse_items(m, items, &w, err);
	if (rv == 0)
		rv = take_body(m, &body, err);
	if (rv == 0)
		rv = run(m, &body, &w, err);
	if (rv == 0)
		m->line = line;
	words_release(&w);
	return rv;
}

int
make_break(struct make *m, const char *arg, struct err *err)
{
	if (*arg != '\0')
		return make_error(m, err, "'%.60s' after .break", arg);
	if (m->block->loop == NULL)
		return make_error(m, err, ".break without .for around it in this file");
	m->block->loop->leave = true;
	m->block->p = m->block->end;
	return 0;
}
