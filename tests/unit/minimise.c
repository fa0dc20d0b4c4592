/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stays of a tree and why: libraries by every rule of ld.elf_so, links as
 * chains, scripts, rules and what they read, words, what is missing.
 */
#include "minimise/minimise.h"

#include <stdlib.h>

#include "base/defs.h"
#include "elf_file.h"
#include "minimise/elf.h"
#include "minimise/script.h"
#include "test.h"

#define INTERP "/libexec/ld.elf_so"

/* --- a tree to try on --- */

static struct tree t;
static struct minimise m;
static struct err err;

static void
begin(void)
{
	tree_init(&t);
	t.origin = MINIMISE_SET;
}

static void
end(void)
{
	minimise_release(&m);
	tree_release(&t);
}

static void
put(const char *path, uint32_t mode, const char *text)
{
	CHECK(tree_write(&t, path, mode, text, strlen(text), &err) != NULL);
}

static void
put_link(const char *path, const char *target)
{
	CHECK(tree_symlink(&t, path, target, &err) != NULL);
}

static void
put_elf(const char *path, const struct elf_file *f)
{
	uint8_t buf[ELF_FILE_MAX];

	CHECK(tree_write(&t, path, 0555, buf, elf_file_make(f, buf), &err) != NULL);
}

/* Of the words, without the floor. */
static void
find(const char *const *patterns)
{
	struct minimise_word words[16] = { 0 };
	struct minimise_request q = { .words = words };

	for (; patterns[q.nwords] != NULL; q.nwords++)
		words[q.nwords] = (struct minimise_word){ .pattern = patterns[q.nwords], .list = "shipbins" };
	err.msg[0] = '\0';
	CHECK(minimise_find(&t, &q, &m, &err) == 0);
	CHECK_STR(err.msg, "");
}

static const char *
chain(const char *path)
{
	static struct str out;
	struct tree_node *n = tree_lookup(&t, path);

	if (n == NULL || n->mark == 0)
		return "goes";
	out.len = 0;
	minimise_chain(&m, n->mark - 1, &out);
	return out.p;
}

static const char *
problem(size_t i)
{
	return i < m.nproblems ? m.problems[i].text : "none";
}

static bool
stays(const char *path)
{
	struct tree_node *n = tree_lookup(&t, path);

	return n != NULL && n->mark != 0;
}

/* --- ELF --- */

static void
check_elf(bool is32, bool big, uint16_t machine)
{
	const struct elf_file f = { .is32 = is32,
		.big = big,
		.machine = machine,
		.interp = INTERP,
		.soname = "libx.so.1",
		.rpath = "/lib",
		.runpath = "$ORIGIN/../lib",
		.needed = { "liba.so.1", "libb.so.2" } };
	struct arena arena;
	struct elf e;

	begin();
	arena_init(&arena);
	put_elf("/x", &f);
	CHECK(elf_read(tree_lookup(&t, "/x")->inode, &arena, &e, &err) == 1);
	CHECK(e.bad == NULL && e.is64 == !is32 && e.big == big && e.machine == machine && e.nneeded == 2);
	CHECK_STR(e.interp, INTERP);
	CHECK_STR(e.soname, "libx.so.1");
	CHECK_STR(e.rpath, "/lib");
	CHECK_STR(e.runpath, "$ORIGIN/../lib");
	CHECK_STR(e.needed[1], "libb.so.2");
	arena_release(&arena);
	tree_release(&t);
}

static void
test_elf(void)
{
	check_elf(false, false, ELF_X86_64);
	check_elf(true, false, ELF_386);
	check_elf(false, false, ELF_AARCH64);
	check_elf(false, true, 43); /* sparc64 */
}

