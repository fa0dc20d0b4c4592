/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modifiers that put other text into words: :S and :C of make, ":old=new" of
 * System V's.  :C takes regcomp(3)'s extended expressions, without back
 * references and with small bounds: those cost more than they are worth.
 */
#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "service/make_impl.h"

struct subst {
	struct str old, new;
	bool at_start, at_end, global, once, done;
};

static int
subst_word(void *arg, const char *word, size_t len, struct str *out)
{
	struct subst *s = arg;
	const char *hit, *end = word + len;
	bool skip = s->once && s->done;

	while (!skip && s->old.len <= (size_t)(end - word) && out->len <= MAKE_VALUE_MAX) {
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
	return 0;
}

/* The new text of :S, where an unescaped & stands for the old. */
static int
subst_new(struct make_mod *mod, const char *stop, struct subst *s)
{
	const char both[] = { stop[0], '&', '\0' };
	struct str part = { 0 };
	int rv;

	str_add(&s->new, "");
	for (;;) {
		part.len = 0;
		rv = make_mod_argument(mod, both, "$\\", &part);
		if (rv == 0)
			str_addn(&s->new, part.p, part.len);
		if (rv == 0 && s->new.len > MAKE_VALUE_MAX)
			rv = make_error(mod->m, mod->err, "the value is too long");
		if (rv < 0 || *mod->p != '&' || stop[0] == '&')
			break;
		str_addn(&s->new, s->old.p, s->old.len);
		mod->p++;
	}
	str_release(&part);
	return rv;
}

static int
subst_parse(struct make_mod *mod, struct subst *s)
{
	const char stop[] = { *mod->p, '\0' };

	if (*mod->p == '\0')
		return make_error(mod->m, mod->err, "':S' wants :S/OLD/NEW/");
	mod->p++;
	s->at_start = *mod->p == '^';
	mod->p += s->at_start;
	if (make_mod_argument(mod, stop, "$\\", &s->old) < 0)
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

/* The letters behind the last delimiter, of :S and of :C. */
static bool
flags_parse(struct make_mod *mod, bool *global, bool *once)
{
	bool whole = mod->e->one_word;

	for (; *mod->p != '\0' && strchr("g1W", *mod->p) != NULL; mod->p++) {
		*global |= *mod->p == 'g';
		*once |= *mod->p == '1';
		whole |= *mod->p == 'W';
	}
	return whole;
}

static int
words_or_whole(struct make_mod *mod, bool whole, make_word_fn *fn, void *arg)
{
	bool saved = mod->e->one_word;
	int rv;

	if (make_mod_idle(mod))
		return 0;
	mod->e->one_word = whole;
	rv = make_words(mod, fn, arg);
	mod->e->one_word = saved;
	return rv;
}

int
make_mod_subst(struct make_mod *mod)
{
	struct subst s = { 0 };
	int rv = subst_parse(mod, &s);
	bool whole;

	if (rv == 0) {
		whole = flags_parse(mod, &s.global, &s.once);
		rv = words_or_whole(mod, whole, subst_word, &s);
	}
	str_release(&s.old);
	str_release(&s.new);
	return rv;
}

/* --- :C --- */

#define REGEX_MAX 256 /* characters of an expression */
#define REGEX_NODES_MAX 4096 /* of the tree that the C library makes of it */
#define REGEX_REPEAT_MAX 16 /* n of {n} */
#define REGEX_WORD_MAX 1024 /* characters of a word */
#define REGEX_GROUPS 10
#define REGEX_COST 16 /* what a character of text costs for each of the expression */

struct regex {
	struct make_mod *mod;
	regex_t re;
	struct str new, word; /* word: NUL-terminated, for regexec() */
	bool global, once, done;
	const char *expression;
	bool compiled;
	size_t cost; /* of a character, see make_charge() */
	size_t seen; /* characters since re was compiled */
};

/* Behind a set, "[...]", which is one thing whatever is in it; its last character. */
static const char *
regex_set_end(const char *re)
{
	re += 1 + (re[1] == '^');
	re += *re == ']';
	re += strcspn(re, "]");
	return *re == '\0' ? re - 1 : re;
}

/*
 * How large a tree the C library makes of an expression: glibc copies what a
 * '+' repeats, and for each of {n}.  More than REGEX_NODES_MAX too where a
 * repetition is repeated, as in "a+*", which POSIX leaves undefined.
 */
static size_t
regex_nodes(const char *re)
{
	size_t sum[REGEX_MAX + 1] = { 0 }, last[REGEX_MAX + 1] = { 0 }, depth = 0, n;
	bool repeated = false;

	for (; *re != '\0' && sum[depth] <= REGEX_NODES_MAX; re++) {
		if (strchr("*+?{", *re) != NULL) {
			if (repeated)
				return REGEX_NODES_MAX + 1;
			n = *re == '{' ? last[depth] * REGEX_REPEAT_MAX : *re == '+' ? last[depth] : 0;
			last[depth] += n + 1;
			sum[depth] += n + 1;
			repeated = true;
			if (*re == '{')
				re += strcspn(re, "}");
			re -= *re == '\0';
			continue;
		}
		repeated = false;
		if (*re == '(') {
			depth++;
			sum[depth] = last[depth] = 0;
			continue;
		}
		n = 1;
		if (*re == ')' && depth > 0)
			n += sum[depth--];
		else if (*re == '[')
			re = regex_set_end(re);
		re += *re == '\\' && re[1] != '\0';
		last[depth] = n;
		sum[depth] += n;
	}
	while (depth > 0 && sum[0] <= REGEX_NODES_MAX)
		sum[0] += sum[depth--];
	return sum[0];
}

/* What could make the expression's machine, or running it, too large. */
static int
regex_check(struct make_mod *mod, const char *re)
{
	const char *p;
	bool repeat = false;

	if (strlen(re) > REGEX_MAX)
		return make_error(mod->m, mod->err, "the expression of ':C' is longer than %d characters", REGEX_MAX);
	if (regex_nodes(re) > REGEX_NODES_MAX)
		return make_error(mod->m, mod->err, "the expression of ':C' repeats what is repeated too often");
	for (p = re; *p != '\0'; p++) {
		if (*p == '\\' && isdigit((unsigned char)p[1]))
			return make_error(
			    mod->m, mod->err, "the expression of ':C' refers back with '\\%c': not supported", p[1]);
		if (*p == '\\' && p[1] != '\0') {
			p++;
		} else if (*p == '{') {
			if (repeat || strtoul(p + 1, NULL, 10) > REGEX_REPEAT_MAX)
				return make_error(mod->m, mod->err,
				    "the expression of ':C' may have one {} at most, up to %d", REGEX_REPEAT_MAX);
			p += strcspn(p, ",}");
			if (*p == ',' && strtoul(p + 1, NULL, 10) > REGEX_REPEAT_MAX)
				return make_error(mod->m, mod->err,
				    "the expression of ':C' may have one {} at most, up to %d", REGEX_REPEAT_MAX);
			repeat = true;
			p -= *p == '\0';
		}
	}
	return 0;
}

/* "&" and "\1" of the new text. */
static int
regex_new(struct regex *r, const char *text, const regmatch_t *match, struct str *out)
{
	const char *p;
	size_t n;

	for (p = r->new.p; *p != '\0' && out->len <= MAKE_VALUE_MAX; p++) {
		if (*p == '\\' && (p[1] == '&' || p[1] == '\\')) {
			str_addn(out, ++p, 1);
			continue;
		}
		if (*p != '&' && (*p != '\\' || !isdigit((unsigned char)p[1]))) {
			str_addn(out, p, 1);
			continue;
		}
		n = *p == '&' ? 0 : (size_t)(*++p - '0');
		if (n > r->re.re_nsub)
			return make_error(r->mod->m, r->mod->err, "the expression of ':C' has no group \\%zu", n);
		if (match[n].rm_so >= 0)
			str_addn(out, text + match[n].rm_so, (size_t)(match[n].rm_eo - match[n].rm_so));
	}
	return 0;
}

/*
 * The machine that the C library builds while it matches grows with the text,
 * and gets slower: a fresh one now and then bounds both.
 */
static int
regex_ready(struct regex *r, size_t characters)
{
	char why[128];
	int error;

	r->seen += characters;
	if (r->compiled && r->seen <= REGEX_WORD_MAX)
		return 0;
	if (r->compiled)
		regfree(&r->re);
	r->compiled = false;
	r->seen = characters;
	error = regcomp(&r->re, r->expression, REG_EXTENDED);
	if (error != 0) {
		(void)regerror(error, &r->re, why, sizeof(why));
		return make_error(r->mod->m, r->mod->err, "the expression '%.60s' of ':C': %s", r->expression, why);
	}
	r->compiled = true;
	return 0;
}

static int
regex_word(void *arg, const char *word, size_t len, struct str *out)
{
	struct regex *r = arg;
	regmatch_t match[REGEX_GROUPS];
	bool skip = r->once && r->done;
	int flags = 0;
	const char *p;

	if (len > REGEX_WORD_MAX)
		return make_error(
		    r->mod->m, r->mod->err, "a word for ':C' is longer than %d characters", REGEX_WORD_MAX);
	r->word.len = 0;
	str_addn(&r->word, word, len);
	p = r->word.p;
	while (!skip) {
		if (make_charge(r->mod->m, (strlen(p) + 1) * r->cost, r->mod->err) < 0 ||
		    regex_ready(r, strlen(p) + 1) < 0)
			return -1;
		if (regexec(&r->re, p, nitems(match), match, flags) != 0)
			break;
		r->done = true;
		str_addn(out, p, (size_t)match[0].rm_so);
		if (regex_new(r, p, match, out) < 0)
			return -1;
		p += match[0].rm_eo;
		if (!r->global || *p == '\0')
			break;
		/* An empty match moves on by one character. */
		if (match[0].rm_eo == match[0].rm_so)
			str_addn(out, p++, 1);
		flags = REG_NOTBOL;
		if (*p == '\0')
			break;
	}
	str_add(out, p);
	return 0;
}

static int
regex_parse(struct make_mod *mod, struct str *old, struct str *new)
{
	const char stop[] = { *mod->p, '\0' };
	struct str *part[] = { old, new };
	size_t i;

	if (*mod->p != '\0')
		mod->p++;
	for (i = 0; i < nitems(part); i++) {
		if (make_mod_argument(mod, stop, "$\\", part[i]) < 0)
			return -1;
		if (*mod->p == '\0')
			return make_error(mod->m, mod->err, "':C' wants :C/EXPRESSION/NEW/");
		mod->p++;
	}
	return 0;
}

int
make_mod_regex(struct make_mod *mod)
{
	struct regex r = { .mod = mod };
	struct str old = { 0 };
	bool whole;
	int rv = regex_parse(mod, &old, &r.new);

	if (rv == 0) {
		whole = flags_parse(mod, &r.global, &r.once);
		if (!make_mod_idle(mod))
			rv = regex_check(mod, old.p);
	}
	if (rv == 0 && !make_mod_idle(mod)) {
		r.expression = old.p;
		r.cost = REGEX_COST * (old.len + 1);
		rv = regex_ready(&r, 0);
	}
	if (rv == 0)
		rv = words_or_whole(mod, whole, regex_word, &r);
	if (r.compiled)
		regfree(&r.re);
	str_release(&old);
	str_release(&r.new);
	str_release(&r.word);
	return rv;
}

/* --- :old=new --- */

struct suffix {
	const char *old, *new;
};

/* ":old=new": the end of each word; '%' stands for the rest of it. */
static int
suffix_word(void *arg, const char *word, size_t len, struct str *out)
{
	const struct suffix *s = arg;
	const char *percent = strchr(s->old, '%'), *new_percent = percent == NULL ? NULL : strchr(s->new, '%');
	size_t before = percent == NULL ? 0 : (size_t)(percent - s->old);
	const char *tail = percent == NULL ? s->old : percent + 1;
	size_t after = strlen(tail);

	if (len == 0 || len < before + after || memcmp(word, s->old, before) != 0 ||
	    memcmp(word + len - after, tail, after) != 0) {
		str_addn(out, word, len);
		return 0;
	}
	if (percent == NULL)
		str_addn(out, word, len - after);
	str_addn(out, s->new, new_percent == NULL ? strlen(s->new) : (size_t)(new_percent - s->new));
	if (new_percent != NULL) {
		str_addn(out, word + before, len - before - after);
		str_add(out, new_percent + 1);
	}
	return 0;
}

int
make_mod_suffix(struct make_mod *mod)
{
	const char stop_old[] = { '=', mod->close, '\0' }, stop_new[] = { mod->close, '\0' };
	struct str old = { 0 }, new = { 0 };
	struct suffix s;
	int rv = make_mod_argument(mod, stop_old, "$\\", &old);

	if (rv == 0 && *mod->p != '=')
		rv = 1;
	if (rv == 0) {
		mod->p++;
		rv = make_mod_argument(mod, stop_new, "$\\", &new);
	}
	if (rv == 0) {
		s = (struct suffix){ .old = old.p, .new = new.p };
		rv = make_words(mod, suffix_word, &s);
	}
	str_release(&old);
	str_release(&new);
	return rv;
}
