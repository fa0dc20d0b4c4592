/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the choice of packages failed, with both sides and who wanted them.
 */
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "source/dewey.h"
#include "source/resolve_impl.h"

#define CHAIN_MAX 6

/* ", which b-1 wants, which a-1 wants"; nothing for what a word asks for. */
static void
chain(const struct solver *s, size_t wanter, struct str *out)
{
	unsigned n = 0;

	for (; wanter != NO_LEVEL; wanter = s->pending[s->levels[wanter].item].wanter) {
		if (++n > CHAIN_MAX) {
			str_add(out, ", ...");
			return;
		}
		str_addf(out, "%s%.80s", n == 1 ? " (wanted by " : ", for ", s->levels[wanter].chosen->name);
	}
	if (n > 0)
		str_add(out, ")");
}

/* The versions that there are of what the pattern names. */
static void
others(struct solver *s, const char *pattern, struct str *out)
{
	size_t len = strcspn(pattern, "<>*?[]{"), n, i, j;
	struct resolve_candidate *c;
	struct err ignored = { 0 };

	while (len > 0 && pattern[len - 1] == '-')
		len--;
	if (len == strlen(pattern))
		len = dewey_name_len(pattern);
	if (pattern[len] == '\0' || pattern[len] == '{' ||
	    resolve_candidates(s->arena, s->repos, s->nrepos, arena_strndup(s->arena, pattern, len), &c, &n, &ignored) <
		0)
		return;
	for (i = j = 0; i < n && j < 3; i++)
		if (dewey_name_len(c[i].name) == len)
			str_addf(out, "%s%.80s", j++ == 0 ? "; there is " : ", ", c[i].name);
}

static bool
farther(struct solver *s)
{
	if (s->nlevels <= s->farthest)
		return false;
	s->farthest = s->nlevels;
	return true;
}

void
resolve_explain_none(struct solver *s, const struct pending *p)
{
	struct str by = { 0 }, other = { 0 };
	char *end;

	if (!farther(s))
		return;
	chain(s, p->wanter, &by);
	others(s, p->pattern, &other);
	if (other.len > 0) {
		(void)err_set(
		    &s->hindrance, "no package matches '%.200s'%s%s", p->pattern, by.p == NULL ? "" : by.p, other.p);
	} else {
		(void)resolve_none(s->repos, s->nrepos, p->pattern, &s->hindrance);
		/* Who wants it stands behind what it is. */
		end = strstr(s->hindrance.msg, "'; nearest: ");
		if (by.len > 0 && end != NULL) {
			cleanup_free char *nearest = xstrdup(end + 1);

			(void)err_set(&s->hindrance, "no package matches '%.200s'%s%s", p->pattern, by.p, nearest);
		} else if (by.len > 0) {
			(void)err_set(&s->hindrance, "no package matches '%.200s'%s", p->pattern, by.p);
		}
	}
	str_release(&by);
	str_release(&other);
}

void
resolve_explain_clash(struct solver *s, const struct pending *p, const struct resolve_candidate *c,
    const struct clash *clash, size_t level)
{
	const struct level *l = &s->levels[level];
	struct str a = { 0 }, b = { 0 };

	if (!farther(s))
		return;
	str_add(&a, c->name);
	chain(s, p->wanter, &a);
	str_add(&b, l->chosen->name);
	chain(s, s->pending[l->item].wanter, &b);
	if (clash->kind == CLASH_VERSION)
		(void)err_set(&s->hindrance,
		    "%.300s and %.300s cannot both be installed: '%.80s' is wanted, and '%.80s'", a.p, b.p, p->pattern,
		    s->pending[l->item].pattern);
	else
		(void)err_set(&s->hindrance, "%.300s and %.300s cannot both be installed: %.80s %s '%.80s'", a.p, b.p,
		    clash->who, clash->kind == CLASH_CONFLICTS ? "conflicts with" : "supersedes", clash->pattern);
	str_release(&a);
	str_release(&b);
}
