/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mtree specifications: both ways of naming, /set, continuation, encoding,
 * what is made, what is refused and where; and the printer, whose output the
 * parser takes back.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "test.h"
#include "tree/tree.h"

#define SPEC "mtree-test.spec"

static int
apply(struct tree *t, const char *spec, struct err *err)
{
	int rv;

	*err = (struct err){ 0 };
	if (file_write(SPEC, spec, strlen(spec), err) < 0)
		return -1;
	rv = tree_mtree_apply(t, SPEC, err);
	(void)unlink(SPEC);
	return rv;
}

static const struct tree_attr *
attr(const struct tree *t, const char *path)
{
	static const struct tree_attr none;
	const struct tree_node *n = tree_lookup(t, path);

	return n == NULL ? &none : &n->inode->attr;
}

static void
fill(struct tree *t)
{
	struct err err;

	tree_init(t);
	t->epoch = 5;
	(void)tree_write(t, "bin/[", 0644, "x", 1, &err);
	(void)tree_write(t, "etc/rc", 0644, "x", 1, &err);
	(void)tree_write(t, "etc/a b#c", 0644, "x", 1, &err);
	(void)tree_symlink(t, "tmp", "old", &err);
}

static void
test_hierarchy(void)
{
	static const char spec[] = "#\tcomment\n"
				   "/set type=file uname=root gname=wheel \\\n\tmode=0755\n"
				   ".\ttype=dir\n"
				   "bin\ttype=dir mode=0555 gname=bin\n"
				   "  [  mode=04555\tflags=schg,nodump # rest of it\n"
				   "..\n"
				   "/unset mode\n\n"
				   "etc\ttype=dir\n"
				   "\trc\tuid=12 gid=13 time=1700000000.000000005 sha256=00 size=9\n"
				   "\ta\\040b\\#c\tmode=0600\n"
				   "\tnew\ttype=dir mode=01777\n"
				   "\t\tnull\ttype=char device=netbsd,2,2 mode=666\n"
				   "\t..\n"
				   "..\n"
				   "var\ttype=dir optional\n"
				   "\tgone\ttype=file\n"
				   "\tdeep\ttype=dir\n"
				   "\t..\n"
				   "..\n"
				   "tmp type=link link=/var/t\\sx\n"
				   "..\n";
	struct tree t;
	struct err err;

	fill(&t);
	CHECK(apply(&t, spec, &err) == 0);
	CHECK_STR(err.msg, "");
	CHECK(attr(&t, "bin")->mode == (TREE_IFDIR | 0555) && attr(&t, "bin")->gid == 7);
	CHECK(attr(&t, "bin/[")->mode == (TREE_IFREG | 04555) && attr(&t, "bin/[")->flags == 0x00020001);
	CHECK(attr(&t, "etc/rc")->uid == 12 && attr(&t, "etc/rc")->gid == 13);
	CHECK(attr(&t, "etc/rc")->mode == (TREE_IFREG | 0644));
	CHECK(attr(&t, "etc/rc")->mtime == 1700000000 && attr(&t, "etc/rc")->mtime_nsec == 5);
	CHECK(attr(&t, "etc/a b#c")->mode == (TREE_IFREG | 0600));
	CHECK(attr(&t, "etc/new")->mode == (TREE_IFDIR | 01777));
	CHECK(attr(&t, "etc/new/null")->mode == (TREE_IFCHR | 0666));
	CHECK(attr(&t, "etc/new/null")->rdev == tree_makedev(2, 2));
	CHECK(tree_lookup(&t, "var") == NULL);
	CHECK_STR(attr(&t, "tmp")->target, "/var/t x");
	CHECK(attr(&t, "tmp")->size == 8);
	tree_release(&t);
}

static void
test_full_paths(void)
{
	static const char spec[] = "./usr type=dir uname=root gname=wheel mode=0711 tags=base\n"
				   "./bin/[ type=file uname=games gname=games mode=02555\n"
				   "./dev/console type=char device=0x101 mode=600\n"
				   "./usr/x optional type=file\n"
				   "./l type=link link=bin/[ mode=0777";
	struct tree t;
	struct err err;

	fill(&t);
	CHECK(apply(&t, spec, &err) == 0);
	CHECK_STR(err.msg, "");
	CHECK(attr(&t, "usr")->mode == (TREE_IFDIR | 0711) && attr(&t, "usr")->mtime == 5);
	CHECK(attr(&t, "bin/[")->uid == 7 && attr(&t, "bin/[")->gid == 13);
	CHECK(attr(&t, "dev/console")->rdev == 0x101);
	CHECK_STR(attr(&t, "l")->target, "bin/[");
	tree_release(&t);
}