/* Each byte of the headers and of the dynamic segment damaged, and each length. */
static void
test_damaged(void)
{
	const struct elf_file f = { .interp = INTERP, .rpath = "/lib", .needed = { "liba.so.1" } };
	uint8_t buf[ELF_FILE_MAX], bad[ELF_FILE_MAX];
	struct tree_inode inode = { .attr = { .mode = TREE_IFREG | 0555, .size = sizeof(buf) } };
	struct arena arena;
	unsigned read = 0;
	struct elf e;
	size_t i;

	arena_init(&arena);
	(void)elf_file_make(&f, buf);
	inode.attr.content.mem = bad;
	for (i = 0; i < sizeof(buf); i += i == 300 ? 1700 : i == 2200 ? 1800 : 1) {
		memcpy(bad, buf, sizeof(buf));
		bad[i] ^= 0xff;
		CHECK(elf_read(&inode, &arena, &e, &err) >= 0);
		read += e.bad == NULL && e.nneeded == 1;
	}
	CHECK(read > 100);
	memcpy(bad, buf, sizeof(buf));
	for (i = 0; i < sizeof(buf); i++) {
		inode.attr.size = i;
		CHECK(elf_read(&inode, &arena, &e, &err) == (i >= 52));
		CHECK(i < 52 || e.bad != NULL || i > 2048);
	}
	arena_release(&arena);
}

/* --- libraries --- */

/* As NetBSD has it: programs of / with an rpath, links from /usr/lib, versions. */
static void
test_libraries(void)
{
	begin();
	put_elf("/bin/sh",
	    &(struct elf_file){ .interp = INTERP, .rpath = "/lib", .needed = { "libedit.so.3", "libc.so.12" } });
	put_elf("/libexec/ld.elf_so", &(struct elf_file){ .soname = "ld.elf_so" });
	put_elf("/lib/libc.so.12.220", &(struct elf_file){ .soname = "libc.so.12" });
	put_link("/lib/libc.so.12", "libc.so.12.220");
	put_link("/lib/libc.so", "libc.so.12.220");
	put_link("/usr/lib/libc.so.12", "/lib/libc.so.12");
	put_elf("/lib/libedit.so.3", &(struct elf_file){ .rpath = "/lib", .needed = { "libterminfo.so.2" } });
	put_elf("/lib/libterminfo.so.2.0", &(struct elf_file){ .soname = "libterminfo.so.2" });
	put_link("/lib/libterminfo.so.2", "libterminfo.so.2.0");
	put("/usr/share/misc/terminfo.cdb", 0444, "cdb");
	put("/usr/share/misc/magic", 0444, "magic");
	find((const char *const[]){ "/bin/sh", NULL });
	CHECK_STR(chain("/bin/sh"), "/bin/sh <- shipbins");
	CHECK_STR(chain("/libexec/ld.elf_so"), "/libexec/ld.elf_so <- loader of /bin/sh <- shipbins");
	CHECK_STR(chain("/lib/libc.so.12.220"),
	    "/lib/libc.so.12.220 <- link /lib/libc.so.12 <- library of /bin/sh <- shipbins");
	CHECK(!stays("/lib/libc.so") && !stays("/usr/lib/libc.so.12") && !stays("/usr/share/misc/magic"));
	CHECK_STR(chain("/usr/share/misc/terminfo.cdb"),
	    "/usr/share/misc/terminfo.cdb <- terminals: terminfo(5), for /lib/libterminfo.so.2 <- library of "
	    "/lib/libedit.so.3 <- library of /bin/sh <- shipbins");
	CHECK(m.nproblems == 0 && m.all_files == 11 && m.kept_files == 8);
	minimise_sweep(&t, &m);
	CHECK(tree_lookup(&t, "/usr/lib") == NULL && tree_lookup(&t, "/lib/libc.so") == NULL);
	CHECK(tree_lookup(&t, "/lib/libc.so.12") != NULL && tree_lookup(&t, "/usr/share/misc/terminfo.cdb") != NULL);
	end();
}

