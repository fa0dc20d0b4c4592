/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * etc/NAME.conf: what sh makes of one, what is taken of it, how its failures
 * are told, and that it can do nothing else; as this user, and as nobody.
 */
#include "service/conf.h"

#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"
#include "service/conf_eval.h"
#include "test.h"

static char dir[] = "/tmp/smol-conf-XXXXXX";

static void
put(const char *path, const char *text)
{
	struct err err = { 0 };

	CHECK(file_write(path, text, strlen(text), &err) == 0);
}

/* etc/web.conf of the workspace that is the current directory. */
static int
read_text(struct arena *arena, const char *text, struct conf *c, struct err *err)
{
	put("etc/web.conf", text);
	return conf_read(arena, ".", "etc/web.conf", c, err);
}

static void
test_fields(void)
{
	static const char text[] = "# smolBSD's own form\n"
				   "vm=old\n"
				   "kernel=kernels/netbsd-SMOL # which\n"
				   "img=\"images/$vm-amd64.img\"\n"
				   "mem=128m; cores=2\n"
				   "  hostfwd=::8180-:80,udp::53-:53\n"
				   "export root=NAME=${svc}root\n"
				   "append=\"-v 'x' \\\"y\\\"\"\n"
				   "bridgenet=\n"
				   "#share=$(pwd)\n"
				   "extra='-pidfile \"$x\".pid'\n"
				   "mem=256 # mem=512\n"
				   "drive2=d.img max_ports=3 nonet=y daemon=y initrd=-initrd verbose=y login=root\n";
	struct err err = { 0 };
	struct arena arena;
	struct conf c;

	arena_init(&arena);
	CHECK(read_text(&arena, text, &c, &err) == 0);
	CHECK_STR(err.msg, "");
	CHECK_STR(c.svc, "web");
	CHECK_STR(c.kernel, "kernels/netbsd-SMOL");
	CHECK_STR(c.img, "images/old-amd64.img");
	CHECK_STR(c.mem, "256");
	CHECK_STR(c.cores, "2");
	CHECK_STR(c.hostfwd, "::8180-:80,udp::53-:53");
	CHECK_STR(c.root, "NAME=webroot");
	CHECK_STR(c.append, "-v 'x' \"y\"");
	CHECK_STR(c.extra, "-pidfile \"$x\".pid");
	CHECK_STR(c.drive2, "d.img");
	CHECK_STR(c.max_ports, "3");
	CHECK_STR(c.login, "root");
	CHECK(c.nonet != NULL && c.daemon != NULL && c.initrd != NULL && c.verbose != NULL);
	CHECK(c.bridgenet == NULL && c.share == NULL);
	CHECK_STR(conf_get(&c, "bridgenet"), "");
	CHECK(conf_get(&c, "share") == NULL && conf_get(&c, "vm") == NULL);
	CHECK(conf_line(&c, "mem") == 12 && conf_line(&c, "cores") == 5 && conf_line(&c, "root") == 7);
	CHECK(conf_line(&c, "login") == 13 && conf_line(&c, "none") == 0);
	CHECK(c.nvars == 16);
	conf_release(&c);
	arena_release(&arena);
}

