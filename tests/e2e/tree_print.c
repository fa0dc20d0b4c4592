/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests/e2e/tar.py: lays tars and directories over one another and prints
 * the tree as mtree lines, "content SHA256 PATH" lines and the tree's digest.
 *  "-g GLOB" before a tar takes a part.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "source/source.h"

#define PIECE (1u << 20)

static int
print_content(const struct tree_node *n, struct err *err)
{
	char path[TREE_LINK_MAX + 2], hex[SHA256_HEX];
	cleanup_free char *buf = xmalloc(PIECE);
	uint64_t off, size = n->inode->attr.size;
	uint8_t digest[SHA256_SIZE];
	struct sha256 sha;
	size_t len;
	int rv = 0;

	sha256_init(&sha);
	for (off = 0; rv == 0 && off < size; off += len) {
		len = (size_t)u64_min(PIECE, size - off);
		rv = tree_pread(n->inode, buf, len, off, err);
		sha256_add(&sha, buf, len);
	}
	sha256_final(&sha, digest);
	printf("content %s .%s\n", sha256_hex(digest, hex), tree_path(n, path, sizeof(path)));
	return rv;
}

static int
print_tree(struct tree *t, struct err *err)
{
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX];
	struct tree_node *n;
	struct str s = { 0 };
	int rv = 0;

	tree_mtree_print(t, &s);
	(void)fputs(s.p, stdout);
	str_release(&s);
	for (n = t->root; rv == 0 && n != NULL; n = tree_next(t->root, n))
		if (tree_is(n, TREE_IFREG))
			rv = print_content(n, err);
	tree_digest(t, digest);
	printf("digest %s\n", sha256_hex(digest, hex));
	return rv;
}

static int
add(struct tree *t, struct blob *b, const char *path, const char *glob, struct err *err)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return tree_add_dir(t, "", path, err);
	if (blob_open(b, path, err) < 0)
		return -1;
	return blob_overlay(b, t, glob, NULL, err);
}

int
main(int argc, char **argv)
{
	static struct blob blobs[16];
	const char *glob = NULL;
	struct err err = { 0 };
	struct tree t;
	int i, rv = 0;

	tree_init(&t);
	t.epoch = 1000;
	for (i = 1; rv == 0 && i < argc && i < 16; i++) {
		if (strcmp(argv[i], "-g") == 0 && i + 2 < argc) {
			glob = argv[++i];
			continue;
		}
		rv = add(&t, &blobs[i], argv[i], glob, &err);
		glob = NULL;
	}
	if (rv == 0)
		rv = print_tree(&t, &err);
	if (rv < 0)
		(void)fprintf(stderr, "%s\n", err.msg);
	tree_release(&t);
	for (i = 0; i < 16; i++)
		blob_close(&blobs[i]);
	return rv < 0;
}
