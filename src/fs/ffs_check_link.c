/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be said when every directory has been read: which are reached from
 * the root, whether each ".." is right, and the link count of every inode.
 */
#include <inttypes.h>

#include "fs/ffs_check.h"

enum mark { UNKNOWN, ON_PATH, REACHED, LOST };

/* Marks the directory and all on its way up. */
static void
mark_dir(struct check *c, struct check_dir *dir)
{
	struct check_dir *d, *end;
	uint32_t verdict;

	for (d = dir; d != NULL && d->mark == UNKNOWN; d = check_dir_get(c, d->parent)) {
		d->mark = ON_PATH;
		if (d->ino == FFS_ROOTINO)
			break;
	}
	end = d;
	/* A path that meets itself is a ring without a root. */
	if (end == NULL)
		verdict = LOST;
	else if (end->ino == FFS_ROOTINO)
		verdict = REACHED;
	else
		verdict = end->mark == ON_PATH ? LOST : end->mark;
	for (d = dir; d != NULL && d->mark == ON_PATH; d = check_dir_get(c, d->parent))
		d->mark = verdict;
}

static void
check_dir(struct check *c, struct check_dir *d)
{
	if (d->mark == UNKNOWN)
		mark_dir(c, d);
	if (d->mark == LOST) {
		check_problem(c, d->ino, 0, "a directory that no path from the root leads to");
		return;
	}
	if (d->dotdot != 0 && d->dotdot != d->parent)
		check_problem(c, d->ino, 0, "'..' is inode %" PRIu32 ", should be %" PRIu32, d->dotdot, d->parent);
}

static void
check_count(struct check *c, uint64_t ino, const struct check_inode *in)
{
	const struct check_dir *d = in->state == CHECK_DIR ? check_dir_get(c, ino) : NULL;

	if (in->state == CHECK_FREE || (d != NULL && d->mark == LOST))
		return;
	if (in->state == CHECK_SPECIAL && in->links == 0)
		return;
	if (in->links == 0)
		check_problem(c, ino, 0, "allocated, but no directory names it (link count %d)", in->nlink);
	else if (in->nlink < 0 || (uint32_t)in->nlink != in->links)
		check_problem(c, ino, 0, "link count is %d, should be %" PRIu32, in->nlink, in->links);
}

void
check_links(struct check *c)
{
	uint32_t g, i;

	for (i = 0; i < c->ndirs; i++)
		check_dir(c, &c->dirs[i]);
	for (g = 0; g < c->s->ncg; g++)
		for (i = 0; i < c->groups[g].ninodes; i++)
			check_count(c, (uint64_t)g * c->s->ipg + i, &c->groups[g].inodes[i]);
}