/* The value of append. */
static void
test_values(void)
{
	static const struct {
		const char *text, *want;
	} good[] = {
		{ "append=a", "a" },
		{ "append=a' b'\" c\"d", "a b cd" },
		{ "append=a\\ b", "a b" },
		{ "append=\"a\\$b\\x\"", "a$b\\x" },
		{ "append='a\\'", "a\\" },
		{ "append=a\\\nb", "ab" },
		{ "append=\"a\\\nb\"", "ab" },
		{ "append='two\nlines'", "two\nlines" },
		{ "A=1\nappend=$A${A}x\"$A\"'$A'", "11x1$A" },
		{ "append=a#b", "a#b" },
		{ "append=a #b", "a" },
		{ "append=NAME=x", "NAME=x" },
		{ "append=$(pwd)/x", "WORKSPACE/x" },
		{ "append=\"`pwd`\"", "WORKSPACE" },
		{ "append=1;append=2", "2" },
		{ "HOME=/h\nappend=$HOME/src:~", "/h/src:/h" },
		{ "append=$HOME", "/home/u" },
		{ "append=$(ulimit -v),$(ulimit -f),$(ulimit -t)", "1048576,0,5" },
		{ "append=${none:-x}${svc:+y}${svc%b}", "xywe" },
		{ "append=$((6 * 7))", "42" },
		{ "if [ -d etc ]; then append=yes; else append=no; fi", "yes" },
		{ "case $svc in w*) append=w ;; *) append=other ;; esac", "w" },
		{ "f() { append=$1; }\nf x", "x" },
		{ "for i in 1 2 3; do append=\"$append$i\"; done", "123" },
		{ "while read -r a b; do append=$b; done <<END\nx 1\ny 2\nEND", "2" },
		{ ". ./etc/other", "from other" },
		{ "append=old\n[ -f none ] && append=new", "old" },
		{ "append=x\nfalse", "x" },
		{ "append=$(none 2>/dev/null || echo fallback)", "fallback" },
		{ "append=x\nreturn 3\nappend=y", "x" },
		{ "append=x\nunset append\nappend=z\ncd /", "z" },
		{ "printf() { echo no; }\nalias case=echo\nappend=x\nIFS=x\nset -- a b\nset "
		  "-fux",
		    "x" },
		{ "echo append=fake\nprintf 'append=fake\\0end\\0'\nappend=true", "true" },
		{ "append=true\nexec >&2 2>/dev/null\necho fake", "true" },
		{ "append=$mem$kernel$login.", "." },
		{ "ARCH=\"$(scripts/arch -m)\"\nappend=root=$([ \"$ARCH\" = toy ] && echo a || echo b)", "root=a" },
	};
	size_t i;

	put("etc/other", "append='from other'\n");
	put("scripts/arch", "#!/bin/sh\n[ \"$1\" = -m ] && echo toy\n");
	CHECK(chmod("scripts/arch", 0755) == 0);
	/* What was set outside, a conf does not see as its own. */
	CHECK(setenv("mem", "1", 1) == 0 && setenv("kernel", "k", 1) == 0 && setenv("login", "l", 1) == 0);
	CHECK(setenv("HOME", "/home/u", 1) == 0);
	for (i = 0; i < nitems(good); i++) {
		struct str want = { 0 };
		struct err err = { 0 };
		struct arena arena;
		struct conf c;

		arena_init(&arena);
		if (str_starts(good[i].want, "WORKSPACE"))
			str_addf(&want, "%s%s", dir, good[i].want + strlen("WORKSPACE"));
		else
			str_add(&want, good[i].want);
		if (read_text(&arena, good[i].text, &c, &err) < 0) {
			printf("# '%s': %s\n", good[i].text, err.msg);
			test_failures++;
		} else {
			CHECK(c.append != NULL && c.mem == NULL);
			CHECK_STR(c.append, want.p);
			conf_release(&c);
		}
		str_release(&want);
		arena_release(&arena);
	}
	CHECK(unsetenv("mem") == 0 && unsetenv("kernel") == 0 && unsetenv("login") == 0);
}

static void
test_environment(void)
{
	struct err err = { 0 };
	struct arena arena;
	struct conf c;

	arena_init(&arena);
	CHECK(setenv("KERNEL", "theirs", 1) == 0 && setenv("ARCH", "i386", 1) == 0 && setenv("QEMU", "q", 1) == 0);
	CHECK(read_text(&arena, "append=$KERNEL-$ARCH\nQEMU_ACCEL=tcg\n", &c, &err) == 0);
	CHECK_STR(c.append, "theirs-i386");
	CHECK_STR(c.qemu_accel, "tcg");
	CHECK(c.kernel == NULL && c.arch == NULL && c.qemu == NULL && c.nvars == 2);
	conf_release(&c);
	CHECK(read_text(&arena, "KERNEL=mine\nARCH=amd64\n", &c, &err) == 0);
	CHECK_STR(c.kernel, "mine");
	CHECK_STR(c.arch, "amd64");
	conf_release(&c);
	CHECK(read_text(&arena, "kernel=newer\nKERNEL=older\n", &c, &err) == 0);
	CHECK_STR(c.kernel, "newer");
	conf_release(&c);
	CHECK(unsetenv("KERNEL") == 0 && unsetenv("ARCH") == 0 && unsetenv("QEMU") == 0);
	/* From another directory; and without the one it should run in. */
	CHECK(chdir("/") == 0);
	CHECK(conf_read(&arena, dir, arena_printf(&arena, "%s/etc/web.conf", dir), &c, &err) == 0);
	conf_release(&c);
	CHECK(chdir(dir) == 0);
	put("etc/web.conf", "share=$(pwd)");
	CHECK(conf_read(&arena, "/nowhere", "etc/web.conf", &c, &err) == 0);
	CHECK_STR(c.share, dir);
	conf_release(&c);
	arena_release(&arena);
}

