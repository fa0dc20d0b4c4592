/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Services from directories on disk: variables and their order, sets, and
 * what is refused with which words.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"
#include "service/service.h"
#include "test.h"

static char dir[] = "/tmp/smol-service-XXXXXX";

/* A file below the workspace, which is the current directory. */
static void
put(const char *path, const char *text)
{
	cleanup_free char *parent = xstrdup(path);
	char *slash = strrchr(parent, '/');
	struct err err = { 0 };

	if (slash != NULL) {
		*slash = '\0';
		CHECK(dir_make(parent, &err) == 0);
	}
	CHECK(file_write(path, text, strlen(text), &err) == 0);
}

/* The service "x" of that options.mk; "" or the message. */
static const char *
load(struct arena *arena, const char *options, char *const *vars, struct service *s)
{
	struct service_request req = { .name = "x", .vars = vars };
	static struct err err;
	struct workspace w;

	err = (struct err){ 0 };
	while (vars != NULL && vars[req.nvars] != NULL)
		req.nvars++;
	if (options != NULL)
		put("service/x/options.mk", options);
	CHECK(workspace_find(arena, &w, &err) == 0);
	return service_load(arena, &w, &req, s, &err) < 0 ? err.msg : "";
}

static void
test_defaults(void)
{
	struct arena arena;
	struct service s;

	arena_init(&arena);
	put("service/x/etc/rc", "");
	CHECK_STR(load(&arena, NULL, NULL, &s), "");
	CHECK_STR(s.name, "x");
	CHECK_STR(s.arch, "amd64");
	CHECK_STR(s.dir, "service/x");
	CHECK(s.tag == NULL && s.image_mb == 512 && !s.read_only && s.nsets == 2 && s.nfiles == 0 && s.ngiven == 0);
	CHECK_STR(s.sets[0].file, "base.tar.xz");
	CHECK(s.sets[0].glob == NULL);
	CHECK_STR(s.sets[1].file, "etc.tar.xz");
	CHECK_STR(s.sets_url, "https://nycdn.netbsd.org/pub/NetBSD-daily/netbsd-11/latest/amd64/binary/sets");
	CHECK_STR(s.etc_dir, "service/x/etc");
	CHECK(s.root_dir == NULL && s.common_dir == NULL);
	CHECK_STR(s.pkgvers, "11.0");
	arena_release(&arena);
}

static void
test_variables(void)
{
	char *vars[] = { "IMGSIZE=auto", "MYVAR=1", "ARCH=i386", NULL };
	struct arena arena;
	struct service s;

	arena_init(&arena);
	put("service/x/own.mk", "ADDSETS+=comp.${SETSEXT}:/usr/bin/strip\n.if defined(MYVAR) && ${ARCH} == i386\n"
				"IMGTAG=:v1.0\n.endif\n");
	CHECK_STR(
	    load(&arena, "IMGSIZE=12\nMOUNTRO=y\nVERS=10\nSETS=base my/own.tgz:usr/share etc.tar.gz:/etc/[a-m]*\n",
		vars, &s),
	    "");
	CHECK_STR(s.arch, "i386");
	CHECK_STR(s.tag, "v1.0");
	CHECK(s.image_mb == SERVICE_SIZE_AUTO && s.read_only && s.nsets == 4 && s.ngiven == 3 && s.nfiles == 2);
	CHECK_STR(s.sets[0].file, "base.tgz");
	CHECK_STR(s.sets[1].file, "my/own.tgz");
	CHECK_STR(s.sets[1].glob, "/usr/share");
	CHECK_STR(s.sets[2].file, "etc.tar.gz");
	CHECK_STR(s.sets[2].glob, "/etc/[a-m]*");
	CHECK_STR(s.sets[3].file, "comp.tgz");
	CHECK_STR(s.sets[3].glob, "/usr/bin/strip");
	CHECK(strstr(s.sets_url, "netbsd-10/latest/i386/") != NULL);
	CHECK_STR(s.files[0], "service/x/options.mk");
	CHECK_STR(s.files[1], "service/x/own.mk");
	arena_release(&arena);
	CHECK(unlink("service/x/own.mk") == 0);
}

