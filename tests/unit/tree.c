/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trees: adding, replacing, links and their counts, removing, order, paths,
 * what is refused; reading back; identity; host directories.
 */
#include "tree/tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/io.h"
#include "test.h"

static const char *
path_of(const struct tree_node *n)
{
	static char buf[2048];

	return n == NULL ? "(none)" : tree_path(n, buf, sizeof(buf));
}

static void
test_add(void)
{
	struct err err = { 0 };
	struct tree t;
	struct tree_node *n;

	tree_init(&t);
	t.epoch = 1000;
	n = tree_write(&t, "./etc//rc", 0755, "echo\n", 5, &err);
	CHECK(n != NULL);
	CHECK_STR(path_of(n), "/etc/rc");
	CHECK_STR(path_of(t.root), "/");
	CHECK(n->inode->attr.mtime == 1000 && n->inode->nlink == 1);
	CHECK(tree_lookup(&t, "/etc/rc") == n);
	CHECK(tree_lookup(&t, "etc/./rc/") == n);
	CHECK(tree_lookup(&t, "etc/nothing") == NULL);
	CHECK(tree_lookup(&t, "etc/rc/x") == NULL);
	CHECK(tree_lookup(&t, "etc/../etc/rc") == NULL);
	CHECK(tree_lookup(&t, "/") == t.root);
	CHECK(tree_lookup(&t, "etc")->inode->attr.mode == (TREE_IFDIR | 0755));
	CHECK(t.root->inode->nlink == 3);
	CHECK(tree_lookup(&t, "etc")->inode->nlink == 2);
	CHECK(tree_mkdir(&t, "etc", 0700, &err) == tree_lookup(&t, "etc"));
	CHECK(tree_lookup(&t, "etc")->inode->attr.mode == (TREE_IFDIR | 0755));
	CHECK(tree_symlink(&t, "bin/sh", "/rescue/sh", &err)->inode->attr.size == 10);
	CHECK(t.nnodes == 5);
	tree_release(&t);
}

static void
test_replace(void)
{
	struct tree_attr dir = { .mode = TREE_IFDIR | 01777, .uid = 7 };
	struct err err = { 0 };
	struct tree_node *n;
	struct tree t;

	tree_init(&t);
	(void)tree_write(&t, "a/f", 0644, "x", 1, &err);
	CHECK(tree_add(&t, "a", &dir, &err) != NULL);
	CHECK(tree_lookup(&t, "a/f") != NULL && tree_lookup(&t, "a")->inode->attr.uid == 7);
	CHECK(tree_lookup(&t, "a")->inode->nlink == 2);
	CHECK(tree_write(&t, "a", 0644, "x", 1, &err) == NULL);
	CHECK_STR(err.msg, "'a' is a directory with files in it already");
	n = tree_add(&t, "a/f", &dir, &err);
	CHECK(n != NULL && tree_is(n, TREE_IFDIR) && tree_lookup(&t, "a")->inode->nlink == 3);
	CHECK(tree_write(&t, "a/f", 0600, "", 0, &err) == n && tree_lookup(&t, "a")->inode->nlink == 2);
	CHECK(tree_add(&t, "/", &dir, &err) == t.root && t.root->inode->attr.mode == dir.mode);
	CHECK(tree_write(&t, "./", 0600, "", 0, &err) == NULL);
	tree_release(&t);
}

static void
test_links(void)
{
	struct err err = { 0 };
	struct tree_node *a, *b;
	struct tree t;

	tree_init(&t);
	a = tree_write(&t, "bin/[", 0555, "elf", 3, &err);
	b = tree_link(&t, "bin/test", "./bin/[", &err);
	CHECK(b != NULL && a->inode == b->inode && a->inode->nlink == 2);
	CHECK(tree_link(&t, "bin/test", "bin/test", &err) == b && a->inode->nlink == 2);
	CHECK(tree_write(&t, "bin/[", 0555, "other", 5, &err) == a);
	CHECK(a->inode != b->inode && b->inode->nlink == 1 && a->inode->nlink == 1);
	CHECK(tree_link(&t, "x", "nothing", &err) == NULL);
	CHECK_STR(err.msg, "a hard link to 'nothing', which is not there");
	CHECK(tree_link(&t, "x", "bin", &err) == NULL);
	CHECK_STR(err.msg, "a hard link to 'bin', which is a directory");
	CHECK(tree_link(&t, "bin", "bin/test", &err) == NULL);
	CHECK(tree_link(&t, "", "bin/test", &err) == NULL);
	tree_release(&t);
}

