/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile +CONTENTS, in a package with a few files: refused in one line, or
 * registered so that what is in the tree stays below the prefix, PKG_DBDIR and
 * the places of pkgdb.h, and no script holds a name that sh would take apart.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "source/package.h"
#include "source/plist.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_lines(const char *text)
{
	struct plist_line line = { 0 };
	const char *p = text;
	unsigned before = 0;

	while (plist_next(&p, &line)) {
		if (line.arg < text || line.arg + line.len > text + strlen(text) || line.number <= before)
			abort();
		before = line.number;
	}
}

static void
check_package(const char *text, size_t len)
{
	struct package p = { 0 };
	struct err err = { 0 };
	struct arena arena;

	arena_init(&arena);
	tree_init(&p.tree);
	p.tree.epoch = 0;
	if (tree_write(&p.tree, "+CONTENTS", 0644, text, len, &err) == NULL ||
	    tree_write(&p.tree, "bin/a", 0755, "a", 1, &err) == NULL ||
	    tree_symlink(&p.tree, "bin/b", "a", &err) == NULL)
		abort();
	if (package_read(&p, &arena, true, &err) == 0) {
		if (p.prefix[0] != '/' || strpbrk(p.prefix, "'\n") != NULL || strchr(p.name, '/') != NULL)
			abort();
	} else if (err.msg[0] == '\0')
		abort();
	package_release(&p);
	arena_release(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text;

	if (len > 16384)
		return 0;
	text = malloc(len + 1);
	if (text == NULL)
		return 0;
	(void)memcpy(text, data, len);
	text[len] = '\0';
	check_lines(text);
	check_package(text, len);
	free(text);
	return 0;
}
