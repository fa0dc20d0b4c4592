/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The search for packages that go together (P. Prosser, "Hybrid algorithms for
 * the constraint satisfaction problem", 1993: conflict-directed backjumping).
 */
#include "source/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "source/dewey.h"
#include "source/pattern.h"
#include "source/resolve_impl.h"

#define LEVELS_MAX 8192
#define STEPS_MAX 100000

/* --- blame --- */

static void
blame(uint64_t *bits, size_t level)
{
	bits[level / 64] |= UINT64_C(1) << level % 64;
}

/* The last level to blame, or NO_LEVEL. */
static size_t
last_blamed(const struct solver *s, const uint64_t *bits)
{
	size_t i;

	for (i = s->words; i-- > 0;)
		if (bits[i] != 0)
			return i * 64 + 63 - (size_t)__builtin_clzll(bits[i]);
	return NO_LEVEL;
}

/* --- what does not go together --- */

/* The pattern of the list that matches the name, or NULL. */
static const char *
listed(const struct repo *r, uint32_t package, enum repo_field field, const char *name)
{
	const char *p;

	for (p = repo_get(r, package, field); *p != '\0'; p = repo_next(p))
		if (pattern_match(p, name))
			return p;
	return NULL;
}

static bool
one_way(const struct resolve_candidate *a, const struct resolve_candidate *b, struct clash *c)
{
	const char *p = listed(a->repo, a->index, REPO_CONFLICTS, b->name);

	*c = (struct clash){ CLASH_CONFLICTS, a->name, p };
	if (p != NULL)
		return true;
	p = listed(a->repo, a->index, REPO_SUPERSEDES, b->name);
	*c = (struct clash){ CLASH_SUPERSEDES, a->name, p };
	return p != NULL;
}

/* --- chosen packages by name --- */

static size_t
bucket(const char *name, size_t len)
{
	uint32_t h = 2166136261u;

	for (; len > 0; len--)
		h = (h ^ (unsigned char)*name++) * 16777619u;
	return h % BUCKETS;
}

/* The level at which a package of that name is chosen. */
static size_t
named(const struct solver *s, const char *name, size_t len)
{
	size_t i = s->buckets[bucket(name, len)];

	for (; i != NO_LEVEL; i = s->levels[i].next)
		if (s->levels[i].base_len == len && strncmp(s->levels[i].chosen->name, name, len) == 0)
			break;
	return i;
}

/* A level whose package matches; the name before the version is looked up first, which mostly is it. */
static size_t
level_matching(const struct solver *s, const char *pattern)
{
	size_t len = strcspn(pattern, "<>*?[]\\{"), i;

	if (pattern[len] != '{') {
		i = named(s, pattern, len - (len > 0 && pattern[len] == '[' && pattern[len - 1] == '-'));
		if (i != NO_LEVEL && pattern_match(pattern, s->levels[i].chosen->name))
			return i;
	}
	for (i = 0; i < s->nlevels; i++)
		if (s->levels[i].chosen != NULL && pattern_match(pattern, s->levels[i].chosen->name))
			return i;
	return NO_LEVEL;
}

/* Takes back the choice of the last level. */
static void
unchoose(struct solver *s)
{
	struct level *l = &s->levels[s->nlevels - 1];

	if (l->chosen == NULL)
		return;
	s->buckets[bucket(l->chosen->name, l->base_len)] = l->next;
	s->npending = l->npending;
	l->chosen = NULL;
}

static void
want(struct solver *s, const char *pattern, size_t wanter)
{
	*vec_push(s->pending, s->npending, s->pending_cap) = (struct pending){ pattern, wanter };
}

static bool
has_lists(const struct resolve_candidate *c)
{
	return *repo_get(c->repo, c->index, REPO_CONFLICTS) != '\0' ||
	       *repo_get(c->repo, c->index, REPO_SUPERSEDES) != '\0';
}

static void
choose(struct solver *s, const struct resolve_candidate *c)
{
	struct level *l = &s->levels[s->nlevels - 1];
	const char *p;
	size_t b;

	l->chosen = c;
	l->base_len = dewey_name_len(c->name);
	l->lists = has_lists(c);
	l->npending = s->npending;
	b = bucket(c->name, l->base_len);
	l->next = s->buckets[b];
	s->buckets[b] = s->nlevels - 1;
	for (p = repo_get(c->repo, c->index, REPO_DEPENDS); *p != '\0'; p = repo_next(p))
		want(s, p, s->nlevels - 1);
}

/* The level that the candidate of the last one does not go with. */
static size_t
clash_of(const struct solver *s, const struct resolve_candidate *c, struct clash *clash)
{
	size_t i = named(s, c->name, dewey_name_len(c->name));
	bool lists = has_lists(c);

	if (i != NO_LEVEL) {
		*clash = (struct clash){ CLASH_VERSION, c->name, NULL };
		return i;
	}
	for (i = 0; i + 1 < s->nlevels; i++) {
		const struct level *l = &s->levels[i];

		if ((l->lists && one_way(l->chosen, c, clash)) || (lists && one_way(c, l->chosen, clash)))
			return i;
	}
	return NO_LEVEL;
}

/* The next candidate of the last level that goes with what is chosen; false if there is none. */
static bool
try_candidates(struct solver *s)
{
	struct level *l = &s->levels[s->nlevels - 1];
	const struct resolve_candidate *c;
	struct clash clash;
	size_t with;

	while (l->at < l->ncandidates) {
		c = &l->candidates[l->at++];
		if (s->dead[c->rank][c->index])
			continue;
		s->steps++;
		with = clash_of(s, c, &clash);
		if (with == NO_LEVEL) {
			choose(s, c);
			return true;
		}
		blame(l->blame, with);
		if (l->at == 1)
			resolve_explain_clash(s, &s->pending[l->item], c, &clash, with);
	}
	return false;
}

/*
 * The last level has no candidate left: back to the level that had the last
 * part in it, which takes over the rest of the blame.
 */
static int
backjump(struct solver *s)
{
	uint64_t *bits;
	size_t to, i;

	do {
		bits = s->levels[s->nlevels - 1].blame;
		i = s->pending[s->levels[s->nlevels - 1].item].wanter;
		if (i != NO_LEVEL) {
			/* Nobody else had a part in it: what wants this can never be had. */
			if (last_blamed(s, bits) == NO_LEVEL)
				s->dead[s->levels[i].chosen->rank][s->levels[i].chosen->index] = 1;
			blame(bits, i);
		}
		to = last_blamed(s, bits);
		if (to == NO_LEVEL || s->steps > STEPS_MAX) {
			*s->err = s->hindrance;
			return -1;
		}
		bits[to / 64] &= ~(UINT64_C(1) << to % 64);
		for (i = 0; i < s->words; i++)
			s->levels[to].blame[i] |= bits[i];
		while (s->nlevels > to + 1) {
			unchoose(s);
			s->nlevels--;
		}
		unchoose(s);
	} while (!try_candidates(s));
	return 0;
}

static int
open_level(struct solver *s, size_t item)
{
	const struct pending *p = &s->pending[item];
	struct level *l;

	if (s->nlevels == LEVELS_MAX)
		return err_set(s->err, "more than %d packages are wanted at once", LEVELS_MAX);
	l = vec_push(s->levels, s->nlevels, s->levels_cap);
	*l = (struct level){ .item = item, .npending = s->npending, .next = NO_LEVEL };
	l->blame = arena_calloc(s->arena, s->words, sizeof(*l->blame));
	if (resolve_candidates(s->arena, s->repos, s->nrepos, p->pattern, &l->candidates, &l->ncandidates, s->err) < 0)
		return -1;
	if (l->ncandidates == 0 && p->wanter == NO_LEVEL)
		resolve_successors(s, p->pattern, l);
	if (l->ncandidates == 0)
		resolve_explain_none(s, p);
	return 0;
}

static int
search(struct solver *s)
{
	size_t item;

	for (item = 0; item < s->npending; item++) {
		if (level_matching(s, s->pending[item].pattern) != NO_LEVEL)
			continue;
		if (open_level(s, item) < 0)
			return -1;
		if (try_candidates(s))
			continue;
		if (backjump(s) < 0)
			return -1;
		item = s->levels[s->nlevels - 1].item;
	}
	return 0;
}

/* --- the result --- */

struct sorter {
	struct solver *s;
	struct resolution *out;
	size_t *place; /* of each level in out, SIZE_MAX: not yet */
	bool *entered;
};

/* The levels that a package's DEPENDS chose, each once, into its array. */
static size_t
depends_of(struct sorter *t, size_t level, size_t *v, size_t max)
{
	const struct resolve_candidate *c = t->s->levels[level].chosen;
	const char *p;
	size_t n = 0, to, i;

	for (p = repo_get(c->repo, c->index, REPO_DEPENDS); *p != '\0'; p = repo_next(p)) {
		to = level_matching(t->s, p);
		for (i = 0; i < n && v[i] != to; i++)
			;
		if (to != NO_LEVEL && i == n && n < max)
			v[n++] = to;
	}
	return n;
}

/* What is needed first, by a stack of its own: chains may be as long as there are packages. */
static void
place(struct sorter *t, size_t top, size_t *const *depends, const size_t *ndepends)
{
	struct solver *s = t->s;
	size_t *stack = arena_calloc(s->arena, s->nlevels, sizeof(*stack));
	size_t *at = arena_calloc(s->arena, s->nlevels, sizeof(*at)), n = 0, l;

	if (t->entered[top])
		return;
	t->entered[top] = true;
	stack[n++] = top;
	while (n > 0) {
		l = stack[n - 1];
		if (at[l] < ndepends[l]) {
			l = depends[l][at[l]++];
			if (!t->entered[l]) {
				t->entered[l] = true;
				stack[n++] = l;
			}
			continue;
		}
		n--;
		t->place[l] = t->out->n;
		t->out->v[t->out->n++] = (struct resolve_package){
			.repo = s->levels[l].chosen->repo,
			.index = s->levels[l].chosen->index,
			.name = s->levels[l].chosen->name,
			.pattern = s->pending[s->levels[l].item].pattern,
			.wanter = s->pending[s->levels[l].item].wanter,
			.automatic = true,
			.depends = depends[l],
			.ndepends = ndepends[l],
		};
	}
}

/* Levels become places. */
static void
renumber(struct sorter *t)
{
	struct resolve_package *p;
	size_t i;

	for (p = t->out->v; p < t->out->v + t->out->n; p++) {
		p->wanter = p->wanter == NO_LEVEL ? RESOLVE_WORD : t->place[p->wanter];
		for (i = 0; i < p->ndepends; i++)
			p->depends[i] = t->place[p->depends[i]];
	}
}

static void
result(struct solver *s, size_t nwords, struct resolution *out)
{
	struct sorter t = { .s = s, .out = out };
	size_t i, n = s->nlevels, **depends = arena_calloc(s->arena, n, sizeof(*depends));
	size_t *ndepends = arena_calloc(s->arena, n, sizeof(*ndepends)), *v = arena_calloc(s->arena, n, sizeof(*v));

	t.place = arena_calloc(s->arena, n, sizeof(*t.place));
	t.entered = arena_calloc(s->arena, n, sizeof(*t.entered));
	out->v = arena_calloc(s->arena, n, sizeof(*out->v));
	out->steps = s->steps;
	for (i = 0; i < n; i++) {
		ndepends[i] = depends_of(&t, i, v, n);
		depends[i] = arena_calloc(s->arena, ndepends[i], sizeof(*v));
		if (ndepends[i] > 0)
			(void)memcpy(depends[i], v, ndepends[i] * sizeof(*v));
	}
	for (i = 0; i < n; i++)
		place(&t, i, depends, ndepends);
	renumber(&t);
	/* A word that means what it was superseded by made a level of its own. */
	for (i = 0; i < n; i++)
		if (s->levels[i].item < nwords)
			out->v[t.place[i]].automatic = false;
	for (i = 0; i < nwords; i++)
		if (level_matching(s, s->pending[i].pattern) != NO_LEVEL)
			out->v[t.place[level_matching(s, s->pending[i].pattern)]].automatic = false;
}

/* --- libraries --- */

/* Those are the base system's. */
static bool
of_base(const char *library)
{
	static const char *const dirs[] = { "/lib/", "/usr/lib/", "/libexec/", "/usr/libexec/", "/usr/X11R" };
	size_t i;

	for (i = 0; i < nitems(dirs); i++)
		if (str_starts(library, dirs[i]))
			return true;
	return false;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What is REQUIRED below a LOCALBASE and not PROVIDED by what is chosen. */
static void
check_libraries(struct arena *arena, struct resolution *out)
{
	const char **provided = NULL, *p;
	size_t n = 0, cap = 0, notes_cap = 0, i;
	const struct resolve_package *v = out->v;
	const char **notes = NULL;

	for (i = 0; i < out->n; i++)
		for (p = repo_get(v[i].repo, v[i].index, REPO_PROVIDES); *p != '\0'; p = repo_next(p))
			*vec_push(provided, n, cap) = p;
	if (n > 1)
		qsort(provided, n, sizeof(*provided), by_text);
	for (i = 0; i < out->n; i++)
		for (p = repo_get(v[i].repo, v[i].index, REPO_REQUIRES); *p != '\0'; p = repo_next(p))
			if (!of_base(p) && (n == 0 || bsearch(&p, provided, n, sizeof(*provided), by_text) == NULL))
				*vec_push(notes, out->nnotes, notes_cap) = arena_printf(arena,
				    "%s needs the library %s, which none of its packages provides", v[i].name, p);
	out->notes = arena_calloc(arena, out->nnotes, sizeof(*notes));
	if (out->nnotes > 0)
		(void)memcpy(out->notes, notes, out->nnotes * sizeof(*notes));
	free(notes);
	free(provided);
}

int
resolve(struct arena *arena, const struct repo *const *repos, size_t nrepos, const char *const *words, size_t nwords,
    struct resolution *out, struct err *err)
{
	struct solver s = { .arena = arena, .repos = repos, .nrepos = nrepos, .words = LEVELS_MAX / 64, .err = err };
	size_t i;
	int rv;

	*out = (struct resolution){ 0 };
	s.dead = arena_calloc(arena, nrepos, sizeof(*s.dead));
	for (i = 0; i < nrepos; i++)
		s.dead[i] = arena_calloc(arena, repos[i]->n, 1);
	s.buckets = arena_calloc(arena, BUCKETS, sizeof(*s.buckets));
	for (i = 0; i < BUCKETS; i++)
		s.buckets[i] = NO_LEVEL;
	for (i = 0; i < nwords; i++)
		want(&s, words[i], NO_LEVEL);
	rv = search(&s);
	if (rv == 0) {
		result(&s, nwords, out);
		check_libraries(arena, out);
	}
	free(s.levels);
	free(s.pending);
	return rv;
}