/* Each place that ld.elf_so looks in, in its order. */
static void
test_search(void)
{
	begin();
	put_elf("/usr/pkg/bin/p", &(struct elf_file){ .interp = INTERP,
				      .runpath = "/nothere:${ORIGIN}/../lib:$OSREL/x",
				      .needed = { "liba.so.1", "libb.so.1", "/opt/libc.so.1", "libd.so.1" } });
	put_elf("/libexec/ld.elf_so", &(struct elf_file){ 0 });
	put_elf("/usr/pkg/lib/liba.so.1", &(struct elf_file){ 0 });
	put_elf("/usr/lib/liba.so.1", &(struct elf_file){ 0 });
	put("/etc/ld.so.conf", 0644, "# local\n  /opt/conf \t# first\nlibm.so.0 machdep.fpu_present 1:libm387.so.0\n");
	put_elf("/opt/conf/libb.so.1", &(struct elf_file){ 0 });
	put_elf("/usr/pkg/lib/libb.so.1", &(struct elf_file){ 0 });
	put_elf("/opt/libc.so.1", &(struct elf_file){ 0 });
	put_elf("/usr/pkg/lib/libd.so.1", &(struct elf_file){ .is32 = true, .machine = ELF_386 });
	put("/usr/lib/libd.so.1", 0444, "no ELF");
	put_elf("/lib/libd.so.1", &(struct elf_file){ 0 });
	find((const char *const[]){ "/usr/pkg/bin/p", NULL });
	CHECK(stays("/usr/pkg/lib/liba.so.1") && !stays("/usr/lib/liba.so.1"));
	CHECK(stays("/opt/conf/libb.so.1") && !stays("/usr/pkg/lib/libb.so.1"));
	CHECK(stays("/opt/libc.so.1") && stays("/lib/libd.so.1") && !stays("/usr/lib/libd.so.1"));
	CHECK(m.nproblems == 0);
	end();
}

/* i386 on amd64; and what was loaded before by whoever asked first. */
static void
test_search_more(void)
{
	begin();
	put_elf("/emul/p", &(struct elf_file){ .is32 = true, .machine = ELF_386, .needed = { "libc.so.12" } });
	put_elf("/usr/lib/libc.so.12", &(struct elf_file){ 0 });
	put_elf("/usr/lib/i386/libc.so.12", &(struct elf_file){ .is32 = true, .machine = ELF_386 });
	put_elf("/bin/q", &(struct elf_file){ .rpath = "/usr/q", .needed = { "libq.so", "libr.so" } });
	put_elf("/usr/q/libq.so", &(struct elf_file){ .needed = { "libr.so" } });
	put_elf("/usr/q/libr.so", &(struct elf_file){ .needed = { "libq.so" } });
	find((const char *const[]){ "/emul/p", "/bin/q", NULL });
	CHECK(stays("/usr/lib/i386/libc.so.12") && !stays("/usr/lib/libc.so.12"));
	CHECK_STR(problem(0), "none");
	end();
}

static void
test_missing(void)
{
	begin();
	put_elf("/bin/p",
	    &(struct elf_file){ .interp = INTERP, .rpath = "/lib", .needed = { "liba.so.1", "libgone.so.3" } });
	put_elf("/lib/liba.so.1", &(struct elf_file){ .needed = { "libfar.so" } });
	put("/bin/bad", 0555, "\177ELFand more, but not much more than that: sixty-four bytes of a file\n");
	find((const char *const[]){ "/bin/p", "/bin/bad", "/bin/none", "/bin/x*", NULL });
	CHECK_STR(problem(0), "shipbins lists /bin/none, which is not there");
	CHECK_STR(problem(1), "shipbins lists /bin/x*, which is not there");
	CHECK_STR(problem(2), "/bin/p needs its loader /libexec/ld.elf_so, which is not there");
	CHECK_STR(problem(3), "/bin/p needs libgone.so.3, which is not in /lib, /usr/lib, /lib");
	CHECK_STR(problem(4), "/bin/bad cannot be read as ELF: its class or byte order is unknown");
	CHECK_STR(problem(5), "/lib/liba.so.1 needs libfar.so, which is not in /usr/lib, /lib");
	CHECK(m.nproblems == 6 && m.nmissing == 5 && m.problems[5].file == tree_lookup(&t, "/lib/liba.so.1")->mark);
	end();
}

/* --- names --- */

