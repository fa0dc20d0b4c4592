/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which packages match a pattern; and where none does, what was meant.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/defs.h"
#include "source/dewey.h"
#include "source/pattern.h"
#include "source/resolve_impl.h"

#define NEAREST_MAX 3
#define NAME_MAX_LEN 64 /* longer ones are not compared letter by letter */

struct search {
	struct resolve_candidate *v;
	size_t n, cap;
};

static void
add_matching(struct search *s, const struct repo *r, uint32_t rank, const char *alternate)
{
	size_t len = pattern_prefix(alternate);
	const char *name;
	uint32_t i;

	for (i = repo_search(r, alternate, len); i < r->n; i++) {
		name = repo_get(r, i, REPO_NAME);
		if (strncmp(name, alternate, len) != 0)
			return;
		if (pattern_match_one(alternate, name))
			*vec_push(s->v, s->n, s->cap) = (struct resolve_candidate){ r, i, rank, name };
	}
}

static int
by_rank(const void *a, const void *b)
{
	const struct resolve_candidate *x = a, *y = b;
	int order;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	order = pattern_order(x->name, y->name);
	return order != 0 ? order : x->index < y->index ? -1 : x->index > y->index;
}

/* An earlier repo has one of that name, or its own repo has it twice. */
static bool
hidden(const struct repo *const *repos, const struct resolve_candidate *c, const struct resolve_candidate *before)
{
	size_t len = strlen(c->name) + 1;
	uint32_t r, i;

	if (before != NULL && before->rank == c->rank && strcmp(before->name, c->name) == 0)
		return true;
	for (r = 0; r < c->rank; r++) {
		i = repo_search(repos[r], c->name, len);
		if (i < repos[r]->n && strcmp(repo_get(repos[r], i, REPO_NAME), c->name) == 0)
			return true;
	}
	return false;
}

int
resolve_candidates(struct arena *arena, const struct repo *const *repos, size_t nrepos, const char *pattern,
    struct resolve_candidate **out, size_t *n, struct err *err)
{
	struct search s = { 0 };
	const char **alternates;
	size_t nalternates, i, r;

	*n = 0;
	*out = NULL;
	if (pattern_expand(arena, pattern, &alternates, &nalternates, err) < 0)
		return -1;
	for (r = 0; r < nrepos; r++)
		for (i = 0; i < nalternates; i++)
			add_matching(&s, repos[r], (uint32_t)r, alternates[i]);
	if (s.n > 1)
		qsort(s.v, s.n, sizeof(*s.v), by_rank);
	*out = arena_calloc(arena, s.n, sizeof(**out));
	for (i = 0; i < s.n; i++)
		if (!hidden(repos, &s.v[i], i == 0 ? NULL : &s.v[i - 1]))
			(*out)[(*n)++] = s.v[i];
	free(s.v);
	return 0;
}

/* The name that a pattern begins with, where the word is all of it. */
static bool
names(const char *pattern, const char *word, size_t len)
{
	size_t prefix = pattern_prefix(pattern);

	if (prefix > 0 && pattern[prefix] == '[' && pattern[prefix - 1] == '-')
		prefix--;
	return prefix == len && strncmp(pattern, word, len) == 0;
}

void
resolve_successors(struct solver *s, const char *word, struct level *l)
{
	size_t len = strlen(word), r;
	struct search found = { 0 };
	const struct repo *repo;
	const char *p;
	uint32_t i;

	for (r = 0; r < s->nrepos; r++) {
		repo = s->repos[r];
		for (i = 0; i < repo->n; i++)
			for (p = repo_get(repo, i, REPO_SUPERSEDES); *p != '\0'; p = repo_next(p))
				if (names(p, word, len))
					*vec_push(found.v, found.n, found.cap) = (struct resolve_candidate){ repo, i,
						(uint32_t)r, repo_get(repo, i, REPO_NAME) };
	}
	if (found.n > 1)
		qsort(found.v, found.n, sizeof(*found.v), by_rank);
	l->candidates = arena_calloc(s->arena, found.n, sizeof(*found.v));
	if (found.n > 0)
		(void)memcpy(l->candidates, found.v, found.n * sizeof(*found.v));
	l->ncandidates = found.n;
	free(found.v);
}

