/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: the bytes are an mtree specification.  What it makes of a small
 * tree, printed, must be a specification that gives the same tree again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "tree/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fill(struct tree *t)
{
	struct err err = { 0 };

	tree_init(t);
	(void)tree_write(t, "bin/sh", 0755, "x", 1, &err);
	(void)tree_write(t, "etc/rc", 0644, "x", 1, &err);
	(void)tree_symlink(t, "tmp", "/var/tmp", &err);
}

static int
apply(struct tree *t, const void *spec, size_t len)
{
	static char path[64];
	struct err err = { 0 };
	FILE *f;
	int rv;

	if (path[0] == '\0')
		(void)snprintf(path, sizeof(path), "/dev/shm/smol-fuzz-mtree.%ld", (long)getpid());
	f = fopen(path, "w");
	if (f == NULL || fwrite(spec, 1, len, f) != len || fclose(f) != 0)
		abort();
	rv = tree_mtree_apply(t, path, &err);
	if (rv < 0 && err.msg[0] == '\0')
		abort();
	(void)unlink(path);
	return rv;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str first = { 0 }, again = { 0 };
	struct tree t;

	fill(&t);
	if (apply(&t, data, size) == 0) {
		tree_mtree_print(&t, &first);
		if (apply(&t, first.p, first.len) < 0)
			abort();
		tree_mtree_print(&t, &again);
		if (strcmp(first.p, again.p) != 0)
			abort();
	}
	str_release(&first);
	str_release(&again);
	tree_release(&t);
	return 0;
}
