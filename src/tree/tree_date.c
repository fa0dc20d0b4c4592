/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time stamps that do not depend on when or where an image is made: those of
 * the sets; for all else one date, SOURCE_DATE_EPOCH
 * (https://reproducible-builds.org/specs/source-date-epoch/), or the newest of
 * the sets.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tree/tree.h"

static void
limit(int64_t *time, uint32_t *nsec, int64_t epoch)
{
	if (*time <= epoch)
		return;
	*time = epoch;
	*nsec = 0;
}

/* An image read has these, too. */
static void
limit_times(struct tree *t, struct tree_attr *a)
{
	struct tree_times *times;

	if (a->times == NULL)
		return;
	times = memcpy(arena_alloc(&t->arena, sizeof(*times)), a->times, sizeof(*times));
	limit(&times->atime, &times->atime_nsec, t->epoch);
	limit(&times->ctime, &times->ctime_nsec, t->epoch);
	limit(&times->birthtime, &times->birth_nsec, t->epoch);
	a->times = times;
}

int
tree_date(struct tree *t, int64_t newest, struct err *err)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	struct tree_node *n;
	uint64_t given;

	t->epoch = newest > 0 ? newest : 0;
	if (text != NULL) {
		if (parse_u64(text, 0, INT64_MAX, "SOURCE_DATE_EPOCH", &given, err) < 0)
			return -1;
		t->epoch = (int64_t)given;
	}
	for (n = tree_next(t->root, NULL); n != NULL; n = tree_next(t->root, n)) {
		struct tree_attr *a = &n->inode->attr;

		if (a->mtime == TREE_UNDATED) {
			a->mtime = t->epoch;
			a->mtime_nsec = 0;
		}
		if (text == NULL)
			continue;
		limit(&a->mtime, &a->mtime_nsec, t->epoch);
		limit_times(t, a);
	}
	return 0;
}