static void
test_refused(void)
{
	static const struct {
		const char *options, *want;
	} bad[] = {
		{ "\nADDPKGS=curl a/b\n",
		    "service/x/options.mk:2: bad package 'a/b': the name of a package is wanted, without a path" },
		{ "MINIMIZE=+3M", "service/x/options.mk:1: bad MINIMIZE '+3M': want y, or +N for N MB of room" },
		{ "FS=zfs", "service/x/options.mk:1: bad file system 'zfs': ffs1, ffs2 and ext2 are known" },
		{ "ROOTDIR=none", "service/x/options.mk:1: ROOTDIR=none: there is no such directory" },
		{ "BIOSBOOT=1", "service/x/options.mk:1: bad BIOSBOOT '1': want y or n" },
		{ "SMOLIFY=y", "" },
		{ "BIOSBOOT=y\nARCH=evbarm-aarch64",
		    "service/x/options.mk:1: BIOSBOOT=y: evbarm-aarch64 machines have no BIOS; amd64 and i386 have" },
		{ "BIOSBOOT=y\nFS=ext2", "service/x/options.mk:1: BIOSBOOT=y: NetBSD's boot blocks have no room on "
					 "ext2; want FS=ffs1 or ffs2" },
		{ "BIOSBOOT=y\nBIOSCONSOLE=pc,9600",
		    "service/x/options.mk:2: bad BIOSCONSOLE 'pc,9600': want pc, com0 to com3, or com0kbd to com3kbd "
		    "(its "
		    "keyboard the PC's); of a serial line with its speed, as in com0,115200" },
		{ "BIOSBOOT=y\nBIOSCONSOLE=com0,x",
		    "service/x/options.mk:2: BIOSCONSOLE: bad speed 'x': a decimal number is wanted" },
		{ "BIOSBOOT=y\nBIOSKERNEL=a/",
		    "service/x/options.mk:2: bad BIOSKERNEL 'a/': want the name of a kernel of kernels/, or a path" },
		{ "BIOSBOOT=y\nBIOSCONSOLE=com0kbd,115200\nBIOSKERNEL=netbsd", "" },
		{ "SVCIMG=a", "service/x/options.mk:1: SVCIMG=a: there is no service/x/postinst/a.sh" },
		{ "BIOSBOOT=n\nADDPKGS=\nMINIMIZE=\n", "" },
		{ "IMGSIZE=12M", "service/x/options.mk:1: bad IMGSIZE '12M': want a number of MB, or auto" },
		{ "IMGSIZE=0", "service/x/options.mk:1: bad IMGSIZE '0': must be 1 to 1048576" },
		{ "IMGSIZE=", "service/x/options.mk:1: IMGSIZE is empty: want a number of MB, or auto" },
		{ "IMGTAG=a/b", "service/x/options.mk:1: bad tag 'a/b': letters, digits, '_', '.' and '-'" },
		{ "IMGTAG=..", "service/x/options.mk:1: bad tag '..': letters, digits, '_', '.' and '-'" },
		{ "ARCH=vax",
		    "service/x/options.mk:1: unknown architecture 'vax': amd64, i386 and evbarm-aarch64 are known" },
		{ "SETS=base:", "service/x/options.mk:1: bad set 'base:' in SETS: nothing after the ':'" },
		{ "SETS=:/bin", "service/x/options.mk:1: bad set ':/bin' in SETS: want FILE or FILE:GLOB" },
		{ "X!=id",
		    "service/x/options.mk:1: 'X !=' runs a shell command, which is not done here: give X=VALUE on the "
		    "command line instead" },
		{ "BIOSCONSOLE=pc\nANYTHING=x", "" },
	};
	struct arena arena;
	struct service s;
	size_t i;

	arena_init(&arena);
	for (i = 0; i < nitems(bad); i++)
		CHECK_STR(load(&arena, bad[i].options, NULL, &s), bad[i].want);
	put("service/x/NETBSD_ONLY", "");
	CHECK_STR(load(&arena, "FS=ext2", NULL, &s), "service/x/options.mk:1: FS=ext2: this service is not built on "
						     "Linux (service/x/NETBSD_ONLY); leave FS out");
	CHECK_STR(load(&arena, "", NULL, &s), "");
	CHECK(unlink("service/x/NETBSD_ONLY") == 0);
	arena_release(&arena);
}

