/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file system into a tree: what went in comes out, of either version and
 * byte order; and what a damaged or hostile image must not do.
 */
#include "fs/ffs_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/stream.h"

#include "ffs_image.h"
#include "test.h"

static int
read_tree(const struct img *im, struct tree *t, struct ffs_tree_lost *lost, struct err *err)
{
	*err = (struct err){ 0 };
	tree_init(t);
	t->epoch = 1700000000;
	return ffs_tree_read(&im->r, "x.img", FFS_ROOTINO, t, "", lost, err);
}

static bool
refused(const struct img *im, const char *why)
{
	struct ffs_tree_lost lost;
	struct err err;
	struct tree t;
	bool ok = read_tree(im, &t, &lost, &err) < 0 && strstr(err.msg, why) != NULL;

	if (!ok)
		printf("# wanted '%s', got '%s'\n", why, err.msg);
	tree_release(&t);
	return ok;
}

/* What the tree is: sizes of regular files, targets, owners, links. */
static char *
print_tree(struct tree *t)
{
	struct str out = { 0 };

	tree_mtree_print(t, &out);
	return out.p;
}

static bool
same_contents(const struct tree *a, const struct tree *b)
{
	const struct tree_node *n, *m;
	char path[1100];
	bool ok = true;

	for (n = a->root; n != NULL && ok; n = tree_next(a->root, (struct tree_node *)(uintptr_t)n)) {
		struct err err = { 0 };
		size_t len[2] = { 0 };
		char *x, *y;

		if (!tree_is(n, TREE_IFREG))
			continue;
		m = tree_lookup(b, tree_path(n, path, sizeof(path)));
		x = tree_read(n, 16u << 20, &len[0], &err);
		y = m == NULL ? NULL : tree_read(m, 16u << 20, &len[1], &err);
		ok = x != NULL && y != NULL && len[0] == len[1] && memcmp(x, y, len[0]) == 0;
		if (!ok)
			printf("# %s: %s\n", path, err.msg);
		free(x);
		free(y);
	}
	return ok;
}

/* --- what goes in comes out --- */

static void
fill_more(struct tree *t, const char *data)
{
	static const struct tree_times times = { .atime = 1600000001,
		.ctime = 1600000002,
		.birthtime = 1500000003,
		.atime_nsec = 4,
		.ctime_nsec = 5,
		.birth_nsec = 6 };
	static const struct tree_source none = { .fd = 0, .path = "none" }; /* nothing is read of it */
	struct tree_attr sock = {
		.mode = TREE_IFSOCK | 0600, .uid = 12, .gid = 13, .mtime = 1600000000, .mtime_nsec = 99
	};
	struct tree_attr blk = { .mode = TREE_IFBLK | 0640, .gid = 5, .rdev = tree_makedev(364, 0x12345) };
	struct tree_attr hole = { .mode = TREE_IFREG | 04711, .size = 3 * 1024 * 1024 + 5, .content.source = &none };
	struct tree_attr flagged = {
		.mode = TREE_IFREG | 0444, .flags = 0x00020002, .times = &times, .size = 70, .content.mem = data
	};
	char link[61];
	struct err err = { 0 };

	memset(link, 's', 60);
	link[60] = '\0';
	must(tree_add(t, "var/run/log", &sock, &err) && tree_add(t, "dev/wd0", &blk, &err) &&
		 tree_add(t, "hole", &hole, &err) && tree_add(t, "flagged", &flagged, &err) &&
		 tree_link(t, "bin/sh3", "bin/sh", &err) && tree_symlink(t, "l60", link, &err) &&
		 tree_symlink(t, "l59", link + 1, &err) && tree_symlink(t, "l1", "x", &err),
	    err.msg);
}

static int
write_fs(struct tree *t, const struct fs_options *o)
{
	char path[] = "/tmp/smol-ffs-tree.XXXXXX";
	uint8_t digest[SHA256_SIZE];
	struct err err = { 0 };
	struct ffs_layout *l;
	struct stream *out;
	int fd = mkstemp(path);

	must(fd >= 0, "mkstemp");
	(void)unlink(path);
	tree_sort(t);
	l = ffs_layout_new(t, o, &err);
	must(l != NULL, err.msg);
	out = stream_open(fd, "x", false);
	(void)ffs_write(l, out);
	must(stream_close(out, digest, &err) == 0, err.msg);
	ffs_layout_free(l);
	return fd;
}