static void
test_links(void)
{
	begin();
	put("/bin/a", 0555, "many names");
	CHECK(tree_link(&t, "/bin/b", "/bin/a", &err) != NULL && tree_link(&t, "/bin/c", "/bin/a", &err) != NULL);
	put_link("/usr/d", "../bin");
	put_link("/usr/x1", "x2");
	put_link("/usr/x2", "d/c");
	put_link("/loop1", "loop2");
	put_link("/loop2", "loop1");
	put_link("/away", "/not/there");
	find((const char *const[]){ "usr/x1", "/loop1", "/away", "/bin/[b]", NULL });
	CHECK_STR(chain("/bin/c"), "/bin/c <- link /usr/x2 <- link /usr/x1 <- shipbins");
	CHECK_STR(chain("/usr/d"), "/usr/d <- link /usr/x2 <- link /usr/x1 <- shipbins");
	CHECK(stays("/loop1") && !stays("/loop2") && stays("/away") && stays("/bin/b") && !stays("/bin/a"));
	CHECK(m.nproblems == 0);
	minimise_sweep(&t, &m);
	CHECK(tree_lookup(&t, "/bin/c")->inode->nlink == 2 && tree_lookup(&t, "/bin/a") == NULL);
	end();
}

static void
test_words(void)
{
	begin();
	put("/usr/share/zoneinfo/Europe/Paris", 0444, "tz");
	put("/usr/share/zoneinfo/UTC", 0444, "tz");
	put("/usr/lib/security/pam_a.so.4", 0444, "a");
	put("/usr/lib/security/.hidden", 0444, "a");
	put("/usr/bin/x", 0444, "x");
	put_link("/zones", "usr/share/zoneinfo");
	find((const char *const[]){ "/zones/", "/usr/*/sec*/*", "/./usr//bin/./x", "/../x", "/usr/bin/[", NULL });
	CHECK(stays("/usr/share/zoneinfo/Europe/Paris") && stays("/usr/share/zoneinfo/UTC"));
	CHECK(stays("/usr/lib/security/pam_a.so.4") && !stays("/usr/lib/security/.hidden") && stays("/usr/bin/x"));
	CHECK(m.nproblems == 2);
	minimise_release(&m);
	find((const char *const[]){ "/usr/share/zoneinfo", NULL });
	CHECK(stays("/usr/share/zoneinfo") && !stays("/usr/share/zoneinfo/UTC"));
	minimise_release(&m);
	find((const char *const[]){ "/", NULL });
	CHECK(m.kept_files == m.all_files);
	end();
}

static void
test_scripts(void)
{
	struct script s;

	CHECK(script_parse("#! /bin/sh -e\n", 14, &s));
	CHECK_STR(s.interpreter, "/bin/sh");
	CHECK(script_parse("#!/usr/bin/env -S A=b python3.11 -u\n", 36, &s));
	CHECK_STR(s.program, "python3.11");
	CHECK(script_parse("#!/usr/bin/env", 14, &s) && s.program[0] == '\0');
	CHECK(!script_parse("#!\n", 3, &s) && !script_parse("#!sh\n", 5, &s) && !script_parse("#!/b\0n\n", 7, &s));
	begin();
	put("/usr/bin/x", 0555, "#!/usr/bin/env perl\n");
	put("/usr/bin/y", 0555, "#!/bin/awk -f\n");
	put("/usr/bin/z", 0444, "#!/bin/nobody\n");
	put("/usr/bin/env", 0555, "env");
	put("/usr/pkg/bin/perl", 0555, "perl");
	find((const char *const[]){ "/usr/bin/x", "/usr/bin/y", "/usr/bin/z", NULL });
	CHECK_STR(chain("/usr/pkg/bin/perl"), "/usr/pkg/bin/perl <- interpreter of /usr/bin/x <- shipbins");
	CHECK(stays("/usr/bin/env"));
	CHECK_STR(problem(0), "/usr/bin/y needs its interpreter /bin/awk, which is not there");
	CHECK(m.nproblems == 1);
	end();
}

/* --- the floor and rules --- */