/* The image to start from, in each form; sets only if they are named. */
static void
test_from_image(void)
{
	static const struct {
		const char *options, *path;
		size_t sets;
	} cases[] = {
		{ "FROMIMG=a-amd64.img", "images/a-amd64.img", 0 },
		{ "FROMIMG=a-amd64:1.2", "images/a-amd64:1.2.img", 0 },
		{ "FROMIMG=a.img.gz\nADDSETS=comp", "images/a.img.gz", 1 },
		{ "FROMIMG=/a/b\nSETS=base etc", "/a/b", 2 },
		{ "FROMIMG=sub/b.img\nROOTDIR=service", "sub/b.img", 0 },
		{ "FROMIMG= ", NULL, 2 },
	};
	struct arena arena;
	struct service s;
	size_t i;

	arena_init(&arena);
	for (i = 0; i < nitems(cases); i++) {
		CHECK_STR(load(&arena, cases[i].options, NULL, &s), "");
		CHECK(cases[i].path == NULL ? s.from_image == NULL : s.from_image != NULL);
		if (cases[i].path != NULL && s.from_image != NULL)
			CHECK_STR(s.from_image, cases[i].path);
		CHECK(s.nsets == cases[i].sets && s.size_of_image == (cases[i].path != NULL) && s.image_mb == 512);
	}
	CHECK_STR(load(&arena, "FROMIMG=a\nIMGSIZE=auto", NULL, &s), "");
	CHECK(!s.size_of_image && s.image_mb == SERVICE_SIZE_AUTO);
	arena_release(&arena);
}

static void
test_image(void)
{
	struct arena arena;
	struct service s;

	arena_init(&arena);
	CHECK_STR(load(&arena, "MINIMIZE=y\nFS=ffs2\nSSHKEYS=user a.pub\nADDPKGS=nitro pkgin-23\n", NULL, &s), "");
	CHECK(s.minimize == SERVICE_MINIMIZE_PERCENT && s.fs == SERVICE_FFS2 && s.npackages == 2);
	CHECK_STR(s.ssh_keys, "user a.pub");
	CHECK_STR(s.packages[1], "pkgin-23");
	CHECK_STR(load(&arena, "MINIMIZE=+7\nFS=ext2\n", NULL, &s), "");
	CHECK(s.minimize == SERVICE_MINIMIZE_MB && s.minimize_mb == 7 && s.fs == SERVICE_EXT2);
	CHECK_STR(load(&arena, "MINIMIZE=n\n", NULL, &s), "");
	CHECK(s.minimize == SERVICE_MINIMIZE_NO && s.nscripts == 0 && s.svcimg == NULL && s.mtree == NULL);
	put("service/x/postinst/10-b.sh", "");
	put("service/x/postinst/00-a.sh", "");
	CHECK_STR(load(&arena, "", NULL, &s), "");
	CHECK(s.nscripts == 2);
	CHECK_STR(s.scripts[0], "service/x/postinst/00-a.sh");
	CHECK_STR(load(&arena, "SVCIMG=10-b\n", NULL, &s), "");
	CHECK(s.nscripts == 1);
	CHECK_STR(s.scripts[0], "service/x/postinst/10-b.sh");
	put("service/x/sailor.conf", "shipbins=/bin/ls\npackages='curl rsync'\n");
	CHECK_STR(load(&arena, "MINIMIZE=y\nADDPKGS=rsync\n", NULL, &s), "");
	CHECK(s.sailor != NULL && s.sailor->bins.n == 1 && s.npackages == 2);
	CHECK_STR(s.packages[1], "curl");
	CHECK_STR(s.files[s.nfiles - 1], "service/x/sailor.conf");
	CHECK_STR(load(&arena, "MINIMIZE=n\n", NULL, &s), "");
	CHECK(s.sailor == NULL && s.npackages == 0);
	put("service/x/sailor.conf", "run_at_build='useradd -m x'\n");
	CHECK_STR(load(&arena, "MINIMIZE=+1\n", NULL, &s), "service/x/sailor.conf:1: run_at_build='useradd -m x' runs "
							   "in the guest's root, and a build cannot run NetBSD's "
							   "programs yet; leave it out, or do it in postinst/");
	CHECK(unlink("service/x/sailor.conf") == 0 && unlink("service/x/postinst/10-b.sh") == 0 &&
	      unlink("service/x/postinst/00-a.sh") == 0);
	arena_release(&arena);
}