static void
test_refused(void)
{
	struct tree_attr nothing = { .mode = 0600 };
	struct err err = { 0 };
	char name[2000];
	struct tree t;

	tree_init(&t);
	CHECK(tree_write(&t, "a/../../b", 0644, "", 0, &err) == NULL);
	CHECK_STR(err.msg, "the path 'a/../../b' has a '..' component");
	(void)tree_symlink(&t, "d/l", "/etc", &err);
	CHECK(tree_write(&t, "d/l/passwd", 0644, "", 0, &err) == NULL);
	CHECK_STR(err.msg, "'d/l' is a symlink, not a directory");
	(void)tree_write(&t, "f", 0644, "", 0, &err);
	CHECK(tree_write(&t, "f/x", 0644, "", 0, &err) == NULL);
	CHECK(tree_mkdir(&t, "f", 0755, &err) == NULL);
	memset(name, 'n', 256);
	name[255] = '\0';
	CHECK(tree_write(&t, name, 0644, "", 0, &err) != NULL);
	name[255] = 'n';
	name[256] = '\0';
	CHECK(tree_write(&t, name, 0644, "", 0, &err) == NULL);
	memset(name, '/', sizeof(name));
	for (size_t i = 0; i < 512 * 2; i += 2)
		name[i] = 'p';
	name[1023] = '\0';
	CHECK(tree_write(&t, name, 0644, "", 0, &err) == NULL);
	name[1021] = '\0';
	CHECK(tree_write(&t, name, 0644, "", 0, &err) != NULL);
	CHECK(tree_symlink(&t, "l", "", &err) == NULL);
	CHECK(tree_add(&t, "s", &nothing, &err) == NULL);
	tree_release(&t);
}

static void
test_remove(void)
{
	struct err err = { 0 };
	struct tree_node *n, *next;
	struct tree t;

	tree_init(&t);
	(void)tree_write(&t, "a/b/c/one", 0644, "", 0, &err);
	(void)tree_write(&t, "a/b/two", 0644, "", 0, &err);
	(void)tree_link(&t, "keep", "a/b/two", &err);
	(void)tree_write(&t, "a/last", 0644, "", 0, &err);
	n = tree_lookup(&t, "a/b");
	next = n->next;
	tree_remove(&t, n);
	CHECK(tree_next(t.root, n) == next);
	CHECK(tree_lookup(&t, "a/b/two") == NULL && tree_lookup(&t, "a/b") == NULL);
	CHECK(tree_lookup(&t, "keep")->inode->nlink == 1);
	CHECK(tree_lookup(&t, "a")->inode->nlink == 2 && tree_lookup(&t, "a")->nchildren == 1);
	CHECK(t.nnodes == 4);
	tree_remove(&t, tree_lookup(&t, "a/last"));
	CHECK(tree_write(&t, "a/new", 0644, "", 0, &err) == tree_lookup(&t, "a")->child);
	tree_remove(&t, t.root);
	CHECK(t.nnodes == 1 && t.root->child == NULL && t.root->inode->nlink == 2);
	CHECK(tree_write(&t, "z", 0644, "", 0, &err) == t.root->child);
	tree_release(&t);
}

static void
test_sort(void)
{
	static const char *const want = "/ /A /a /a/x /a/y /a.b /ab /b ";
	static const char *const names[] = { "b", "a/y", "ab", "a.b", "A", "a/x" };
	struct err err = { 0 };
	struct tree_node *n;
	char got[256] = "", small[8];
	struct tree t;

	tree_init(&t);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)tree_write(&t, names[i], 0644, "", 0, &err);
	tree_sort(&t);
	for (n = t.root; n != NULL; n = tree_next(t.root, n)) {
		(void)strcat(got, path_of(n));
		(void)strcat(got, " ");
	}
	CHECK_STR(got, want);
	CHECK(t.root->last_child == tree_lookup(&t, "b"));
	n = tree_write(&t, "long/path/name", 0644, "", 0, &err);
	CHECK_STR(tree_path(n, small, sizeof(small)), "/lon...");
	tree_release(&t);
}

static void
test_wide(void)
{
	struct err err = { 0 };
	struct tree_node *n;
	struct tree t;
	char name[64];
	unsigned i, count = 0;

	tree_init(&t);
	for (i = 0; i < 100000; i++) {
		(void)snprintf(name, sizeof(name), "d/%u", i * 7919u % 100000u);
		(void)tree_write(&t, name, 0644, "", 0, &err);
	}
	tree_sort(&t);
	for (n = tree_lookup(&t, "d")->child; n != NULL; n = n->next, count++)
		CHECK(n->next == NULL || strcmp(n->name, n->next->name) < 0);
	CHECK(count == 100000);
	for (i = 0; i < 32765; i++) {
		(void)snprintf(name, sizeof(name), "s/%u", i);
		CHECK(tree_mkdir(&t, name, 0755, &err) != NULL);
	}
	CHECK(tree_lookup(&t, "s")->inode->nlink == TREE_NLINK_MAX);
	CHECK(tree_mkdir(&t, "s/more", 0755, &err) == NULL);
	CHECK(tree_write(&t, "s/x/y", 0644, "", 0, &err) == NULL);
	CHECK(tree_write(&t, "s/file", 0644, "", 0, &err) != NULL);
	tree_release(&t);
}