static void
find_floor(const struct minimise_word *words, size_t n)
{
	struct minimise_request q = { .words = words, .nwords = n, .floor = true };

	CHECK(minimise_find(&t, &q, &m, &err) == 0);
}

static void
test_floor(void)
{
	begin();
	put("/sbin/init", 0555, "init");
	put("/bin/ls", 0555, "ls");
	put("/sbin/mount", 0555, "mount");
	put("/sbin/mount_ffs", 0555, "mount_ffs");
	put("/sbin/mount_lfs", 0555, "mount_lfs");
	put("/etc/defaults/rc.conf", 0444, "");
	put("/var/db/x", 0444, "");
	put("/usr/share/man/man1/ls.1", 0444, "");
	CHECK(tree_mkdir(&t, "/tmp", 01777, &err) != NULL);
	t.origin = MINIMISE_PACKAGE;
	put("/usr/pkg/bin/p", 0555, "#!/usr/pkg/bin/q\n");
	t.origin = MINIMISE_OWN;
	put("/etc/fstab", 0444, "NAME=x / ffs rw 1 1\ntmpfs /tmp tmpfs rw # 2\nswap none swap sw\n");
	put("/etc/rc", 0444, "mount -a\n. /etc/include/f\n[ -x /bin/ls ] && echo \"ls\"; exec /bin/ls\n");
	put("/etc/include/f", 0444, "case $x in\nmount) ls | wc ;;\nesac\n");
	find_floor(
	    &(struct minimise_word){ .pattern = "/sbin/mount", .list = "shipbins", .file = "sailor.conf", .line = 2 },
	    1);
	CHECK_STR(chain("/sbin/init"), "/sbin/init <- the kernel starts it");
	CHECK_STR(chain("/etc/defaults/rc.conf"), "/etc/defaults/rc.conf <- configuration");
	CHECK_STR(chain("/etc/rc"), "/etc/rc <- the service's own");
	CHECK_STR(chain("/usr/pkg/bin/p"), "/usr/pkg/bin/p <- of a package");
	CHECK_STR(chain("/sbin/mount"), "/sbin/mount <- shipbins, sailor.conf:2");
	CHECK_STR(chain("/sbin/mount_ffs"),
	    "/sbin/mount_ffs <- mount(8) starts it for /etc/fstab, for /sbin/mount <- shipbins, sailor.conf:2");
	CHECK(stays("/tmp") && stays("/var/db") && !stays("/var/db/x") && !stays("/usr/share") &&
	      !stays("/sbin/mount_lfs"));
	CHECK_STR(problem(0), "/usr/pkg/bin/p needs its interpreter /usr/pkg/bin/q, which is not there");
	CHECK_STR(problem(1), "/etc/fstab:2: there is no /sbin/mount_tmpfs");
	CHECK_STR(problem(2), "/etc/rc:3 uses /bin/ls, which is not kept: add /bin/ls to shipbins");
	CHECK(m.nproblems == 3 && m.nmissing == 1);
	end();
}