static void
test_arguments(void)
{
	static const struct {
		char *vars[3];
		const char *want;
	} bad[] = {
		{ { "=x" }, "bad argument '=x': want NAME=VALUE, as in IMGSIZE=256" },
		{ { "1A=x" }, "bad argument '1A=x': want NAME=VALUE, as in IMGSIZE=256" },
		{ { "A=1", "A=2" }, "A is given as '1' and as '2'" },
		{ { "A=1", "A=1" }, "" },
		{ { "SERVICE=y" }, "SERVICE is given as 'y' and as 'x'" },
		{ { "ARCH=vax" }, "unknown architecture 'vax': amd64, i386 and evbarm-aarch64 are known" },
		{ { "IMGSIZE=big" }, "the command line: bad IMGSIZE 'big': want a number of MB, or auto" },
		{ { "ADDPKGS=.a" },
		    "the command line: bad package '.a': the name of a package is wanted, without a path" },
		{ { "X=${X}", "IMGSIZE=${X}" }, "the value of X contains itself" },
	};
	static const char *const names[] = { "", ".", "..", "a/b", "../x", "-x", "x y", "common",
		"a-name-of-more-than-thirty-two-chars" };
	struct service_request req = { 0 };
	struct err err = { 0 };
	struct workspace w;
	struct arena arena;
	struct service s;
	size_t i;

	arena_init(&arena);
	for (i = 0; i < nitems(bad); i++)
		CHECK_STR(load(&arena, "", bad[i].vars, &s), bad[i].want);
	CHECK(workspace_find(&arena, &w, &err) == 0);
	for (i = 0; i < nitems(names); i++) {
		req.name = names[i];
		CHECK(service_load(&arena, &w, &req, &s, &err) < 0 && strstr(err.msg, "bad service name") != NULL);
	}
	CHECK(dir_make("service/web", &err) == 0);
	req.name = "no";
	CHECK(service_load(&arena, &w, &req, &s, &err) < 0 && err.usage);
	CHECK_STR(err.msg, "there is no service 'no': there are web, x");
	arena_release(&arena);
}

/* From a directory below; outside of any; a set that only the store has. */
static void
test_workspace(void)
{
	struct err err = { 0 };
	struct workspace w;
	struct arena arena;

	arena_init(&arena);
	put("store/sets/amd64/base.tar.xz", "");
	put("share/service/shipped/etc/rc", "");
	put("share/etc/shipped.conf", "");
	CHECK(setenv("SMOL_HOME", arena_printf(&arena, "%s/store", dir), 1) == 0);
	CHECK(setenv("SMOL_DATADIR", arena_printf(&arena, "%s/share", dir), 1) == 0);
	CHECK(chdir("service/x/etc") == 0 && workspace_find(&arena, &w, &err) == 0);
	CHECK(strstr(w.root, "/smol-service-") != NULL && w.datadir == NULL);
	CHECK_STR(workspace_path(&w, &arena, "x"), arena_printf(&arena, "%s/x", dir));
	CHECK(workspace_service(&w, &arena, "shipped") == NULL);
	CHECK_STR(workspace_set(&w, &arena, "amd64", "base.tar.xz"),
	    arena_printf(&arena, "%s/store/sets/amd64/base.tar.xz", dir));
	CHECK_STR(
	    workspace_set(&w, &arena, "amd64", "etc.tar.xz"), arena_printf(&arena, "%s/sets/amd64/etc.tar.xz", dir));

	CHECK(chdir("/") == 0 && workspace_find(&arena, &w, &err) == 0);
	CHECK_STR(w.root, arena_printf(&arena, "%s/store", dir));
	CHECK_STR(workspace_service(&w, &arena, "shipped"), arena_printf(&arena, "%s/share/service/shipped", dir));
	CHECK_STR(workspace_conf(&w, &arena, "shipped"), arena_printf(&arena, "%s/share/etc/shipped.conf", dir));
	CHECK(workspace_conf(&w, &arena, "none") == NULL);
	CHECK_STR(workspace_services(&w, &arena), "shipped");
	CHECK_STR(
	    workspace_image(&w, &arena, "a", "i386", "t"), arena_printf(&arena, "%s/store/images/a-i386:t.img", dir));
	arena_release(&arena);
}

static void
test_end(void)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	CHECK(system(command) == 0);
}

static void
test_begin(void)
{
	CHECK(mkdtemp(dir) != NULL && chdir(dir) == 0 && mkdir("service", 0755) == 0);
	CHECK(setenv("ARCH", "amd64", 1) == 0);
}

TEST_MAIN({ "a workspace is made", test_begin }, { "defaults", test_defaults }, { "variables", test_variables },
    { "refused", test_refused }, { "image", test_image }, { "an image to start from", test_from_image },
    { "arguments", test_arguments }, { "workspace and store", test_workspace }, { "and removed", test_end })