/* text fails; the message begins and ends so. */
static void
refused(const char *text, const char *start, const char *end)
{
	struct err err = { 0 };
	struct arena arena;
	struct conf c;

	arena_init(&arena);
	if (read_text(&arena, text, &c, &err) == 0) {
		printf("# '%s' is let pass\n", text);
		test_failures++;
		conf_release(&c);
	} else if (!str_starts(err.msg, start) || !str_ends(err.msg, end)) {
		printf("# '%s': '%s', want '%s...%s'\n", text, err.msg, start, end);
		test_failures++;
	}
	arena_release(&arena);
}

static void
test_refused(void)
{
	static const char stopped[] = ", by 'exit' or after 'set -e'; let it go on to its end";
	struct err err = { 0 };
	struct arena arena;
	struct conf c;

	refused("mem=1\nif true; then\n", "etc/web.conf:", "");
	refused("mem=1\n)\n", "etc/web.conf:2: ", "");
	refused("mem=1\nmem='abc\n", "etc/web.conf:", "");
	refused("mem=1\n\nmem=$(no-such-program -m)\ncores=2\n", "etc/web.conf:3: no-such-program: ", "not found");
	refused("no-such-program\nmem=1\n", "etc/web.conf:1: no-such-program: ", "not found");
	refused("mem=1\n. ./etc/broken\n", "./etc/broken:2: no-such-program: ", "not found");
	refused("mem=1\nset -u\nmem=$none\n", "etc/web.conf:3: none: ", "");
	refused("mem=1\n: ${none:?must be set}\n", "etc/web.conf:2: none: must be set", "");
	refused("mem=1\nmem=9 >&9\necho mem=9 >&9", "etc/web.conf:2: ", "");
	refused("mem=1\nexit 3\n", "etc/web.conf: it ended sh with status 3", stopped);
	refused("kill -9 $$\n", "etc/web.conf: sh was ended by signal 9 (", ")");
	refused("exit\n", "etc/web.conf: it ended sh with status 0", stopped);
	refused("set -e\nfalse\nmem=1\n", "etc/web.conf: it ended sh with status 1", stopped);
	refused(
	    "set -e\nls /no-such-file >&2\n", "etc/web.conf: it ended sh with status ", "No such file or directory");
	refused("mem=512\r\n", "etc/web.conf:1: the value of 'mem' ends in a carriage return", "");
	refused(
	    "mem=$(head -c 70000 /dev/zero | tr '\\0' x)", "etc/web.conf:1: the value of 'mem' is longer than ", "");
	refused("a=$(head -c 300000 /dev/zero | tr '\\0' x)\nmem=$a root=$a img=$a extra=$a",
	    "etc/web.conf: its variables hold more than 1 MiB", "");

	arena_init(&arena);
	CHECK(conf_read(&arena, ".", "etc/none.conf", &c, &err) < 0);
	CHECK_STR(err.msg, "cannot open 'etc/none.conf': No such file or directory");
	CHECK(file_write("etc/nul.conf", "a\0b", 3, &err) == 0);
	CHECK(conf_read(&arena, ".", "etc/nul.conf", &c, &err) < 0);
	CHECK_STR(err.msg, "etc/nul.conf: not a text file: it holds a NUL byte");
	arena_release(&arena);
}

