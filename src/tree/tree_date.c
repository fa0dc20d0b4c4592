/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time stamps that do not depend on when or where an image is made: those of
 * the sets; for all else one date, SOURCE_DATE_EPOCH
 * (https://reproducible-builds.org/specs/source-date-epoch/), or the newest of
 * the sets.
 */
#include <stdlib.h>

#include "base/str.h"
#include "tree/tree.h"

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

		if (a->mtime == TREE_UNDATED || (text != NULL && a->mtime > t->epoch)) {
			a->mtime = t->epoch;
			a->mtime_nsec = 0;
		}
	}
	return 0;
}
