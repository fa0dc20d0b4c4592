/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol image needs: which files of an image programs in it need, and what of
 * that is missing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/defs.h"
#include "cmd/cmd.h"
#include "cmd/image_arg.h"
#include "cmd/minimise_print.h"
#include "fs/ffs_tree.h"

struct needs {
	struct image_arg a;
	struct tree tree;
	struct minimise_word *words;
	size_t nwords;
	bool json;
};

/* The path of IMAGE:PATH, and those that follow; with none the whole image is looked at. */
static void
take_words(struct needs *n, char *const *paths, size_t npaths)
{
	bool first = strcmp(n->a.path, "/") != 0;
	size_t i;

	n->words = xcalloc(npaths + 1, sizeof(*n->words));
	if (first)
		n->words[n->nwords++].pattern = n->a.path;
	for (i = 0; i < npaths; i++)
		n->words[n->nwords++].pattern = paths[i];
	for (i = 0; i < n->nwords; i++) {
		n->words[i].list = "the command line";
		n->words[i].whole = true;
	}
}

static int
look(struct needs *n, struct err *err)
{
	struct minimise_request q = { .words = n->words, .nwords = n->nwords, .everything = n->nwords == 0 };
	struct minimise_print print = { .explain = n->nwords > 0, .check = true, .json = n->json };
	struct ffs_tree_lost lost = { 0 };
	uint64_t start = clock_now_ns();
	struct minimise m = { 0 };
	int rv;

	if (ffs_tree_read(&n->a.r, n->a.image, FFS_ROOTINO, &n->tree, "", &lost, err) < 0)
		return -1;
	rv = minimise_find(&n->tree, &q, &m, err);
	print.ns = clock_now_ns() - start;
	if (rv == 0)
		rv = minimise_print(&m, &print, err);
	minimise_release(&m);
	return rv;
}

static int
run(int argc, char **argv, struct err *err)
{
	static const struct option longs[] = { { "json", no_argument, NULL, 'j' }, { NULL, 0, NULL, 0 } };
	struct needs n = { 0 };
	int ch, rv;

	while ((ch = cmd_getopt(argc, argv, "", longs, err)) != -1) {
		if (ch == -2)
			return -1;
		n.json = true;
	}
	if (optind == argc)
		return err_usage(err, "want IMAGE[:PATH]; see 'smol image needs --help'");
	tree_init(&n.tree);
	rv = image_arg_open(&n.a, argv[optind], err);
	if (rv == 0) {
		image_arg_note(&n.a);
		take_words(&n, argv + optind + 1, (size_t)(argc - optind - 1));
		rv = look(&n, err);
		if (rv < 0)
			(void)err_wrap(err, "image '%s'", n.a.image);
	}
	free(n.words);
	tree_release(&n.tree);
	image_arg_close(&n.a);
	return rv;
}

const struct command cmd_image_needs = {
	.name = "image needs",
	.args = "[--json] IMAGE[:PATH] [PATH]...",
	.summary = "tell what programs of an image need, and what is missing",
	.help = "Libraries, interpreters, and what is opened at run time, each with its reason; patterns\n"
		"and directories are paths too. Without PATH all of the image is looked at, and only\n"
		"what is missing is told. The exit status is 1 if something is.\n\n"
		"  --json  a JSON object\n\n"
		"  smol image needs images/rescue-amd64.img:/bin/sh\n",
	.run = run,
};
