/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: the bytes are an archive.  It is unpacked into a blob on tmpfs,
 * which is mapped and checked, and its entries are laid over a tree that has
 * a few files already; then the bytes are taken for a blob themselves.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "source/blob_format.h"
#include "source/blob_map.h"
#include "source/source.h"
#include "source/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *
directory(void)
{
	static char dir[64];

	if (dir[0] == '\0') {
		(void)snprintf(dir, sizeof(dir), "/dev/shm/smol-fuzz.XXXXXX");
		if (mkdtemp(dir) == NULL)
			abort();
	}
	return dir;
}

/* Lays over and reads all; whatever the bytes were, this must end. */
static void
overlay(const struct blob *b, const char *glob)
{
	struct err err = { 0 };
	struct tree_node *n;
	struct tree t;
	char buf[4096];

	tree_init(&t);
	(void)tree_write(&t, "usr/bin/x", 0755, "x", 1, &err);
	(void)tree_symlink(&t, "tmp", "/etc", &err);
	(void)blob_overlay(b, &t, glob, NULL, &err);
	for (n = t.root; n != NULL; n = tree_next(t.root, n))
		if (tree_is(n, TREE_IFREG) && n->inode->attr.size > 0 &&
		    tree_pread(n->inode, buf, n->inode->attr.size < sizeof(buf) ? n->inode->attr.size : sizeof(buf), 0,
			&err) < 0)
			abort();
	tree_release(&t);
}

static void
use_blob(const char *path)
{
	struct blob b = { .archive = (char *)(uintptr_t) "fuzz.tar",
		.path = (char *)(uintptr_t)path,
		.source = { .fd = -1, .path = path } };
	struct blob_index ix;

	if (!blob_map(&b))
		return;
	blob_index_open(&ix, b.map);
	if (!blob_index_check(&ix))
		abort();
	overlay(&b, NULL);
	overlay(&b, "/usr*");
	blob_unmap(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char in[128], out[128];
	struct err err = { 0 };
	int fd;

	(void)snprintf(in, sizeof(in), "%s/in", directory());
	(void)snprintf(out, sizeof(out), "%s/out", directory());
	fd = open(in, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write_full(fd, data, size) < 0)
		abort();
	(void)unlink(out);
	if (unpack(fd, out, &err) == 0)
		use_blob(out);
	else if (access(out, F_OK) == 0 || err.msg[0] == '\0')
		abort();
	use_blob(in);
	(void)close(fd);
	return 0;
}