static void
test_pam(void)
{
	begin();
	put_elf("/usr/bin/login", &(struct elf_file){ .needed = { "libpam.so.4" } });
	put_elf("/usr/lib/libpam.so.4", &(struct elf_file){ .needed = { "libc.so.12" } });
	put_elf("/lib/libc.so.12", &(struct elf_file){ 0 });
	put("/etc/pam.d/login", 0444,
	    "# login\nauth  required pam_unix.so nullok\nauth include system\naccount required\t/opt/pam_x.so\n");
	put("/etc/pam.d/README", 0444, "auth required pam_no.so\n");
	put("/etc/pam.d/other", 0444, "auth required pam_gone.so # x\n");
	put("/etc/nsswitch.conf", 0444, "hosts:\tfiles [notfound=return success=x] ldap dns\npasswd: compat winbind\n");
	put_elf("/usr/lib/security/pam_unix.so.4.2", &(struct elf_file){ .needed = { "libcrypt.so.1" } });
	put_link("/usr/lib/security/pam_unix.so.4", "pam_unix.so.4.2");
	put("/usr/lib/security/pam_no.so.4", 0444, "");
	put("/opt/pam_x.so", 0444, "");
	put_elf("/lib/libcrypt.so.1", &(struct elf_file){ 0 });
	put("/usr/lib/nss_ldap.so.0", 0444, "");
	find((const char *const[]){ "/usr/bin/login", NULL });
	CHECK(stays("/usr/lib/security/pam_unix.so.4") && stays("/opt/pam_x.so") &&
	      !stays("/usr/lib/security/pam_no.so.4"));
	CHECK(stays("/lib/libcrypt.so.1") && stays("/usr/lib/nss_ldap.so.0"));
	CHECK_STR(chain("/usr/lib/security/pam_unix.so.4.2"),
	    "/usr/lib/security/pam_unix.so.4.2 <- a module of PAM: pam.conf(5), for /usr/lib/libpam.so.4 <- library of "
	    "/usr/bin/login <- shipbins");
	CHECK_STR(problem(0), "/etc/pam.d/other:1: the PAM module pam_gone.so is not there");
	CHECK_STR(problem(1), "/etc/nsswitch.conf:2: there is no library for the source winbind");
	CHECK(m.nproblems == 2 && m.nmissing == 1);
	end();
}

static void
test_everything(void)
{
	struct minimise_request q = { .floor = true, .everything = true };

	begin();
	put_elf("/bin/p", &(struct elf_file){ .needed = { "libgone.so" } });
	put("/sbin/init", 0555, "");
	CHECK(minimise_find(&t, &q, &m, &err) == 0);
	CHECK(m.kept_files == 2 && m.nproblems == 1);
	CHECK_STR(problem(0), "/bin/p needs libgone.so, which is not in /usr/lib, /lib");
	minimise_sweep(&t, &m);
	CHECK(tree_lookup(&t, "/bin/p") != NULL);
	end();
}

/* --- commands --- */

static void
add_command(void *arg, unsigned line, const char *word)
{
	str_addf(arg, "%u:%s ", line, word);
}

static void
test_commands(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "mount -a\n# umount\nls; cat <x | wc && rm", "1:mount 3:ls 3:cat 3:wc 3:rm " },
		{ "if test -f x; then\n\tA=1 B=2 foo\nelse bar; fi", "1:test 2:foo 3:bar 3:fi " },
		{ "while ! sleep 1; do x=$(awk 1 | sort); done", "1:sleep 1:awk 1:sort 1:done " },
		{ ". /etc/rc.subr\n. ./x\n", "1:./etc/rc.subr " },
		{ "case $1 in\nstart|stop) a1 in x ;;\n*) b1; c1\n;;\nesac; d1", "1:case 2:a1 3:b1 3:c1 5:d1 " },
		{ "'quoted' x; \"$VAR\" y; $z; {\n(a)\n}\n", "2:a 3:} " },
		{ "echo 'a\nb; c' d\ne1 \\\n f\ng1", "1:echo 3:e1 5:g1 " },
		{ "f() {\n\tinner\n}\nexec /sbin/init x", "1:f 2:inner 3:} 4:/sbin/init " },
		{ "a `b c` d", "1:a 1:b 1:d " },
	};
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		struct str got = { 0 };

		str_add(&got, "");
		script_commands(cases[i].text, add_command, &got);
		CHECK_STR(got.p, cases[i].want);
		str_release(&got);
	}
}

TEST_MAIN({ "ELF of each class, byte order and machine", test_elf }, { "damaged ELF", test_damaged },
    { "libraries, chains of links, terminfo", test_libraries }, { "where libraries are looked for", test_search },
    { "i386 libraries, and what is loaded already", test_search_more }, { "what is missing", test_missing },
    { "hard links and symlinks", test_links }, { "words, patterns, whole directories", test_words },
    { "scripts and env", test_scripts }, { "the floor, fstab, commands of rc", test_floor },
    { "PAM and nsswitch", test_pam }, { "everything stays", test_everything },
    { "commands of a script", test_commands })
