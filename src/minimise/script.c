/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding words in texts.  exec(3)'s script(7) form: NetBSD's exec_script.c;
 * PAM: pam.conf(5); nsswitch.conf(5); fstab(5).
 */
#include "minimise/script.h"

#include <string.h>

#include "base/defs.h"
#include "base/str.h"

#define BLANKS " \t\r"

/* The next word of a line into buf; where it ends.  NULL: there is none, or one too long. */
static const char *
next_word(const char *p, const char *end, char buf[SCRIPT_WORD_MAX])
{
	size_t len;

	while (p < end && strchr(BLANKS, *p) != NULL)
		p++;
	for (len = 0; p + len < end && strchr(BLANKS, p[len]) == NULL; len++)
		continue;
	if (len == 0 || len >= SCRIPT_WORD_MAX)
		return NULL;
	memcpy(buf, p, len);
	buf[len] = '\0';
	return p + len;
}

/* --- the first line --- */

static bool
is_env(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && strcmp(slash, "/env") == 0;
}

bool
script_parse(const char *text, size_t len, struct script *s)
{
	const char *end, *p;

	*s = (struct script){ 0 };
	if (len < 3 || text[0] != '#' || text[1] != '!')
		return false;
	end = memchr(text, '\n', len);
	if (end == NULL)
		end = text + len;
	if (memchr(text, '\0', (size_t)(end - text)) != NULL)
		return false;
	p = next_word(text + 2, end, s->interpreter);
	if (p == NULL || s->interpreter[0] != '/')
		return false;
	if (!is_env(s->interpreter))
		return true;
	do
		p = next_word(p, end, s->program);
	while (p != NULL && (s->program[0] == '-' || strchr(s->program, '=') != NULL));
	if (p == NULL)
		s->program[0] = '\0';
	return true;
}

/* --- commands --- */

struct commands {
	unsigned line;
	bool at_command; /* the next word is one */
	bool source; /* the word before was "." */
	bool head; /* between "case" and "in" */
	bool pattern; /* inside "case ... esac", before a ")" */
	unsigned cases;
	script_word_fn *fn;
	void *arg;
};

/* Words after which comes a command. */
static bool
is_prefix(const char *word)
{
	static const char *const prefixes[] = { "if", "then", "else", "elif", "while", "until", "do", "!", "{", "time",
		"exec", "eval", "command", "nohup", "nice" };
	size_t i;

	for (i = 0; i < nitems(prefixes); i++)
		if (strcmp(prefixes[i], word) == 0)
			return true;
	return false;
}

static bool
is_assignment(const char *word)
{
	size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return n > 0 && word[n] == '=';
}

static void
end_of_word(struct commands *c, const char *word, bool plain)
{
	char sourced[SCRIPT_WORD_MAX + 1] = ".";

	if (c->source && plain && word[0] == '/') {
		(void)strcpy(sourced + 1, word);
		c->fn(c->arg, c->line, sourced);
	}
	c->source = false;
	if (c->head && strcmp(word, "in") == 0) {
		c->pattern = true;
		c->head = false;
		return;
	}
	if (strcmp(word, "esac") == 0 && c->cases > 0 && (c->at_command || c->pattern)) {
		c->cases--;
		c->pattern = c->at_command = false;
		return;
	}
	if (!c->at_command || c->pattern || is_prefix(word) || is_assignment(word))
		return;
	c->at_command = false;
	c->head = strcmp(word, "case") == 0;
	c->cases += c->head;
	c->source = strcmp(word, ".") == 0;
	if (plain && !c->source)
		c->fn(c->arg, c->line, word);
}

/* What is in quotes, from after the first; where it ends. */
static const char *
skip_quotes(struct commands *c, const char *p, char quote)
{
	for (; *p != '\0' && *p != quote; p++) {
		if (*p == '\\' && quote == '"' && p[1] != '\0')
			p++;
		c->line += *p == '\n';
	}
	return *p == '\0' ? p : p + 1;
}

/* The end of a word, or of a command. */
static const char *
separator(struct commands *c, const char *p)
{
	if (*p == '\n')
		c->line++;
	if (*p == ')' && c->pattern) {
		c->pattern = false;
		c->at_command = true;
	} else if (*p == ';' && p[1] == ';' && c->cases > 0) {
		c->pattern = true;
		p++;
	} else if (strchr("\n;&|(`", *p) != NULL) {
		c->at_command = true;
	} else if (*p == ')') {
		c->at_command = false;
	}
	return p + 1;
}

