/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A binary package of pkgsrc: a tar whose members named "+..." are about the
 * package (pkg_create(1)) and whose others lie relative to LOCALBASE, which
 * +BUILD_INFO tells.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "source/source.h"

#define BUILD_INFO_MAX (1024 * 1024)

/* The value of LOCALBASE in the text, cut out of it; NULL if it has none. */
static char *
find_localbase(char *text)
{
	static const char name[] = "LOCALBASE=";
	char *line, *end;

	while ((line = strsep(&text, "\n")) != NULL) {
		if (strncmp(line, name, sizeof(name) - 1) != 0)
			continue;
		line += sizeof(name) - 1;
		for (end = line + strlen(line); end > line && isspace((unsigned char)end[-1]);)
			*--end = '\0';
		return line;
	}
	return NULL;
}

static int
overlay(struct tree *package, struct tree *t, struct err *err)
{
	struct tree_node *info = tree_lookup(package, "+BUILD_INFO"), *n, *next;
	cleanup_free char *text = NULL;
	const char *base;

	if (info == NULL || !tree_is(info, TREE_IFREG))
		return err_set(err, "it is no package of pkgsrc: it has no +BUILD_INFO");
	text = tree_read(info, BUILD_INFO_MAX, NULL, err);
	if (text == NULL)
		return -1;
	base = find_localbase(text);
	if (base == NULL || base[0] != '/')
		return err_set(err, "its +BUILD_INFO has no LOCALBASE");
	for (n = package->root->child; n != NULL; n = next) {
		next = n->next;
		if (n->name[0] == '+')
			tree_remove(package, n);
	}
	return tree_graft(t, base, package, err);
}

int
blob_overlay_package(const struct blob *b, struct tree *t, int64_t *newest, struct err *err)
{
	struct tree package;
	int rv;

	tree_init(&package);
	rv = blob_overlay(b, &package, NULL, newest, err);
	if (rv == 0 && overlay(&package, t, err) < 0)
		rv = err_wrap(err, "%s", b->archive);
	tree_release(&package);
	return rv;
}