static void
test_refused(void)
{
	static const struct {
		const char *spec, *message;
	} bad[] = {
		{ "./x type=file\n", SPEC ":1: './x' is not there" },
		{ "#\n\n. type=dir\nx\n", SPEC ":4: 'x' is not there" },
		{ "./bin type=file\n", SPEC ":1: './bin' is of another type" },
		{ ". type=dir \\\n mode=9\n", SPEC ":1: bad mode '9': an octal number is wanted" },
		{ ". mode\n", SPEC ":1: keyword 'mode' needs a value" },
		{ ". colour=red\n", SPEC ":1: unknown keyword 'colour'" },
		{ "/set type=door\n", SPEC ":1: unknown type 'door'" },
		{ ". uname=alice\n", SPEC ":1: unknown user 'alice': give its number with uid=" },
		{ ". gid=-1\n", SPEC ":1: bad gid '-1'" },
		{ ". flags=sticky\n", SPEC ":1: unknown file flag 'sticky'" },
		{ ". type=dir\n..\n..\n", SPEC ":3: '..' above the top directory" },
		{ "./a/../b type=dir\n", SPEC ":1: the path './a/../b' has a '..' component" },
		{ "./tmp/x type=dir\n", SPEC ":1: './tmp' is a symlink, not a directory" },
		{ "/etc type=dir\n", SPEC ":1: bad name '/etc': paths begin with './'" },
		{ "./a\\q type=dir\n", SPEC ":1: bad escape in the name './a\\q'" },
		{ "./a\\000 type=dir\n", SPEC ":1: bad escape in the name './a\\000'" },
		{ "./l type=link\n", SPEC ":1: './l' is not there, and to make it link= is needed" },
		{ "./c type=char\n", SPEC ":1: './c' is not there, and to make it device= is needed" },
		{ "./c type=char device=netbsd,x,1\n", SPEC ":1: bad device 'netbsd,x,1': want netbsd,MAJOR,MINOR" },
		{ ". time=now\n", SPEC ":1: bad time 'now': want SECONDS.NANOSECONDS" },
	};
	struct tree t;
	struct err err;
	size_t i;

	fill(&t);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(apply(&t, bad[i].spec, &err) == -1);
		CHECK_STR(err.msg, bad[i].message);
	}
	CHECK(tree_mtree_apply(&t, "/nonexistent/spec", &err) == -1);
	tree_release(&t);
}

static void
test_print(void)
{
	static const char want[] =
	    "#mtree\n"
	    ". type=dir uid=0 gid=0 mode=0755 time=0.000000000\n"
	    "./bin type=dir uid=0 gid=0 mode=0755 time=5.000000000\n"
	    "./bin/\\133 type=file uid=0 gid=0 mode=4555 nlink=2 inode=1 size=1 time=5.000000000 flags=schg\n"
	    "./bin/test type=file uid=0 gid=0 mode=4555 nlink=2 inode=1 size=1 time=5.000000000 flags=schg\n"
	    "./dev type=dir uid=0 gid=0 mode=0755 time=5.000000000\n"
	    "./dev/tty type=char uid=0 gid=4 mode=0666 device=netbsd,1,300 time=5.000000000\n"
	    "./etc type=dir uid=0 gid=0 mode=0755 time=5.000000000\n"
	    "./etc/a\\040b\\043c type=file uid=0 gid=0 mode=0644 size=1 time=5.000000000\n"
	    "./etc/rc type=file uid=0 gid=0 mode=0644 size=1 time=5.000000000\n"
	    "./tmp type=link uid=0 gid=0 mode=0755 link=old time=5.000000000\n";
	struct str first = { 0 }, again = { 0 };
	struct tree t;
	struct err err;

	fill(&t);
	CHECK(tree_link(&t, "bin/test", "bin/[", &err) != NULL);
	CHECK(apply(&t, "./bin/[ mode=4555 flags=schg\n./dev/tty type=char device=1,300 mode=666 gname=tty\n", &err) ==
	      0);
	tree_mtree_print(&t, &first);
	CHECK_STR(first.p, want);
	CHECK(apply(&t, first.p, &err) == 0);
	CHECK_STR(err.msg, "");
	tree_mtree_print(&t, &again);
	CHECK_STR(again.p, want);
	str_release(&first);
	str_release(&again);
	tree_release(&t);
}

static void
test_ids_and_flags(void)
{
	struct str s = { 0 };
	struct err err;
	uint32_t flags;

	CHECK(tree_user_id("root") == 0 && tree_user_id("nobody") == 32767 && tree_user_id("_httpd") == 24);
	CHECK(tree_group_id("wheel") == 0 && tree_group_id("utmp") == 45 && tree_group_id("nogroup") == 32766);
	CHECK(tree_user_id("wheel") == -1 && tree_group_id("root") == -1);
	CHECK(tree_flags_parse("uchg,nouchg uappend,dump", &flags, &err) == 0 && flags == 4);
	CHECK(tree_flags_parse("none", &flags, &err) == 0 && flags == 0);
	CHECK(tree_flags_parse("schg,uncompressed", &flags, &err) == -1);
	CHECK(tree_flags_known("extents,schg,compressed") == 0x20000);
	tree_flags_print(0x0007000f, &s);
	CHECK_STR(s.p, "arch,nodump,opaque,sappnd,schg,uappnd,uchg");
	str_release(&s);
	CHECK(tree_makedev(0x364, 0x12345) == (0x36400u & 0x000fff00u) + 0x12300000u + 0x45u);
	CHECK(tree_major(tree_makedev(364, 70000)) == 364 && tree_minor(tree_makedev(364, 70000)) == 70000);
}

TEST_MAIN({ "hierarchical names", test_hierarchy }, { "full paths", test_full_paths }, { "refused", test_refused },
    { "print", test_print }, { "ids and flags", test_ids_and_flags })