/* One word; *plain if it is as it stands, without quotes, variables and patterns. */
static const char *
take_word(struct commands *c, const char *p, char word[SCRIPT_WORD_MAX], bool *plain)
{
	size_t len = 0;

	*plain = true;
	while (*p != '\0' && strchr(" \t\r\n;&|()`", *p) == NULL) {
		*plain = *plain && strchr("\"'\\$*?[{<>", *p) == NULL;
		if (*p == '"' || *p == '\'') {
			p = skip_quotes(c, p + 1, *p);
			continue;
		}
		if (*p == '\\' && p[1] != '\0') {
			p++;
			c->line += *p == '\n';
		}
		if (len < SCRIPT_WORD_MAX - 1)
			word[len++] = *p;
		p++;
		if (p[-1] == '$' && *p == '(')
			break; /* a command begins */
	}
	word[len] = '\0';
	if (strcmp(word, "[") == 0 || strcmp(word, "{") == 0)
		*plain = true;
	return p;
}

void
script_commands(const char *text, script_word_fn *fn, void *arg)
{
	struct commands c = { .line = 1, .at_command = true, .fn = fn, .arg = arg };
	char word[SCRIPT_WORD_MAX];
	const char *p = text;
	bool plain;

	while (*p != '\0') {
		if (strchr("\n;&|()`", *p) != NULL) {
			p = separator(&c, p);
		} else if (strchr(BLANKS, *p) != NULL) {
			p++;
		} else if (*p == '#') {
			p += strcspn(p, "\n");
		} else {
			p = take_word(&c, p, word, &plain);
			end_of_word(&c, word, plain);
		}
	}
}

/* --- configuration --- */

/* A line of a text, without its comment. */
struct line {
	unsigned n;
	const char *p, *end, *next;
};

static bool
next_line(struct line *l)
{
	const char *hash;

	if (*l->next == '\0')
		return false;
	l->n++;
	l->p = l->next;
	l->end = l->p + strcspn(l->p, "\n");
	l->next = l->end + (*l->end == '\n');
	hash = memchr(l->p, '#', (size_t)(l->end - l->p));
	if (hash != NULL)
		l->end = hash;
	return true;
}

/* service facility control module; "include" names a service, not a module. */
void
script_pam(const char *text, bool services, script_word_fn *fn, void *arg)
{
	struct line l = { .next = text };
	char word[SCRIPT_WORD_MAX];
	const char *p;

	while (next_line(&l)) {
		p = next_word(l.p, l.end, word);
		if (p != NULL && services)
			p = next_word(p, l.end, word);
		if (p != NULL)
			p = next_word(p, l.end, word);
		if (p == NULL || strcmp(word, "include") == 0)
			continue;
		if (next_word(p, l.end, word) != NULL)
			fn(arg, l.n, word);
	}
}

static bool
is_builtin_source(const char *word)
{
	static const char *const builtin[] = { "files", "dns", "nis", "compat" };
	size_t i;

	for (i = 0; i < nitems(builtin); i++)
		if (strcmp(builtin[i], word) == 0)
			return true;
	return false;
}

void
script_nsswitch(const char *text, script_word_fn *fn, void *arg)
{
	struct line l = { .next = text };
	char word[SCRIPT_WORD_MAX];
	const char *p;
	bool criterion;

	while (next_line(&l)) {
		p = memchr(l.p, ':', (size_t)(l.end - l.p));
		if (p == NULL)
			continue;
		for (criterion = false, p++; (p = next_word(p, l.end, word)) != NULL;) {
			criterion = criterion || word[0] == '[';
			if (!criterion && !is_builtin_source(word))
				fn(arg, l.n, word);
			criterion = criterion && !str_ends(word, "]");
		}
	}
}

void
script_fstab(const char *text, script_word_fn *fn, void *arg)
{
	struct line l = { .next = text };
	char word[SCRIPT_WORD_MAX];
	const char *p;
	int i;

	while (next_line(&l)) {
		for (p = l.p, i = 0; i < 3 && p != NULL; i++)
			p = next_word(p, l.end, word);
		if (p != NULL && strcmp(word, "swap") != 0 && strcmp(word, "ignore") != 0)
			fn(arg, l.n, word);
	}
}