static void
test_complaints(void)
{
	static const char path[] = "/w/etc/x.conf";
	static const struct {
		const char *messages, *want; /* NULL: no complaint */
	} cases[] = {
		{ "sh: 3: /w/etc/x.conf: foo: not found\n", "etc/x.conf:3: foo: not found" },
		{ "noise\n\nsh: 3: [: Illegal number: \n", "etc/x.conf:3: [: Illegal number: " },
		{ "sh: 2: .: cannot open ./n: No such file", "etc/x.conf:2: .: cannot open ./n: No such file" },
		{ "sh: 4: /w/etc/x.conf: Syntax error: \")\" unexpected",
		    "etc/x.conf:4: Syntax error: \")\" unexpected" },
		{ "sh: 9: /w/etc/x.conf: cannot create /x/y: Read-only file system",
		    "etc/x.conf:9: cannot create /x/y: Read-only file system (a conf can write nothing)" },
		{ "sh: 2: ./etc/inc: foo: not found", "./etc/inc:2: foo: not found" },
		{ "/w/etc/x.conf: line 3: foo: command not found", "etc/x.conf:3: foo: command not found" },
		{ "/w/etc/x.conf: Zeile 7: 1/0: Division durch 0", "etc/x.conf:7: 1/0: Division durch 0" },
		{ "/w/etc/x.conf: line 9: /n/x: Permission denied",
		    "etc/x.conf:9: /n/x: Permission denied (a conf can write nothing)" },
		{ "sh: /w/etc/x.conf: line 12: foo: not found", "etc/x.conf:12: foo: not found" },
		{ "sh: .: line 2: can't open './n': No such file", NULL },
		{ "/w/etc/x.conf[3]: foo: not found", "etc/x.conf:3: foo: not found" },
		{ "first\nsh: 1: a: b\nsh: 2: c: d", "etc/x.conf:1: a: b" },
		{ "", NULL },
		{ "\n\n", NULL },
		{ "12: hello: you", NULL },
		{ "grep: /n/x: No such file or directory", NULL },
		{ "mawk: line 1: syntax error at or near x", NULL },
		{ "sh: foo: bar", NULL },
		{ "sh: 1234567: bar: x", NULL },
		{ "[3]: x: y", NULL },
		{ ": : : :", NULL },
	};
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		const struct conf_place place = { .script = path, .shown = "etc/x.conf" };
		struct err err = { 0 };

		if (conf_complaint(cases[i].messages, &place, &err) != (cases[i].want != NULL)) {
			printf("# '%s': '%s'\n", cases[i].messages, err.msg);
			test_failures++;
		}
		CHECK_STR(err.msg, cases[i].want == NULL ? "" : cases[i].want);
	}
}

#define REPORT(s) s, sizeof(s) - 1

static void
test_reports(void)
{
	static const char text[] = "mem=1\n";
	static const struct {
		const char *report;
		size_t len;
		const char *want; /* "": it is taken */
	} cases[] = {
		{ REPORT("end\0"), "" },
		{ REPORT("mem=a=b\0cores=\0end\0"), "" },
		{ REPORT(""), "etc/web.conf: sh did not come to the end of its report" },
		{ REPORT("mem=1\0end"), "etc/web.conf: sh did not come to the end of its report" },
		{ REPORT("end\0mem=1\0"),
		    "etc/web.conf: sh reports what was not asked for; does the file write to descriptor 9?" },
		{ REPORT("mem=1\0mem=2\0end\0"),
		    "etc/web.conf: sh reports 'mem' twice; does the file write to descriptor 9?" },
		{ REPORT("mem\0end\0"),
		    "etc/web.conf: sh reports what was not asked for; does the file write to descriptor 9?" },
		{ REPORT("PATH=/\0end\0"),
		    "etc/web.conf: sh reports what was not asked for; does the file write to descriptor 9?" },
		{ REPORT("\0end\0"),
		    "etc/web.conf: sh reports what was not asked for; does the file write to descriptor 9?" },
	};
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		struct err err = { 0 };
		struct arena arena;
		struct conf c;

		arena_init(&arena);
		conf_init(&arena, "etc/web.conf", &c);
		CHECK((conf_take(&arena, cases[i].report, cases[i].len, text, &c, &err) == 0) ==
		      (cases[i].want[0] == '\0'));
		CHECK_STR(err.msg, cases[i].want);
		conf_release(&c);
		arena_release(&arena);
	}
}

/* --- what a conf must not do --- */

static const char hostile[] = "exec 2>/dev/null\n"
			      "echo x >made; echo x >>etc/web.conf; echo x >\"$HOME/made\"; echo x >/tmp/made-by-conf\n"
			      "rm -f kept; rm -rf \"$HOME\"; mv kept moved; chmod 777 kept; mkdir d; ln kept kept2\n"
			      "kill -9 $PPID; kill -9 $PARENT\n"
			      "(trap '' HUP TERM; sleep 60) &\n"
			      "echo x >/dev/tty; echo x >/proc/sys/kernel/hostname\n"
			      "mem=1\n";

