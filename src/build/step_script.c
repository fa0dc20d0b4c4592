/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scripts as steps: those that follow each other share a room, and are one run.
 */
#include <unistd.h>

#include "base/clock.h"
#include "build/script.h"

static bool
is_script(const struct build *b, const struct plan_step *s)
{
	const struct plan_step *steps = b->plan->steps;

	return s >= steps && s < steps + b->plan->nsteps && s->kind == PLAN_SCRIPT;
}

/* What the files of the tree hold. */
static uint64_t
tree_bytes(const struct build *b)
{
	const struct tree_node *root = b->tree.root;
	struct tree_node *n;
	uint64_t bytes = 0;

	for (n = tree_next(root, NULL); n != NULL; n = tree_next(root, n))
		if (tree_is(n, TREE_IFREG))
			bytes += n->inode->attr.size;
	return bytes;
}

static bool
too_large_for_memory(const struct build *b)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	return pages > 0 && size > 0 && tree_bytes(b) > (uint64_t)pages / 4 * (uint64_t)size;
}

static int
open_room(struct build *b)
{
	struct script_room *room = script_room_new(too_large_for_memory(b), b->err);

	if (room == NULL)
		return -1;
	room->next = b->rooms;
	b->rooms = room;
	return script_put(room, b) < 0 ? -1 : script_etc_fill(room, b);
}

/* Many a script does not look whether its download came. */
static void
tell_unfetched(const struct build *b)
{
	if (b->rooms->unfetched != NULL)
		build_note(b, "scripts went on without a file: %s", b->rooms->unfetched);
}

int
step_script(struct build *b, const struct plan_step *s)
{
	uint64_t start = clock_now_ns();
	size_t n = 1;
	int rv;

	if (is_script(b, s - 1))
		return 0;
	while (is_script(b, s + n))
		n++;
	rv = open_room(b);
	if (rv == 0)
		rv = script_run(b->rooms, b, s, n);
	if (rv == 0) {
		tell_unfetched(b);
		rv = script_take(b->rooms, b);
	}
	b->result->scripts_ns += clock_now_ns() - start;
	return rv;
}

void
step_scripts_end(struct build *b)
{
	struct script_room *next;

	for (; b->rooms != NULL; b->rooms = next) {
		next = b->rooms->next;
		script_room_free(b->rooms);
	}
}