/* --- what was meant --- */

/* Letters changed, left out, added or swapped (optimal string alignment). */
static unsigned
distance(const char *a, size_t la, const char *b, size_t lb)
{
	unsigned rows[3][NAME_MAX_LEN + 1], *before = rows[0], *last = rows[1], *now = rows[2], *spare;
	size_t i, j;

	for (j = 0; j <= lb; j++)
		last[j] = (unsigned)j;
	for (i = 1; i <= la; i++) {
		now[0] = (unsigned)i;
		for (j = 1; j <= lb; j++) {
			now[j] = last[j - 1] + (a[i - 1] != b[j - 1]);
			now[j] = last[j] + 1 < now[j] ? last[j] + 1 : now[j];
			now[j] = now[j - 1] + 1 < now[j] ? now[j - 1] + 1 : now[j];
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[lb];
}

struct nearest {
	const char *name[NEAREST_MAX];
	size_t len[NEAREST_MAX];
	unsigned score[NEAREST_MAX];
	size_t n;
};

static void
keep_nearest(struct nearest *k, const char *name, size_t len, unsigned score)
{
	size_t i, at;

	for (i = 0; i < k->n; i++)
		if (k->len[i] == len && strncmp(k->name[i], name, len) == 0)
			return;
	for (at = 0; at < k->n && k->score[at] <= score; at++)
		;
	if (at == NEAREST_MAX)
		return;
	k->n += k->n < NEAREST_MAX;
	for (i = k->n - 1; i > at; i--) {
		k->name[i] = k->name[i - 1];
		k->len[i] = k->len[i - 1];
		k->score[i] = k->score[i - 1];
	}
	k->name[at] = name;
	k->len[at] = len;
	k->score[at] = score;
}

/* A typing error or two, else a name that holds the word. */
static void
compare(struct nearest *k, const char *word, size_t len, const char *name)
{
	size_t base = dewey_name_len(name);
	unsigned d, limit = len < 4 ? 1 : 2;
	const char *found;

	if (base <= NAME_MAX_LEN && (base > len ? base - len : len - base) <= limit) {
		d = distance(word, len, name, base);
		if (d <= limit) {
			keep_nearest(k, name, base, d);
			return;
		}
	}
	found = len >= 3 ? strcasestr(name, word) : NULL;
	if (found != NULL && found + len <= name + base)
		keep_nearest(k, name, base, 10 + (unsigned)u64_min(base - len, 1000));
}

int
resolve_none(const struct repo *const *repos, size_t nrepos, const char *pattern, struct err *err)
{
	char word[NAME_MAX_LEN + 1];
	struct nearest k = { 0 };
	struct str text = { 0 };
	size_t len = pattern_prefix(pattern), r, i;

	while (len > 0 && pattern[len] != '\0' && pattern[len - 1] == '-')
		len--;
	len = len > 0 && pattern[len] == '\0' ? dewey_name_len(pattern) : len;
	/* "foo-bar" is a name too. */
	if (pattern[len] == '-' && (pattern[len + 1] < '0' || pattern[len + 1] > '9'))
		len = strlen(pattern);
	if (len > 0 && len <= NAME_MAX_LEN) {
		(void)memcpy(word, pattern, len);
		word[len] = '\0';
		for (r = 0; r < nrepos; r++)
			for (i = 0; i < repos[r]->n; i++)
				compare(&k, word, len, repo_get(repos[r], (uint32_t)i, REPO_NAME));
	}
	str_add(&text, "");
	for (i = 0; i < k.n; i++) {
		/* Its versions, if the name was right. */
		bool other = k.score[i] == 0;

		str_addf(&text, "%s%.*s", i == 0 ? "; nearest: " : ", ", other ? 255 : (int)k.len[i], k.name[i]);
	}
	(void)err_set(err, "no package matches '%.200s'%s", pattern, text.p);
	str_release(&text);
	return -1;
}
