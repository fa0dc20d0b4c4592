/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tree whose files others wrote: a program, a library, a module, scripts and
 * what rules read.  The first bytes say how long each is.  What is found is a
 * part of the tree, each file with a reason that ends, and sweeping leaves it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "minimise/minimise.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *const paths[] = { "/bin/p", "/usr/lib/liba.so.1", "/lib/libpam.so.4", "/etc/rc", "/etc/pam.d/x",
	"/etc/pam.conf", "/etc/nsswitch.conf", "/etc/fstab", "/etc/ld.so.conf", "/usr/lib/security/pam_a.so.4" };

static void
fill(struct tree *t, const uint8_t *data, size_t len)
{
	const uint8_t *sizes = data;
	struct err err;
	size_t i, n;

	data += nitems(paths);
	len -= nitems(paths);
	for (i = 0; i < nitems(paths); i++) {
		n = u64_min((size_t)sizes[i] * 8, len);
		t->origin = i == 3 ? MINIMISE_OWN : MINIMISE_SET;
		if (tree_write(t, paths[i], 0555, data, n, &err) == NULL)
			abort();
		data += n;
		len -= n;
	}
	if (tree_symlink(t, "/bin/sh", "p", &err) == NULL || tree_symlink(t, "/sbin/init", "../bin/sh", &err) == NULL)
		abort();
}

/* The rest as a word and as a link's text. */
static void
add_link(struct tree *t, const uint8_t *data, size_t len, char word[64])
{
	struct err err;
	size_t n = u64_min(len, 63);

	memcpy(word, data + len - n, n);
	word[n] = '\0';
	if (word[0] != '\0')
		(void)tree_symlink(t, "/bin/link", word, &err);
}

static void
check(struct tree *t, const struct minimise *m)
{
	struct str chain = { 0 };
	struct tree_node *n;
	size_t i, left = 0;

	for (i = 0; i < m->nfiles; i++) {
		if (m->files[i].node->mark != i + 1)
			abort();
		chain.len = 0;
		minimise_chain(m, i, &chain);
	}
	str_release(&chain);
	minimise_sweep(t, m);
	for (n = t->root; n != NULL; n = tree_next(t->root, n))
		left++;
	if (left != m->nfiles || left != t->nnodes)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct minimise_word words[2] = { { .pattern = "/bin/*", .list = "a" }, { .list = "b", .whole = true } };
	struct minimise_request q = { .words = words, .nwords = 2, .floor = true };
	struct minimise m;
	char word[64];
	struct tree t;
	struct err err;

	if (len < nitems(paths))
		return 0;
	tree_init(&t);
	fill(&t, data, len);
	add_link(&t, data, len, word);
	words[1].pattern = word;
	if (minimise_find(&t, &q, &m, &err) < 0)
		abort();
	check(&t, &m);
	minimise_release(&m);
	tree_release(&t);
	return 0;
}