static void
hostile_conf(void)
{
	struct err err = { 0 };
	uint64_t start = clock_now_ns();
	struct arena arena;
	struct stat st;
	struct conf c;

	arena_init(&arena);
	put("kept", "x");
	CHECK(chmod("kept", 0640) == 0);
	CHECK(setenv("HOME", dir, 1) == 0 && setenv("PARENT", arena_printf(&arena, "%d", (int)getpid()), 1) == 0);
	CHECK(read_text(&arena, hostile, &c, &err) == 0);
	CHECK_STR(err.msg, "");
	CHECK_STR(c.mem, "1");
	conf_release(&c);
	/* The sleeper is gone, or its pipe would have kept us. */
	CHECK(clock_now_ns() - start < 20000000000);
	CHECK(stat("kept", &st) == 0 && (st.st_mode & 0777) == 0640 && st.st_nlink == 1 && st.st_size == 1);
	CHECK(stat("etc/web.conf", &st) == 0 && st.st_size == (off_t)strlen(hostile));
	CHECK(access("made", F_OK) < 0 && access("moved", F_OK) < 0 && access("d", F_OK) < 0);
	CHECK(access("/tmp/made-by-conf", F_OK) < 0);
	/* Where it does not look away, it is told. */
	refused("mem=1\necho x >made\n", "etc/web.conf:2: ", " (a conf can write nothing)");
	/* A bomb, of 1024 at most should nothing else hold it. */
	refused(
	    "b() { [ $1 -eq 0 ] && exec sleep 30; b $(($1 - 1)) | b $(($1 - 1)) & wait; }\nb 10\n", "etc/web.conf", "");
	CHECK(access("made", F_OK) < 0);
	arena_release(&arena);
}

/* An endless loop, endless output, waiting: all end when the time is over. */
static void
endless_conf(void)
{
	static const char *const texts[] = { "while :; do :; done", "while :; do echo x; done", "sleep 100",
		"while :; do echo x >&2; done", "sleep 100 | sleep 100 & wait" };
	const struct conf_name names[] = { { "mem", false } };
	struct conf_script script = {
		.path = "etc/web.conf", .root = ".", .svc = "web", .names = names, .nnames = 1, .time_ms = 200
	};
	size_t i;

	for (i = 0; i < nitems(texts); i++) {
		struct str report = { 0 };
		struct err err = { 0 };
		uint64_t start = clock_now_ns();

		put("etc/web.conf", texts[i]);
		CHECK(conf_eval(&script, &report, &err) < 0);
		CHECK_STR(err.msg,
		    "etc/web.conf: it was not done after 0.2 seconds, and was ended; does it wait for something?");
		CHECK(clock_now_ns() - start < 5000000000);
	}
}

static void
test_contained(void)
{
	hostile_conf();
	endless_conf();
}

/* In a directory of that user's, which root cannot read but by privilege. */
static void
test_contained_nobody(void)
{
	int status = -1;
	pid_t pid;

	if (getuid() != 0) {
		test_skip("only root can become another user");
		return;
	}
	CHECK(chown(".", 65534, 65534) == 0 && chown("etc", 65534, 65534) == 0 && chmod(".", 0700) == 0);
	(void)unlink("kept");
	hostile_conf();
	(void)unlink("kept");
	(void)unlink("etc/web.conf");
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (setgroups(0, NULL) < 0 || setresgid(65534, 65534, 65534) < 0 ||
		    setresuid(65534, 65534, 65534) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0)
			_exit(1);
		test_contained();
		(void)fflush(stdout);
		_exit(test_failures != 0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int
main(void)
{
	static const struct test tests[] = {
		{ "fields", test_fields },
		{ "values as sh makes them", test_values },
		{ "environment and directory", test_environment },
		{ "refused", test_refused },
		{ "complaints of every sh", test_complaints },
		{ "reports", test_reports },
		{ "contained", test_contained },
		{ "contained, as nobody", test_contained_nobody },
	};
	char remove_dir[64];
	int failed;

	if (mkdtemp(dir) == NULL || chdir(dir) < 0 || mkdir("etc", 0755) < 0 || mkdir("scripts", 0755) < 0)
		return 1;
	put("etc/broken", "\nno-such-program\n");
	(void)snprintf(remove_dir, sizeof(remove_dir), "rm -rf '%s'", dir);
	failed = test_run(tests, nitems(tests));
	return chdir("/") < 0 || system(remove_dir) != 0 || failed;
}