static void
open_fs(struct img *im, int fd, unsigned ver)
{
	struct err err = { 0 };

	*im = (struct img){ .fd = fd, .ver = ver };
	must(ffs_open(&im->r, fd, 0, (uint64_t)lseek(fd, 0, SEEK_END), &err) == 0, err.msg);
}

static void
count_problem(void *arg, const char *line)
{
	printf("# %s\n", line);
	++*(unsigned *)arg;
}

static bool
is_consistent(const struct img *im)
{
	struct ffs_check_result result;
	struct err err = { 0 };
	unsigned problems = 0;

	return ffs_check(&im->r, count_problem, &problems, &result, &err) == 0 && problems == 0;
}

/* Written anew like the one it was read from; the same again must be the same bytes. */
static void
check_rewritten(struct img *im, struct tree *t, const char *want)
{
	struct fs_options o = { .version = im->ver,
		.bytes = (uint64_t)lseek(im->fd, 0, SEEK_END),
		.bsize = (uint32_t)im->r.super.bsize,
		.fsize = (uint32_t)im->r.super.fsize,
		.like = &im->r.super };
	struct ffs_tree_lost lost;
	struct img again;
	struct err err;
	struct tree u;
	char *text, *x = xmalloc(o.bytes), *y = xmalloc(o.bytes);

	open_fs(&again, write_fs(t, &o), im->ver);
	CHECK(is_consistent(&again));
	CHECK(again.r.super.big == im->r.super.big && again.r.super.ncg == im->r.super.ncg);
	CHECK(again.r.super.ipg == im->r.super.ipg && again.r.super.id[1] == im->r.super.id[1]);
	CHECK_STR(again.r.super.volname, im->r.super.volname);
	CHECK(read_tree(&again, &u, &lost, &err) == 0);
	text = print_tree(&u);
	CHECK_STR(text, want);
	CHECK(same_contents(t, &u));
	img_get(im, 0, x, o.bytes);
	img_get(&again, 0, y, o.bytes);
	CHECK(memcmp(x, y, o.bytes) == 0);
	free(text);
	free(x);
	free(y);
	tree_release(&u);
	(void)close(again.fd);
}

static void
check_details(const struct tree *t, unsigned ver)
{
	const struct tree_node *n = tree_lookup(t, "flagged");
	const struct tree_times *times = n == NULL ? NULL : n->inode->attr.times;

	CHECK(times != NULL && times->atime == 1600000001 && times->ctime_nsec == 5);
	CHECK(times != NULL && times->birthtime == (ver == 2 ? 1500000003 : n->inode->attr.mtime));
	n = tree_lookup(t, "hole");
	/* All but the last block, which a file always has. */
	CHECK(n != NULL && n->inode->attr.content.nextents == 1 && n->inode->attr.content.extents[0].offset > 3000000);
	n = tree_lookup(t, "var/run/log");
	CHECK(n != NULL && tree_is(n, TREE_IFSOCK) && n->inode->attr.mtime_nsec == 99 && n->inode->attr.times == NULL);
	n = tree_lookup(t, "bin/sh");
	CHECK(n != NULL && n->inode->nlink == 3 && n->inode == tree_lookup(t, "bin/sh3")->inode);
	n = tree_lookup(t, "bin/big");
	/* Adjoining blocks are one: what parts it is an indirect block, or a cylinder group's end. */
	CHECK(n != NULL && n->inode->attr.content.nextents < 20);
}

static void
test_round_trip(unsigned ver, bool big)
{
	struct ffs_super like = { .big = big, .ncg = 1, .ipg = 2048, .size = 24 << 10, .fshift = 10, .id = { 5, 77 } };
	struct fs_options o = { .version = ver, .bytes = 24u << 20, .bsize = 8192, .fsize = 1024, .like = &like };
	struct ffs_tree_lost lost;
	char data[70], *want, *got;
	struct tree t, u;
	struct err err;
	struct img im;

	memset(data, 'd', sizeof(data));
	(void)snprintf(like.volname, sizeof(like.volname), "volume");
	tree_init(&t);
	t.epoch = 1700000000;
	fill_tree(&t);
	fill_more(&t, data);
	open_fs(&im, write_fs(&t, &o), ver);
	CHECK(im.r.super.big == big && im.r.super.id[1] == 77);
	CHECK(is_consistent(&im));
	CHECK(read_tree(&im, &u, &lost, &err) == 0);
	CHECK(lost.attributes == 0 && lost.snapshots == 0 && lost.whiteouts == 0);
	want = print_tree(&t);
	got = print_tree(&u);
	CHECK_STR(got, want);
	CHECK(same_contents(&t, &u));
	check_details(&u, ver);
	check_rewritten(&im, &u, want);
	free(want);
	free(got);
	tree_release(&t);
	tree_release(&u);
	(void)close(im.fd);
}

