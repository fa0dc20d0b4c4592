/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree cut down to what sailor.conf lists, what that needs, and what is the
 * service's own.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/defs.h"
#include "build/step.h"

static void
add_words(
    const struct sailor *s, const struct sailor_list *list, const char *name, struct minimise_word *words, size_t *n)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		words[(*n)++] = (struct minimise_word){
			.pattern = list->words[i],
			.list = name,
			.file = s->path,
			.line = list->line,
			.whole = list == &s->dirs,
			/* A directory, or a pattern, stands for what there may be. */
			.optional = list == &s->dirs || strpbrk(list->words[i], "*?[") != NULL,
		};
}

int
step_minimise(struct build *b)
{
	const struct sailor *s = b->plan->service->sailor;
	struct minimise_request q = { .floor = true, .everything = s == NULL };
	cleanup_free struct minimise_word *words = NULL;
	uint64_t start = clock_now_ns();

	if (s != NULL) {
		q.words = words = xcalloc(s->bins.n + s->dirs.n, sizeof(*words));
		add_words(s, &s->bins, "shipbins", words, &q.nwords);
		add_words(s, &s->dirs, "sync_dirs", words, &q.nwords);
	}
	b->has_minimise = true;
	if (minimise_find(&b->tree, &q, &b->minimise, b->err) < 0)
		return -1;
	if (!q.everything)
		minimise_sweep(&b->tree, &b->minimise);
	b->result->minimise_ns = clock_now_ns() - start;
	return 0;
}
