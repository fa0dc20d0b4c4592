/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The service's own /etc/rc, and what it sources: which of the commands in it
 * are programs that are there and will go.
 */
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "minimise/keep.h"
#include "minimise/script.h"

#define FILES_MAX 64
#define PATH_SIZE (2 * TREE_LINK_MAX + 4)

struct rc {
	struct keep *k;
	struct tree_node *files[FILES_MAX];
	size_t nfiles, at;
	struct str told; /* "/sbin/mount\n..." */
};

/* sh has these itself (sh(1)), whatever lies in /bin. */
static bool
is_builtin(const char *word)
{
	static const char *const builtin[] = { "[", "echo", "false", "kill", "printf", "pwd", "test", "true", "wait",
		"cd", "getopts", "read", "umask", "alias", "command", "type", "hash", "fg", "bg", "jobs" };
	size_t i;

	for (i = 0; i < nitems(builtin); i++)
		if (strcmp(builtin[i], word) == 0)
			return true;
	return false;
}

static void
add_file(struct rc *rc, const char *path)
{
	struct walk w;
	size_t i;

	if (rc->nfiles == FILES_MAX || !walk_path(rc->k->tree, rc->k->tree->root, path, &w) ||
	    w.node->origin != MINIMISE_OWN)
		return;
	for (i = 0; i < rc->nfiles; i++)
		if (rc->files[i] == w.node)
			return;
	rc->files[rc->nfiles++] = w.node;
}

/* The name itself, be it a link: what sh would look for. */
static struct tree_node *
named(const struct keep *k, const char *dir, const char *name)
{
	struct walk w;

	return walk_path(k->tree, k->tree->root, dir, &w) && tree_is(w.node, TREE_IFDIR)
		   ? tree_child(k->tree, w.node, name, strlen(name))
		   : NULL;
}

/* What sh would run, were all kept; NULL: nothing, or it is kept. */
static struct tree_node *
going(const struct keep *k, const char *word)
{
	static const char *const dirs[] = { "/sbin", "/usr/sbin", "/bin", "/usr/bin", "/usr/pkg/sbin", "/usr/pkg/bin" };
	struct tree_node *n, *first = NULL;
	size_t i;

	if (word[0] == '/') {
		n = tree_lookup(k->tree, word);
		return n != NULL && !tree_is(n, TREE_IFDIR) && n->mark == 0 ? n : NULL;
	}
	if (strchr(word, '/') != NULL || is_builtin(word))
		return NULL;
	for (i = 0; i < nitems(dirs); i++) {
		n = named(k, dirs[i], word);
		if (n != NULL && n->mark != 0)
			return NULL;
		if (first == NULL)
			first = n;
	}
	return first;
}

static void
take_command(void *arg, unsigned line, const char *word)
{
	char path[PATH_SIZE], script[PATH_SIZE];
	struct rc *rc = arg;
	struct tree_node *n;
	struct str entry = { 0 };

	if (word[0] == '.' && word[1] == '/') {
		add_file(rc, word + 1);
		return;
	}
	n = going(rc->k, word);
	if (n == NULL)
		return;
	(void)tree_path(n, path, sizeof(path));
	str_addf(&entry, "\n%s\n", path);
	if (strstr(rc->told.p, entry.p) == NULL) {
		str_add(&rc->told, entry.p + 1);
		keep_problem(rc->k, 0, false, "%s:%u uses %s, which is not kept: add %s to shipbins",
		    tree_path(rc->files[rc->at], script, sizeof(script)), line, word, path);
	}
	str_release(&entry);
}

int
keep_check_rc(struct keep *k)
{
	struct rc rc = { .k = k };
	int rv = 0;

	str_add(&rc.told, "\n");
	add_file(&rc, "/etc/rc");
	for (; rc.at < rc.nfiles && rv == 0; rc.at++) {
		cleanup_free char *text = NULL;

		rv = keep_text(k, rc.files[rc.at], &text);
		if (text != NULL)
			script_commands(text, take_command, &rc);
	}
	str_release(&rc.told);
	return rv;
}