static void
test_v1_little(void)
{
	test_round_trip(1, false);
}

static void
test_v1_big(void)
{
	test_round_trip(1, true);
}

static void
test_v2_little(void)
{
	test_round_trip(2, false);
}

static void
test_v2_big(void)
{
	test_round_trip(2, true);
}

/* --- parts --- */

static void
test_part(void)
{
	struct ffs_tree_lost lost;
	struct err err = { 0 };
	struct tree t;
	struct img im;

	make_image(&im, 1);
	tree_init(&t);
	CHECK(ffs_tree_read(&im.r, "x.img", find(&im, "/etc"), &t, "", &lost, &err) == 0);
	CHECK(tree_lookup(&t, "rc") != NULL && tree_lookup(&t, "etc") == NULL && t.root->nchildren == 4);
	CHECK(ffs_tree_read(&im.r, "x.img", find(&im, "/bin/sh2"), &t, "a/sh", &lost, &err) == 0);
	CHECK(tree_lookup(&t, "a/sh") != NULL && tree_lookup(&t, "a/sh")->inode->nlink == 1);
	CHECK(ffs_tree_read(&im.r, "x.img", find(&im, "/etc/rc"), &t, "", &lost, &err) < 0);
	CHECK(ffs_tree_read(&im.r, "x.img", 1u << 30, &t, "b", &lost, &err) < 0);
	CHECK(strstr(err.msg, "there is no inode") != NULL);
	tree_release(&t);
	(void)close(im.fd);
}

/* --- damage --- */

static void
check_names(struct img *im)
{
	put_entry_u32(im, "/a", "d", (uint32_t)find(im, "/a"));
	CHECK(refused(im, "directory inode"));
	img_undo(im);
	put_entry_u32(im, "/a", "d", FFS_ROOTINO);
	CHECK(refused(im, "is reached twice"));
	img_undo(im);
	put_entry_u32(im, "/etc", "rc", UINT32_MAX);
	CHECK(refused(im, "'/etc/rc': there is no inode 4294967295"));
	img_undo(im);
	put_entry_u32(im, "/etc", "rc", 5000);
	CHECK(refused(im, "is not in use"));
	img_undo(im);
	put_entry_byte(im, "/etc", "rd", 9, 'c');
	CHECK(refused(im, "'/etc/rc': the name is there twice"));
	img_undo(im);
	put_entry_byte(im, "/etc", "rc", 8, '/');
	CHECK(refused(im, "bad directory entry"));
	img_undo(im);
}

/* Two directories, or two files, that have the same blocks. */
static void
check_shared(struct img *im)
{
	struct ffs_dinode many = get_inode(im, find(im, "/many")), d = get_inode(im, find(im, "/a/b/c"));
	struct ffs_dinode big = get_inode(im, find(im, "/bin/big"));

	d.size = many.size;
	memcpy(d.db, many.db, sizeof(d.db));
	memcpy(d.ib, many.ib, sizeof(d.ib));
	put_inode(im, find(im, "/a/b/c"), &d);
	CHECK(refused(im, "is used twice"));
	img_undo(im);
	d = get_inode(im, find(im, "/bin/middle"));
	d.size = big.size;
	d.ib[0] = big.ib[0];
	d.ib[1] = big.ib[1];
	put_inode(im, find(im, "/bin/middle"), &d);
	CHECK(refused(im, "is used twice"));
	img_undo(im);
}