static void
test_read(void)
{
	struct tree_source source = { .fd = -1, .path = "tree-test.data" };
	struct tree_extent extents[] = { { 2, 3, 0 }, { 6, 1, 4 } };
	struct tree_attr attr = { .mode = TREE_IFREG | 0644, .size = 9 };
	struct err err = { 0 };
	struct tree_node *n;
	struct stat st;
	struct tree t;
	char *text, buf[8];
	size_t len = 0;

	CHECK(file_write(source.path, "abcdef", 6, &err) == 0 && stat(source.path, &st) == 0);
	source.size = 6;
	source.mtime_ns = tree_stat_mtime(&st);
	attr.content = (struct tree_content){ .source = &source, .extents = extents, .nextents = 2 };
	tree_init(&t);
	n = tree_add(&t, "f", &attr, &err);
	text = tree_read(n, 9, &len, &err);
	CHECK(text != NULL && len == 9 && memcmp(text, "\0\0abc\0e\0\0", 10) == 0);
	free(text);
	CHECK(tree_pread(n->inode, buf, 4, 4, &err) == 0 && memcmp(buf, "c\0e\0", 4) == 0);
	CHECK(tree_pread(n->inode, buf, 2, 7, &err) == 0 && memcmp(buf, "\0\0", 2) == 0);
	CHECK(tree_pread(n->inode, buf, 2, 8, &err) == -1);
	CHECK(tree_read(n, 8, &len, &err) == NULL);
	CHECK_STR(err.msg, "'/f' is larger than 8 bytes");
	CHECK(tree_read(t.root, 8, &len, &err) == NULL);
	CHECK(file_write(source.path, "abcdefg", 7, &err) == 0);
	CHECK(tree_read(n, 9, &len, &err) == NULL);
	CHECK(strstr(err.msg, "'tree-test.data' changed while it was read") != NULL);
	(void)unlink(source.path);
	CHECK(tree_read(n, 9, &len, &err) == NULL);
	tree_release(&t);
}

static void
test_digest(void)
{
	static const char *const names[2][4] = { { "a/x", "a/y", "b", "c/d/e" }, { "c/d/e", "b", "a/y", "a/x" } };
	struct err err = { 0 };
	uint8_t digest[5][32];
	struct tree t;
	unsigned i, j;

	for (i = 0; i < 5; i++) {
		tree_init(&t);
		t.epoch = 7;
		for (j = 0; j < 4; j++)
			(void)tree_write(&t, names[i & 1][j], 0644, i == 2 ? "12" : "34", 2, &err);
		if (i == 3) {
			tree_remove(&t, tree_lookup(&t, "b"));
			(void)tree_link(&t, "b", "a/x", &err);
		}
		if (i == 4)
			tree_lookup(&t, "c/d")->inode->attr.uid = 1;
		tree_digest(&t, digest[i]);
		tree_release(&t);
	}
	/* Neither order nor bytes count, but links and attributes do. */
	CHECK(memcmp(digest[0], digest[1], 32) == 0 && memcmp(digest[0], digest[2], 32) == 0);
	CHECK(memcmp(digest[0], digest[3], 32) != 0 && memcmp(digest[0], digest[4], 32) != 0);
}

static void
test_dir(void)
{
	struct tree_attr mail = { .mode = TREE_IFDIR | 01777, .gid = 6 };
	char dir[] = "/tmp/smol-tree.XXXXXX", command[256];
	struct err err = { 0 };
	struct tree t;
	char *text;

	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(command, sizeof(command),
	    "cd %s && mkdir -p var/mail z && echo hi > z/f && chmod 4711 z/f && ln z/f a && ln -s var/mail s", dir);
	CHECK(system(command) == 0);
	tree_init(&t);
	t.epoch = 99;
	(void)tree_add(&t, "at/var/mail", &mail, &err);
	CHECK(tree_add_dir(&t, "at", dir, &err) == 0);
	CHECK_STR(err.msg, "");
	CHECK(tree_lookup(&t, "at/z/f")->inode == tree_lookup(&t, "at/a")->inode);
	CHECK(tree_lookup(&t, "at/z/f")->inode->attr.mode == (TREE_IFREG | 04711));
	CHECK(tree_lookup(&t, "at/z/f")->inode->attr.mtime == 99);
	CHECK(tree_lookup(&t, "at/var/mail")->inode->attr.gid == 6);
	CHECK_STR(tree_lookup(&t, "at/s")->inode->attr.target, "var/mail");
	text = tree_read(tree_lookup(&t, "at/a"), 10, NULL, &err);
	CHECK(text != NULL && strcmp(text, "hi\n") == 0);
	free(text);
	CHECK(tree_add_dir(&t, "at/a", dir, &err) == -1);
	CHECK(tree_add_dir(&t, "", "/nonexistent", &err) == -1);
	CHECK_STR(err.msg, "cannot open directory '/nonexistent': No such file or directory");
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	CHECK(system(command) == 0);
	tree_release(&t);
}

TEST_MAIN({ "add and look up", test_add }, { "replace", test_replace }, { "hard links", test_links },
    { "refused", test_refused }, { "remove", test_remove }, { "sort and paths", test_sort },
    { "wide directories", test_wide }, { "read", test_read }, { "digest", test_digest }, { "host directory", test_dir })
