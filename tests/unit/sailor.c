/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sailor.conf as sh reads it: sailor.vars sourced by the path of the builder,
 * words and their places, what is refused.
 */
#include "service/sailor.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "test.h"

static char dir[] = "/tmp/smol-sailor-XXXXXX";
static struct arena arena;
static struct sailor s;

static void
put(const char *path, const char *text)
{
	struct err err = { 0 };

	CHECK(file_write(path, text, strlen(text), &err) == 0);
}

/* "" or the message. */
static const char *
load(const char *text)
{
	static struct err err;

	err = (struct err){ 0 };
	put("service/x/sailor.conf", text);
	return sailor_read(&arena, "service/x", "service/x/sailor.conf", &s, &err) < 0 ? err.msg : "";
}

static void
test_vars(void)
{
	put("service/common/sailor.vars", "shippath=/drive2\nshipbins=\"/bin/sh /sbin/init\"\nsync_dirs=\"/etc "
					  "${prefix}/etc/pkgin /usr/share/zone*\"\n"
					  "packages=\"curl rsync\"\n");
	CHECK_STR(load("# x\n. /service/common/sailor.vars\n\nshipname=tiny\nshipbins=\"$shipbins /bin/k*\"\n"), "");
	CHECK_STR(s.name, "tiny");
	CHECK(s.bins.n == 3 && s.bins.line == 5 && s.dirs.n == 3 && s.dirs.line == 0 && s.packages.n == 2);
	CHECK_STR(s.bins.words[2], "/bin/k*");
	CHECK_STR(s.dirs.words[1], "/usr/pkg/etc/pkgin");
	CHECK_STR(s.packages.words[1], "rsync");
	CHECK(s.refused == NULL);
	/* Also inside of something, and from somewhere else. */
	CHECK_STR(
	    load("if [ -n \"$prefix\" ]; then\n\t. ./service/common/sailor.vars\nfi\nshipbins=\"\n/a\n\t/b \"\n"), "");
	CHECK(s.bins.n == 2 && s.dirs.n == 3 && s.name == NULL);
	CHECK_STR(load("f() {\n\tshipbins=\"$shipbins $1\"\n}\nfor b in ls cat; do f /bin/$b; done\n"), "");
	CHECK(s.bins.n == 2);
	CHECK_STR(s.bins.words[1], "/bin/cat");
	CHECK_STR(load(""), "");
	CHECK(s.bins.n == 0);
}

static void
test_refused(void)
{
	CHECK_STR(load("shipbins=/bin/ls\nrun_at_build=\"mkdir -p /x\"\nrun_at_build='echo 2'\n"), "");
	CHECK_STR(s.refused, "service/x/sailor.conf:3: run_at_build='echo 2' runs in the guest's root, and a build "
			     "cannot run NetBSD's programs "
			     "yet; leave it out, or do it in postinst/");
	CHECK_STR(load("services=nginx\n"), "");
	CHECK(strstr(s.refused, "services='nginx' is not written to rc.conf") != NULL);
	CHECK_STR(
	    load("shipbins='ls'\n"), "service/x/sailor.conf:1: shipbins: 'ls' is not a path from the guest's root");
	CHECK_STR(load("\nsync_dirs='/a/../b'\n"), "service/x/sailor.conf:2: sync_dirs: '/a/../b' has a '..'");
	CHECK_STR(load("sync_dirs='/a/..b /...'\n"), "");
	CHECK_STR(load("packages='../x'\n"),
	    "service/x/sailor.conf:1: packages: the name of a package is wanted, not '../x'");
	CHECK(strstr(load("\n. /service/common/none\n"), "service/common/none") != NULL);
	CHECK(strstr(load("shipbins=$(nosuchprogram)\n"), "service/x/sailor.conf:1: nosuchprogram") != NULL);
	CHECK(strstr(load("echo x > service/x/new\n"), "a conf can write nothing") != NULL);
	CHECK(access("service/x/new", F_OK) < 0);
}

static void
test_begin(void)
{
	struct err err = { 0 };

	CHECK(mkdtemp(dir) != NULL && chdir(dir) == 0);
	CHECK(dir_make("service/x", &err) == 0 && dir_make("service/common", &err) == 0);
	arena_init(&arena);
}

static void
test_end(void)
{
	char command[64];

	arena_release(&arena);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	CHECK(system(command) == 0);
}

TEST_MAIN({ "a workspace is made", test_begin }, { "sailor.vars and words", test_vars },
    { "what is refused", test_refused }, { "and removed", test_end })