/* Sizes and addresses that cannot be, and more data than there is room for. */
static void
check_sizes(struct img *im)
{
	struct ffs_dinode d = get_inode(im, find(im, "/bin/big"));
	uint64_t ino = find(im, "/bin/big");
	struct ffs_dinode bad = d;
	unsigned i;

	bad.size = UINT64_MAX;
	put_inode(im, ino, &bad);
	CHECK(refused(im, "a file of 18446744073709551615 bytes"));
	img_undo(im);
	bad = d;
	bad.db[3] = im->r.super.size;
	put_inode(im, ino, &bad);
	CHECK(refused(im, "outside of the file system"));
	img_undo(im);
	bad = d;
	bad.ib[0] = -1;
	put_inode(im, ino, &bad);
	CHECK(refused(im, "outside of the file system"));
	img_undo(im);
	/* A doubly indirect block that leads to itself. */
	bad = d;
	bad.ib[1] = d.ib[0];
	bad.size = UINT64_C(1) << 40;
	for (i = 0; i < FFS_NDADDR; i++)
		bad.db[i] = 0;
	put_inode(im, ino, &bad);
	CHECK(refused(im, "is used twice") || refused(im, "a file of"));
	img_undo(im);
}

static void
test_damage(unsigned ver)
{
	struct img im;

	make_image(&im, ver);
	check_names(&im);
	check_shared(&im);
	check_sizes(&im);
	(void)close(im.fd);
}

static void
test_damage_v1(void)
{
	test_damage(1);
}

static void
test_damage_v2(void)
{
	test_damage(2);
}

/* What a rewritten image would lose is told. */
static void
test_lost(void)
{
	struct ffs_tree_lost lost;
	struct ffs_dinode d;
	struct tree t;
	struct err err;
	struct img im;

	make_image(&im, 2);
	d = get_inode(&im, find(&im, "/etc/rc"));
	d.extsize = 100;
	put_inode(&im, find(&im, "/etc/rc"), &d);
	d = get_inode(&im, find(&im, "/etc/rd"));
	d.flags = 0x00200000;
	d.db[0] = (int64_t)1 << 40; /* a mark, not an address */
	put_inode(&im, find(&im, "/etc/rd"), &d);
	put_entry_u32(&im, "/etc", "x", 1);
	CHECK(read_tree(&im, &t, &lost, &err) == 0);
	CHECK(lost.attributes == 1 && lost.snapshots == 1 && lost.whiteouts == 1);
	CHECK(tree_lookup(&t, "etc/x") == NULL);
	tree_release(&t);
	(void)close(im.fd);
}

/* --- paths in a tree --- */

static bool
leads(const struct tree *t, const char *path, bool follow, const char *want)
{
	struct tree_place place;
	struct err err = { 0 };
	char text[1100];

	if (tree_resolve(t, path, follow, &place, &err) < 0)
		return strstr(err.msg, want) != NULL;
	if (place.node == NULL)
		return want[0] == '+' && strcmp(place.name, want + 1) == 0;
	return strcmp(tree_path(place.node, text, sizeof(text)), want) == 0;
}

static void
test_resolve(void)
{
	struct err err = { 0 };
	struct tree t;

	tree_init(&t);
	must(tree_write(&t, "a/b/f", 0644, "x", 1, &err) && tree_symlink(&t, "l", "/a/b", &err) &&
		 tree_symlink(&t, "a/up", "../a/./b/", &err) && tree_symlink(&t, "loop", "loop", &err) &&
		 tree_symlink(&t, "out", "../../../a", &err) && tree_symlink(&t, "gone", "a/new", &err),
	    err.msg);
	CHECK(leads(&t, "/", true, "/") && leads(&t, "", true, "/") && leads(&t, "../..", true, "/"));
	CHECK(leads(&t, "l/f", true, "/a/b/f") && leads(&t, "/a/up/f", false, "/a/b/f"));
	CHECK(leads(&t, "l", true, "/a/b") && leads(&t, "l", false, "/l") && leads(&t, "l/", false, "/a/b"));
	CHECK(leads(&t, "out/b/../b/f", true, "/a/b/f") && leads(&t, "a/b/..", true, "/a"));
	CHECK(leads(&t, "gone", true, "+new") && leads(&t, "a/b/new/", true, "+new"));
	CHECK(leads(&t, "loop", true, "more than 32 symlinks") && leads(&t, "a/b/f/x", true, "not a directory"));
	CHECK(leads(&t, "x/y", true, "no such file") && leads(&t, "a/b/f/", true, "not a directory"));
	tree_release(&t);
}

TEST_MAIN({ "v1 and back", test_v1_little }, { "v1 and back, big-endian", test_v1_big },
    { "v2 and back", test_v2_little }, { "v2 and back, big-endian", test_v2_big }, { "a part of it", test_part },
    { "damaged v1 is refused", test_damage_v1 }, { "damaged v2 is refused", test_damage_v2 },
    { "what would be lost is told", test_lost }, { "paths in a tree", test_resolve })
